import { chmod, copyFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { RunResult } from "@roles-anywhere/sandbox";

/** Name of the profile in the external server's AWS config file. */
export const PROFILE_NAME = "roles-anywhere";

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

/** Where the app gets its credentials: from the profile, or from Roles Anywhere, which the app calls with these ARNs. */
export type AppCredentials =
  "profile" | { readonly trustAnchorArn: string; readonly profileArn: string; readonly roleArn: string };

export interface ExternalServerInit {
  region: string;
  bucketName: string;
  /** Files to copy to the server. */
  files: { certificatePath: string; privateKeyPath: string; outputsFile: string };
  /** A folder for the server alone. It is created. */
  directory: string;
  logDirectory: string;
  signal?: AbortSignal | undefined;
}

/** Names of the files inside the server's folder. */
export const SERVER_FILES = {
  certificate: "client.pem",
  privateKey: "client.key",
  outputs: "cdk-outputs.json",
  config: "aws-config",
} as const;

/** The arguments of `ra-signer configure` for a server whose files are in `directory`. */
export function configureArguments(directory: string): string[] {
  return [
    ...["configure", "--profile", PROFILE_NAME],
    ...["--from-outputs", `${directory}/${SERVER_FILES.outputs}`],
    ...["--certificate", `${directory}/${SERVER_FILES.certificate}`],
    ...["--private-key", `${directory}/${SERVER_FILES.privateKey}`],
    ...["--config-file", `${directory}/${SERVER_FILES.config}`],
  ];
}

/** The app's variables for a server whose files are in `directory`. */
export function credentialVariables(credentials: AppCredentials, directory: string): Record<string, string> {
  if (credentials === "profile") return { PROFILE: PROFILE_NAME };
  return {
    CREDENTIALS: "in-process",
    CERTIFICATE: `${directory}/${SERVER_FILES.certificate}`,
    PRIVATE_KEY: `${directory}/${SERVER_FILES.privateKey}`,
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

/** Copies the certificate, its key and the stack's outputs to the server's folder. The CA key is not copied. */
export async function layOutFiles(init: ExternalServerInit): Promise<void> {
  const { directory, files } = init;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await copyFile(files.certificatePath, join(directory, SERVER_FILES.certificate));
  await copyFile(files.privateKeyPath, join(directory, SERVER_FILES.privateKey));
  await chmod(join(directory, SERVER_FILES.privateKey), 0o600);
  await copyFile(files.outputsFile, join(directory, SERVER_FILES.outputs));
}
