import { existsSync } from "node:fs";
import { createRequire } from "node:module";

import { codeOf, messageOf, quoted, SignerError } from "../../errors.ts";

/** Slots, sessions and objects of a library. */
export type Handle = Buffer;

interface Attribute {
  readonly type: number;
  readonly value?: Buffer | string | number | boolean | undefined;
}

export interface SlotInfo {
  readonly slotDescription: string;
  readonly manufacturerID: string;
}

export interface TokenInfo {
  readonly label: string;
  readonly manufacturerID: string;
  readonly model: string;
  readonly serialNumber: string;
  readonly flags: number;
}

/** The functions of a PKCS#11 library that are called here, as the package pkcs11js gives them. */
export interface Cryptoki {
  load(path: string): void;
  close(): void;
  C_Initialize(): void;
  C_Finalize(): void;
  C_GetInfo(): {
    readonly manufacturerID: string;
    readonly libraryDescription: string;
    readonly libraryVersion: { readonly major: number; readonly minor: number };
  };
  C_GetSlotList(tokenPresent: boolean): Handle[];
  C_GetSlotInfo(slot: Handle): SlotInfo;
  C_GetTokenInfo(slot: Handle): TokenInfo;
  C_GetMechanismList(slot: Handle): number[];
  C_OpenSession(slot: Handle, flags: number): Handle;
  C_CloseSession(session: Handle): void;
  C_Login(session: Handle, userType: number, pin?: string): void;
  C_FindObjectsInit(session: Handle, template: readonly Attribute[]): void;
  C_FindObjects(session: Handle, maxObjectCount: number): Handle[];
  C_FindObjectsFinal(session: Handle): void;
  C_GetAttributeValue(session: Handle, object: Handle, template: readonly Attribute[]): readonly Attribute[];
  C_SignInit(session: Handle, mechanism: { readonly mechanism: number }, key: Handle): void;
  C_Sign(session: Handle, message: Buffer, output: Buffer): Buffer;
}

// Values of PKCS#11 2.40, https://docs.oasis-open.org/pkcs11/pkcs11-base/v2.40/os/
export const CKF = {
  LOGIN_REQUIRED: 0x4,
  USER_PIN_INITIALIZED: 0x8,
  PROTECTED_AUTHENTICATION_PATH: 0x100,
  TOKEN_INITIALIZED: 0x400,
  USER_PIN_COUNT_LOW: 0x1_0000,
  USER_PIN_FINAL_TRY: 0x2_0000,
  USER_PIN_LOCKED: 0x4_0000,
  SERIAL_SESSION: 0x4,
} as const;
export const CKU = { USER: 1, CONTEXT_SPECIFIC: 2 } as const;
export const CKO = { CERTIFICATE: 1, PUBLIC_KEY: 2, PRIVATE_KEY: 3 } as const;
export const CKK = { RSA: 0, EC: 3 } as const;
export const CKA = {
  CLASS: 0x0,
  LABEL: 0x3,
  VALUE: 0x11,
  CERTIFICATE_TYPE: 0x80,
  KEY_TYPE: 0x100,
  ID: 0x102,
  MODULUS: 0x120,
  EC_POINT: 0x181,
  ALWAYS_AUTHENTICATE: 0x202,
} as const;
export const CKM = {
  RSA_PKCS: 0x1,
  SHA256_RSA_PKCS: 0x40,
  SHA384_RSA_PKCS: 0x41,
  SHA512_RSA_PKCS: 0x42,
  ECDSA: 0x1041,
  ECDSA_SHA256: 0x1044,
  ECDSA_SHA384: 0x1045,
  ECDSA_SHA512: 0x1046,
} as const;
export const CKC_X_509 = 0;

/**
 * Loads and starts a PKCS#11 library.
 *
 * @param path Path, or a name that the dynamic linker finds.
 * @throws {SignerError} ERR_SIGNER_PKCS11_LIBRARY when pkcs11js is not installed, or the file is no PKCS#11 library.
 */
