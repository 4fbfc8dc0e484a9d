import { writeFileSync } from "node:fs";

import { KEY_ALGORITHMS, openssl, temporaryFolder } from "@roles-anywhere/testing";
import type { KeyAlgorithm, TestIdentity } from "@roles-anywhere/testing";

/** How a certificate of a test differs from a good one. */
export interface CertificateChanges {
  readonly subject?: string;
  readonly extensions?: readonly string[];
  readonly algorithm?: KeyAlgorithm;
  /** Further arguments of `openssl req`, such as `-sha1`. */
  readonly arguments?: readonly string[];
  /** @default it signs itself */
  readonly issuer?: TestIdentity;
}

/** Extensions of a CA. */
export const CA_EXTENSIONS = ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign"] as const;

const LEAF_EXTENSIONS = ["basicConstraints=critical,CA:FALSE", "keyUsage=critical,digitalSignature"] as const;

/** Makes a certificate with OpenSSL, valid for a year from now. */
export function makeCertificate(changes: CertificateChanges = {}): TestIdentity {
  using folder = temporaryFolder();
  const { issuer, extensions = LEAF_EXTENSIONS, subject = "/CN=test", algorithm = "P-256" } = changes;
  const privateKeyPem = openssl(["genpkey", ...KEY_ALGORITHMS[algorithm]]).toString();
  writeFileSync(folder.join("key.pem"), privateKeyPem);
  writeFileSync(folder.join("empty.cnf"), "[req]\ndistinguished_name = n\n[n]\n");
  if (issuer !== undefined) {
    writeFileSync(folder.join("ca.pem"), issuer.certificatePem);
    writeFileSync(folder.join("ca.key"), issuer.privateKeyPem);
  }
  const certificatePem = openssl([
    ...["req", "-x509", "-config", folder.join("empty.cnf"), "-new", "-key", folder.join("key.pem")],
    ...["-subj", subject, "-days", "365", ...(changes.arguments ?? [])],
    ...(issuer === undefined ? [] : ["-CA", folder.join("ca.pem"), "-CAkey", folder.join("ca.key")]),
    ...extensions.flatMap((extension) => ["-addext", extension]),
  ]).toString();
  return { certificatePem, privateKeyPem };
}
