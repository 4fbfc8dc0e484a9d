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
  },
  "pkcs11-lib": { value: "FILE", help: "PKCS#11 library of the token", default: "p11-kit-proxy.so" },
  "reuse-pin": {
    type: "switch",
    help: "say the token's PIN again for a key that wants it for each signature",
  },
  "tpm-key-password": { value: "TEXT", help: "refused: TPM keys are not supported", secret: true },
  "no-tpm-key-password": { type: "switch", help: "use a token without a PIN" },
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

export type IdentityFlag = keyof typeof IDENTITY_FLAGS;
/** Flags of the identity, and the intermediates of commands that have that flag. */
export type IdentityFlags = Flags<typeof IDENTITY_FLAGS> & { readonly intermediates?: string };
export type SessionFlags = Flags<typeof SESSION_FLAGS>;
