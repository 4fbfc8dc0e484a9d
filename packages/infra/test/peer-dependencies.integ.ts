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
import { Role } from "aws-cdk-lib/aws-iam";
import { Bucket } from "aws-cdk-lib/aws-s3";
import { bucketReaderPolicy, Profile, RolesAnywherePrincipal, RolesAnywhereStack, TrustAnchor } from "@roles-anywhere/infra";

const caCertificatePem = readFileSync("ca.pem", "utf8");
const app = new App({ outdir: "cdk.out" });
const stack = new Stack(app, "Mine");
const trustAnchor = new TrustAnchor(stack, "TrustAnchor", { caCertificatePem });
const bucket = new Bucket(stack, "Reports");
const role = new Role(stack, "Role", {
  assumedBy: new RolesAnywherePrincipal({ trustAnchorArn: trustAnchor.trustAnchorArn, certificateCommonNames: ["reports-1"] }),
  inlinePolicies: { Read: bucketReaderPolicy(bucket) },
});
bucket.grantRead(role);
new Profile(stack, "Profile", { roles: [role] });
new CfnOutput(stack, "Anchor", { value: trustAnchor.trustAnchorArn });
new RolesAnywhereStack(app, "Ready", { caCertificatePem, access: "s3-full-access" });
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
    { title: "an old release of the cdk command", cdk: "2.150.0", constructs: "^10.0.0", cli: "2.150.0" },
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
    const types = Object.values<{ Type: string }>(template("Mine").Resources).map(({ Type }) => Type);
    expect(types).toEqual(
      expect.arrayContaining([
        "AWS::RolesAnywhere::TrustAnchor",
        "AWS::RolesAnywhere::Profile",
        "AWS::IAM::Role",
      ]),
    );
    expect(JSON.stringify(template("Ready").Resources)).toContain("RetainExceptOnCreate");
  });
});
