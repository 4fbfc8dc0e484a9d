import { createRootCertificateAuthority } from "../authority/create-root-certificate-authority.ts";
import type { RootCertificateAuthorityOptions } from "../authority/create-root-certificate-authority.ts";
import { issueClientCertificate } from "../authority/issue-client-certificate.ts";
import type { ClientCertificateOptions } from "../authority/issue-client-certificate.ts";
import type { IssuedCertificate } from "../certificate/issued-certificate.ts";
import type { PkiDependencies } from "../dependencies.ts";
import { authorityPaths, clientPaths } from "./layout.ts";
import type { CertificatePaths } from "./layout.ts";
import { loadCertificateAuthority } from "./load-certificate-authority.ts";
import { checkWritable, writeFiles } from "./write-files.ts";

export interface StorageOptions {
  /** Folder of the CA and its certificates. */
  readonly directory: string;
  /** Replace files that exist. @default false */
  readonly force?: boolean | undefined;
}

/** A new certificate and the paths of its files. */
export interface StoredCertificate extends IssuedCertificate, CertificatePaths {}

const CERTIFICATE_MODE = 0o644;
const AUTHORITY_KEY_MODE = 0o400;
const CLIENT_KEY_MODE = 0o600;

/**
 * Makes a root CA and writes `rootCA.pem` (0644) and `rootCA.key` (0400) into the folder. A folder that does not exist is
 * made (0700). The modes do not depend on the umask.
 *
 * @example
 * await storeRootCertificateAuthority({ directory: "pki", commonName: "Example Root" });
 *
 * @throws {PkiError} as `createRootCertificateAuthority`, and ERR_PKI_FILE_EXISTS, ERR_PKI_FILE_SYSTEM. After an error no
 *   file has changed.
 */
export async function storeRootCertificateAuthority(
  options: StorageOptions & RootCertificateAuthorityOptions,
  dependencies: Partial<PkiDependencies> = {},
): Promise<StoredCertificate> {
  const paths = authorityPaths(options.directory);
  return store(paths, options.force, AUTHORITY_KEY_MODE, () =>
    createRootCertificateAuthority(options, dependencies),
  );
}

/**
 * Issues a client certificate with the CA of the folder and writes `<commonName>.pem` (0644) and `<commonName>.key`
 * (0600) beside it.
 *
 * @example
 * const { certificatePath } = await storeClientCertificate({ directory: "pki", commonName: "server-a" });
 *
 * @throws {PkiError} as `issueClientCertificate`, and ERR_PKI_UNSAFE_FILE_NAME, ERR_PKI_AUTHORITY_NOT_FOUND,
 *   ERR_PKI_FILE_EXISTS, ERR_PKI_FILE_SYSTEM. After an error no file has changed.
 */
export async function storeClientCertificate(
  options: StorageOptions & Omit<ClientCertificateOptions, "authority">,
  dependencies: Partial<PkiDependencies> = {},
): Promise<StoredCertificate> {
  const paths = clientPaths(options.directory, options.commonName);
  return store(paths, options.force, CLIENT_KEY_MODE, async () => {
    const authority = await loadCertificateAuthority(options.directory);
    const certificate = await issueClientCertificate({ ...options, authority }, dependencies);
    return { ...certificate, warnings: [...authority.warnings, ...certificate.warnings] };
  });
}

async function store(
  paths: CertificatePaths,
  force: boolean | undefined,
  keyMode: number,
  make: () => Promise<IssuedCertificate>,
): Promise<StoredCertificate> {
  // Checked before the key is made, so that a refusal comes at once. Writing checks again.
  await checkWritable([paths.privateKeyPath, paths.certificatePath], force);
  const certificate = await make();
  await writeFiles(
    [
      { path: paths.privateKeyPath, content: certificate.privateKeyPem, mode: keyMode },
      { path: paths.certificatePath, content: certificate.certificatePem, mode: CERTIFICATE_MODE },
    ],
    { force },
  );
  return { ...certificate, ...paths };
}
