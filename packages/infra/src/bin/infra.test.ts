import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { CfnProfile } from "aws-cdk-lib/aws-rolesanywhere";
import { App } from "aws-cdk-lib/core";
import { afterAll, describe, expect, it, vi } from "vitest";
import { RolesAnywhereStack } from "../stacks/roles-anywhere-stack.ts";
import { makeTestCertificates } from "../../test/support/certificates.ts";

const packageFolder = fileURLToPath(new URL("../../", import.meta.url));
const cdk = join(dirname(createRequire(import.meta.url).resolve("aws-cdk/package.json")), "bin", "cdk");
const folder = mkdtempSync(join(tmpdir(), "infra-synth-"));
afterAll(() => rmSync(folder, { recursive: true }));

const caCertificatePem = makeTestCertificates().rootCa;
const caCertificatePath = join(folder, "rootCA.pem");
writeFileSync(caCertificatePath, caCertificatePem);

/** Runs the real `cdk synth` on the built app. There is no AWS configuration and no working network in its environment. */
async function synth(...settings: string[]): Promise<{ status: number; output: string }> {
  const args = ["synth", "--quiet", "--no-color", "--output", join(folder, "cdk.out")];
  const env = {
    PATH: `${dirname(process.execPath)}:${process.env["PATH"]}`,
    HOME: folder,
    AWS_CONFIG_FILE: "/dev/null",
    AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_ENDPOINT_URL: "http://127.0.0.1:1",
    HTTPS_PROXY: "http://127.0.0.1:1",
    CDK_DISABLE_CLI_TELEMETRY: "true",
  };
  try {
    const { stdout, stderr } = await promisify(execFile)(
      process.execPath,
      [cdk, ...args, ...settings.flatMap((setting) => ["--context", setting])],
      { cwd: packageFolder, env },
    );
    return { status: 0, output: stdout + stderr };
  } catch (error) {
    const { code, stdout, stderr } = Object(error);
    return { status: code, output: `${stdout}${stderr}` };
  }
}

describe("cdk synth", { timeout: 120_000 }, () => {
  it("writes the template of the stack, and CloudFormation's own rules find nothing in it", async () => {
    const { status, output } = await synth(
      `caCertificatePath=${caCertificatePath}`,
      "certificateCommonNames=server",
    );
    expect({ status, output }).toMatchObject({ status: 0 });
    const read = (name: string) => JSON.parse(readFileSync(join(folder, "cdk.out", name), "utf8"));
    expect(read("RolesAnywhereStack.template.json")).toMatchObject({
      Outputs: { TrustAnchorArn: {}, ProfileArn: {}, RoleArn: {}, BucketName: {} },
    });
    expect(read("validation-report.json")["pluginReports"]).toEqual([]);
    expect(read("manifest.json")["artifacts"]["RolesAnywhereStack"]["properties"]).not.toHaveProperty(
      "requiresBootstrapStackVersion",
    );
  });

  it("makes no template for a stack without names", async () => {
    rmSync(join(folder, "cdk.out"), { recursive: true, force: true });
    const { status, output } = await synth(`caCertificatePath=${caCertificatePath}`);
    expect(status).toBe(1);
    expect(output).toContain("certificateCommonNames is missing, so that every certificate of the CA could");
    expect(output).not.toMatch(/^\s+at /m);
    expect(existsSync(join(folder, "cdk.out", "RolesAnywhereStack.template.json"))).toBe(false);
  });

  it("ends with the reason, and no stack trace, when the CA certificate is missing", async () => {
    const missing = join(folder, "missing.pem");
    const { status, output } = await synth(`caCertificatePath=${missing}`);
    expect(status).toBe(1);
    expect(output).toContain(
      `The CA certificate file ${missing} does not exist. Make a CA with: npx ra-pki init`,
    );
    expect(output).not.toMatch(/^\s+at /m);
  });
});

describe("CloudFormation's own rules", { timeout: 60_000 }, () => {
  it("would find a profile property that the type does not allow", () => {
    vi.stubEnv("CDK_VALIDATION", undefined);
    const app = new App({
      outdir: join(folder, "broken.out"),
      context: { "@aws-cdk/core:validateAgainstDefaultRules": true },
    });
    const stack = new RolesAnywhereStack(app, "RolesAnywhereStack", {
      caCertificatePem,
      certificateCommonNames: ["server"],
    });
    const profile = stack.profile.node.defaultChild;
    if (!(profile instanceof CfnProfile)) {
      throw new TypeError("the profile has no resource of its own");
    }
    profile.addPropertyOverride("DurationSeconds", 5);
    expect(() => app.synth()).toThrowError("DurationSeconds: 5 is less than the minimum of 900");
  });
});
