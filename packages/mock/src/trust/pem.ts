/**
 * The contents of the PEM blocks with this label, in order; text around blocks is ignored, as RFC 7468 §2 allows. There
 * are none when a block has no end or is not base64.
 */
export function pemBlocks(pem: string, label: string): Uint8Array[] {
  const blocks: Uint8Array[] = [];
  const begin = `-----BEGIN ${label}-----`;
  const end = `-----END ${label}-----`;
  for (let from = pem.indexOf(begin); from >= 0; from = pem.indexOf(begin, from)) {
    const to = pem.indexOf(end, from);
    if (to < 0) return [];
    const base64 = pem.slice(from + begin.length, to).replaceAll(/\s/g, "");
    if (!isBase64(base64)) return [];
    blocks.push(Buffer.from(base64, "base64"));
    from = to + end.length;
  }
  return blocks;
}

/** Standard, padded base64 of at least one byte, without blanks. */
export function isBase64(text: string): boolean {
  return text.length > 0 && text.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(text);
}
