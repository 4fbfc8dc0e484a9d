import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { guardVariables } from "./variables.ts";

/**
 * Puts every program of a test run under guard: no connection to a host of AWS is made, and the run fails when a program
 * tried to. Programs inside containers are not under guard; they get no setting of the caller's.
 */
export default async function guard(): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), "no-aws-"));
  const log = join(folder, "refused");
  await writeFile(log, "");
  Object.assign(process.env, guardVariables(log, process.env));
  return async () => {
    const refused = await readFile(log, "utf8");
    await rm(folder, { recursive: true });
    if (refused !== "") throw new Error(`programs of this test run wanted to connect to AWS:\n${refused}`);
  };
}
