import { messageOf, printable, quoted, SignerError } from "../../errors.ts";
import { askPassword } from "../../keys/ask-password.ts";
import type { PinSources, TokenName, TokenQuery, TokenState } from "../protocol.ts";
import { CKF, CKM, CKU, ckrOf, unsignedLong } from "./cryptoki.ts";
import type { Cryptoki, Handle, TokenInfo } from "./cryptoki.ts";
import { tokenFailure } from "./failure.ts";
import { givenPin } from "./pin.ts";

/** A token with the one session that is kept open on it. */
export interface OpenToken {
  readonly name: TokenName;
  readonly handle: Handle;
  readonly session: Handle;
  isLoggedIn: boolean;
}

/** Tells the other process that a person is being asked, and when that is over. */
export type Asking = (asks: boolean) => void;

/** What all calls need. */
export interface Library {
  readonly cryptoki: Cryptoki;
  readonly tokens: Tokens;
  readonly asking: Asking;
}

/** The tokens of one library. */
export class Tokens {
  readonly #cryptoki: Cryptoki;
  readonly #open = new Map<string, OpenToken>();
  /** What was typed, for when the session is lost. */
  readonly #typed = new Map<string, string>();
  /** PINs that a token has refused. They are not tried again: a few wrong ones lock the token. */
  readonly #refused = new Map<string, string>();

  constructor(cryptoki: Cryptoki) {
    this.#cryptoki = cryptoki;
  }

  /** Forgets all sessions, and starts the library anew. */
  reset(): void {
    this.#open.clear();
    try {
      this.#cryptoki.C_Finalize();
    } catch {
      // It may have lost itself.
    }
    try {
      this.#cryptoki.C_Initialize();
    } catch (error) {
      throw tokenFailure(error, "starting the PKCS#11 library anew");
    }
  }

  /** The tokens that a query allows. */
  matching(query: TokenQuery): readonly TokenName[] {
    const { manufacturerID, libraryDescription, libraryVersion } = this.#cryptoki.C_GetInfo();
    const version = `${libraryVersion.major}.${libraryVersion.minor}`;
    const isLibrary =
      (query.libraryManufacturer ?? plain(manufacturerID)) === plain(manufacturerID) &&
      (query.libraryDescription ?? plain(libraryDescription)) === plain(libraryDescription) &&
      [undefined, version, String(libraryVersion.major)].includes(query.libraryVersion);
    return isLibrary ? this.all().filter((name) => fits(name, query)) : [];
  }

  /** All initialised tokens. */
  all(): readonly TokenName[] {
    const names: TokenName[] = [];
    for (const handle of this.#cryptoki.C_GetSlotList(true)) {
      try {
        const info = this.#cryptoki.C_GetTokenInfo(handle);
        if ((info.flags & CKF.TOKEN_INITIALIZED) !== 0) names.push(this.#nameOf(handle, info));
      } catch (error) {
        // Pulled out since the list was made, or a card of another kind.
        if (ckrOf(error) === -1) throw error;
      }
    }
    return names;
  }

  #nameOf(handle: Handle, info: TokenInfo): TokenName {
    const slot = this.#cryptoki.C_GetSlotInfo(handle);
    return {
      slot: handle.toString("hex"),
      slotId: String(unsignedLong(handle) ?? ""),
      token: plain(info.label),
      manufacturer: plain(info.manufacturerID),
      model: plain(info.model),
      serial: plain(info.serialNumber),
      slotDescription: plain(slot.slotDescription),
      slotManufacturer: plain(slot.manufacturerID),
    };
  }

  /** A token with its session, which is opened when there is none. Sessions only read. */
  open(name: TokenName): OpenToken {
    const known = this.#open.get(name.slot);
    // Another token may be in the slot now.
    if (known?.name.serial === name.serial && known.name.token === name.token) return known;
    const handle = Buffer.from(name.slot, "hex");
    try {
      const session = this.#cryptoki.C_OpenSession(handle, CKF.SERIAL_SESSION);
      const token: OpenToken = { name, handle, session, isLoggedIn: false };
      this.#open.set(name.slot, token);
      return token;
    } catch (error) {
      throw explained(error, `opening a session on ${called(name)}`);
    }
  }

