import { execFile } from "node:child_process";
import { rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { startMock } from "@roles-anywhere/mock";
import { describe, expect, it } from "vitest";
import { findPython, runPythonChecks } from "@roles-anywhere/testing";
import type { PythonCheck } from "@roles-anywhere/testing";
// The built file: it starts the supervisor beside it, which only exists there.
import { freePort, startLocalstack } from "../../dist/backends/process.js";
import { isolatedEnvironment } from "../../src/environments.ts";
import { hookPath } from "../../src/localstack.ts";
import { resolveOptions } from "../../src/options.ts";
import { makeWorkDirectory } from "../../src/work-directory.ts";

const SCRIPT = fileURLToPath(new URL("deploy_stacks.py", import.meta.url));

/** LocalStack as the sandbox starts it, and a mock of the test's own: the last check needs the mock to be gone. */
async function deployStacks(python: string): Promise<PythonCheck[]> {
  const workDirectory = await makeWorkDirectory();
  const stops: (() => Promise<void>)[] = [];
  // The control plane calls neither STS nor IAM.
  const mock = await startMock({ stsEndpoint: "http://127.0.0.1:1" });
  try {
    const init = {
      ...resolveOptions({}),
      workDirectory,
      logDirectory: workDirectory,
      isolatedEnvironment: isolatedEnvironment(process.env, workDirectory),
      defer: (stop: () => Promise<void>) => void stops.push(stop),
    };
    const url = `http://127.0.0.1:${await freePort()}`;
    await startLocalstack(init, python, url, mock.url);
    const checks = await runPythonChecks(python, SCRIPT, [url, mock.url]);
    await mock.close();
    const offline = [url, mock.url, "an_emulator_out_of_reach"];
    return [...checks, ...(await runPythonChecks(python, SCRIPT, offline))];
  } finally {
    for (const stop of stops) await stop();
    await mock.close();
    await rm(workDirectory, { recursive: true, force: true });
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
    const installed = promisify(execFile)(
      python,
      ["-c", `exec(open(${JSON.stringify(hookPath())}).read(), {})`],
      {
        env: {
          PATH: process.env["PATH"],
          ...(endpoint === undefined ? {} : { AWS_ENDPOINT_URL_ROLESANYWHERE: endpoint }),
        },
      },
    );
    await expect(installed).rejects.toMatchObject({
      stderr: expect.stringContaining("AWS_ENDPOINT_URL_ROLESANYWHERE is"),
    });
  });
});
