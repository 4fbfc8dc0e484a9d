import { BlockList, isIP } from "node:net";

/**
 * Makes the test for an address or CIDR range of a policy. Without a prefix length the range is the one
 * address. An IPv6 range holds no IPv4 address and the reverse: `::/0` leaves out every IPv4 caller. An IPv4 address
 * written as IPv6 (`::ffff:203.0.113.7`, RFC 4291 section 2.5.5.2) is the IPv4 address, on both sides.
 *
 * @returns `undefined` when the text is no address or range; the test answers `undefined` for what is no address
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_IPAddress
 */
export function compileIpRange(range: string): ((address: string) => boolean | undefined) | undefined {
  const [, network, length] = /^([^/%]+)(?:\/(\d{1,3}))?$/u.exec(range) ?? [];
  const version = network === undefined ? 0 : isIP(network);
  if (network === undefined || version === 0) return undefined;
  const bits = version === 4 ? 32 : 128;
  const prefix = length === undefined ? bits : Number(length);
  if (prefix > bits) return undefined;

  const ranges = new BlockList();
  ranges.addSubnet(network, prefix, version === 4 ? "ipv4" : "ipv6");
  const isIpv4Range = version === 4 || (prefix >= 96 && isIpv4Mapped(network));
  return (address) => {
    const addressVersion = address.includes("%") ? 0 : isIP(address);
    if (addressVersion === 0) return undefined;
    // BlockList looks up IPv4 addresses in IPv6 ranges as well, so the families are compared first.
    if (isIpv4Range !== (addressVersion === 4 || isIpv4Mapped(address))) return false;
    return ranges.check(address, addressVersion === 4 ? "ipv4" : "ipv6");
  };
}

const IPV4_MAPPED = new BlockList();
IPV4_MAPPED.addSubnet("::ffff:0:0", 96, "ipv6");

function isIpv4Mapped(ipv6: string): boolean {
  return IPV4_MAPPED.check(ipv6, "ipv6");
}
