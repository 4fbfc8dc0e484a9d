import { join } from "node:path";
import { runProgram } from "./programs.ts";

/** Common name of the certificate of the "external server". */
export const CLIENT_NAME = "nestjs-external-server";

export interface Pki {
  /** Both files of the CA stay with the person who runs the CA. */
  caCertificatePath: string;
  caKeyPath: string;
  /** The subject common name of the external server's certificate. */
  commonName: string;
  /** These two files are copied to the external server. */
  certificatePath: string;
  privateKeyPath: string;
}

export interface CreatePkiInit {
  directory: string;
  environment: Readonly<Record<string, string>>;
  signal?: AbortSignal | undefined;
  /** Called with each command line, what the command printed and when it began. */
  onCommand?: ((commandLine: string, printed: string, began: Date) => void) | undefined;
}

/** Phase 1: makes a root CA and a client certificate for the external server. */
export async function createPki(init: CreatePkiInit): Promise<Pki> {
  for (const command of [
    ["init", "--dir", init.directory],
    ["issue", "--dir", init.directory, "--name", CLIENT_NAME],
  ]) {
    const began = new Date();
    const { stdout, stderr } = await runProgram("ra-pki", { ...init, arguments: command });
    init.onCommand?.(["ra-pki", ...command].join(" "), stdout + stderr, began);
  }
  return {
    caCertificatePath: join(init.directory, "rootCA.pem"),
    caKeyPath: join(init.directory, "rootCA.key"),
    commonName: CLIENT_NAME,
    certificatePath: join(init.directory, `${CLIENT_NAME}.pem`),
    privateKeyPath: join(init.directory, `${CLIENT_NAME}.key`),
  };
}
