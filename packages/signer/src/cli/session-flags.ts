import { SignerError } from "../errors.ts";
import { decodedPem } from "../keys/pem.ts";
import type { Flags } from "./parse-flags.ts";

/** Flags that say who calls; names are those of `aws_signing_helper`. */
export const IDENTITY_FLAGS = {
  certificate: {
    value: "FILE",
    help: "end-entity certificate, PEM or PKCS#12; env:NAME for a variable, pkcs11:URI for a token",
  },
  "private-key": {
    value: "FILE",
    help: "its private key, PEM; env:NAME for a variable, - for standard input, pkcs11:URI for a token",
    default: "the key in the certificate's file or token",
  },
  "pkcs8-password": {
    value: "TEXT",
    help: "password of the key or PKCS#12 file; other users may see it",
    secret: true,
  },
  "pkcs8-password-env": {
    value: "NAME",
    help: "variable that holds that password, or the PIN of the token",
    default: "asked for, if stdin and stderr are a terminal",
  },
  "cert-selector": {
    value: "TEXT",
    help: "certificate of a token, in place of --certificate: Key=x509Subject,Value=CN=client; file://PATH for JSON",
  },
  "system-store-name": { value: "NAME", help: "refused: operating system stores are not supported" },
  "use-latest-expiring-certificate": {
    type: "switch",
    help: "of several certificates of a token, take the one that ends last",
    default: "false",
  },
  "pkcs11-lib": { value: "FILE", help: "PKCS#11 library of the token", default: "p11-kit-proxy.so" },
  "reuse-pin": {
    type: "switch",
    help: "say the token's PIN again for a key that wants it for each signature",
    default: "false",
  },
  "tpm-key-password": { value: "TEXT", help: "refused: TPM keys are not supported", secret: true },
  "no-tpm-key-password": { type: "switch", help: "use a token without a PIN", default: "false" },
} as const;

/** Flags of every command that asks for a session; names and defaults are those of `aws_signing_helper`. */
export const SESSION_FLAGS = {
  ...IDENTITY_FLAGS,
  intermediates: {
    value: "FILE",
    help: "intermediate certificates, PEM, at most 5; env:NAME for a variable",
    default: "none, or those of the PKCS#12 file",
  },
  "trust-anchor-arn": { value: "ARN", help: "trust anchor of the CA" },
  "profile-arn": { value: "ARN", help: "profile that lists the role" },
  "role-arn": { value: "ARN", help: "role to assume" },
  region: { value: "REGION", help: "region to sign for", default: "the trust anchor's" },
  endpoint: {
    value: "URL",
    help: "service URL with its scheme",
    default: "AWS_ENDPOINT_URL_ROLESANYWHERE, AWS_ENDPOINT_URL, then the region's",
  },
  "session-duration": { type: "integer", value: "SECONDS", help: "life of the session", default: "3600" },
  "role-session-name": {
    value: "NAME",
    help: "session name, if the profile accepts one",
    default: "the certificate's serial number",
  },
  "with-proxy": { type: "switch", help: "use HTTPS_PROXY, HTTP_PROXY and NO_PROXY", default: "false" },
  "no-verify-ssl": { type: "switch", help: "do not check the server's certificate", default: "false" },
  debug: { type: "switch", help: "describe each request on stderr", default: "false" },
} as const;

type IdentityFlag = keyof typeof IDENTITY_FLAGS;
/** Flags of the identity, and the intermediates of commands that have that flag. */
export type IdentityFlags = Flags<typeof IDENTITY_FLAGS> & { readonly intermediates?: string };
export type SessionFlags = Flags<typeof SESSION_FLAGS>;

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

/**
 * Refuses flags that exclude each other, and those for keys that are not supported.
 *
 * @throws {SignerError} ERR_SIGNER_USAGE, ERR_SIGNER_KEY_UNSUPPORTED.
 */
export function refuseUnsupported(flags: IdentityFlags): void {
  for (const name of ["certificate", "private-key", "intermediates"] as const) {
    if (decodedPem(flags[name] ?? "").includes("PRIVATE KEY-----")) {
      throw new SignerError(
        "ERR_SIGNER_USAGE",
        `--${name} holds a key itself, which every user of this machine can see; give a file, or --private-key env:NAME or -`,
      );
    }
  }
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
  const isUri = (value: string | undefined): boolean => value?.startsWith("pkcs11:") === true;
  return isUri(flags.certificate) || isUri(flags["private-key"]) || Boolean(flags["cert-selector"]);
}
