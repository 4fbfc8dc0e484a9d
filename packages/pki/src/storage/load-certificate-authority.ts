import { readFile } from "node:fs/promises";
import type { CertificateAuthority } from "../authority/read-certificate-authority.ts";
import { PkiError } from "../errors.ts";
import { authorityPaths } from "./layout.ts";
import { fileSystemError, isSystemError } from "./write-files.ts";

/**
 * Reads `rootCA.pem` and `rootCA.key` from a folder. Whether they are a usable CA is checked when it issues.
 *
 * @throws {PkiError} ERR_PKI_AUTHORITY_NOT_FOUND when one of the files is missing; ERR_PKI_FILE_SYSTEM when it cannot
 *   be read.
 */
export async function loadCertificateAuthority(directory: string): Promise<CertificateAuthority> {
  const { certificatePath, privateKeyPath } = authorityPaths(directory);
  return {
    certificatePem: await read(certificatePath, directory),
    privateKeyPem: await read(privateKeyPath, directory),
  };
}

async function read(path: string, directory: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
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
