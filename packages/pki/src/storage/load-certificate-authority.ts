import { closeSync, existsSync, fstatSync, openSync, readFileSync, statSync } from "node:fs";
import type { CertificateAuthority } from "../authority/read-certificate-authority.ts";
import { PkiError } from "../errors.ts";
import type { PkiWarning } from "../errors.ts";
import { isEncryptedKey } from "../keys/encrypt-private-key.ts";
import { readPem } from "../pem.ts";
import { readIssuanceLog, toBase64 } from "./issuance-log.ts";
import { authorityPaths, ROOT_NAME } from "./layout.ts";
import { fileSystemError, isSystemError, readIfThere } from "./write-files.ts";

/** A CA that was read from its folder. */
export interface LoadedCertificateAuthority extends CertificateAuthority {
  readonly privateKeyPem: string;
  /** What other users may do to the files of the CA. Empty when they may do nothing. */
  readonly warnings: readonly PkiWarning[];
}

export interface LoadOptions {
  /** Name of the CA: `rootCA`, or the common name of an intermediate. @default "rootCA" */
  readonly name?: string | undefined;
  /** Opens an encrypted key. A function is called only when the key is encrypted. */
  readonly passphrase?: Passphrase | undefined;
}

/** A passphrase, or where to get it: a prompt, a secret store. */
export type Passphrase = string | (() => string | Promise<string>);

/**
 * Reads a CA from a folder: `rootCA.pem` and `rootCA.key`, or the files of an intermediate. `issueClientCertificate` checks
 * whether they are a usable CA.
 *
 * @example
 * const authority = await loadCertificateAuthority("pki", { name: "Issuing CA" });
 *
 * @throws {PkiError} ERR_PKI_AUTHORITY_NOT_FOUND when certificate or key is missing; ERR_PKI_FILE_SYSTEM when a file cannot
 *   be read.
 */
export async function loadCertificateAuthority(
  directory: string,
  { name, passphrase }: LoadOptions = {},
): Promise<LoadedCertificateAuthority> {
  const { certificatePath, privateKeyPath, chainPath } = authorityPaths(directory, name);
  const certificate = read(certificatePath, directory, name, privateKeyPath);
  const privateKey = read(privateKeyPath, directory, name, certificatePath);
  return {
    certificatePem: certificate.content,
    privateKeyPem: privateKey.content,
    passphrase:
      typeof passphrase === "function"
        ? isEncryptedKey(privateKey.content)
          ? await passphrase()
          : undefined
        : passphrase,
    // The root signed a CA without a chain.
    chainPem: name === undefined || name === ROOT_NAME ? undefined : readIfThere(chainPath),
    warnings: accessWarnings(directory, { path: privateKeyPath, mode: privateKey.mode }),
  };
}

/**
 * {@link loadCertificateAuthority} for a CA that is to issue certificates. AWS refuses the certificates of a revoked CA as soon
 * as it has the list.
 *
 * @throws {PkiError} as {@link loadCertificateAuthority}, ERR_PKI_LOG_INVALID, and ERR_PKI_AUTHORITY_REVOKED when the log says
 *   that the CA or one above it is revoked
 */
export async function loadIssuer(
  directory: string,
  options: LoadOptions = {},
): Promise<LoadedCertificateAuthority> {
  const authority = await loadCertificateAuthority(directory, options);
  const { name = ROOT_NAME } = options;
  // A root stands on no list.
  if (name === ROOT_NAME) return authority;
  const own = new Set(readPem(authority.certificatePem + (authority.chainPem ?? "")).map(toBase64));
  const revoked = (await readIssuanceLog(directory)).find(
    ({ fate, certificate }) => fate === "revoked" && own.has(certificate),
  );
  if (revoked === undefined) return authority;
  throw new PkiError(
    "ERR_PKI_AUTHORITY_REVOKED",
    `the CA ${JSON.stringify(name)} cannot issue: ${JSON.stringify(revoked.commonName)} (${revoked.serialNumber}) was revoked ` +
      `at ${revoked.revocation?.time}; sign with another CA, or make one with: ra-pki intermediate`,
  );
}

function accessWarnings(
  directory: string,
  key: { readonly path: string; readonly mode: number },
): PkiWarning[] {
  // Windows uses access lists; mode bits mean nothing there.
  if (process.platform === "win32") return [];
  const warnings: PkiWarning[] = [];
  if ((key.mode & 0o077) !== 0) {
    warnings.push({
      code: "WARN_PKI_KEY_READABLE",
      message:
        `${key.path} has the mode ${octal(key.mode)}, so others may use the key of the CA; ` +
        `close it with: chmod 400 ${key.path}`,
    });
  }
  let mode: number;
  try {
    ({ mode } = statSync(directory));
  } catch (cause) {
    throw fileSystemError(`cannot look at ${directory}`, directory, cause);
  }
  if ((mode & 0o022) !== 0) {
    warnings.push({
      code: "WARN_PKI_FOLDER_WRITABLE",
      message:
        `${directory} has the mode ${octal(mode)}, so others may replace the files of the CA; ` +
        `close it with: chmod go-w ${directory}`,
    });
  }
  return warnings;
}

function octal(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, "0");
}

function read(
  path: string,
  directory: string,
  name = ROOT_NAME,
  otherHalf: string,
): { content: string; mode: number } {
  try {
    const file = openSync(path, "r");
    try {
      const { mode } = fstatSync(file);
      return { content: readFileSync(file, "utf8"), mode };
    } finally {
      closeSync(file);
    }
  } catch (cause) {
    if (isSystemError(cause, "ENOENT") || isSystemError(cause, "ENOTDIR")) {
      throw new PkiError(
        "ERR_PKI_AUTHORITY_NOT_FOUND",
        existsSync(otherHalf)
          ? `${path} is missing, and ${otherHalf} is there; put ${path} back from the backup. ` +
              "Do not make a new CA in its place: every certificate of this one would become useless"
          : name === ROOT_NAME
            ? `no CA in ${directory}: ${path} is missing; make one with: ra-pki init --dir ${directory}`
            : `no CA ${JSON.stringify(name)} in ${directory}: ${path} is missing; ` +
              `make one with: ra-pki intermediate --dir ${directory} --name ${JSON.stringify(name)}`,
        { cause, path },
      );
    }
    throw fileSystemError(`cannot read ${path}`, path, cause);
  }
}
