import { X509Certificate } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { checkClient, issueClient } from "../authority/issue-client-certificate.ts";
import type { ClientCertificateContent } from "../authority/issue-client-certificate.ts";
import { readCertificateAuthority } from "../authority/read-certificate-authority.ts";
import { systemDependencies } from "../dependencies.ts";
import type { PkiDependencies } from "../dependencies.ts";
import { PkiError } from "../errors.ts";
import { DEFAULT_KEY_TYPE } from "../keys/key-type.ts";
import type { KeyType } from "../keys/key-type.ts";
import { changeFolder, handOut, refuseAuthorities, tidyFolder } from "./authority-folder.ts";
import type { HandOut } from "./authority-folder.ts";
import { readIssuanceLog } from "./issuance-log.ts";
import { clientPaths, ROOT_NAME } from "./layout.ts";
import { loadIssuer } from "./load-certificate-authority.ts";
import { CLIENT_KEY_MODE, filesOf } from "./store-certificate.ts";
import type { SigningOptions, StorageOptions, StoredCertificate } from "./store-certificate.ts";
import { checkWritable } from "./write-files.ts";

export interface StoreListOptions extends StorageOptions, SigningOptions {
  /** One certificate each. Names must not repeat. */
  readonly clients: readonly ClientCertificateContent[];
  /** @default "rsa-2048" */
  readonly keyType?: KeyType | undefined;
  /**
   * How many keys are made at the same time.
   *
   * @default 2; Node.js has four threads for this, and files need one of them
   */
  readonly concurrency?: number | undefined;
  /** Is called with each certificate when its files are there. */
  readonly onStored?: ((certificate: StoredCertificate) => void) | undefined;
}

export interface StoredList {
  /** How many certificates were issued. */
  readonly issued: number;
  /** The names that had a certificate already, from a run before. */
  readonly skipped: readonly string[];
}

/** How many certificates get their files together. One flush of the disk then serves all of them. */
const BATCH = 16;

/**
 * Issues client certificates for many names. A run that was interrupted goes on where it stopped: names whose certificate is
 * in the log and in the folder are skipped. Everything is checked before the first key is made.
 *
 * @example
 * await storeClientCertificates({ directory: "pki", clients: [{ commonName: "server-1" }, { commonName: "server-2" }] });
 *
 * @throws {PkiError} as `storeClientCertificate`, and ERR_PKI_LIST_INVALID when a name repeats. After an error the certificates
 *   of which `onStored` was told are there, and no others.
 */
export async function storeClientCertificates(
  options: StoreListOptions,
  dependencies: Partial<PkiDependencies> = {},
): Promise<StoredList> {
  const { directory, force = false, authorityName = ROOT_NAME, passphrase, onStored } = options;
  const { keyType = DEFAULT_KEY_TYPE, concurrency = 2 } = options;
  const { now, randomBytes, generateKeyPair } = { ...systemDependencies, ...dependencies };
  await tidyFolder(directory);
  const authority = await loadIssuer(directory, { name: authorityName, passphrase });
  const content = readCertificateAuthority(authority);
  checkNames(directory, options.clients);
  refuseAuthorities(
    directory,
    options.clients.map(({ commonName }) => commonName),
  );
  for (const client of options.clients) checkClient(content, client, now());
  const { open, skipped } = force
    ? { open: options.clients, skipped: [] }
    : await findOpen(directory, options.clients);

  const waiting: { stored: StoredCertificate; handOut: HandOut }[] = [];
  const flush = async (): Promise<void> => {
    const batch = waiting.splice(0);
    if (batch.length === 0) return;
    await changeFolder(directory, () =>
      handOut(
        directory,
        batch.map((item) => item.handOut),
        force,
      ),
    );
    for (const { stored } of batch) onStored?.(stored);
  };

  // Keys are made ahead, so that the threads never wait for the certificates.
  const keys = open.slice(0, concurrency).map(() => generateKeyPair(keyType));
  let writing: Promise<void> = Promise.resolve();
  try {
    for (const [index, client] of open.entries()) {
      const pair = keys.shift();
      const key = pair === undefined ? await generateKeyPair(keyType) : await pair;
      if (index + concurrency < open.length) keys.push(generateKeyPair(keyType));
      const certificate = await issueClient(content, client, {
        now,
        randomBytes,
        generateKeyPair: async () => key,
      });
      const paths = clientPaths(directory, client.commonName);
      const init = { paths, kind: "client", keyMode: CLIENT_KEY_MODE, authorityName, now: now() } as const;
      waiting.push({ stored: { ...certificate, ...paths }, handOut: filesOf(certificate, init) });
      if (waiting.length >= BATCH) {
        await writing;
        writing = flush();
        // A failure is thrown by the next wait.
        writing.catch(() => undefined);
      }
    }
    await writing;
    await flush();
  } finally {
    await Promise.allSettled([writing, ...keys]);
  }
  return { issued: open.length, skipped };
}

function checkNames(directory: string, clients: readonly ClientCertificateContent[]): void {
  const seen = new Set<string>();
  for (const client of clients) {
    clientPaths(directory, client.commonName);
    // File systems of macOS and Windows do not tell capitals from small letters.
    const name = client.commonName.toLowerCase();
    if (seen.has(name)) {
      throw new PkiError(
        "ERR_PKI_LIST_INVALID",
        `the list has ${JSON.stringify(client.commonName)} twice; each server needs a name of its own`,
      );
    }
    seen.add(name);
  }
}

/** Which certificates are to be made. Others are in the folder already, as the log says. */
async function findOpen(
  directory: string,
  clients: readonly ClientCertificateContent[],
): Promise<{ open: readonly ClientCertificateContent[]; skipped: readonly string[] }> {
  const live = new Set(
    (await readIssuanceLog(directory)).flatMap(({ fate, serialNumber }) =>
      fate === "issued" ? [serialNumber] : [],
    ),
  );
  const open: ClientCertificateContent[] = [];
  const skipped: string[] = [];
  for (const client of clients) {
    const { certificatePath, privateKeyPath } = clientPaths(directory, client.commonName);
    const serialNumber = existsSync(privateKeyPath) ? serialNumberIn(certificatePath) : undefined;
    if (serialNumber !== undefined && live.has(serialNumber)) {
      skipped.push(client.commonName);
    } else {
      checkWritable([privateKeyPath, certificatePath]);
      open.push(client);
    }
  }
  return { open, skipped };
}

function serialNumberIn(path: string): string | undefined {
  try {
    return new X509Certificate(readFileSync(path)).serialNumber.toUpperCase();
  } catch {
    return undefined;
  }
}
