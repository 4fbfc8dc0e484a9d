import { BlockList, isIP } from "node:net";

/**
 * Makes the test for an address or CIDR range of a policy. Without a prefix length the range is the one
 * address. An IPv4 address written as IPv6 (`::ffff:203.0.113.7`) is the IPv4 address.
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
  return (address) => {
    const addressVersion = address.includes("%") ? 0 : isIP(address);
    if (addressVersion === 0) return undefined;
    return ranges.check(address, addressVersion === 4 ? "ipv4" : "ipv6");
  };
}
