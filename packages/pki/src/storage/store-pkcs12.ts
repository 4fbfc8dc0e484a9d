import { PkiError } from "../errors.ts";
import { createPkcs12 } from "../export/create-pkcs12.ts";
import { changeFolder, refuseAuthorities } from "./authority-folder.ts";
import { clientPaths } from "./layout.ts";
import { CLIENT_KEY_MODE } from "./store-certificate.ts";
import type { StorageOptions } from "./store-certificate.ts";
import { readIfThere, writeFiles } from "./write-files.ts";

export interface Pkcs12StorageOptions extends StorageOptions {
  /** The name of the certificate. */
  readonly name: string;
  /** Opens the file. */
  readonly passphrase: string;
  /** Where to write. @default `<name>.p12` in the folder */
  readonly path?: string | undefined;
}

/**
 * Writes a certificate of the folder, its chain and its key into one PKCS#12 file (0600). It locks the folder for that, and
 * does not take the key of a CA.
 *
 * @returns the path of the file
 * @throws {PkiError} as `createPkcs12`; ERR_PKI_UNSAFE_FILE_NAME, ERR_PKI_CERTIFICATE_NOT_FOUND when certificate or key is
 *   missing, ERR_PKI_FILE_EXISTS, ERR_PKI_FILE_SYSTEM, ERR_PKI_LOCKED, ERR_PKI_LOG_INVALID
 * @example
 * await storePkcs12({ directory: "pki", name: "server-a", passphrase });
 */
export async function storePkcs12({
  directory,
  name,
  passphrase,
  force,
  ...options
}: Pkcs12StorageOptions): Promise<string> {
  const { certificatePath, privateKeyPath, chainPath } = clientPaths(directory, name);
  const path = options.path ?? certificatePath.replace(/pem$/, "p12");
  // Within the lock, so that no renewal comes between the certificate and its key.
  await changeFolder(directory, async () => {
    refuseAuthorities(directory, [name]);
    const content = createPkcs12({
      certificatePem: required(readIfThere(certificatePath), certificatePath),
      privateKeyPem: required(readIfThere(privateKeyPath), privateKeyPath),
      chainPem: readIfThere(chainPath),
      passphrase,
      friendlyName: name,
    });
    await writeFiles([{ path, content, mode: CLIENT_KEY_MODE }], { force });
  });
  return path;
}

function required(text: string | undefined, path: string): string {
  if (text !== undefined) return text;
  throw new PkiError(
    "ERR_PKI_CERTIFICATE_NOT_FOUND",
    `there is no ${path}; issue the certificate, or export it where its key is`,
    { path },
  );
}
