import { chmod, copyFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { RunResult } from "@roles-anywhere/sandbox";

/** Name of the profile in the external server's AWS config file. */
export const profileName = "roles-anywhere";

/**
 * The machine outside AWS: it has a certificate and its key, the signer and the app, and no AWS credential.
 * A folder and child processes on the process back end, a container on the docker back end.
 */
export interface ExternalServer extends AsyncDisposable {
  /** Phase 3, first half: `ra-signer configure` writes the profile. Returns the command line. */
  configureProfile(): Promise<string>;
  /** What the profile's file holds now. */
  readProfile(): Promise<string>;
  /** Runs the profile's credential process the way an SDK does: as a shell command. Its stdout holds credentials. */
  runCredentialProcess(): Promise<RunResult>;
  /**
   * Phase 3, second half: starts the app and waits until it is healthy. Returns its URL as seen from this machine.
   *
   * @param credentials @default "profile"
   */
  startApp(credentials?: AppCredentials): Promise<string>;
  stop(): Promise<void>;
}

/** Where the app gets its credentials: from the profile, or from Roles Anywhere by itself with these ARNs. */
export type AppCredentials =
  "profile" | { readonly trustAnchorArn: string; readonly profileArn: string; readonly roleArn: string };

export interface ExternalServerInit {
  region: string;
  bucketName: string;
  /** Files that the server is given; they are copied. */
  files: { certificatePath: string; privateKeyPath: string; outputsFile: string };
  /** A folder for the server alone; created. */
  directory: string;
  logDirectory: string;
  signal?: AbortSignal | undefined;
}

/** Names of the files inside the server's folder. */
export const serverFiles = {
  certificate: "client.pem",
  privateKey: "client.key",
  outputs: "cdk-outputs.json",
  config: "aws-config",
} as const;

/** The arguments of `ra-signer configure` for a server whose files are in `directory`. */
export function configureArguments(directory: string): string[] {
  return [
    ...["configure", "--profile", profileName],
    ...["--from-outputs", `${directory}/${serverFiles.outputs}`],
    ...["--certificate", `${directory}/${serverFiles.certificate}`],
    ...["--private-key", `${directory}/${serverFiles.privateKey}`],
    ...["--config-file", `${directory}/${serverFiles.config}`],
  ];
}

/** The app's variables for a server whose files are in `directory`. */
export function credentialVariables(credentials: AppCredentials, directory: string): Record<string, string> {
  if (credentials === "profile") return { PROFILE: profileName };
  return {
    CREDENTIALS: "in-process",
    CERTIFICATE: `${directory}/${serverFiles.certificate}`,
    PRIVATE_KEY: `${directory}/${serverFiles.privateKey}`,
    TRUST_ANCHOR_ARN: credentials.trustAnchorArn,
    PROFILE_ARN: credentials.profileArn,
    ROLE_ARN: credentials.roleArn,
  };
}

/** The credential process that the profile names, as one shell command. @throws {Error} when the profile names none */
export function credentialProcessOf(config: string): string {
  const line = /^credential_process\s*=\s*(.+)$/m.exec(config)?.[1];
  if (line === undefined) throw new Error("the profile has no credential_process");
  return line;
}

/** Gives the server what travels to it: certificate, key and the stack's outputs. The CA key stays where it is. */
export async function layOutFiles(init: ExternalServerInit): Promise<void> {
  const { directory, files } = init;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await copyFile(files.certificatePath, join(directory, serverFiles.certificate));
  await copyFile(files.privateKeyPath, join(directory, serverFiles.privateKey));
  await chmod(join(directory, serverFiles.privateKey), 0o600);
  await copyFile(files.outputsFile, join(directory, serverFiles.outputs));
}