export function loadCryptoki(path: string): Cryptoki {
  const cryptoki = newCryptoki();
  const unusable = (reason: string, cause: unknown): SignerError =>
    new SignerError("ERR_SIGNER_PKCS11_LIBRARY", `the PKCS#11 library ${quoted(path)} ${reason}`, { cause });
  try {
    cryptoki.load(path);
  } catch (cause) {
    const words = messageOf(cause);
    if (!path.includes("/")) {
      throw unusable(
        `is not found (${words}); give the library of your token with --pkcs11-lib, for example /usr/lib/softhsm/libsofthsm2.so, or install p11-kit, which brings p11-kit-proxy.so`,
        cause,
      );
    }
    throw existsSync(path)
      ? unusable(
          `cannot be used: ${words}; give a shared library for PKCS#11 of this machine's architecture`,
          cause,
        )
      : unusable("does not exist; give the library of your token with --pkcs11-lib", cause);
  }
  try {
    cryptoki.C_Initialize();
  } catch (cause) {
    throw unusable(
      `did not start: ${messageOf(cause)}; is its configuration there (for SoftHSM the file that SOFTHSM2_CONF names), and does its service run (pcscd for smart cards)?`,
      cause,
    );
  }
  return cryptoki;
}

function newCryptoki(): Cryptoki {
  let loaded: unknown;
  try {
    loaded = createRequire(import.meta.filename)("pkcs11js");
  } catch (cause) {
    const isThere = codeOf(cause) !== "MODULE_NOT_FOUND" || messageOf(cause).includes(".node");
    throw new SignerError(
      "ERR_SIGNER_PKCS11_LIBRARY",
      isThere
        ? `keys in PKCS#11 tokens need the package pkcs11js, which is installed but was not built (${messageOf(cause)}); install a C++ compiler, then: npm rebuild pkcs11js`
        : "keys in PKCS#11 tokens need the package pkcs11js, which is not installed; npm install pkcs11js (it needs a C++ compiler)",
      { cause },
    );
  }
  if (isPkcs11js(loaded)) return new loaded.PKCS11();
  throw new SignerError(
    "ERR_SIGNER_PKCS11_LIBRARY",
    "the package pkcs11js that is installed has no class PKCS11; install version 2: npm install pkcs11js@2",
  );
}

function isPkcs11js(loaded: unknown): loaded is { readonly PKCS11: new () => Cryptoki } {
  return (
    typeof loaded === "object" && loaded !== null && "PKCS11" in loaded && typeof loaded.PKCS11 === "function"
  );
}

/** An attribute's bytes; undefined when the object has none, or does not show it. */
export function attribute(
  cryptoki: Cryptoki,
  session: Handle,
  object: Handle,
  type: number,
): Buffer | undefined {
  try {
    const [found] = cryptoki.C_GetAttributeValue(session, object, [{ type }]);
    return Buffer.isBuffer(found?.value) ? found.value : undefined;
  } catch (error) {
    if (UNSHOWN.has(ckrOf(error))) return undefined;
    throw error;
  }
}

/** CKR_ATTRIBUTE_SENSITIVE, CKR_ATTRIBUTE_TYPE_INVALID, CKR_ATTRIBUTE_VALUE_INVALID. */
const UNSHOWN: ReadonlySet<number> = new Set([0x11, 0x12, 0x13]);

/** An unsigned long as the library has it in memory. */
export function unsignedLong(bytes: Buffer | undefined): number | undefined {
  if (bytes === undefined) return undefined;
  if (bytes.length === 8) return Number(bytes.readBigUInt64LE());
  return bytes.length === 4 ? bytes.readUInt32LE() : undefined;
}

/** The number of a CKR_… error; -1 for every other error. */
export function ckrOf(error: unknown): number {
  const isCryptoki = error instanceof Error && error.name === "Pkcs11Error" && "code" in error;
  return isCryptoki ? Number(error.code) : -1;
}
