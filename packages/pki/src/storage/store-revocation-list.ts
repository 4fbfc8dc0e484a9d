import { join } from "node:path";
import { toIsoSeconds } from "../certificate/validity.ts";
import { systemDependencies } from "../dependencies.ts";
import type { PkiDependencies } from "../dependencies.ts";
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
import { writeFiles } from "./write-files.ts";

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
 * A certificate stays on the list until one list was made after it expired.
 *
 * @throws {PkiError} as `createRevocationList` and `loadCertificateAuthority`; ERR_PKI_LOG_INVALID, ERR_PKI_LOCKED,
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
    const records = recordsIn(await readLogText(directory), join(directory, LOG_FILE_NAME));
    const thisUpdate = new Date(Math.floor(now().getTime() / 1000) * 1000);
    const { number, revoked } = contentOf(records, authorityName, toIsoSeconds(thisUpdate));
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
    const crlPath = revocationListPath(directory, authorityName);
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
