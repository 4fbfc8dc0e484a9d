import { readFileSync } from "node:fs";

import { isShowable, messageOf, quoted, SignerError } from "../errors.ts";
import type { Environment } from "../config/environment.ts";
import { pemBlocks } from "../keys/pem.ts";

/**
 * The certificate authorities that AWS_CA_BUNDLE names: they count instead of those of Node.js, as for the AWS CLI and
 * `aws_signing_helper`.
 *
 * @returns A function that reads the file, anew each time; undefined when the variable is not set.
 * @throws {SignerError} From that function: ERR_SIGNER_FILE_UNREADABLE, or ERR_SIGNER_CERTIFICATE_INVALID when it holds no
 *   certificate.
 */
export function caBundleFromEnvironment(environment: Environment): (() => string) | undefined {
  const path = environment["AWS_CA_BUNDLE"];
  if (!path) return undefined;
  return () => {
    const certificates = pemBlocks(read(path)).filter(({ label }) => LABELS.has(label));
    if (certificates.length > 0) return certificates.map(({ text }) => text).join("");
    throw new SignerError(
      "ERR_SIGNER_CERTIFICATE_INVALID",
      `AWS_CA_BUNDLE names ${quoted(path)}, which holds no certificate; give a PEM file of certificate authorities`,
      { path },
    );
  };
}

/** What OpenSSL takes for a certificate. */
const LABELS: ReadonlySet<string> = new Set(["CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"]);

function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch (cause) {
    throw new SignerError(
      "ERR_SIGNER_FILE_UNREADABLE",
      // What is no path may be a key, and Node.js's error quotes it.
      isShowable(path)
        ? `cannot read "${path}", which AWS_CA_BUNDLE names: ${messageOf(cause)}; check the path and that this user may read it`
        : `cannot read what AWS_CA_BUNDLE names: it is not the path of a file ${quoted(path)}; give the path of a PEM file`,
      isShowable(path) ? { cause, path } : {},
    );
  }
}
