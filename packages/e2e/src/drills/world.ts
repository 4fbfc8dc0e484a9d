import { randomUUID, X509Certificate } from "node:crypto";
import { copyFile, mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { DeleteObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { startSandbox } from "@roles-anywhere/sandbox";
import type { BackendName, Sandbox, SandboxOptions } from "@roles-anywhere/sandbox";
import { z } from "zod";
import { administratorSettings } from "../aws/administrator-client.ts";
import { createCdk } from "../aws/cdk.ts";
import { runProgram } from "../story/programs.ts";
import { addDrills, otherOutputs, SERVERS, STACK_NAME } from "./stack.ts";
import type { Arns, ServerName } from "./stack.ts";

/** What all drills share: a sandbox that enforces IAM policies, a CA, and one deployed stack. */
export interface World extends AsyncDisposable {
  readonly sandbox: Sandbox;
  /** Names of the buckets. `reports` holds `report.txt` and `public/summary.txt`, `invoices` holds `invoice.txt`. */
  readonly buckets: { readonly reports: string; readonly invoices: string };
  /** Certificate of the CA that the trust anchor trusts, in PEM. */
  readonly caCertificatePem: string;
  /** A profile that has the role of `reader` and that of `admin`. */
  readonly sharedProfileArn: string;
  readonly adminRoleArn: string;
  arnsOf(server: ServerName): Arns;
  /** A new folder. */
  makeFolder(): Promise<string>;
  /** Runs `ra-pki` with the folder of a CA. @param directory @default the folder of the CA that the trust anchor trusts */
  pki(command: readonly string[], directory?: string): Promise<void>;
  /** Path of a file of the CA. */
  pkiFile(name: string): string;
  /** Issues a new certificate with `ra-pki`, and copies it with its key to a folder of its own. */
  issue(commonName: string, flags?: readonly string[]): Promise<Identity>;
  /** Removes an object as the administrator. */
  removeObject(bucket: string, key: string): Promise<void>;
}

/** A certificate with its key, as files. */
export interface Identity {
  readonly certificate: string;
  readonly privateKey: string;
  /** Hexadecimal, as `ra-pki revoke` takes it. */
  readonly serialNumber: string;
}

const stackOutputs = z.record(z.string(), z.string());

/** Starts the sandbox, makes the CA, and deploys the stack. */
export async function startWorld(
  init: Pick<SandboxOptions, "environment" | "onProgress" | "signal"> & {
    backend: BackendName | "auto";
  },
): Promise<World> {
  const sandbox = await startSandbox({ ...init, enforceIam: true });
  try {
    return await prepare(sandbox, init.onProgress ?? (() => undefined));
  } catch (error) {
    await sandbox.stop();
    throw error;
  }
}

async function prepare(sandbox: Sandbox, onProgress: (line: string) => void): Promise<World> {
  const directory = join(sandbox.workDirectory, "pki");
  const pki: World["pki"] = async (command, ofCa = directory) => {
    const environment = sandbox.environments.server;
    await runProgram("ra-pki", { arguments: [...command, "--dir", ofCa], environment });
  };
  const makeFolder = async (): Promise<string> => {
    const folder = join(sandbox.workDirectory, randomUUID());
    await mkdir(folder, { mode: 0o700 });
    return folder;
  };
  onProgress("Making a CA and deploying two apps");
  await pki(["init", "--common-name", "Drills CA", "--key-type", "ec-p256"]);
  const caCertificatePem = await readFile(join(directory, "rootCA.pem"), "utf8");
  const deployed = await createCdk(sandbox).deploy((app) => addDrills(app, caCertificatePem));
  const outputs = stackOutputs.parse(deployed[STACK_NAME]);
  const { ReportsBucket, InvoicesBucket, SharedProfileArn, AdminRoleArn } = otherOutputs.parse(outputs);
  const s3 = new S3Client({
    ...administratorSettings({ sandbox }),
    forcePathStyle: true,
  });
  const upload = async (Bucket: string, Key: string): Promise<unknown> =>
    await s3.send(new PutObjectCommand({ Bucket, Key, Body: `This is ${Key}.\n` }));
  await upload(ReportsBucket, "report.txt");
  await upload(ReportsBucket, "public/summary.txt");
  await upload(InvoicesBucket, "invoice.txt");
  return {
    sandbox,
    buckets: { reports: ReportsBucket, invoices: InvoicesBucket },
    caCertificatePem,
    sharedProfileArn: SharedProfileArn,
    adminRoleArn: AdminRoleArn,
    arnsOf(server) {
      const of = (kind: string): string => outputs[SERVERS[server] + kind] ?? "";
      return {
        trustAnchorArn: of("TrustAnchorArn"),
        profileArn: of("ProfileArn"),
        roleArn: of("RoleArn"),
      };
    },
    makeFolder,
    pki,
    pkiFile: (name) => join(directory, name),
    async issue(commonName, flags = []) {
      await pki(["issue", "--name", commonName, "--key-type", "ec-p256", "--force", ...flags]);
      return await copyIdentity(join(directory, commonName), await makeFolder());
    },
    removeObject: async (Bucket, Key) => void (await s3.send(new DeleteObjectCommand({ Bucket, Key }))),
    [Symbol.asyncDispose]: () => sandbox.stop(),
  };
}

/** Copies `<from>.pem` and `<from>.key` to a folder. */
export async function copyIdentity(from: string, folder: string): Promise<Identity> {
  const certificate = join(folder, "client.pem");
  const privateKey = join(folder, "client.key");
  await copyFile(`${from}.pem`, certificate);
  await copyFile(`${from}.key`, privateKey);
  const { serialNumber } = new X509Certificate(await readFile(certificate));
  return { certificate, privateKey, serialNumber };
}
