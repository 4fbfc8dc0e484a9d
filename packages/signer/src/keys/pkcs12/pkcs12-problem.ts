/** `password`: it does not fit; `damaged`: not what the standard says; `unsupported`: a kind that is not read here. */
export type Pkcs12ProblemKind = "password" | "damaged" | "unsupported";

/** Why a PKCS#12 file cannot be read; who knows the file's name turns it into a SignerError. */
export class Pkcs12Problem extends Error {
  override readonly name = "Pkcs12Problem";
  readonly kind: Pkcs12ProblemKind;

  constructor(kind: Pkcs12ProblemKind, message: string) {
    super(message);
    this.kind = kind;
  }
}

/** A file that is not what the standard says. */
export function damaged(message: string): Pkcs12Problem {
  return new Pkcs12Problem("damaged", message);
}
