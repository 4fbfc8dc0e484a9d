import type { PkiDependencies } from "../dependencies.ts";
import { generateKeyPairOf } from "../keys/generate-key-pair.ts";
import { DEFAULT_KEY_TYPE } from "../keys/key-type.ts";
import type { KeyType } from "../keys/key-type.ts";
import { usualKey } from "./usual-key.ts";

/** Begins to make a key at once, on another thread, while the rest of the command is loaded. */
export function startKeyPair(keyType: KeyType): Pick<PkiDependencies, "generateKeyPair"> {
  const begun = keyType === DEFAULT_KEY_TYPE ? usualKey : undefined;
  const started = begun ?? generateKeyPairOf(keyType);
  // When the command is refused for another reason, nobody waits for the key.
  started.catch(() => undefined);
  return { generateKeyPair: () => started };
}
