import { statSync } from "node:fs";

import { isoSeconds } from "./check-identity.ts";
import type { EndEntityCertificate } from "./load-certificate.ts";

const DAY_MS = 86_400_000;
/** How long before its end a certificate is worth a word; less for one that lives shorter than six weeks. */
const NOTICE_DAYS = 14;

/**
 * What is not wrong yet: a key file that others may read, and a certificate in the last third of its life, two weeks at
 * most before its end.
 *
 * @param certificate The end-entity certificate.
 * @param keyPath File of its key, if it is one.
 * @param moment Now.
 */
export function identityWarnings(
  certificate: EndEntityCertificate,
  keyPath: string | undefined,
  moment: Date,
): readonly string[] {
  const warnings: string[] = [];
  const mode = keyPath === undefined ? 0 : (statSync(keyPath, { throwIfNoEntry: false })?.mode ?? 0) & 0o777;
  if (process.platform !== "win32" && (mode & 0o077) !== 0) {
    warnings.push(
      `private key "${keyPath}" has mode ${mode.toString(8).padStart(4, "0")}; make it private: chmod 600`,
    );
  }
  const { validFromDate, validToDate } = certificate.x509;
  const lifeMs = validToDate.getTime() - validFromDate.getTime();
  const leftMs = validToDate.getTime() - moment.getTime();
  if (leftMs < Math.min(NOTICE_DAYS * DAY_MS, lifeMs / 3)) {
    warnings.push(
      `certificate ${certificate.name} expires at ${isoSeconds(validToDate)}; issue a new one soon`,
    );
  }
  return warnings;
}
