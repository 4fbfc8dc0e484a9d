// What is said between this process and the one that holds the PKCS#11 library.
import type { SignerErrorCode } from "../errors.ts";

/** What a token, its slot, its library or an object on it has to be; what is left out may be anything. */
export interface TokenQuery {
  readonly token?: string | undefined;
  readonly manufacturer?: string | undefined;
  readonly model?: string | undefined;
  readonly serial?: string | undefined;
  readonly slotId?: string | undefined;
  readonly slotDescription?: string | undefined;
  readonly slotManufacturer?: string | undefined;
  readonly libraryDescription?: string | undefined;
  readonly libraryManufacturer?: string | undefined;
  readonly libraryVersion?: string | undefined;
  /** CKA_LABEL of the object. */
  readonly label?: string | undefined;
  /** CKA_ID of the object, hexadecimal. */
  readonly id?: string | undefined;
  readonly type?: string | undefined;
}

/** Where the PIN of a token comes from; the first that is given counts, in this order. */
export interface PinSources {
  /** In the URI itself. */
  readonly value?: string | undefined;
  /** Given beside the URI. */
  readonly option?: string | undefined;
  /** `file:PATH`, a path, or `env:NAME`; read anew for each login. */
  readonly source?: string | undefined;
  /** Never log in: what the token shows to everybody has to do. */
  readonly without?: boolean | undefined;
  /** Ask the person at the terminal. */
  readonly ask?: boolean | undefined;
}

/** A token in a slot, as URIs name it. */
export interface TokenName {
  /** Identifier of the slot, hexadecimal as the library has it in memory. */
  readonly slot: string;
  readonly slotId: string;
  readonly token: string;
  readonly manufacturer: string;
  readonly model: string;
  readonly serial: string;
  readonly slotDescription: string;
  readonly slotManufacturer: string;
}

/** What the doctor says of a token. */
export interface TokenState extends TokenName {
  readonly needsLogin: boolean;
  readonly hasPinPad: boolean;
  readonly pin: "ok" | "count low" | "final try" | "locked" | "not set";
  /** Names of the mechanisms for Roles Anywhere: CKM_ECDSA, … */
  readonly mechanisms: readonly string[];
}

export interface FoundCertificate {
  readonly id: string;
  readonly label: string;
  /** Base64. */
  readonly der: string;
  readonly isAskedFor: boolean;
  readonly on: TokenName;
}

/** Public key of the certificate: what the private key has to belong to. */
export interface PublicKeyFacts {
  readonly type: "RSA" | "EC";
  /** Modulus without leading zeros, or the uncompressed point; hexadecimal. */
  readonly value: string;
  /** SubjectPublicKeyInfo, base64. */
  readonly spki: string;
}

export type Digest = "SHA256" | "SHA384" | "SHA512";

/** What the other process does. */
export interface AgentCalls {
  /** All slots with a token. */
  readonly tokens: { readonly request: object; readonly result: readonly TokenState[] };
  /** All certificates of the tokens that a query allows; those that it asks for are marked. */
  readonly certificates: {
    readonly request: { readonly query: TokenQuery; readonly pin: PinSources; readonly name: string };
    readonly result: readonly FoundCertificate[];
  };
  /** The private key of a certificate. Logs in. */
  readonly key: {
    readonly request: {
      readonly query: TokenQuery;
      readonly pin: PinSources;
      readonly name: string;
      /** Where the certificate was found, when it is on a token. */
      readonly beside: { readonly slot: string; readonly id: string } | undefined;
      /** Whether the query was written for the certificate. */
      readonly isOfCertificate: boolean;
      readonly publicKey: PublicKeyFacts;
      readonly reusePin: boolean;
    };
    readonly result: { readonly key: number; readonly name: string };
  };
  readonly sign: {
    readonly request: { readonly key: number; readonly message: string; readonly digest: Digest };
    /** Base64; of EC keys in DER. */
    readonly result: string;
  };
  /** Forgets sessions and keys and starts the library anew, so that it looks for tokens again. */
  readonly reset: { readonly request: object; readonly result: null };
}

export type CallName = keyof AgentCalls;

export type AgentRequest = {
  readonly [Name in CallName]: {
    readonly id: number;
    readonly call: Name;
    readonly request: AgentCalls[Name]["request"];
  };
}[CallName];

export type AgentReply =
  | { readonly id: number; readonly result: unknown }
  | {
      readonly id: number;
      readonly error: {
        readonly code: SignerErrorCode;
        readonly message: string;
        /** Whether session, token or library were lost, so that it may work after a reset. */
        readonly isLost: boolean;
      };
    }
  /** Somebody is being asked for a PIN, which takes as long as it takes. */
  | { readonly id: number; readonly asks: boolean };
