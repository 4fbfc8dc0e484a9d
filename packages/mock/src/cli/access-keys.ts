import type { AccessKey } from "../control/access-key.ts";

/**
 * Reads `RA_MOCK_ACCESS_KEYS`, `ID:SECRET[,ID:SECRET]`. It is no flag, since other users can read a command line.
 *
 * @returns `undefined` when it is absent or empty
 */
export function readAccessKeys(
  env: Readonly<NodeJS.ProcessEnv>,
): readonly AccessKey[] | undefined | "malformed" {
  const text = env["RA_MOCK_ACCESS_KEYS"];
  if (text === undefined || text === "") return undefined;
  const keys: AccessKey[] = [];
  for (const pair of text.split(",")) {
    const colon = pair.indexOf(":");
    const [accessKeyId, secretAccessKey] = [pair.slice(0, colon), pair.slice(colon + 1)];
    if (colon < 1 || secretAccessKey === "") return "malformed";
    keys.push({ accessKeyId, secretAccessKey });
  }
  return keys;
}
