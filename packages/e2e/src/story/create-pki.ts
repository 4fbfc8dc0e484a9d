import { join } from "node:path";
import { runProgram } from "./programs.ts";

/** Common name of the certificate of the "external server". */
export const clientName = "nestjs-external-server";

export interface Pki {
  /** Stays with whoever runs the CA. */
  caCertificatePath: string;
  caKeyPath: string;
  /** Travel to the external server. */
  certificatePath: string;
  privateKeyPath: string;
}

export interface CreatePkiInit {
  directory: string;
  environment: Readonly<Record<string, string>>;
  signal?: AbortSignal | undefined;
  /** Called with each command line and what it said. */
  onCommand?: (commandLine: string, said: string) => void;
}

/** Phase 1: a root CA, and a client certificate for the external server. */
export async function createPki(init: CreatePkiInit): Promise<Pki> {
  for (const command of [
    ["init", "--dir", init.directory],
    ["issue", "--dir", init.directory, "--name", clientName],
  ]) {
    const { stdout, stderr } = await runProgram("ra-pki", { ...init, arguments: command });
    init.onCommand?.(["ra-pki", ...command].join(" "), stdout + stderr);
  }
  return {
    caCertificatePath: join(init.directory, "rootCA.pem"),
    caKeyPath: join(init.directory, "rootCA.key"),
    certificatePath: join(init.directory, `${clientName}.pem`),
    privateKeyPath: join(init.directory, `${clientName}.key`),
  };
}
