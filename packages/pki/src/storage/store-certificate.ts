import { basename } from "node:path";
import { createIntermediateCertificateAuthority } from "../authority/create-intermediate-certificate-authority.ts";
import type { IntermediateCertificateAuthorityOptions } from "../authority/create-intermediate-certificate-authority.ts";
import { createRootCertificateAuthority } from "../authority/create-root-certificate-authority.ts";
import type { RootCertificateAuthorityOptions } from "../authority/create-root-certificate-authority.ts";
import { issueClientCertificate } from "../authority/issue-client-certificate.ts";
import type { ClientCertificateOptions } from "../authority/issue-client-certificate.ts";
import type { IssuedCertificate, SignedCertificate } from "../certificate/issued-certificate.ts";
import { systemDependencies } from "../dependencies.ts";
import type { PkiDependencies } from "../dependencies.ts";
import { changeFolder, handOut, refuseAuthorities, tidyFolder } from "./authority-folder.ts";
import type { HandOut } from "./authority-folder.ts";
import { issuedRecord } from "./issuance-log.ts";
import type { CertificateKind } from "./issuance-log.ts";
import { authorityPaths, clientPaths, ROOT_NAME } from "./layout.ts";
import type { CertificatePaths } from "./layout.ts";
import { loadIssuer } from "./load-certificate-authority.ts";
import type { Passphrase } from "./load-certificate-authority.ts";
import { checkWritable } from "./write-files.ts";

export interface StorageOptions {
  /** Folder of the CA and its certificates. */
  readonly directory: string;
  /** Replace files that exist. @default false */
  readonly force?: boolean | undefined;
}

/** Which CA of the folder signs. */
export interface SigningOptions {
  /** `rootCA`, or the common name of an intermediate. @default "rootCA" */
  readonly authorityName?: string | undefined;
  /** Opens the CA's key. A function is called only when the key is encrypted. */
  readonly passphrase?: Passphrase | undefined;
}

/** A new certificate and the paths of its files. */
export interface StoredCertificate extends IssuedCertificate, CertificatePaths {}

export const CERTIFICATE_MODE = 0o644;
export const AUTHORITY_KEY_MODE = 0o400;
export const CLIENT_KEY_MODE = 0o600;

/**
 * Makes a root CA and writes `rootCA.pem` (0644) and `rootCA.key` (0400) into the folder. A folder that does not exist is
 * made (0700). The modes do not depend on the umask.
 *
 * @example
 * await storeRootCertificateAuthority({ directory: "pki", commonName: "Example Root" });
 *
 * @throws {PkiError} as `createRootCertificateAuthority`, and ERR_PKI_FILE_EXISTS, ERR_PKI_FILE_SYSTEM, ERR_PKI_LOCKED,
 *   ERR_PKI_LOG_INVALID. After an error no certificate and no key has changed.
 */
export async function storeRootCertificateAuthority(
  options: StorageOptions & RootCertificateAuthorityOptions,
  dependencies: Partial<PkiDependencies> = {},
): Promise<StoredCertificate> {
  return store(
    {
      ...options,
      paths: authorityPaths(options.directory),
      kind: "root",
      authorityName: ROOT_NAME,
      keyMode: AUTHORITY_KEY_MODE,
      make: () => createRootCertificateAuthority(options, dependencies),
    },
    dependencies,
  );
}

/**
 * Makes a CA below a CA of the folder and writes `<commonName>.pem` (0644) and `<commonName>.key` (0400), and
 * `<commonName>.chain.pem` when the CA above it is an intermediate as well.
 *
 * @example
 * await storeIntermediateCertificateAuthority({ directory: "pki", commonName: "Issuing CA" });
 *
 * @throws {PkiError} as `createIntermediateCertificateAuthority` and `storeClientCertificate`. After an error no
 *   certificate and no key has changed.
 */
