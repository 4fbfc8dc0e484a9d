import { printable } from "../errors.ts";

/** What one check found. */
export interface Finding {
  /** What was looked at: `certificate`, `key usage`, `clock`. */
  readonly check: string;
  readonly status: "ok" | "warn" | "fail";
  readonly message: string;
  /** What to do about it; for everything that is not ok. */
  readonly remedy?: string | undefined;
}

/** Takes what checks find, in the order in which it is shown. */
export type Report = (...findings: readonly Finding[]) => void;

/** What to do about each check that has one usual answer. */
const REMEDIES: Readonly<Record<string, string>> = {
  attempts: "set it to 2 or more, or not at all",
  "basic constraints": "give the end-entity certificate, or issue one with CA:FALSE",
  cache: "name a folder of your own in RA_SIGNER_CACHE_DIR",
  "caller identity": "set AWS_ENDPOINT_URL_STS to the STS that knows these credentials",
  "certificate file":
    "give a readable PEM or PKCS#12 file with --certificate, and its password with --pkcs8-password-env",
  "certificate version": "issue an X.509 v3 certificate, with extensions",
  clock: "set this machine's clock right, with NTP for example",
  "config file": "give the path of a file that can be read",
  CreateSession: "see the likely cause, and the checks that failed",
  "credentials file": "give the path of a file that can be read",
  endpoint: "check endpoint, DNS, firewall and proxy; --with-proxy uses HTTPS_PROXY and NO_PROXY",
  "extended key usage": "issue a certificate with extendedKeyUsage clientAuth, or without the extension",
  flags: "give a profile with --profile, or see ra-signer credential-process --help",
  intermediates: "give a PEM file of at most five certificates",
  "key pair": "give the key that the certificate was issued for",
  "key usage": "issue a certificate with keyUsage digitalSignature",
  "private key": "give the certificate's key with --private-key",
  profile: "write it anew: ra-signer configure",
  "signature hash": "issue it anew with SHA-256 or stronger",
  "session duration": "give 900 to 43200 seconds",
  subject: "issue a certificate with a subject, such as CN=name: Roles Anywhere identifies the caller by it",
};

/** A check that found nothing wrong. */
export function ok(check: string, message: string): Finding {
  return { check, status: "ok", message: shown(message) };
}

/** What may work now, or elsewhere, and should be looked at. */
export function warn(check: string, message: string, remedy = REMEDIES[check] ?? ""): Finding {
  return { check, status: "warn", message: shown(message), remedy: shown(remedy) };
}

/** What cannot work. */
export function fail(check: string, message: string, remedy?: string): Finding {
  return { ...warn(check, message, remedy), status: "fail" };
}

export function judge(check: string, isRight: boolean, message: string): Finding {
  return isRight ? ok(check, message) : fail(check, message);
}

/** A finding quotes what others wrote: names in certificates, answers of services, settings in files. */
function shown(text: string): string {
  return printable(text, 2000);
}
