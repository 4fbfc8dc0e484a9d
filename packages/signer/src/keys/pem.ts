/** One `-----BEGIN …-----` block. */
export interface PemBlock {
  /** For example `CERTIFICATE` or `EC PRIVATE KEY`. */
  readonly label: string;
  /** The block with its two boundary lines. */
  readonly text: string;
}

const BEGIN = "-----BEGIN ";
const DASHES = "-----";

/**
 * The PEM blocks of a text in order; what stands around them is ignored.
 *
 * Searched for piece by piece: V8 compiles a regular expression twice before it has found a certificate and a key, which is
 * felt in the start-up time of the command.
 *
 * @param text Contents of a PEM file.
 * @see RFC 7468 §2
 */
export function pemBlocks(text: string): readonly PemBlock[] {
  const blocks: PemBlock[] = [];
  let start = text.indexOf(BEGIN);
  while (start !== -1) {
    const block = blockAt(text, start);
    if (block !== undefined) blocks.push(block);
    start = text.indexOf(BEGIN, start + (block?.text.length ?? 1));
  }
  return blocks;
}

function blockAt(text: string, start: number): PemBlock | undefined {
  const labelEnd = text.indexOf(DASHES, start + BEGIN.length);
  const label = text.slice(start + BEGIN.length, labelEnd);
  if (labelEnd === -1 || !isLabel(label)) return undefined;
  const bodyStart = labelEnd + DASHES.length;
  const last = `-----END ${label}-----`;
  const bodyEnd = text.indexOf(last, bodyStart);
  if (bodyEnd === -1) return undefined;
  const body = text.slice(bodyStart, bodyEnd);
  if (body.includes("-") && !hasHeaders(body)) return undefined;
  return { label, text: text.slice(start, bodyEnd + last.length) };
}

/** Upper-case words and digits. */
function isLabel(label: string): boolean {
  if (label === "" || label.startsWith(" ")) return false;
  for (const character of label) {
    const fits =
      (character >= "A" && character <= "Z") || (character >= "0" && character <= "9") || character === " ";
    if (!fits) return false;
  }
  return true;
}

/** Legacy encrypted keys carry header lines, which hold dashes (`DEK-Info: AES-256-CBC,…`). */
function hasHeaders(body: string): boolean {
  return body.startsWith("\nProc-Type:") || body.startsWith("\r\nProc-Type:");
}