export async function storeIntermediateCertificateAuthority(
  options: StorageOptions & SigningOptions & Omit<IntermediateCertificateAuthorityOptions, "authority">,
  dependencies: Partial<PkiDependencies> = {},
): Promise<StoredCertificate> {
  return store(
    {
      ...options,
      paths: clientPaths(options.directory, options.commonName),
      kind: "intermediate",
      keyMode: AUTHORITY_KEY_MODE,
      make: async () => {
        const authority = await load(options);
        const certificate = await createIntermediateCertificateAuthority(
          { ...options, authority },
          dependencies,
        );
        return { ...certificate, warnings: [...authority.warnings, ...certificate.warnings] };
      },
    },
    dependencies,
  );
}

/**
 * Issues a client certificate with a CA of the folder and writes `<commonName>.pem` (0644) and `<commonName>.key` (0600)
 * beside it, and `<commonName>.chain.pem` when the CA is an intermediate: what a client sends as its intermediates.
 *
 * @example
 * const { certificatePath } = await storeClientCertificate({ directory: "pki", commonName: "server-a" });
 *
 * @throws {PkiError} as `issueClientCertificate`, and ERR_PKI_UNSAFE_FILE_NAME, ERR_PKI_AUTHORITY_NOT_FOUND,
 *   ERR_PKI_FILE_EXISTS, ERR_PKI_FILE_SYSTEM, ERR_PKI_LOCKED, ERR_PKI_LOG_INVALID. After an error no certificate and no
 *   key has changed.
 */
export async function storeClientCertificate(
  options: StorageOptions & SigningOptions & Omit<ClientCertificateOptions, "authority">,
  dependencies: Partial<PkiDependencies> = {},
): Promise<StoredCertificate> {
  return store(
    {
      ...options,
      paths: clientPaths(options.directory, options.commonName),
      kind: "client",
      keyMode: CLIENT_KEY_MODE,
      make: async () => {
        const authority = await load(options);
        const certificate = await issueClientCertificate({ ...options, authority }, dependencies);
        return { ...certificate, warnings: [...authority.warnings, ...certificate.warnings] };
      },
    },
    dependencies,
  );
}

function load({ directory, authorityName, passphrase }: StorageOptions & SigningOptions) {
  return loadIssuer(directory, { name: authorityName, passphrase });
}

interface StoreInit extends StorageOptions, SigningOptions {
  readonly paths: CertificatePaths;
  readonly kind: CertificateKind;
  readonly keyMode: number;
  readonly make: () => Promise<IssuedCertificate>;
}

async function store(
  { directory, force = false, authorityName = ROOT_NAME, paths, kind, keyMode, make }: StoreInit,
  { now = systemDependencies.now }: Partial<PkiDependencies>,
): Promise<StoredCertificate> {
  await tidyFolder(directory);
  // Checked before the key is made, so that a refusal comes at once. Writing checks again.
  if (kind === "client") refuseAuthorities(directory, [basename(paths.certificatePath, ".pem")]);
  checkWritable([paths.privateKeyPath, paths.certificatePath], force);
  const certificate = await make();
  const files = filesOf(certificate, { paths, kind, keyMode, authorityName, now: now() });
  await changeFolder(directory, () => handOut(directory, [files], force));
  return { ...certificate, ...paths };
}

/** The record of a new certificate, and the files of it, its chain, and its key if it has come with one. */
export function filesOf(
  certificate: SignedCertificate & { readonly privateKeyPem?: string | undefined },
  {
    paths,
    kind,
    keyMode,
    authorityName,
    now,
  }: Pick<StoreInit, "paths" | "kind" | "keyMode"> & { readonly authorityName: string; readonly now: Date },
): HandOut {
  const { certificatePem, privateKeyPem = "", chainPem } = certificate;
  const files = [
    { path: paths.privateKeyPath, content: privateKeyPem, mode: keyMode },
    { path: paths.certificatePath, content: certificatePem, mode: CERTIFICATE_MODE },
    { path: paths.chainPath, content: chainPem, mode: CERTIFICATE_MODE },
  ].filter(({ content }) => content !== "");
  const names = files.map(({ path }) => basename(path));
  return {
    record: issuedRecord(certificate, { kind, authority: authorityName, files: names, now }),
    files,
    oldFiles: chainPem === "" ? [paths.chainPath] : [],
  };
}
