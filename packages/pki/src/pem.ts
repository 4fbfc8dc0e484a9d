/** One block of a PEM file, rewritten in the strict form that every parser takes. */
export interface PemBlock {
  /** For example `CERTIFICATE` or `PRIVATE KEY`. */
  readonly label: string;
  /** The block from BEGIN to END, ending in a line feed. */
  readonly text: string;
}

const BOUNDARY = /-----(BEGIN|END) ([^\r\n-]+)-----/g;
/** Lines `Name: value` before the base64. OpenSSL and PGP write them, and RFC 7468 lets a reader skip them. */
const HEADERS = /^\s*(?:[\w-]+:.*(?:\r\n?|\n)(?:[ \t]+\S.*(?:\r\n?|\n))*)+/;
const BASE64 = /^(?:[A-Za-z\d+/]{4})*(?:[A-Za-z\d+/]{2}==|[A-Za-z\d+/]{3}=)?$/;

/**
 * Finds the blocks of a PEM text and rewrites each in the strict form, because OpenSSL (and so Node) refuses some of the
 * forms that mail programs, editors and templates make: blank lines, doubled line ends, lines of any length, white space
 * around them, header lines. Text outside the blocks is dropped.
 *
 * A block whose content is not base64, and a key whose header lines say that it is encrypted, are returned unchanged, so
 * that the parser reports what is wrong.
 *
 * @see RFC 7468 §3, "laxtextualmsg"
 */
export function readPem(text: string): PemBlock[] {
  return findBlocks(text).map(({ label, block, body }) => {
    const headers = HEADERS.exec(body)?.[0] ?? "";
    const base64 = body.slice(headers.length).replaceAll(/\s/g, "");
    const strict = BASE64.test(base64) && !/^\s*Proc-Type:.*ENCRYPTED/im.test(headers);
    return { label, text: strict ? writePem(label, base64) : `${block}\n` };
  });
}

/** From each BEGIN to the next END of its label. Looks at each boundary once, so that no text takes long. */
function findBlocks(text: string): { label: string; block: string; body: string }[] {
  const boundaries = Array.from(
    text.matchAll(BOUNDARY),
    ({ 0: boundary, 1: kind, 2: label = "", index }) => ({
      isEnd: kind === "END",
      label,
      start: index,
      end: index + boundary.length,
    }),
  );
  // From the last to the first: the END that comes next after each BEGIN.
  const ends = new Map<string, (typeof boundaries)[number]>();
  const pairs = boundaries.toReversed().flatMap((boundary) => {
    if (boundary.isEnd) ends.set(boundary.label, boundary);
    const end = boundary.isEnd ? undefined : ends.get(boundary.label);
    return end === undefined ? [] : [{ begin: boundary, end }];
  });
  let past = 0;
  return pairs.toReversed().flatMap(({ begin, end }) => {
    if (begin.start < past) return [];
    past = end.end;
    return [
      { label: begin.label, block: text.slice(begin.start, end.end), body: text.slice(begin.end, end.start) },
    ];
  });
}

/**
 * Writes a PEM block: base64 in lines of 64 characters.
 *
 * @see RFC 7468 §3
 */
export function writePem(label: string, content: Buffer | string): string {
  const base64 = typeof content === "string" ? content : content.toString("base64");
  return [`-----BEGIN ${label}-----`, ...(base64.match(/.{1,64}/g) ?? []), `-----END ${label}-----`, ""].join(
    "\n",
  );
}
