import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { findPython, runPythonChecks } from "@roles-anywhere/testing";
import type { PythonCheck } from "@roles-anywhere/testing";
import { serveControlPlane } from "../support/serve-control-plane.ts";
import { HOOK, startLocalStack } from "../support/start-localstack.ts";

const SCRIPT = fileURLToPath(new URL("deploy_stacks.py", import.meta.url));

/** One LocalStack for all checks; the last one needs the control plane to be gone. */
async function deployStacks(python: string): Promise<PythonCheck[]> {
  const plane = await serveControlPlane();
  try {
    await using localStack = await startLocalStack(python, { AWS_ENDPOINT_URL_ROLESANYWHERE: plane.url });
    if (localStack.hookState !== "SUCCESSFUL") throw new Error(await localStack.log());
    const checks = await runPythonChecks(python, SCRIPT, [localStack.url, plane.url]);
    await plane[Symbol.asyncDispose]();
    const offline = [localStack.url, plane.url, "an_emulator_out_of_reach"];
    return [...checks, ...(await runPythonChecks(python, SCRIPT, offline))];
  } finally {
    await plane[Symbol.asyncDispose]();
  }
}

const found = findPython(["localstack.runtime", "boto3", "cryptography"]);
const checks = "python" in found ? await deployStacks(found.python) : [];

describe("the CloudFormation types in LocalStack", () => {
  it("have a LocalStack to run on", ({ skip }) => {
    skip("missing" in found, "missing" in found ? found.missing : "");
    expect(checks).not.toHaveLength(0);
  });

  it.each(checks)("%s", (_, error) => {
    expect(error).toBeNull();
  });

  it.skipIf("missing" in found).each([
    ["no", undefined],
    ["an empty", ""],
    ["a bare host as", "mock:9912"],
  ])("refuse to be installed with %s endpoint", async (_, endpoint) => {
    const python = "python" in found ? found.python : "";
    const installed = promisify(execFile)(python, ["-c", `exec(open(${JSON.stringify(HOOK)}).read(), {})`], {
      env: {
        PATH: process.env["PATH"],
        ...(endpoint === undefined ? {} : { AWS_ENDPOINT_URL_ROLESANYWHERE: endpoint }),
      },
    });
    await expect(installed).rejects.toMatchObject({
      stderr: expect.stringContaining("AWS_ENDPOINT_URL_ROLESANYWHERE is"),
    });
  });
});
