/** Changes the layout of a PEM text and nothing that it says. */
type Layout = (pem: string) => string;

const eachLine = (change: (line: string, index: number) => string): Layout => {
  return (pem) => pem.trimEnd().split("\n").map(change).join("\n").concat("\n");
};
const isBase64 = (line: string): boolean => !line.startsWith("-");
/** Rewrites the base64 of each block. */
const eachBody = (change: (base64: string) => string): Layout => {
  return (pem) =>
    pem.replaceAll(/(-----BEGIN [^-]+-----)\n([^-]+)(-----END)/g, (_all, begin, body, end) => {
      return `${String(begin)}\n${change(String(body).replaceAll("\n", ""))}\n${String(end)}`;
    });
};
const inLinesOf = (length: number): Layout =>
  eachBody((base64) => base64.replaceAll(new RegExp(`.{${length}}(?=.)`, "g"), "$&\n"));

/** The forms of PEM texts that people have, with the name of each. */
export const PEM_LAYOUTS: readonly (readonly [name: string, layout: Layout])[] = [
  ["as OpenSSL writes it", (pem) => pem],
  ["CRLF", (pem) => pem.replaceAll("\n", "\r\n")],
  ["CR alone", (pem) => pem.replaceAll("\n", "\r")],
  ["doubled line ends", (pem) => pem.replaceAll("\n", "\n\n")],
  ["CR CR LF", (pem) => pem.replaceAll("\n", "\r\r\n")],
  ["CRLF and LF mixed", eachLine((line, index) => (index % 2 === 0 ? `${line}\r` : line))],
  ["a blank line after BEGIN", (pem) => pem.replaceAll(/(-----BEGIN .*\n)/g, "$1\n")],
  ["a blank line before END", (pem) => pem.replaceAll("-----END", "\n-----END")],
  ["a blank line inside", (pem) => pem.replaceAll(/(-----BEGIN .*\n.*\n)/g, "$1\n")],
  ["lines of blanks", (pem) => pem.replaceAll(/(-----BEGIN .*\n.*\n)/g, "$1  \t \n")],
  ["blanks at the ends of lines", eachLine((line) => `${line} \t`)],
  ["indented base64", eachLine((line) => (isBase64(line) ? `    ${line}` : line))],
  ["indented throughout", eachLine((line) => `  ${line}`)],
  ["tabs before lines", eachLine((line) => (isBase64(line) ? `\t${line}` : line))],
  ["form feeds and vertical tabs", eachLine((line) => (isBase64(line) ? `${line}\f\v` : line))],
  ["a header line", (pem) => pem.replaceAll(/(-----BEGIN .*\n)/g, "$1Comment: made by hand\n\n")],
  [
    "header lines that go on",
    (pem) => pem.replaceAll(/(-----BEGIN .*\n)/g, "$1Subject: CN=a,\n OU=b\nX-Note: c\n\n"),
  ],
  [
    "header lines without a blank line",
    (pem) => pem.replaceAll(/(-----BEGIN .*\n)/g, "$1Comment: made by hand\n"),
  ],
  [
    "Proc-Type that encrypts nothing",
    (pem) => pem.replaceAll(/(-----BEGIN .*\n)/g, "$1Proc-Type: 4,CLEAR\n\n"),
  ],
  [
    "Bag Attributes before it",
    (pem) =>
      pem.replaceAll("-----BEGIN", "Bag Attributes\n    localKeyID: 01 02\nsubject=CN = a\n-----BEGIN"),
  ],
  ["text around it", (pem) => `Dear all,\nhere it is:\n${pem}Kind regards -----\n`],
  ["blank lines around it", (pem) => `\n \n\n${pem}\n\n \n`],
  ["no final line end", (pem) => pem.trimEnd()],
  ["a byte order mark", (pem) => `\u00ef\u00bb\u00bf${pem}`],
  ["base64 on one line", eachBody((base64) => base64)],
  ["lines of 76", inLinesOf(76)],
  ["lines of 63", inLinesOf(63)],
  ["lines of 1000", inLinesOf(1000)],
  ["lines of 1", inLinesOf(1)],
  ["blanks inside the base64", eachBody((base64) => base64.replaceAll(/.{8}/g, "$& "))],
  ["spaces for line ends", (pem) => pem.replaceAll("\n", " ")],
  [String.raw`\n for line ends`, (pem) => pem.replaceAll("\n", String.raw`\n`)],
  [String.raw`\r\n for line ends`, (pem) => pem.replaceAll("\n", String.raw`\r\n`)],
  ["quoted", (pem) => JSON.stringify(pem)],
  ["base64 of it", (pem) => Buffer.from(pem).toString("base64")],
  ["base64 of it, in lines", (pem) => Buffer.from(pem).toString("base64").replaceAll(/.{76}/g, "$&\n")],
  ["base64 of it, url-safe", (pem) => Buffer.from(pem).toString("base64url")],
];

/** One of the layouts. */
export const layoutNamed = (name: string): Layout => {
  const found = PEM_LAYOUTS.find(([known]) => known === name);
  if (found === undefined) throw new Error(`there is no layout "${name}"`);
  return found[1];
};
