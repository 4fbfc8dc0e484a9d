import { createPrivateKey, X509Certificate } from "node:crypto";
import { createCertificateRequest, signCertificateRequest } from "../authority/sign-certificate-request.ts";
import type {
  CertificateRequest,
  CertificateRequestOptions,
  RequestedCertificate,
  SignRequestOptions,
} from "../authority/sign-certificate-request.ts";
import { systemDependencies } from "../dependencies.ts";
import type { PkiDependencies } from "../dependencies.ts";
import { PkiError } from "../errors.ts";
import { changeFolder, handOut, refuseAuthorities, tidyFolder } from "./authority-folder.ts";
import { clientPaths, requestPath, ROOT_NAME } from "./layout.ts";
import type { CertificatePaths } from "./layout.ts";
import { loadIssuer } from "./load-certificate-authority.ts";
import { CERTIFICATE_MODE, CLIENT_KEY_MODE, filesOf } from "./store-certificate.ts";
import type { SigningOptions, StorageOptions } from "./store-certificate.ts";
import { checkWritable, readIfThere, writeFiles } from "./write-files.ts";

/** A new request and the paths of its files. */
export interface StoredRequest extends CertificateRequest {
  readonly requestPath: string;
  readonly privateKeyPath: string;
}

/**
 * Makes a key and a request and writes `<commonName>.key` (0600) and `<commonName>.csr` (0644) into the folder. It runs on
 * the server: the key never leaves it.
 *
 * @example
 * const { requestPath } = await storeCertificateRequest({ directory: "pki", commonName: "server-a" });
 *
 * @throws {PkiError} as `createCertificateRequest`, and ERR_PKI_UNSAFE_FILE_NAME, ERR_PKI_FILE_EXISTS,
 *   ERR_PKI_FILE_SYSTEM, ERR_PKI_LOCKED. After an error no file has changed.
 */
export async function storeCertificateRequest(
  options: StorageOptions & CertificateRequestOptions,
  dependencies: Partial<PkiDependencies> = {},
): Promise<StoredRequest> {
  const { directory, commonName, force = false } = options;
  const { privateKeyPath } = clientPaths(directory, commonName);
  const path = requestPath(directory, commonName);
  refuseAuthorities(directory, [commonName]);
  checkWritable([privateKeyPath, path], force);
  const request = await createCertificateRequest(options, dependencies);
  await changeFolder(directory, async () => {
    refuseAuthorities(directory, [commonName]);
    await writeFiles(
      [
        { path: privateKeyPath, content: request.privateKeyPem, mode: CLIENT_KEY_MODE },
        { path, content: request.requestPem, mode: CERTIFICATE_MODE },
      ],
      { force },
    );
  });
  return { ...request, requestPath: path, privateKeyPath };
}

/** A certificate for the key of a request, and the paths of its files. */
export interface StoredRequestedCertificate extends RequestedCertificate, CertificatePaths {}

/**
 * Signs the certificate of a request with a CA of the folder and writes `<commonName>.pem` (0644) there, and
 * `<commonName>.chain.pem` when the CA is an intermediate. The key stays with whoever made the request.
 *
 * @example
 * await storeSignedRequest({ directory: "pki", requestPem, commonName: "server-a" });
 *
 * @throws {PkiError} as `signCertificateRequest` and `storeClientCertificate`. After an error no file has changed.
 */
export async function storeSignedRequest(
  options: StorageOptions & SigningOptions & Omit<SignRequestOptions, "authority">,
  dependencies: Partial<PkiDependencies> = {},
): Promise<StoredRequestedCertificate> {
  const { directory, force = false, authorityName = ROOT_NAME, passphrase } = options;
  const { now } = { ...systemDependencies, ...dependencies };
  await tidyFolder(directory);
  const authority = await loadIssuer(directory, { name: authorityName, passphrase });
  const certificate = await signCertificateRequest({ ...options, authority }, dependencies);
  const paths = clientPaths(directory, certificate.commonName);
  checkKeyBeside(paths, certificate.certificatePem);
  const init = { paths, kind: "client", keyMode: CLIENT_KEY_MODE, authorityName, now: now() } as const;
  await changeFolder(directory, () => handOut(directory, [filesOf(certificate, init)], force));
  return { ...certificate, ...paths, warnings: [...authority.warnings, ...certificate.warnings] };
}

/** A key of that name in the folder must be the key of the request, or certificate and key would not belong together. */
function checkKeyBeside({ privateKeyPath }: CertificatePaths, certificatePem: string): void {
  const pem = readIfThere(privateKeyPath);
  if (pem === undefined) return;
  let belongs: boolean;
  try {
    belongs = new X509Certificate(certificatePem).checkPrivateKey(createPrivateKey(pem));
  } catch {
    belongs = false;
  }
  if (belongs) return;
  throw new PkiError(
    "ERR_PKI_FILE_EXISTS",
    `${privateKeyPath} is not the key of the request, so the new certificate would not belong to it; move it away`,
    { path: privateKeyPath },
  );
}
