import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** What stands on a token. */
export interface TokenObject {
  readonly kind: "certificate" | "key";
  /** CKA_ID, hexadecimal. @default none */
  readonly id?: string;
  /** CKA_LABEL. @default none */
  readonly objectLabel?: string;
  /** A key in PKCS#8. */
  readonly pem?: string;
  /** A certificate, base64. */
  readonly der?: string;
  /** Seen only after a login. @default keys are, certificates are not */
  readonly isPrivate?: boolean;
  /** CKA_ALWAYS_AUTHENTICATE. @default false */
  readonly alwaysAuthenticate?: boolean;
  /** Puts the public half of an EC key on the token as well. @default false */
  readonly publicHalf?: boolean;
}

export interface MadeToken {
  readonly serial: string;
  readonly slotId: string;
}

/** SoftHSM's tokens of one test. */
export interface SoftHsm {
  readonly library: string;
  /** What a process needs in its environment to see them. */
  readonly environment: Readonly<Record<string, string>>;
  /** Folder of the tokens: what is moved away is pulled out. */
  readonly tokens: string;
  /** What a process needs to see a copy of the tokens, which nobody else uses. */
  copy(): Readonly<Record<string, string>>;
  /** Makes a token, or puts more on one. */
  add(label: string, pin: string | undefined, objects: readonly TokenObject[]): MadeToken;
}

const LIBRARIES = [
  "/usr/lib/softhsm/libsofthsm2.so",
  "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
  "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
  "/usr/lib64/pkcs11/libsofthsm2.so",
];

/** Path of SoftHSM's library; undefined when it, or pkcs11js, is not here. */
export const softHsmLibrary = findLibrary();

function findLibrary(): string | undefined {
  try {
    createRequire(import.meta.url)("pkcs11js");
  } catch {
    return undefined;
  }
  return [process.env["RA_SOFTHSM_LIBRARY"] ?? "", ...LIBRARIES].find(
    (path) => path !== "" && existsSync(path),
  );
}

/** Sets SoftHSM up in a folder. */
export function setUpSoftHsm(folder: string, library: string): SoftHsm {
  const tokens = join(folder, "tokens");
  mkdirSync(tokens);
  const environment = configure(folder, tokens);
  return {
    library,
    environment,
    tokens,
    copy() {
      const place = mkdtempSync(join(folder, "copy-"));
      cpSync(tokens, join(place, "tokens"), { recursive: true });
      return configure(place, join(place, "tokens"));
    },
    add(label, pin, objects) {
      const script = fileURLToPath(new URL("./fill-token.mjs", import.meta.url));
      const { status, stdout, stderr } = spawnSync(process.execPath, [script, library], {
        input: JSON.stringify({ label, pin, objects }),
        env: { PATH: process.env["PATH"], ...environment },
        encoding: "utf8",
      });
      if (status !== 0) throw new Error(`token ${label} could not be made: ${stderr}`);
      return JSON.parse(stdout) as MadeToken;
    },
  };
}

function configure(folder: string, tokens: string): Readonly<Record<string, string>> {
  const config = join(folder, "softhsm2.conf");
  writeFileSync(
    config,
    `directories.tokendir = ${tokens}\nobjectstore.backend = file\nlog.level = ERROR\nslots.removable = true\n`,
  );
  return { SOFTHSM2_CONF: config };
}

/** Base64 of the first certificate of a PEM text. */
export function derOf(pem: string): string {
  const [, body = ""] = /-----BEGIN CERTIFICATE-----([^-]+)/.exec(pem) ?? [];
  return body.replaceAll(/\s/g, "");
}

/** A library between the signer and SoftHSM: see pkcs11-shim.c. */
export interface Shim {
  readonly library: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Sets what happens from now on. */
  rules(rules: Readonly<Record<string, string>>): void;
  /** How often a function was called since the rules were set. */
  calls(name: string): number;
}

/** Builds the library with the C compiler that pkcs11js was built with. */
export function buildShim(folder: string, hsm: SoftHsm): Shim {
  const library = join(folder, "shim.so");
  const source = fileURLToPath(new URL("./pkcs11-shim.c", import.meta.url));
  const headers = join(dirname(createRequire(import.meta.url).resolve("pkcs11js")), "includes", "pkcs11");
  const { status, stderr } = spawnSync(
    "cc",
    ["-shared", "-fPIC", "-I", headers, "-o", library, source, "-ldl"],
    {
      encoding: "utf8",
    },
  );
  if (status !== 0) throw new Error(`the shim was not built: ${stderr}`);
  const paths = { rules: join(folder, "rules"), log: join(folder, "calls") };
  writeFileSync(paths.rules, "");
  writeFileSync(paths.log, "");
  return {
    library,
    environment: {
      ...hsm.environment,
      RA_SHIM_LIBRARY: hsm.library,
      RA_SHIM_RULES: paths.rules,
      RA_SHIM_LOG: paths.log,
    },
    rules(rules) {
      writeFileSync(paths.log, "");
      writeFileSync(
        paths.rules,
        Object.entries(rules)
          .map(([name, value]) => `${name}=${value}\n`)
          .join(""),
      );
    },
    calls: (name) =>
      readFileSync(paths.log, "utf8")
        .split("\n")
        .filter((line) => line === name).length,
  };
}
