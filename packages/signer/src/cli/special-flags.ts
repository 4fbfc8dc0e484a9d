// What only flags for tokens, stores and TPMs need, and flags that are refused: few calls have any of these.
import { SignerError } from "../errors.ts";
import type { TokenOptions } from "../keys/identity.ts";
import { isTokenUri } from "../keys/is-token-uri.ts";
import type { IdentityFlag, IdentityFlags } from "./session-flags.ts";

/** Pairs that the helper does not take together, in its order. */
const EXCLUSIVE: readonly (readonly [IdentityFlag, readonly (IdentityFlag | "intermediates")[]])[] = [
  ["certificate", ["cert-selector", "system-store-name"]],
  ["private-key", ["cert-selector", "system-store-name", "use-latest-expiring-certificate"]],
  ["use-latest-expiring-certificate", ["intermediates", "reuse-pin"]],
  ["cert-selector", ["intermediates", "reuse-pin", "tpm-key-password", "no-tpm-key-password"]],
  ["system-store-name", ["reuse-pin"]],
  ["tpm-key-password", ["reuse-pin", "no-tpm-key-password", "pkcs8-password"]],
  ["pkcs8-password", ["pkcs8-password-env"]],
];

const STORE = "certificate stores of the operating system are not supported";
const NO_TOKEN = "neither --certificate nor --private-key is a PKCS#11 URI (pkcs11:…)";
const TPM = "TPM keys are not supported outside of PKCS#11 tokens (tpm2-pkcs11)";

/** Refuses a key as the value of a flag (ERR_SIGNER_USAGE). */
export function refuseKeyItself(name: string): never {
  throw new SignerError(
    "ERR_SIGNER_USAGE",
    `--${name} holds a key itself, which every user of this machine can see; give a file, or --private-key env:NAME or -`,
  );
}

/**
 * Refuses flags that exclude each other, and those for keys that are not supported.
 *
 * @throws {SignerError} ERR_SIGNER_USAGE, ERR_SIGNER_KEY_UNSUPPORTED.
 */
export function refuseSpecialFlags(flags: IdentityFlags): void {
  // As in the helper, a flag excludes others whatever its value, and an empty or false one asks for nothing.
  const given = (name: IdentityFlag | "intermediates"): boolean => flags[name] !== undefined;
  const asked = (name: IdentityFlag): boolean => given(name) && flags[name] !== "" && flags[name] !== false;
  for (const [name, others] of EXCLUSIVE) {
    const clash = others.find(given);
    if (given(name) && clash !== undefined) {
      throw new SignerError("ERR_SIGNER_USAGE", `--${name} and --${clash} exclude each other`);
    }
  }
  const [flag, reason] = refused(flags, asked);
  if (flag !== undefined) {
    throw new SignerError(
      "ERR_SIGNER_KEY_UNSUPPORTED",
      `--${flag}: ${reason}; give --certificate and --private-key as PEM files, or pass a sign function to the library`,
    );
  }
}

function refused(
  flags: IdentityFlags,
  asked: (name: IdentityFlag) => boolean,
): readonly [IdentityFlag, string] | readonly [] {
  if (asked("system-store-name")) return ["system-store-name", STORE];
  if (asked("cert-selector") && !asked("pkcs11-lib")) return ["cert-selector", STORE];
  for (const name of ["certificate", "private-key"] as const) {
    if (flags[name]?.startsWith("handle:") === true) return [name, TPM];
  }
  if (asked("tpm-key-password")) return ["tpm-key-password", TPM];
  if (namesToken(flags)) return [];
  if (asked("use-latest-expiring-certificate")) return ["use-latest-expiring-certificate", STORE];
  const flag = (["pkcs11-lib", "reuse-pin", "no-tpm-key-password"] as const).find(asked);
  return flag === undefined ? [] : [flag, NO_TOKEN];
}

/** Whether the flags name something in a PKCS#11 token. */
export function namesToken(flags: IdentityFlags): boolean {
  const onToken = isTokenUri(flags.certificate) || isTokenUri(flags["private-key"]);
  return onToken || Boolean(flags["cert-selector"]);
}

/**
 * How the flags say that a token is used; undefined when they name nothing in one.
 *
 * @throws {SignerError} ERR_SIGNER_USAGE for a PIN on the command line.
 */
export function tokenOptions(flags: IdentityFlags): TokenOptions | undefined {
  if (!namesToken(flags)) return undefined;
  const isKeyOnToken = isTokenUri(flags["private-key"] || flags.certificate || "pkcs11:");
  if (isKeyOnToken && flags["pkcs8-password"]) {
    throw new SignerError(
      "ERR_SIGNER_USAGE",
      "--pkcs8-password: a PIN on the command line can be seen by other users; give --pkcs8-password-env, or pin-source=file:PATH in the URI",
    );
  }
  return {
    library: flags["pkcs11-lib"] || undefined,
    reusePin: flags["reuse-pin"],
    withoutPin: flags["no-tpm-key-password"],
    selector: flags["cert-selector"] || undefined,
    latest: flags["use-latest-expiring-certificate"],
  };
}

/** Refuses to keep a command line that has a password or a PIN in it (ERR_SIGNER_USAGE). */
export function refuseKeptSecrets(flags: IdentityFlags, words: readonly string[]): void {
  if (flags["pkcs8-password"]) {
    throw new SignerError(
      "ERR_SIGNER_USAGE",
      "--cache keeps the command line, and a password should not be kept; use --pkcs8-password-env",
    );
  }
  if (words.some((word) => word.includes("pkcs11:") && word.includes("pin-value="))) {
    throw new SignerError(
      "ERR_SIGNER_USAGE",
      "--cache keeps the command line, and a PIN should not be kept; use pin-source=file:PATH in the URI",
    );
  }
}

/** The variable that a flag names is not set (ERR_SIGNER_USAGE). */
export function unsetVariable(name: string, flag: string): SignerError {
  // Whoever mixes up the flags gives the secret itself.
  const shownName = flag !== "--pkcs8-password-env" && /^[A-Za-z_]\w{0,40}$/.test(name) ? ` "${name}"` : "";
  return new SignerError(
    "ERR_SIGNER_USAGE",
    `${flag} names the environment variable${shownName}, which is not set`,
  );
}
