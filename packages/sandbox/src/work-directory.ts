import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";

const PREFIX = "ra-sandbox-";
/** A file in the folder that names the process which made the folder. */
const OWNER_FILE = "owner";

/**
 * Makes the folder of one sandbox, for this user alone, and removes the folders that killed sandboxes left.
 *
 * @param parent @default the system's folder for temporary files
 */
export async function makeWorkDirectory(parent = tmpdir()): Promise<string> {
  await removeAbandoned(parent);
  const directory = await mkdtemp(join(parent, PREFIX));
  await writeFile(join(directory, OWNER_FILE), ownerOf(process.pid));
  return directory;
}

/** Names a process with its host: a container that shares the folder has process ids of its own. */
function ownerOf(pid: number): string {
  return `${pid} ${hostname()}`;
}

async function removeAbandoned(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    if (!name.startsWith(PREFIX)) continue;
    const directory = join(parent, name);
    // A folder without an owner file belongs to another user, or another sandbox is making it now.
    const owner = await readFile(join(directory, OWNER_FILE), "utf8").catch(() => "");
    const pid = Number.parseInt(owner, 10);
    if (owner !== ownerOf(pid) || isAlive(pid)) continue;
    await rm(directory, { recursive: true, force: true }).catch(() => undefined);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Members, because in Jest the errors of Node.js are no instances of the `Error` that the tests and we see.
    return !(typeof error === "object" && error !== null && "code" in error && error.code === "ESRCH");
  }
}
