import { SignerError } from "../errors.ts";
import { loadIdentity } from "../keys/identity.ts";
import type { IdentitySources, SigningIdentity } from "../keys/identity.ts";

/**
 * Does something that needs a password; if none was given and it takes one, the person at the terminal is asked.
 *
 * @param passphrase From the flags.
 * @param act What needs it.
 * @throws What `act` throws, when nobody can be asked as well; ERR_SIGNER_ABORTED after Ctrl-C.
 */
export async function withPassword<Result>(
  passphrase: string | undefined,
  act: (passphrase: string | undefined) => Result,
): Promise<Result> {
  try {
    return act(passphrase);
  } catch (error) {
    if (!(error instanceof SignerError) || error.code !== "ERR_SIGNER_PASSWORD_MISSING") throw error;
    const { askPassword } = await import("./ask-password.ts");
    const typed = await askPassword(error.path === undefined ? "the private key" : `"${error.path}"`);
    if (typed === undefined) throw error;
    return act(typed);
  }
}

/**
 * What loads an identity again and again. A password that the person at the terminal has typed is kept for the next time;
 * callers at the same time share one question.
 */
export function identityLoader(sources: IdentitySources): () => Promise<SigningIdentity> {
  let { passphrase } = sources;
  let pending: Promise<SigningIdentity> | undefined;
  return () => {
    pending ??= withPassword(passphrase, (given) => {
      const identity = loadIdentity({ ...sources, ...(given === undefined ? {} : { passphrase: given }) });
      passphrase = given;
      return identity;
    }).finally(() => (pending = undefined));
    return pending;
  };
}
