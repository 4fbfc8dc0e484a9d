import { makeEntry, readEntry } from "../cache/cache-entry.ts";
import { cacheFolder, cachePlace } from "../cache/cache-place.ts";
import { messageOf, SignerError } from "../errors.ts";
import type { SignerErrorCode } from "../errors.ts";
import type { CommandContext } from "./command.ts";
import { credentialProcessJson } from "./credential-process-json.ts";
import { refuseUnsupported } from "./identity-flags.ts";
import type { Flags } from "./parse-flags.ts";
import type { SESSION_FLAGS } from "./session-flags.ts";

/**
 * The JSON of a credential process from the cache, or of a new session that is then kept there.
 *
 * @param flags Parsed flags of the command.
 * @param words Its whole command line, which is the cache's key.
 * @throws {SignerError} ERR_SIGNER_USAGE beside a password on the command line; and what fetching throws.
 */
export async function cachedCredentials(
  flags: Flags<typeof SESSION_FLAGS>,
  words: readonly string[],
  context: CommandContext,
): Promise<string> {
  // Here, since a hit asks for no identity, which would refuse them.
  refuseUnsupported(flags);
  if (flags["pkcs8-password"]) {
    throw new SignerError(
      "ERR_SIGNER_USAGE",
      "--cache keeps the command line, and a password should not be kept; use --pkcs8-password-env",
    );
  }
  const { environment, note } = context;
  const place = cachePlace(["credential-process", ...words], flags.certificate ?? "", environment);
  const entry = place === undefined ? undefined : readEntry(place);
  if (entry !== undefined && entry.freshUntil > Date.now() / 1000) return entry.json;

  // Cryptography and network are loaded only now: a hit needs neither.
  const { fetchCredentials } = await import("./fetch-credentials.ts");
  if (place === undefined) {
    if (cacheFolder(environment) === undefined) {
      note(
        "ra-signer: warning: the cache is not used: there is no home directory; name a folder of your own in RA_SIGNER_CACHE_DIR",
      );
    }
    return credentialProcessJson(await fetchCredentials(flags, context));
  }
  const { cachedAnswer } = await import("../cache/cached-answer.ts");
  return cachedAnswer(place, {
    fetch: async () => {
      const credentials = await fetchCredentials(flags, context);
      return makeEntry(credentialProcessJson(credentials), credentials.expiration, new Date());
    },
    isTransient,
    now: () => new Date(),
    warn: (line) => note(`ra-signer: warning: ${messageOf(line)}`),
  });
}

const TRANSIENT_CODES: ReadonlySet<SignerErrorCode> = new Set([
  "ERR_SIGNER_CONNECTION_FAILED",
  "ERR_SIGNER_RESPONSE_INVALID",
  // Such as the login page of a network.
  "ERR_SIGNER_SERVER_UNTRUSTED",
  "ERR_SIGNER_TIMEOUT",
]);

/** Whether the service could not be asked or could not answer, as opposed to its saying no. */
function isTransient(error: unknown): boolean {
  if (!(error instanceof SignerError)) return false;
  const { code, status = 0 } = error;
  if (code === "ERR_SIGNER_SERVICE_REFUSED") return status === 429 || status >= 500;
  return TRANSIENT_CODES.has(code);
}
