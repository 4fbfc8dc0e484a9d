import { readFileSync } from "node:fs";

import type { Environment } from "../config/environment.ts";
import { printable, SignerError } from "../errors.ts";
import { identityWarnings } from "../keys/identity.ts";
import type { IdentitySources, SigningIdentity } from "../keys/identity.ts";
import type { PemSource } from "../keys/pem.ts";
import { loadAnyIdentity } from "../pkcs11/load.ts";
import type { SessionParameters } from "../session/session-parameters.ts";
import { resolveSession } from "../session/session-source.ts";
import type { SessionOptions, SessionSource } from "../session/session-source.ts";
import { askPassword } from "../keys/ask-password.ts";
import type { CommandContext } from "./command.ts";
import { hasSpecial, refuseUnsupported } from "./check-flags.ts";
import type { IdentityFlags, SessionFlags } from "./session-flags.ts";
import { tokenOptions, unsetVariable } from "./special-flags.ts";

/**
 * Where sessions come from, as flags and environment say, after all checks that need neither a file nor a request.
 *
 * @throws {SignerError} ERR_SIGNER_USAGE, ERR_SIGNER_KEY_UNSUPPORTED, ERR_SIGNER_ARN_INVALID or ERR_SIGNER_REGION_MISMATCH
 *   for flags that can never work.
 */
export function resolveFlags(flags: SessionFlags, { environment, note }: CommandContext): SessionSource {
  const sources = identitySources(flags, environment);
  return resolveSession(
    {
      ...sessionParameters(flags),
      ...wayOf(flags),
      loadIdentity: identityLoader(sources),
      trace: flags.debug === true ? note : undefined,
      warn({ certificate, warnings = [] }, moment) {
        for (const warning of [...warnings, ...identityWarnings(certificate, keyPath(flags), moment)]) {
          note(`ra-signer: warning: ${warning}`);
        }
      },
    },
    environment,
  );
}

/** Trust and proxy, as the flags say. */
export function wayOf(flags: SessionFlags): Pick<SessionOptions, "verifySsl" | "proxy"> {
  return {
    verifySsl: flags["no-verify-ssl"] !== true,
    proxy: flags["with-proxy"] === true ? "environment" : undefined,
  };
}

/**
 * Session parameters from the flags alone.
 *
 * @throws {SignerError} ERR_SIGNER_USAGE when an ARN is missing.
 */
export function sessionParameters(flags: SessionFlags): SessionParameters {
  const required = (name: "trust-anchor-arn" | "profile-arn" | "role-arn"): string => {
    const value = flags[name];
    if (value) return value;
    throw new SignerError("ERR_SIGNER_USAGE", `--${name} is missing`);
  };
  return {
    trustAnchorArn: required("trust-anchor-arn"),
    profileArn: required("profile-arn"),
    roleArn: required("role-arn"),
    durationSeconds: flags["session-duration"] ?? 3600,
    region: flags.region || undefined,
    endpoint: flags.endpoint || undefined,
    roleSessionName: flags["role-session-name"] || undefined,
  };
}

/**
 * Where the flags say that certificate and key are.
 *
 * @throws {SignerError} ERR_SIGNER_USAGE for flags that exclude each other or are missing; ERR_SIGNER_KEY_UNSUPPORTED for
 *   what is recognised and not supported.
 */
export function identitySources(flags: IdentityFlags, environment: Environment): IdentitySources {
  refuseUnsupported(flags);
  const { certificate, intermediates, "private-key": key, "cert-selector": selector } = flags;
  if (!certificate && !selector) throw new SignerError("ERR_SIGNER_USAGE", "--certificate is missing");
  return {
    certificate: certificate ? pemSource("certificate", certificate, environment) : "pkcs11:",
    privateKey: key === "-" ? readFileSync(0) : key ? pemSource("private-key", key, environment) : undefined,
    intermediates: intermediates ? pemSource("intermediates", intermediates, environment) : undefined,
    passphrase: passphraseOf(flags, environment),
    pkcs11: hasSpecial(flags) ? tokenOptions(flags) : undefined,
  };
}

/** The file of the key, if the flags name one. */
export function keyPath(flags: IdentityFlags): string | undefined {
  const key = flags["private-key"] || flags.certificate;
  return key === undefined || key === "-" || /^(?:env|pkcs11):/.test(key) ? undefined : key;
}

/**
 * What a flag for a PEM file gives: a path, or the value of the variable that `env:NAME` names.
 *
 * @throws {SignerError} ERR_SIGNER_USAGE when the variable is not set.
 */
export function pemSource(flag: string, value: string, environment: Environment): PemSource {
  return value.startsWith("env:")
    ? Buffer.from(variable(value.slice("env:".length), `--${flag}`, environment))
    : value;
}

/** The password that the flags give, if any; an empty one is none. */
export function passphraseOf(flags: IdentityFlags, environment: Environment): string | undefined {
  const name = flags["pkcs8-password-env"];
  return name ? variable(name, "--pkcs8-password-env", environment) : flags["pkcs8-password"] || undefined;
}

function variable(name: string, flag: string, environment: Environment): string {
  const value = environment[name];
  if (value) return value;
  throw unsetVariable(name, flag);
}

/**
 * Does something that needs a password; if none was given and it takes one, the person at the terminal is asked.
 *
 * @throws What `act` throws, when nobody can be asked as well; ERR_SIGNER_ABORTED after Ctrl-C.
 */
export async function withPassword<Result>(
  passphrase: string | undefined,
  act: (passphrase: string | undefined) => Result | Promise<Result>,
): Promise<Result> {
  try {
    return await act(passphrase);
  } catch (error) {
    if (!(error instanceof SignerError) || error.code !== "ERR_SIGNER_PASSWORD_MISSING") throw error;
    const { path } = error;
    const typed = await askPassword(path === undefined ? "the private key" : `"${printable(path)}"`);
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
    pending ??= withPassword(passphrase, async (given) => {
      const pkcs11 = sources.pkcs11 && { ...sources.pkcs11, ask: true };
      const identity = await loadAnyIdentity({ ...sources, passphrase: given, pkcs11 });
      passphrase = given;
      return identity;
    }).finally(() => (pending = undefined));
    return pending;
  };
}
