import { join } from "node:path";
import { PkiError } from "../errors.ts";

/** Paths of a certificate and its key. */
export interface CertificatePaths {
  readonly certificatePath: string;
  readonly privateKeyPath: string;
  /** The CA certificates between it and the root. The file is missing when the root signed it. */
  readonly chainPath: string;
}

/** The name of the root CA of a folder. An intermediate CA has its common name. */
export const ROOT_NAME = "rootCA";

// Names that Windows reserves, with any extension.
const DEVICE_NAME = /^(?:con|prn|aux|nul|com\d|lpt\d)$/i;

/**
 * The files of a CA: of the root, or of the intermediate named `name`.
 *
 * @throws {PkiError} ERR_PKI_UNSAFE_FILE_NAME as {@link clientPaths}.
 */
export function authorityPaths(directory: string, name: string = ROOT_NAME): CertificatePaths {
  return name === ROOT_NAME ? pathsFor(directory, ROOT_NAME) : clientPaths(directory, name);
}

/**
 * The files of the certificate named `name`.
 *
 * @throws {PkiError} ERR_PKI_UNSAFE_FILE_NAME when the name leads out of the folder, begins with a dot, is that of the CA's
 *   files, or does not work on every common file system.
 */
export function clientPaths(directory: string, name: string): CertificatePaths {
  const problem = fileNameProblem(name);
  if (problem !== undefined) {
    throw new PkiError(
      "ERR_PKI_UNSAFE_FILE_NAME",
      `${JSON.stringify(name)} cannot name a file: ${problem}; use letters, digits, "." and "-", ` +
        "for example nestjs-external-server",
    );
  }
  return pathsFor(directory, name);
}

/** The revocation list of a CA: `<CA>.crl.pem`. */
export function revocationListPath(directory: string, authorityName: string): string {
  return authorityPaths(directory, authorityName).certificatePath.replace(/pem$/, "crl.pem");
}

/** The request of a certificate: `<name>.csr`. */
export function requestPath(directory: string, name: string): string {
  return clientPaths(directory, name).certificatePath.replace(/pem$/, "csr");
}

/**
 * The folder with the versions of a certificate that was renewed together with its key. `current` in it is a link to the
 * folder of the version in force.
 */
export function versionsPath(directory: string, name: string): string {
  return join(directory, `${name}.versions`);
}

function pathsFor(directory: string, name: string): CertificatePaths {
  return {
    certificatePath: join(directory, `${name}.pem`),
    privateKeyPath: join(directory, `${name}.key`),
    chainPath: join(directory, `${name}.chain.pem`),
  };
}

function fileNameProblem(name: string): string | undefined {
  if (typeof name !== "string" || name === "") return "it is empty";
  if (/[/\\]/.test(name)) return "it has a path separator";
  if (/[<>:"|?*\p{Cc}\p{Cs}]/u.test(name)) return "it has a character that file systems refuse";
  if (name.startsWith(".")) return "it begins with a dot";
  if (name.trim() !== name || name.endsWith(".")) return "it begins or ends with a space, or ends with a dot";
  if (DEVICE_NAME.test(name)) return "Windows reserves it for a device";
  // File systems of macOS and Windows do not tell capitals from small letters.
  if (name.toLowerCase() === ROOT_NAME.toLowerCase()) return "the files of that name are the CA's";
  if (name.toLowerCase().endsWith(".chain")) return "files that end so hold the chain of another certificate";
  if (name.toLowerCase().endsWith(".crl")) return "files that end so hold the revocation list of a CA";
  if (Buffer.byteLength(name) > 200) return "it is too long";
  return undefined;
}
