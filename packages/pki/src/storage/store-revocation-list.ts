import { readFileSync } from "node:fs";
import { join } from "node:path";
import { toIsoSeconds } from "../certificate/validity.ts";
import { systemDependencies } from "../dependencies.ts";
import type { PkiDependencies } from "../dependencies.ts";
import { PkiError } from "../errors.ts";
import { namesIssuer } from "../inspection/certification-path.ts";
import { parseCertificates } from "../inspection/parse-certificate.ts";
import { parseRevocationLists } from "../inspection/revocation-list.ts";
import { createRevocationList } from "../revocation/create-revocation-list.ts";
import type { RevocationList } from "../revocation/create-revocation-list.ts";
import { isRevocationReason } from "../revocation/revocation-reason.ts";
import { changeFolder } from "./authority-folder.ts";
import { appendRecords, entriesOf, LOG_FILE_NAME, readLogText, recordsIn } from "./issuance-log.ts";
import type { LogRecord } from "./issuance-log.ts";
import { revocationListPath, ROOT_NAME } from "./layout.ts";
import { loadCertificateAuthority } from "./load-certificate-authority.ts";
import type { Passphrase } from "./load-certificate-authority.ts";
import { CERTIFICATE_MODE } from "./store-certificate.ts";
import { fileSystemError, ifThere, isSystemError, writeFiles } from "./write-files.ts";

export interface RevocationListStorageOptions {
  /** Folder of the CA. */
  readonly directory: string;
  /** The CA whose certificates the list is about: `rootCA`, or the common name of an intermediate. @default "rootCA" */
  readonly authorityName?: string | undefined;
  /** Opens the CA's key when it is encrypted. */
  readonly passphrase?: Passphrase | undefined;
  /** Days until the next list comes at the latest. @default 30 */
  readonly nextUpdateDays?: number | undefined;
}

/** A revocation list, its file and how many certificates are on it. */
export interface StoredRevocationList extends RevocationList {
  /** `<CA>.crl.pem` */
  readonly crlPath: string;
  readonly authorityName: string;
  readonly revokedCount: number;
}

/**
 * Makes the revocation list of a CA of the folder from the issuance log, and writes it to `<CA>.crl.pem` (0644) in place of
 * the list before. The log keeps the numbers of the lists, so that no number comes twice and none is smaller.
 *
 * A certificate stays on the list until one list was made after it expired. A list in the folder with a number that the log
 * has not given is left alone: the log is one from a backup.
 *
 * @throws {PkiError} as `createRevocationList` and `loadCertificateAuthority`; ERR_PKI_REVOCATION_LIST_INVALID when the list before
 *   cannot be read, or is newer than the log; ERR_PKI_LOG_INVALID, ERR_PKI_LOCKED,
 *   ERR_PKI_FILE_SYSTEM. After an error the list before is still there.
 * @see RFC 5280 §3.3 and §5.2.3
 */
export async function storeRevocationList(
  options: RevocationListStorageOptions,
  dependencies: Partial<Pick<PkiDependencies, "now">> = {},
): Promise<StoredRevocationList> {
  const { directory, authorityName = ROOT_NAME, nextUpdateDays, passphrase } = options;
  const { now } = { ...systemDependencies, ...dependencies };
  const authority = await loadCertificateAuthority(directory, { name: authorityName, passphrase });
  return changeFolder(directory, async () => {
    const records = recordsIn(readLogText(directory), join(directory, LOG_FILE_NAME));
    const thisUpdate = new Date(Math.floor(now().getTime() / 1000) * 1000);
    const { number, revoked } = contentOf(records, authorityName, toIsoSeconds(thisUpdate));
    const crlPath = revocationListPath(directory, authorityName);
    checkNewer(crlPath, number, authority.certificatePem);
    const list = await createRevocationList({
      authority,
      revoked,
      number,
      thisUpdate,
      nextUpdate:
        nextUpdateDays === undefined
          ? undefined
          : new Date(thisUpdate.getTime() + nextUpdateDays * 86_400_000),
    });
    await writeFiles([{ path: crlPath, content: list.crlPem, mode: CERTIFICATE_MODE }], {
      force: true,
      // The number is on disk before the list can be read, so that a killed command leaves no number that comes twice.
      beforeNaming: () =>
        appendRecords(directory, [
          {
            event: "crl",
            time: toIsoSeconds(thisUpdate),
            authority: authorityName,
            number: number.toString(),
            nextUpdate: toIsoSeconds(list.nextUpdate),
          },
        ]),
    });
    const warnings = [...authority.warnings, ...list.warnings];
    return { ...list, warnings, crlPath, authorityName, revokedCount: revoked.length };
  });
}

/**
 * The log of a folder may be one that was put back from a backup. It then lacks revocations that the list in the folder has,
 * and a list made of it would take them back, under a number that was used before.
 */
function checkNewer(path: string, number: bigint, certificatePem: string): void {
  let pem: Buffer | undefined;
  try {
    pem = ifThere(() => readFileSync(path));
  } catch (cause) {
    // Whoever writes the list says what is in the way.
    if (!isSystemError(cause, "EISDIR")) throw fileSystemError(`cannot read ${path}`, path, cause);
  }
  if (pem === undefined) return;
  const [authority] = parseCertificates(certificatePem, "the CA certificate");
  const ahead = parseRevocationLists(pem, path).find(
    (list) =>
      authority !== undefined &&
      namesIssuer(list.issuer, list.authorityKeyIdentifier, authority) &&
      (list.number ?? 0n) >= number,
  );
  if (ahead === undefined) return;
  throw new PkiError(
    "ERR_PKI_REVOCATION_LIST_INVALID",
    `${path} has the number ${ahead.number}, and the next one of ${LOG_FILE_NAME} is ${number}: the log is older than the list; ` +
      `put back the newest ${LOG_FILE_NAME}; if it is lost, revoke the certificates of the list again and append its record`,
    { path },
  );
}

/** The certificates on the next list of a CA, and its number. */
function contentOf(records: readonly LogRecord[], authorityName: string, time: string) {
  const lists = records.filter((record) => record.event === "crl" && record.authority === authorityName);
  const last = lists.at(-1);
  const expiry = new Map(entriesOf(records).map(({ serialNumber, notAfter }) => [serialNumber, notAfter]));
  const revoked = records.flatMap((record) => {
    if (record.event !== "revoked" || record.authority !== authorityName) return [];
    const notAfter = expiry.get(record.serialNumber);
    // The list before was made when the certificate had expired, and had it. The clock of that day may have been wrong:
    // a certificate that has not expired now stays on the list.
    if (notAfter !== undefined && last !== undefined && notAfter < last.time && notAfter < time) return [];
    return {
      serialNumber: record.serialNumber,
      revokedAt: new Date(record.time),
      reason: isRevocationReason(record.reason) ? record.reason : undefined,
    };
  });
  const number = last?.event === "crl" ? BigInt(last.number) + 1n : 1n;
  return { number, revoked };
}
