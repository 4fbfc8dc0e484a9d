import type { X509Algorithm } from "./constants.ts";
import { credentialScope } from "./string-to-sign.ts";

/** What the Authorization header is made of. */
export interface AuthorizationParts {
  readonly algorithm: X509Algorithm;
  /** Serial number of the end-entity certificate in decimal. */
  readonly serialNumber: string;
  /** `YYYYMMDDTHHMMSSZ`, UTC. */
  readonly amzDate: string;
  readonly region: string;
  /** Lower-case names joined by `;`. */
  readonly signedHeaders: string;
  readonly signature: Uint8Array;
}

/**
 * Value of the Authorization header.
 *
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/authentication-sign-process.html (Task 4)
 */
export function authorizationHeader(parts: AuthorizationParts): string {
  const credential = `${parts.serialNumber}/${credentialScope(parts.amzDate, parts.region)}`;
  const signature = Buffer.from(parts.signature).toString("hex");
  return `${parts.algorithm} Credential=${credential}, SignedHeaders=${parts.signedHeaders}, Signature=${signature}`;
}
