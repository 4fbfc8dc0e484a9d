import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder that is removed when it is disposed of, for example at the end of the scope of `using folder = …`. */
export interface TemporaryFolder extends Disposable {
  readonly path: string;
  /** The path of a file in the folder. */
  join(...names: string[]): string;
}

/** Makes a new, empty folder. */
export function temporaryFolder(): TemporaryFolder {
  const path = mkdtempSync(join(tmpdir(), "roles-anywhere-test-"));
  return {
    path,
    join: (...names) => join(path, ...names),
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
}