  /** What the doctor shows of a token. */
  state(name: TokenName): TokenState {
    const handle = Buffer.from(name.slot, "hex");
    const { flags } = this.#cryptoki.C_GetTokenInfo(handle);
    const known = new Set(this.#cryptoki.C_GetMechanismList(handle));
    return {
      ...name,
      needsLogin: (flags & CKF.LOGIN_REQUIRED) !== 0,
      hasPinPad: (flags & CKF.PROTECTED_AUTHENTICATION_PATH) !== 0,
      pin: pinState(flags),
      mechanisms: Object.entries(CKM)
        .filter(([, mechanism]) => known.has(mechanism))
        .map(([mechanism]) => `CKM_${mechanism}`),
    };
  }

  /**
   * Logs in, once for as long as the session lasts.
   *
   * @throws {SignerError} ERR_SIGNER_PIN_MISSING, ERR_SIGNER_PIN_WRONG, ERR_SIGNER_PIN_LOCKED (also when a single try is left,
   *   which is never used up), or ERR_SIGNER_TOKEN_FAILED.
   */
  async login(token: OpenToken, sources: PinSources, asking: Asking): Promise<void> {
    if (token.isLoggedIn) return;
    const { flags } = this.#cryptoki.C_GetTokenInfo(token.handle);
    if ((flags & CKF.LOGIN_REQUIRED) === 0 || sources.without === true) return;
    refuseHopeless(flags, token.name);
    const hasPinPad = (flags & CKF.PROTECTED_AUTHENTICATION_PATH) !== 0;
    const pin = await this.#pinFor(token.name, sources, asking, hasPinPad);
    this.#tryPin(token, CKU.USER, pin);
    token.isLoggedIn = true;
  }

  /**
   * What says the PIN once more for one signature, as keys with CKA_ALWAYS_AUTHENTICATE want it: to be called between the
   * beginning of the signature and its end. The PIN is got before anything begins.
   */
  async loginForSignature(
    token: OpenToken,
    sources: PinSources,
    reusePin: boolean,
    keyName: string,
    asking: Asking,
  ): Promise<() => void> {
    const { flags } = this.#cryptoki.C_GetTokenInfo(token.handle);
    refuseHopeless(flags, token.name);
    if ((flags & CKF.PROTECTED_AUTHENTICATION_PATH) !== 0) {
      return () => this.#tryPin(token, CKU.CONTEXT_SPECIFIC);
    }
    if (reusePin) {
      const pin = await this.#pinFor(token.name, sources, asking, false);
      return () => this.#tryPin(token, CKU.CONTEXT_SPECIFIC, pin);
    }
    const typed = await ask(`key ${keyName}`, sources, asking);
    if (typed === undefined) {
      throw new SignerError(
        "ERR_SIGNER_PIN_MISSING",
        `key ${keyName} wants its PIN for each signature; give --reuse-pin, so that the token's PIN is used again`,
      );
    }
    return () => this.#tryPin(token, CKU.CONTEXT_SPECIFIC, typed);
  }

  async #pinFor(
    name: TokenName,
    sources: PinSources,
    asking: Asking,
    hasPinPad: boolean,
  ): Promise<string | undefined> {
    const known = givenPin(sources) ?? this.#typed.get(name.serial);
    if (known !== undefined) return known;
    if (hasPinPad) return undefined;
    const typed = await ask(called(name), sources, asking);
    if (typed !== undefined) {
      this.#typed.set(name.serial, typed);
      return typed;
    }
    throw new SignerError(
      "ERR_SIGNER_PIN_MISSING",
      `${called(name)} needs a PIN, and none is given; add ?pin-source=file:PATH or ?pin-source=env:NAME to the URI`,
    );
  }

