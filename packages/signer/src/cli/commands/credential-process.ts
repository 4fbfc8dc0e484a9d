import { credentialProcessCommand } from "../credential-process-command.ts";
import { credentialProcessJson } from "../credential-process-json.ts";

/** Loads what it needs: the cache without cryptography and network, and those without the cache. */
export const credentialProcess = credentialProcessCommand(async (flags, words, context) => {
  if (flags.cache === true) {
    const { cachedCredentials } = await import("../cached-credentials.ts");
    return cachedCredentials(flags, words, context);
  }
  const { fetchCredentials } = await import("../fetch-credentials.ts");
  return credentialProcessJson(await fetchCredentials(flags, context));
});
