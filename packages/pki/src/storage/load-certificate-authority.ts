import { open, stat } from "node:fs/promises";
import type { CertificateAuthority } from "../authority/read-certificate-authority.ts";
import { PkiError } from "../errors.ts";
import type { PkiWarning } from "../errors.ts";
import { authorityPaths } from "./layout.ts";
import { fileSystemError, isSystemError } from "./write-files.ts";

/** A CA that was read from its folder. */
export interface LoadedCertificateAuthority extends CertificateAuthority {
  /** What other users may do to the files of the CA. Empty when they may do nothing. */
  readonly warnings: readonly PkiWarning[];
}

/**
 * Reads `rootCA.pem` and `rootCA.key` from a folder. `issueClientCertificate` checks whether they are a usable CA.
 *
 * @throws {PkiError} ERR_PKI_AUTHORITY_NOT_FOUND when one of the files is missing; ERR_PKI_FILE_SYSTEM when it cannot
 *   be read.
 */
export async function loadCertificateAuthority(directory: string): Promise<LoadedCertificateAuthority> {
  const { certificatePath, privateKeyPath } = authorityPaths(directory);
  const certificate = await read(certificatePath, directory);
  const privateKey = await read(privateKeyPath, directory);
  return {
    certificatePem: certificate.content,
    privateKeyPem: privateKey.content,
    warnings: await accessWarnings(directory, { path: privateKeyPath, mode: privateKey.mode }),
  };
}

async function accessWarnings(
  directory: string,
  key: { readonly path: string; readonly mode: number },
): Promise<PkiWarning[]> {
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
  const { mode } = await stat(directory).catch((cause: unknown) => {
    throw fileSystemError(`cannot look at ${directory}`, directory, cause);
  });
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

async function read(path: string, directory: string): Promise<{ content: string; mode: number }> {
  try {
    const file = await open(path);
    try {
      const { mode } = await file.stat();
      return { content: await file.readFile("utf8"), mode };
    } finally {
      await file.close();
    }
  } catch (cause) {
    if (isSystemError(cause, "ENOENT") || isSystemError(cause, "ENOTDIR")) {
      throw new PkiError(
        "ERR_PKI_AUTHORITY_NOT_FOUND",
        `no CA in ${directory}: ${path} is missing; make one with: ra-pki init --dir ${directory}`,
        { cause, path },
      );
    }
    throw fileSystemError(`cannot read ${path}`, path, cause);
  }
}
