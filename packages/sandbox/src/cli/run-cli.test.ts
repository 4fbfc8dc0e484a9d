import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const main = fileURLToPath(new URL("../../bin/ra-sandbox.js", import.meta.url));

function run(...commandArguments: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const env = { PATH: "/nonexistent", HOME: "/nonexistent" };
    const child = execFile(
      process.execPath,
      [main, ...commandArguments],
      { env },
      (_error, stdout, stderr) => {
        resolve({ code: child.exitCode ?? -1, stdout, stderr });
      },
    );
  });
}

describe("ra-sandbox", () => {
  it("prints examples when it is called bare", async () => {
    const { code, stdout } = await run();
    expect(code).toBe(0);
    expect(stdout).toContain("$ ra-sandbox up --backend process --json");
  });

  it.each([
    { arguments: ["down"], stderr: /unknown command/ },
    { arguments: ["up", "--backend", "podman"], stderr: /Allowed choices are auto, docker, process/ },
    { arguments: ["up", "--account", "12"], stderr: /--account must be twelve digits, not "12"/ },
  ])("wrong usage ends with 2: $arguments", async ({ arguments: commandArguments, stderr }) => {
    const result = await run(...commandArguments);
    expect(result).toMatchObject({ code: 2, stdout: "" });
    expect(result.stderr).toMatch(stderr);
  });

  it("says that Docker was asked for and does not answer", async () => {
    const { code, stdout, stderr } = await run("up", "--backend", "docker");
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(
      /^ra-sandbox: the docker back end was asked for, but "docker info" does not answer/,
    );
  });
});
