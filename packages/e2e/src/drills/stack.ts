/* oxlint-disable eslint/no-new -- a construct adds itself to its scope */
import { ExternalServer, ObjectBucket, Profile, RolesAnywhereRole, TrustAnchor } from "@roles-anywhere/infra";
import { PolicyDocument, PolicyStatement } from "aws-cdk-lib/aws-iam";
import { CfnOutput, LegacyStackSynthesizer, Stack } from "aws-cdk-lib/core";
import type { App } from "aws-cdk-lib/core";
import { z } from "zod";

/** Name of the stack that all drills share. */
export const STACK_NAME = "Drills";

/** The servers: the common name of each one's certificate, and its name in the stack's outputs. */
export const SERVERS = {
  "server-a": "A",
  "server-b": "B",
  reader: "Reader",
  narrow: "Narrow",
} as const;
export type ServerName = keyof typeof SERVERS;

/** What a session is asked with. */
export interface Arns {
  readonly trustAnchorArn: string;
  readonly profileArn: string;
  readonly roleArn: string;
}

const text = z.string().min(1);

/** What the stack gives beside the ARNs of the servers. */
export const otherOutputs = z.object({
  ReportsBucket: text,
  InvoicesBucket: text,
  SharedProfileArn: text,
  AdminRoleArn: text,
});

/**
 * Two apps with a bucket each, and who may do what:
 *
 * - `server-a` reads and writes the reports, `server-b` the invoices;
 * - `reader` reads the reports;
 * - `narrow` has a role that reads and writes the reports, and a session policy that leaves it the public ones to read;
 * - `admin` may do everything with both buckets. Its role is in one profile with the role of `reader`.
 */
export function addDrills(app: App, caCertificatePem: string): void {
  const stack = new Stack(app, STACK_NAME, { synthesizer: new LegacyStackSynthesizer() });
  const trustAnchor = TrustAnchor.fromPem(stack, "TrustAnchor", caCertificatePem);
  const { bucket: reports } = new ObjectBucket(stack, "Reports", { removal: "destroy" });
  const { bucket: invoices } = new ObjectBucket(stack, "Invoices", { removal: "destroy" });

  const serverA = new ExternalServer(stack, "A", { trustAnchor, commonNames: ["server-a"] });
  reports.grantReadWrite(serverA);
  const serverB = new ExternalServer(stack, "B", { trustAnchor, commonNames: ["server-b"] });
  invoices.grantReadWrite(serverB);
  const reader = new ExternalServer(stack, "Reader", { trustAnchor, commonNames: ["reader"] });
  reports.grantRead(reader);
  const narrow = new ExternalServer(stack, "Narrow", {
    trustAnchor,
    commonNames: ["narrow"],
    sessionPolicy: new PolicyDocument({
      statements: [
        new PolicyStatement({ actions: ["s3:GetObject"], resources: [reports.arnForObjects("public/*")] }),
      ],
    }),
  });
  reports.grantReadWrite(narrow);

  const admin = new RolesAnywhereRole(stack, "Admin", { trustAnchor, commonNames: ["admin"] });
  for (const bucket of [reports, invoices]) bucket.grantReadWrite(admin);
  const shared = new Profile(stack, "Shared", { roles: [reader.role, admin] });

  const outputs: z.infer<typeof otherOutputs> = {
    ReportsBucket: reports.bucketName,
    InvoicesBucket: invoices.bucketName,
    SharedProfileArn: shared.profileArn,
    AdminRoleArn: admin.roleArn,
  };
  for (const [name, value] of Object.entries(outputs)) new CfnOutput(stack, name, { value });
}
