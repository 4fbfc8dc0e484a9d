import { invalidOption } from "../errors/mock-error.ts";

/** A long-term or temporary key of IAM that may sign calls of the control plane. */
export interface AccessKey {
  /** Sent in clear: `AKIA…`, or anything without `/`, `,` and blanks. */
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** What `X-Amz-Security-Token` must hold; a key without one must come without that header. */
  readonly sessionToken?: string | undefined;
}

/**
 * Indexes access keys by their ids.
 *
 * @throws {MockError} ERR_MOCK_INVALID_OPTION for a key without secret, a malformed id, or an id that repeats; the
 * secret is never in the message
 */
export function indexAccessKeys(accessKeys: readonly AccessKey[]): ReadonlyMap<string, AccessKey> {
  const byId = new Map<string, AccessKey>();
  for (const [index, key] of accessKeys.entries()) {
    const fault = faultOf(key, byId);
    if (fault !== undefined) throw invalidOption(`access key ${index + 1} ${fault}`);
    byId.set(key.accessKeyId, key);
  }
  return byId;
}

// The messages leave out the id too: a user who swapped the two fields has put the secret there.
function faultOf(key: AccessKey, known: ReadonlyMap<string, AccessKey>): string | undefined {
  if (!/^[^\s/,]+$/.test(key.accessKeyId)) {
    return "has an empty id or one with a blank, slash or comma; give an id such as AKIDEXAMPLE";
  }
  if (key.secretAccessKey === "") return "has no secret; give the one that its clients sign with";
  if (key.sessionToken === "") return "has an empty session token; leave it out or give one";
  if (known.has(key.accessKeyId)) return "has the id of an earlier one; give each id once";
  return undefined;
}
