/** One `-----BEGIN …-----` block. */
export interface PemBlock {
  /** For example `CERTIFICATE` or `EC PRIVATE KEY`. */
  readonly label: string;
  /** The block with its two boundary lines. */
  readonly text: string;
}

const BLOCK = /-----BEGIN ([A-Z0-9][A-Z0-9 ]*)-----[^-]*-----END \1-----/g;
/** Legacy encrypted keys carry header lines, which hold dashes (`DEK-Info: AES-256-CBC,…`). */
const BLOCK_WITH_HEADERS = /-----BEGIN ([A-Z0-9][A-Z0-9 ]*)-----\r?\nProc-Type:[\s\S]*?-----END \1-----/g;

/**
 * The PEM blocks of a text in order; what stands around them is ignored.
 *
 * @param text Contents of a PEM file.
 * @see RFC 7468 §2
 */
export function pemBlocks(text: string): readonly PemBlock[] {
  const found: { readonly index: number; readonly block: PemBlock }[] = [];
  for (const pattern of [BLOCK, BLOCK_WITH_HEADERS]) {
    for (const match of text.matchAll(pattern)) {
      found.push({ index: match.index, block: { label: match[1] ?? "", text: match[0] } });
    }
  }
  return found.sort((a, b) => a.index - b.index).map(({ block }) => block);
}
