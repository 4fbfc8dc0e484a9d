import { SignerError } from "../errors.ts";

/**
 * Waits for a sign function of somebody else, which cannot be cancelled, no longer than an attempt may take.
 *
 * @param signing What it is to give.
 * @param timeoutMs Milliseconds.
 * @param signal Ends the wait as well.
 * @throws {SignerError} ERR_SIGNER_TIMEOUT, ERR_SIGNER_ABORTED.
 */
export function signInTime<Signed>(
  signing: Promise<Signed>,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<Signed> {
  return new Promise((resolve, reject) => {
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
    };
    const onAbort = (): void => {
      end();
      reject(new SignerError("ERR_SIGNER_ABORTED", "CreateSession was aborted while the request was signed"));
    };
    const timer = setTimeout(() => {
      end();
      reject(
        new SignerError(
          "ERR_SIGNER_TIMEOUT",
          `the sign function gave no signature within ${timeoutMs} ms; check that the KMS or HSM behind it is reachable`,
        ),
      );
    }, timeoutMs);
    signing.finally(end).then(resolve, reject);
    if (signal?.aborted === true) onAbort();
    else signal?.addEventListener("abort", onAbort, { once: true });
  });
}
