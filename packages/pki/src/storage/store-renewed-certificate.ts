import { createPrivateKey, X509Certificate } from "node:crypto";
import { chmodSync, lstatSync, mkdirSync, readdirSync, readlinkSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { renewCertificate } from "../authority/renew-certificate.ts";
import type { RenewedCertificate, RenewOptions } from "../authority/renew-certificate.ts";
import { systemDependencies } from "../dependencies.ts";
import type { PkiDependencies } from "../dependencies.ts";
import { PkiError } from "../errors.ts";
import { writePem } from "../pem.ts";
import { changeFolder, handOut, tidyFolder } from "./authority-folder.ts";
import { issuedRecord, readIssuanceLog } from "./issuance-log.ts";
import type { LogEntry } from "./issuance-log.ts";
import { authorityPaths, clientPaths, ROOT_NAME, versionsPath } from "./layout.ts";
import type { CertificatePaths } from "./layout.ts";
import { loadIssuer } from "./load-certificate-authority.ts";
import { CERTIFICATE_MODE, CLIENT_KEY_MODE } from "./store-certificate.ts";
import type { SigningOptions, StorageOptions } from "./store-certificate.ts";
import { allOf, fileSystemError, ifThere, readIfThere, syncFolder, writeFiles } from "./write-files.ts";
import type { FileToWrite } from "./write-files.ts";

export interface StoreRenewedOptions
  extends
    Pick<StorageOptions, "directory">,
    SigningOptions,
    Omit<RenewOptions, "authority" | "certificatePem" | "predecessorsPem"> {
  /** Common name of the certificate and name of its files. */
  readonly commonName: string;
}

/** A renewed certificate and the paths of its files. */
export interface StoredRenewedCertificate extends RenewedCertificate, CertificatePaths {}

/** The files of one version, inside `<name>.versions/<serial number>`. */
const VERSION_FILES = {
  privateKeyPath: "private.key",
  certificatePath: "certificate.pem",
  chainPath: "chain.pem",
} as const;

/**
 * Renews a client certificate of the folder. Whoever reads `<name>.pem` and `<name>.key` finds a certificate and a key that
 * belong together at every moment, also when this process is killed:
 *
 * - with the same key, the new certificate takes the place of the old one in one step;
 * - with a new key, certificate, key and chain are written into `<name>.versions/<serial number>`, and the link
 *   `<name>.versions/current` is replaced in one step. `<name>.pem` and `<name>.key` are links through it. The version before
 *   stays, older ones are removed.
 *
 * @example
 * await storeRenewedCertificate({ directory: "pki", commonName: "server-a", newKey: true });
 *
 * @throws {PkiError} as `renewCertificate`, and ERR_PKI_CERTIFICATE_NOT_FOUND when the folder has no such certificate,
 *   ERR_PKI_CERTIFICATE_INVALID when the issuance log does not have the certificate or says that it was revoked, or the key in
 *   the folder is not its key; ERR_PKI_FILE_SYSTEM, ERR_PKI_LOCKED
 */
export async function storeRenewedCertificate(
  options: StoreRenewedOptions,
  dependencies: Partial<PkiDependencies> = {},
): Promise<StoredRenewedCertificate> {
  const { directory, commonName, passphrase, newKey = false } = options;
  const { now } = { ...systemDependencies, ...dependencies };
  const paths = clientPaths(directory, commonName);
  await tidyFolder(directory);
  const old = readVersion(paths);
  const log = await readIssuanceLog(directory);
  const entry = renewableEntry(log, paths, old, newKey);
  const authorityName = options.authorityName ?? entry.authority;
  const authority = await loadIssuer(directory, { name: authorityName, passphrase });
  const predecessorsPem = authoritiesPem(directory, log, entry.authority);
  const certificate = await renewCertificate(
    { ...options, authority, predecessorsPem, certificatePem: old.certificatePem },
    dependencies,
  );
  const hasVersions = isLink(paths.certificatePath, (cause) =>
    fileSystemError(`cannot look at ${paths.certificatePath}`, paths.certificatePath, cause),
  );
  const chainChanges = certificate.chainPem !== (old.chainPem ?? "");
  const record = {
    kind: "client",
    authority: authorityName,
    renews: certificate.renews,
    now: now(),
  } as const;

  await changeFolder(directory, async () => {
    if (readVersion(paths).certificatePem !== old.certificatePem) {
      throw new PkiError(
        "ERR_PKI_LOCKED",
        `another command has replaced ${paths.certificatePath} at the same time; run the command again if it is still needed`,
        { path: paths.certificatePath },
      );
    }
    // Another command may have revoked it since.
    renewableEntry(await readIssuanceLog(directory), paths, old, newKey);
    if (!newKey && !hasVersions && !chainChanges) {
      const content = certificate.certificatePem;
      const files = [{ path: paths.certificatePath, content, mode: CERTIFICATE_MODE }];
      const name = basename(paths.certificatePath);
      await handOut(
        directory,
        [{ record: issuedRecord(certificate, { ...record, files: [name] }), files }],
        true,
      );
      return;
    }
    const versions = versionsPath(directory, commonName);
    if (!hasVersions) await beginVersions(versions, paths, old);
    const privateKeyPem = certificate.privateKeyPem ?? old.privateKeyPem;
    await writeVersion(versions, { ...old, ...certificate, privateKeyPem });
    const current = join(versions, "current");
    await handOut(
      directory,
      [
        {
          record: issuedRecord(certificate, { ...record, files: [`${basename(versions)}/current`] }),
          files: [{ path: current, target: certificate.serialNumber }],
        },
      ],
      true,
    );
    await linkFiles(versions, paths, { ...certificate, privateKeyPem });
    removeOldVersions(versions, [certificate.serialNumber, old.serialNumber]);
  });
  return { ...certificate, ...paths, warnings: [...authority.warnings, ...certificate.warnings] };
}

/** What the files of a certificate hold. */
interface Version {
  readonly certificatePem: string;
  /** Undefined when the key is elsewhere, on the server that made a request. */
  readonly privateKeyPem: string | undefined;
  readonly chainPem: string | undefined;
  readonly serialNumber: string;
  readonly keyMode: number;
}

function readVersion(paths: CertificatePaths): Version {
  const certificatePem = readIfThere(paths.certificatePath);
  if (certificatePem === undefined) {
    throw new PkiError(
      "ERR_PKI_CERTIFICATE_NOT_FOUND",
      `${paths.certificatePath} is missing, so there is nothing to renew; issue a certificate with: ra-pki issue`,
      { path: paths.certificatePath },
    );
  }
  const privateKeyPem = readIfThere(paths.privateKeyPath);
  const chainPem = readIfThere(paths.chainPath);
  let certificate: X509Certificate;
  let belongs: boolean;
  try {
    certificate = new X509Certificate(certificatePem);
    belongs = privateKeyPem === undefined || certificate.checkPrivateKey(createPrivateKey(privateKeyPem));
  } catch (cause) {
    throw new PkiError(
      "ERR_PKI_CERTIFICATE_INVALID",
      `the certificate cannot be renewed: ${paths.certificatePath} or ${paths.privateKeyPath} cannot be read as PEM`,
      { cause, path: paths.certificatePath },
    );
  }
  if (!belongs) {
    throw new PkiError(
      "ERR_PKI_CERTIFICATE_INVALID",
      `the certificate cannot be renewed: ${paths.privateKeyPath} is not the key of ${paths.certificatePath}`,
      { path: paths.privateKeyPath },
    );
  }
  const keyMode = privateKeyPem === undefined ? CLIENT_KEY_MODE : modeOf(paths.privateKeyPath);
  return {
    certificatePem,
    privateKeyPem,
    chainPem,
    serialNumber: certificate.serialNumber.toUpperCase(),
    keyMode,
  };
}

/** What the log says about a certificate that may be renewed. Whoever can write the file alone gets nothing signed. */
function renewableEntry(
  log: readonly LogEntry[],
  { certificatePath }: CertificatePaths,
  { certificatePem, privateKeyPem, serialNumber }: Version,
  newKey: boolean,
): LogEntry {
  const refusal = (reason: string): PkiError =>
    new PkiError("ERR_PKI_CERTIFICATE_INVALID", `${certificatePath} cannot be renewed: ${reason}`, {
      path: certificatePath,
    });
  const der = new X509Certificate(certificatePem).raw.toString("base64");
  const entry = log.find((candidate) => candidate.serialNumber === serialNumber);
  if (entry === undefined || entry.certificate !== der || entry.fate === "discarded") {
    throw refusal(
      "the issuance log does not have it, so no CA of this folder has handed it out; issue a new one with: ra-pki issue --force",
    );
  }
  if (entry.fate === "revoked") {
    throw refusal("it was revoked; if it may be replaced, issue a new one with: ra-pki issue --force");
  }
  if (newKey && privateKeyPem === undefined) {
    throw refusal(
      "its key is on the server that made the request; make a new request there with: ra-pki request",
    );
  }
  return entry;
}

/**
 * The certificates that a CA of the folder has and had: `ra-pki init --force` and `intermediate --force` replace them. A CA
 * that another program made is in its file alone.
 */
function authoritiesPem(directory: string, log: readonly LogEntry[], name: string): string {
  const earlier = log.filter(
    ({ kind, commonName, fate }) =>
      fate !== "discarded" &&
      (name === ROOT_NAME ? kind === "root" : kind === "intermediate" && commonName === name),
  );
  const present = readIfThere(authorityPaths(directory, name).certificatePath) ?? "";
  return present + earlier.map(({ certificate }) => writePem("CERTIFICATE", certificate)).join("");
}

/** Turns the files into links to copies of themselves. Their content is the same before, during and after. */
async function beginVersions(versions: string, paths: CertificatePaths, old: Version): Promise<void> {
  const current = join(versions, "current");
  const begun = ifThere(() => readlinkSync(current));
  // A killed command may have begun: then some of the files are links into this version already.
  if (begun !== old.serialNumber) {
    await writeVersion(versions, old);
    await writeFiles([{ path: current, target: old.serialNumber }], {
      force: true,
      temporaryFolder: dirname(versions),
    });
  }
  await linkFiles(versions, paths, old);
}

async function linkFiles(
  versions: string,
  paths: CertificatePaths,
  version: Pick<Version, "privateKeyPem" | "chainPem">,
): Promise<void> {
  const links: (keyof typeof VERSION_FILES)[] = ["certificatePath"];
  if (version.privateKeyPem !== undefined) links.unshift("privateKeyPath");
  if ((version.chainPem ?? "") !== "") links.unshift("chainPath");
  for (const name of links) {
    const path = paths[name];
    const target = `${basename(versions)}/current/${VERSION_FILES[name]}`;
    if (isLink(path) && readlinkSync(path) === target) continue;
    await writeFiles([{ path, target }], { force: true });
  }
}

async function writeVersion(
  versions: string,
  { certificatePem, privateKeyPem, chainPem = "", serialNumber, keyMode }: Version,
): Promise<void> {
  const folder = join(versions, serialNumber);
  // Whoever may look into the folder of the CA may look into these.
  const mode = statSync(dirname(versions)).mode & 0o777;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true, mode });
  chmodSync(versions, mode);
  chmodSync(folder, mode);
  const files: FileToWrite[] = [
    { path: join(folder, VERSION_FILES.certificatePath), content: certificatePem, mode: CERTIFICATE_MODE },
  ];
  if (privateKeyPem !== undefined) {
    files.unshift({
      path: join(folder, VERSION_FILES.privateKeyPath),
      content: privateKeyPem,
      mode: keyMode,
    });
  }
  if (chainPem !== "") {
    files.push({ path: join(folder, VERSION_FILES.chainPath), content: chainPem, mode: CERTIFICATE_MODE });
  }
  // A killed command leaves its temporary files where the next one looks for them.
  await writeFiles(files, { temporaryFolder: dirname(versions) });
  await allOf([syncFolder(folder), syncFolder(versions)]);
}

function removeOldVersions(versions: string, kept: readonly string[]): void {
  for (const name of readdirSync(versions)) {
    if (name !== "current" && !kept.includes(name)) {
      rmSync(join(versions, name), { recursive: true, force: true });
    }
  }
}

function isLink(path: string, asError?: (cause: unknown) => unknown): boolean {
  return ifThere(() => lstatSync(path), asError)?.isSymbolicLink() ?? false;
}

function modeOf(path: string): number {
  try {
    return statSync(path).mode & 0o777;
  } catch (cause) {
    throw fileSystemError(`cannot look at ${path}`, path, cause);
  }
}