  #tryPin(token: OpenToken, user: number, pin?: string): void {
    const { serial } = token.name;
    if (pin !== undefined && this.#refused.get(serial) === pin) {
      throw new SignerError(
        "ERR_SIGNER_PIN_WRONG",
        `${called(token.name)} has refused this PIN before, so it is not tried again; correct its source, or restart the program`,
      );
    }
    try {
      this.#cryptoki.C_Login(token.session, user, pin ?? "");
    } catch (error) {
      const ckr = ckrOf(error);
      // CKR_USER_ALREADY_LOGGED_IN: a login counts for all sessions of a process.
      if (ckr === 0x100) return;
      if (ckr === 0xa0 || ckr === 0xa1 || ckr === 0xa2) {
        if (pin !== undefined) this.#refused.set(serial, pin);
        this.#typed.delete(serial);
        throw new SignerError(
          "ERR_SIGNER_PIN_WRONG",
          `${called(token.name)} refuses the PIN (${messageOf(error)})${this.#triesLeft(token)}; correct it, this one is not tried again`,
        );
      }
      if (ckr === 0xa4) throw locked(token.name);
      if (ckr === 0xa3) {
        throw new SignerError(
          "ERR_SIGNER_PIN_WRONG",
          `the PIN of ${called(token.name)} has expired; set a new one: pkcs11-tool --module LIBRARY --login --change-pin`,
        );
      }
      if (ckr === 0x102) throw notSet(token.name);
      throw explained(error, `logging in to ${called(token.name)}`);
    }
  }

  #triesLeft({ handle }: OpenToken): string {
    try {
      const state = pinState(this.#cryptoki.C_GetTokenInfo(handle).flags);
      if (state === "locked") return ", and is locked now";
      if (state === "final try") return ", and takes one more try only";
      return state === "count low" ? ", and counts the tries" : "";
    } catch {
      return "";
    }
  }
}

/** What became of the library's error, which is kept, so that one that a reset mends can be recognised. */
function explained(error: unknown, what: string): Error {
  const { code, message } = tokenFailure(error, what);
  return new SignerError(code, message, { cause: error });
}

async function ask(what: string, sources: PinSources, asking: Asking): Promise<string | undefined> {
  if (sources.ask !== true) return undefined;
  asking(true);
  try {
    return await askPassword(what, "PIN");
  } finally {
    asking(false);
  }
}

function refuseHopeless(flags: number, name: TokenName): void {
  const state = pinState(flags);
  if (state === "locked") throw locked(name);
  if (state === "not set") throw notSet(name);
  if (state !== "final try") return;
  throw new SignerError(
    "ERR_SIGNER_PIN_LOCKED",
    `${called(name)} takes one more PIN before it locks itself, so none is tried; log in once with the right PIN: pkcs11-tool --module LIBRARY --login --list-objects`,
  );
}

function locked(name: TokenName): SignerError {
  return new SignerError(
    "ERR_SIGNER_PIN_LOCKED",
    `the PIN of ${called(name)} is locked; unlock it with the PUK or as its security officer: pkcs11-tool --module LIBRARY --login --login-type so --init-pin, or ykman piv access unblock-pin`,
  );
}

function notSet(name: TokenName): SignerError {
  return new SignerError(
    "ERR_SIGNER_PIN_MISSING",
    `${called(name)} has no user PIN yet; set one: pkcs11-tool --module LIBRARY --login --login-type so --init-pin`,
  );
}

function pinState(flags: number): TokenState["pin"] {
  if ((flags & CKF.USER_PIN_LOCKED) !== 0) return "locked";
  if ((flags & CKF.USER_PIN_FINAL_TRY) !== 0) return "final try";
  if ((flags & CKF.USER_PIN_COUNT_LOW) !== 0) return "count low";
  const needsPin = (flags & CKF.LOGIN_REQUIRED) !== 0;
  return needsPin && (flags & CKF.USER_PIN_INITIALIZED) === 0 ? "not set" : "ok";
}

/** How messages call a token. */
export function called({ token, serial }: TokenName): string {
  return token === "" ? `the token with serial number ${printable(serial)}` : `token ${quoted(token)}`;
}

function fits(name: TokenName, query: TokenQuery): boolean {
  const asked = [
    ["token", query.token],
    ["manufacturer", query.manufacturer],
    ["model", query.model],
    ["serial", query.serial],
    ["slotId", query.slotId],
    ["slotDescription", query.slotDescription],
    ["slotManufacturer", query.slotManufacturer],
  ] as const;
  return asked.every(([member, value]) => value === undefined || name[member] === value);
}

/** Names in PKCS#11 are padded with blanks; some libraries end them with a zero instead. */
function plain(text: string): string {
  const [before = ""] = text.split("\0", 1);
  return before.trimEnd();
}
