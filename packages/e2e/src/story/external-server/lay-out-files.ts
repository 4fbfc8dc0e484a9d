import { chmod, copyFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type ExternalServerInit, serverFiles } from "./external-server.ts";

/** Gives the server what travels to it: certificate, key and the stack's outputs. The CA key stays where it is. */
export async function layOutFiles(init: ExternalServerInit): Promise<void> {
  const { directory, files } = init;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await copyFile(files.certificatePath, join(directory, serverFiles.certificate));
  await copyFile(files.privateKeyPath, join(directory, serverFiles.privateKey));
  await chmod(join(directory, serverFiles.privateKey), 0o600);
  await copyFile(files.outputsFile, join(directory, serverFiles.outputs));
}
