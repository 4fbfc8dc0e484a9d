import { execFileSync } from "node:child_process";
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeTestCertificates } from "./support/certificates.ts";

const packageFolder = fileURLToPath(new URL("..", import.meta.url));
const manifest = JSON.parse(readFileSync(join(packageFolder, "package.json"), "utf8"));
const tsc = createRequire(import.meta.url).resolve("typescript/bin/tsc");
const folder = mkdtempSync(join(tmpdir(), "infra-peers-"));
const caCertificatePem = makeTestCertificates().rootCa;
let archive: string;

beforeAll(() => {
  const [packed] = JSON.parse(
    execFileSync("npm", ["pack", "--json", "--pack-destination", folder], {
      cwd: packageFolder,
      encoding: "utf8",
    }),
  );
  archive = join(folder, packed.filename);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** The lowest release that a range of the form ^1.2.3 takes. */
const lowest = (name: string): string => String(manifest.peerDependencies[name]).replace("^", "");

// An app of somebody who knows nothing of this repository. It gives constructs of theirs to ours and back.
const APP = `
import { readFileSync } from "node:fs";
import { App, CfnOutput, Stack } from "aws-cdk-lib";
import { CertificateAuthority } from "aws-cdk-lib/aws-acmpca";
import { ManagedPolicy, PolicyDocument, PolicyStatement, Role } from "aws-cdk-lib/aws-iam";
import { Bucket } from "aws-cdk-lib/aws-s3";
import {
  bucketReaderPolicy, CertificateRevocationList, DenyOlderSessions, ExternalServer, Profile, RolesAnywherePrincipal,
  RolesAnywhereRole, RolesAnywhereStack, TrustAnchor, TrustAnchorAlarms,
} from "@roles-anywhere/infra";
import type { IProfile, ITrustAnchor } from "@roles-anywhere/infra";

const caCertificatePem = readFileSync("ca.pem", "utf8");
const app = new App({ outdir: "cdk.out" });
const stack = new Stack(app, "Mine");
const trustAnchor: ITrustAnchor = TrustAnchor.fromPem(stack, "TrustAnchor", caCertificatePem, {
  notificationSettings: [{ event: "CA_CERTIFICATE_EXPIRY", thresholdDays: 60 }],
});
const authority = CertificateAuthority.fromCertificateAuthorityArn(
  stack, "Authority", "arn:aws:acm-pca:eu-west-1:111122223333:certificate-authority/3f9d2a8c",
);
TrustAnchor.fromPrivateCa(stack, "Private", authority);
new CertificateRevocationList(stack, "Revoked", { trustAnchor, crlPem: "-----BEGIN X509 CRL-----\\nQUJD\\n-----END X509 CRL-----" });
const bucket = new Bucket(stack, "Reports");
const role = new Role(stack, "Role", {
  assumedBy: new RolesAnywherePrincipal({ trustAnchor, commonNames: ["reports-1"] }),
  inlinePolicies: { Read: bucketReaderPolicy(bucket) },
});
bucket.grantRead(role);
const own = new RolesAnywhereRole(stack, "Own", { trustAnchor, uris: ["spiffe://example.org/a"], path: "/servers/" });
const profile: IProfile = new Profile(stack, "Profile", {
  roles: [role, own],
  managedPolicies: [ManagedPolicy.fromAwsManagedPolicyName("ReadOnlyAccess")],
  sessionPolicy: new PolicyDocument({ statements: [new PolicyStatement({ actions: ["s3:*"], resources: [bucket.bucketArn] })] }),
  attributeMappings: [{ certificateField: "x509Subject", specifiers: ["*"] }],
  acceptRoleSessionName: true,
});
trustAnchor.grant(role, "rolesanywhere:GetTrustAnchor");
const server = new ExternalServer(stack, "A", { trustAnchor, commonNames: ["server-a"] });
bucket.grantReadWrite(server);
new DenyOlderSessions(stack, "KeyLeak", { roles: [server.role, role], issuedBefore: new Date(0) });
new TrustAnchorAlarms(stack, "Alarms", { trustAnchor });
new CfnOutput(stack, "Profile2", { value: profile.profileArn });
new RolesAnywhereStack(app, "Ready", { caCertificatePem, certificateCommonNames: ["server"], access: "s3-full-access" });
app.synth();
`;

describe("an app with its own CDK", () => {
  it.each([
    {
      title: "the lowest release",
      cdk: lowest("aws-cdk-lib"),
      constructs: lowest("constructs"),
      cli: undefined,
    },
    { title: "the newest release", cdk: "latest", constructs: "latest", cli: undefined },
    // The command of the CDK has its own version numbers; the optional peer dependency must not stand in the way.
    {
      title: "an old release of the cdk command",
      cdk: lowest("aws-cdk-lib"),
      constructs: "^10.0.0",
      cli: "2.150.0",
    },
  ])("installs one copy, compiles and synthesises with $title", ({ cdk, constructs, cli }) => {
    const project = mkdtempSync(join(folder, "app-"));
    const run = (command: string, ...args: string[]): string =>
      execFileSync(command, args, { cwd: project, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
    writeFileSync(join(project, "app.ts"), APP);
    writeFileSync(join(project, "ca.pem"), caCertificatePem);
    writeFileSync(join(project, "package.json"), JSON.stringify({ private: true, type: "module" }));
    writeFileSync(
      join(project, "tsconfig.json"),
      JSON.stringify({
        // Without skipLibCheck, the declarations of our package and of the CDK are compared as well.
        compilerOptions: {
          module: "nodenext",
          target: "es2023",
          strict: true,
          types: ["node"],
          outDir: "out",
        },
        files: ["app.ts"],
      }),
    );

    run(
      "npm",
      ...["install", "--no-audit", "--no-fund", "--loglevel", "error", archive, "@types/node@24"],
      ...[`aws-cdk-lib@${cdk}`, `constructs@${constructs}`, ...(cli === undefined ? [] : [`aws-cdk@${cli}`])],
    );
    expect(globSync("node_modules/**/{aws-cdk-lib,constructs}/package.json", { cwd: project })).toHaveLength(
      2,
    );
    run(process.execPath, tsc, "-p", ".");
    run(process.execPath, "out/app.js");

    const template = (stack: string) =>
      JSON.parse(readFileSync(join(project, "cdk.out", `${stack}.template.json`), "utf8"));
    const resources = Object.values<{ Type: string; Properties: object }>(template("Mine").Resources);
    const propertiesOf = (type: string) =>
      resources.filter(({ Type }) => Type === type).map(({ Properties }) => Properties);
    // A release that does not know a property drops it in silence.
    expect(propertiesOf("AWS::RolesAnywhere::Profile")).toContainEqual(
      expect.objectContaining({
        AcceptRoleSessionName: true,
        AttributeMappings: [{ CertificateField: "x509Subject", MappingRules: [{ Specifier: "*" }] }],
        ManagedPolicyArns: [expect.anything()],
        SessionPolicy: { "Fn::Join": ["", expect.arrayContaining([expect.stringContaining("s3:*")])] },
      }),
    );
    expect(propertiesOf("AWS::RolesAnywhere::TrustAnchor")).toContainEqual(
      expect.objectContaining({
        NotificationSettings: [
          { Event: "CA_CERTIFICATE_EXPIRY", Enabled: true, Threshold: 60, Channel: "ALL" },
        ],
      }),
    );
    expect(propertiesOf("AWS::RolesAnywhere::CRL")).toHaveLength(1);
    expect(propertiesOf("AWS::CloudWatch::Alarm")).toHaveLength(2);
    expect(propertiesOf("AWS::IAM::Role")).toHaveLength(3);
    expect(Object.keys(template("Mine").Outputs)).toEqual(
      expect.arrayContaining(["ATrustAnchorArn", "AProfileArn", "ARoleArn"]),
    );
    expect(JSON.stringify(template("Ready").Resources)).toContain("RetainExceptOnCreate");
  });
});
