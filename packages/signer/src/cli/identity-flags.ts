import { readFileSync } from "node:fs";

import type { Environment } from "../config/environment.ts";
import { SignerError } from "../errors.ts";
import type { IdentitySources } from "../keys/identity.ts";
import type { Flags } from "./parse-flags.ts";

/** Flags that say who calls; names are those of `aws_signing_helper`. */
export const IDENTITY_FLAGS = {
  certificate: { type: "text", value: "FILE", help: "end-entity certificate, PEM; or PKCS#12" },
  "private-key": {
    type: "text",
    value: "FILE",
    help: "its private key, PEM; env:NAME for a variable, - for standard input",
    default: "the key in the certificate's file",
  },
  "pkcs8-password": {
    type: "text",
    value: "TEXT",
    help: "password of the key or PKCS#12 file; other users may see it",
    secret: true,
  },
  "pkcs8-password-env": {
    type: "text",
    value: "NAME",
    help: "variable that holds that password",
    default: "asked for, if stdin and stderr are a terminal",
  },
  "cert-selector": {
    type: "text",
    value: "TEXT",
    help: "refused: operating system stores are not supported",
  },
  "system-store-name": { type: "text", value: "NAME", help: "refused, likewise" },
  "use-latest-expiring-certificate": { type: "switch", help: "refused, likewise" },
  "pkcs11-lib": { type: "text", value: "FILE", help: "refused: PKCS#11 is not supported" },
  "reuse-pin": { type: "switch", help: "refused, likewise" },
  "tpm-key-password": {
    type: "text",
    value: "TEXT",
    help: "refused: TPM keys are not supported",
    secret: true,
  },
  "no-tpm-key-password": { type: "switch", help: "refused, likewise" },
} as const;

type IdentityFlags = Flags<typeof IDENTITY_FLAGS>;
type IdentityFlag = keyof typeof IDENTITY_FLAGS;

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
const TOKEN = "PKCS#11 tokens are not supported";
const TPM = "TPM keys are not supported";

const REFUSED: readonly (readonly [IdentityFlag, string])[] = [
  ["cert-selector", STORE],
  ["system-store-name", STORE],
  ["use-latest-expiring-certificate", STORE],
  ["pkcs11-lib", TOKEN],
  ["reuse-pin", TOKEN],
  ["tpm-key-password", TPM],
  ["no-tpm-key-password", TPM],
];

/**
 * Where the flags say that certificate and key are.
 *
 * @param flags Flags of the command, `intermediates` among them if it has it.
 * @param environment For `env:NAME` and `--pkcs8-password-env`.
 * @throws {SignerError} ERR_SIGNER_USAGE for flags that exclude each other or are missing; ERR_SIGNER_KEY_UNSUPPORTED for
 *   what is recognised and not supported.
 */
export function identitySources(
  flags: IdentityFlags & { readonly intermediates?: string },
  environment: Environment,
): IdentitySources {
  refuseUnsupported(flags);
  const { certificate, intermediates, "private-key": key } = flags;
  if (!certificate) throw new SignerError("ERR_SIGNER_USAGE", "--certificate is missing");
  const passphrase = passphraseOf(flags, environment);
  return {
    certificate,
    ...(key ? { privateKey: keySource(key, environment) } : {}),
    ...(intermediates ? { intermediates } : {}),
    ...(passphrase === undefined ? {} : { passphrase }),
  };
}

/** The file of the key, if the flags name one. */
export function keyPath(flags: IdentityFlags): string | undefined {
  const key = flags["private-key"] || flags.certificate;
  return key === undefined || key === "-" || key.startsWith("env:") ? undefined : key;
}

/** See {@link identitySources}. */
export function refuseUnsupported(flags: IdentityFlags & { readonly intermediates?: string }): void {
  for (const name of ["certificate", "private-key", "intermediates"] as const) {
    if (flags[name]?.includes("PRIVATE KEY-----") === true) {
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
  const [flag, reason] = REFUSED.find(([name]) => asked(name)) ?? refusedValue(flags);
  if (flag !== undefined) {
    throw new SignerError(
      "ERR_SIGNER_KEY_UNSUPPORTED",
      `--${flag}: ${reason}; give --certificate and --private-key as PEM files, or pass a sign function to the library`,
    );
  }
}

function refusedValue(flags: IdentityFlags): readonly [IdentityFlag, string] | readonly [] {
  for (const name of ["certificate", "private-key"] as const) {
    if (flags[name]?.startsWith("pkcs11:") === true) return [name, TOKEN];
    if (flags[name]?.startsWith("handle:") === true) return [name, TPM];
  }
  return [];
}

function keySource(key: string, environment: Environment): string | Uint8Array {
  if (key === "-") return readFileSync(0);
  return key.startsWith("env:") ? Buffer.from(variable(key.slice(4), "--private-key", environment)) : key;
}

/** The password that the flags give, if any; an empty one is none. */
export function passphraseOf(flags: IdentityFlags, environment: Environment): string | undefined {
  const name = flags["pkcs8-password-env"];
  return name ? variable(name, "--pkcs8-password-env", environment) : flags["pkcs8-password"] || undefined;
}

function variable(name: string, flag: string, environment: Environment): string {
  const value = environment[name];
  if (value) return value;
  // Whoever mixes up the flags gives the secret itself.
  const quoted = flag === "--private-key" && /^[A-Za-z_]\w{0,40}$/.test(name) ? ` "${name}"` : "";
  throw new SignerError(
    "ERR_SIGNER_USAGE",
    `${flag} names the environment variable${quoted}, which is not set`,
  );
}
