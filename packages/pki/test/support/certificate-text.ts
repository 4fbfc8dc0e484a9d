import { openssl } from "@roles-anywhere/testing";

/** `openssl x509 -text` without key and signature digits, one trimmed line per entry, names as in RFC 2253. */
export function certificateLines(certificatePem: string): string[] {
  const text = openssl(
    ["x509", "-noout", "-text", "-nameopt", "RFC2253,-esc_msb,utf8", "-certopt", "no_pubkey,no_sigdump"],
    certificatePem,
  );
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

/** The lines of the extensions, all of them; key identifiers become `<key identifier>`. */
export function extensionLines(certificatePem: string): string[] {
  const lines = certificateLines(certificatePem);
  const extensions = lines.slice(lines.indexOf("X509v3 extensions:") + 1);
  return extensions.map((line) =>
    line.replace(/^(?:keyid:)?(?:[\dA-F]{2}:){19}[\dA-F]{2}$/, "<key identifier>"),
  );
}

/** Name and DER of each extension; the 20 octets of key identifiers become `<key identifier>`. */
export function extensionValues(certificatePem: string): string[] {
  const found = openssl(["asn1parse"], certificatePem).matchAll(
    /OBJECT +:(X509v3 .*)\n(?:.*BOOLEAN +:255\n)?.*OCTET STRING +\[HEX DUMP\]:(\w+)/g,
  );
  return Array.from(found, ([, name, der]) => `${name} ${der?.replace(/[\dA-F]{40}$/, "<key identifier>")}`);
}

/** The value that `openssl x509` prints for an option such as `-serial` or `-enddate`. */
export function certificateField(certificatePem: string, option: string): string {
  const line = openssl(["x509", "-noout", option], certificatePem).trim();
  return line.slice(line.indexOf("=") + 1);
}

/** What `openssl x509 -ext` prints for one extension, with the key identifier's colons removed. */
export function keyIdentifierIn(certificatePem: string, extension: string): string {
  return openssl(["x509", "-noout", "-ext", extension], certificatePem)
    .replace(/^.*\n/, "")
    .replaceAll(/keyid|[:\s]/g, "");
}
