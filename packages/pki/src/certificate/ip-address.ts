import { isIPv4, isIPv6 } from "node:net";

/**
 * The octets of an IP address: 4 or 16.
 *
 * @returns undefined when the text is no address, or has a zone
 */
export function encodeIpAddress(text: string): Buffer | undefined {
  if (isIPv4(text)) return Buffer.from(text.split(".").map(Number));
  if (!isIPv6(text) || text.includes("%")) return undefined;
  // The last 32 bits may be written as an IPv4 address.
  const hexadecimal = text.replace(/[\d.]+\.[\d.]+$/, (tail) =>
    Buffer.from(tail.split(".").map(Number))
      .toString("hex")
      .replace(/(?<=^.{4})/, ":"),
  );
  const [head = "", tail] = hexadecimal.split("::");
  const groups = (part: string): string[] => (part === "" ? [] : part.split(":"));
  const [before, after] = [groups(head), groups(tail ?? "")];
  const zeros = Array.from({ length: tail === undefined ? 0 : 8 - before.length - after.length }, () => "0");
  return Buffer.from([...before, ...zeros, ...after].map((group) => group.padStart(4, "0")).join(""), "hex");
}

/** The text of 4 or 16 octets. */
export function decodeIpAddress(octets: Uint8Array): string {
  if (octets.length === 4) return octets.join(".");
  const groups = Buffer.from(octets).toString("hex").match(/.{4}/g) ?? [];
  return groups.map((group) => group.replace(/^0{1,3}/, "")).join(":");
}

/**
 * Address and mask of a range such as `10.0.0.0/8` or `2001:db8::/32`: 8 or 32 octets.
 *
 * @returns undefined when the text is no range, or the address has bits outside the mask
 * @see RFC 5280 §4.2.1.10
 */
export function encodeIpRange(text: string): Buffer | undefined {
  const [address = "", length = "", ...rest] = text.split("/");
  const octets = encodeIpAddress(address);
  if (octets === undefined || rest.length > 0 || !/^\d{1,3}$/.test(length)) return undefined;
  const bits = Number(length);
  if (bits > octets.length * 8) return undefined;
  const mask = octets.map((_, index) => (0xff_00 >> Math.min(8, Math.max(0, bits - index * 8))) & 0xff);
  if (octets.some((octet, index) => (octet & ~(mask[index] ?? 0)) !== 0)) return undefined;
  return Buffer.concat([octets, mask]);
}
