import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { startMock } from "../../src/http/server.ts";
import { fakeAws } from "../support/fake-aws.ts";
import { makeAuthority } from "@roles-anywhere/testing";

const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");

/** An environment with LocalStack has the AWS CLI beside its Python. */
const python = process.env["RA_PYTHON"];
const PATH = [...(python === undefined ? [] : [dirname(python)]), process.env["PATH"]].join(":");

function hasAwsCli(): boolean {
  try {
    execFileSync("aws", ["--version"], { stdio: "ignore", env: { PATH, HOME: tmpdir() } });
    return true;
  } catch {
    return false;
  }
}

describe.skipIf(!hasAwsCli())("the README's AWS CLI commands", () => {
  it("create a trust anchor and a profile that CreateSession finds", async () => {
    // Each command is one line, or goes on over lines that end in a backslash.
    const commands = readme.match(/^aws rolesanywhere (?:.*\\\n)*.*$/gm) ?? [];
    expect(commands).toHaveLength(2);
    const directory = mkdtempSync(join(tmpdir(), "ra-mock-cli-"));
    const root = makeAuthority();
    try {
      await using mock = await startMock({ aws: fakeAws("arn:aws:iam::000000000000:role/reader") });
      writeFileSync(join(directory, "rootCA.pem"), root.certificatePem);
      const env = {
        PATH,
        HOME: directory,
        AWS_ENDPOINT_URL_ROLESANYWHERE: mock.url,
        AWS_ACCESS_KEY_ID: "any",
        AWS_SECRET_ACCESS_KEY: "any",
        AWS_DEFAULT_REGION: "us-east-1",
        AWS_PAGER: "",
      };
      // The mock answers from this process: it must not be blocked while the CLI runs.
      for (const command of commands)
        await promisify(execFile)("sh", ["-c", command], { cwd: directory, env });
      const { trustAnchors, profiles } = mock.context.state;
      expect([...trustAnchors.values()]).toMatchObject([
        {
          name: "ca",
          enabled: true,
          source: { sourceData: { x509CertificateData: root.certificatePem.trim() } },
        },
      ]);
      expect([...profiles.values()]).toMatchObject([
        { name: "readers", enabled: true, roleArns: ["arn:aws:iam::000000000000:role/reader"] },
      ]);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});
