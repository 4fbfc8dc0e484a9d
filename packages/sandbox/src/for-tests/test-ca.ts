import { createRootCertificateAuthority, issueClientCertificate } from "@roles-anywhere/pki";
import type { ClientCertificateOptions } from "@roles-anywhere/pki";

/** A certificate and its key in PEM. The key is a secret, even in a test: write it 0600. */
export interface TestCertificate {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

/** A CA for one run of tests, in memory. */
export interface TestCa {
  readonly certificatePem: string;
  /** Issues a client certificate with a new key, valid for a year unless the options say otherwise. */
  issue(options: Omit<ClientCertificateOptions, "authority">): Promise<TestCertificate>;
}

/**
 * Makes a CA. Its certificates have P-256 keys, which are quick to make.
 *
 * @param commonName of the CA
 * @example
 * const ca = await createTestCa();
 * const expired = await ca.issue({ commonName: "server-a", notAfter: new Date(Date.now() - 1000) });
 *
 * @throws {PkiError} from `issue`, as `issueClientCertificate` does
 */
export async function createTestCa(commonName = "Sandbox CA"): Promise<TestCa> {
  const keyType = "ec-p256";
  const authority = await createRootCertificateAuthority({ commonName, keyType });
  return {
    certificatePem: authority.certificatePem,
    issue: (options) => issueClientCertificate({ keyType, ...options, authority }),
  };
}
