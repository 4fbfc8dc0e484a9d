import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { z } from "zod";

const main = fileURLToPath(new URL("../../bin/ra-sandbox.js", import.meta.url));

const packageFile = new URL("../../package.json", import.meta.url);

interface Result {
  code: number;
  stdout: string;
  stderr: string;
}

function run(...commandArguments: string[]): Promise<Result> {
  return runNode(main, ...commandArguments);
}

function runNode(...nodeArguments: string[]): Promise<Result> {
  return new Promise((resolve) => {
    const env = { PATH: "/nonexistent", HOME: "/nonexistent" };
    const child = execFile(process.execPath, nodeArguments, { env }, (_error, stdout, stderr) => {
      resolve({ code: child.exitCode ?? -1, stdout, stderr });
    });
  });
}

describe("ra-sandbox", () => {
  it("prints examples when it is called bare", async () => {
    const { code, stdout } = await run();
    expect(code).toBe(0);
    expect(stdout).toContain("$ ra-sandbox up --backend process --json");
  });

  it.each([["--help"], ["up", "--help"]])("%s %s has an example", async (...commandArguments) => {
    const { code, stdout, stderr } = await run(...commandArguments);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain("$ ra-sandbox up --attach http://127.0.0.1:4566 --port 9912");
  });

  it("prints its version", async () => {
    const { version } = z
      .object({ version: z.string() })
      .parse(JSON.parse(await readFile(packageFile, "utf8")));
    expect(await run("--version")).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
  });

  it.each(["20.19.5", "18.0.0", "22.21.1", "23.11.0"])(
    "says in one sentence which Node.js it needs, under %s",
    async (release) => {
      // The release that the command sees, without an old Node.js at hand.
      const pretend = `data:text/javascript,Object.defineProperty(process.versions, "node", { value: ${JSON.stringify(release)} })`;
      const { stderr, code } = await runNode("--import", pretend, main);
      expect({ stderr, code }).toEqual({
        code: 1,
        stderr: `ra-sandbox: this is Node.js ${release}; install Node.js 22.22 or later of that line, or 24 or later\n`,
      });
    },
  );

  it.each([
    { arguments: ["down"], stderr: /unknown command "down"; the only one is "up"/ },
    { arguments: ["--nope"], stderr: /unknown option '--nope'/ },
    { arguments: ["up", "--nope"], stderr: /unknown option '--nope'/ },
    { arguments: ["up", "now"], stderr: /too many arguments/ },
    { arguments: ["up", "--backend", "podman"], stderr: /Allowed choices are auto, docker, process/ },
    { arguments: ["up", "--account", "12"], stderr: /--account must be twelve digits, not "12"/ },
    { arguments: ["up", "--region", "here"], stderr: /--region must be an AWS region/ },
    { arguments: ["up", "--port", "0"], stderr: /--port must be 1 or more, not 0/ },
    { arguments: ["up", "--port", "http"], stderr: /A port is a number from 1 to 65535/ },
    { arguments: ["up", "--services", "s3, SQS"], stderr: /--services must hold names of services/ },
    { arguments: ["up", "--setting", "DEBUG"], stderr: /Write it as NAME=VALUE/ },
    { arguments: ["up", "--setting", "DNS_ADDRESS=0.0.0.0"], stderr: /--setting must not hold DNS_ADDRESS/ },
    {
      arguments: ["up", "--attach", "https://sts.amazonaws.com"],
      stderr: /--attach must be the URL of an emulator/,
    },
    {
      arguments: ["up", "--attach", "http://127.0.0.1:1", "--backend", "docker"],
      stderr: /--attach does not go with/,
    },
    { arguments: ["up", "--publish-address", "all"], stderr: /--publish-address must be an IP address/ },
    { arguments: ["up", "--env", "everybody"], stderr: /Allowed choices are server, admin/ },
  ])("wrong usage ends with 2: $arguments", async ({ arguments: commandArguments, stderr }) => {
    const result = await run(...commandArguments);
    expect(result).toMatchObject({ code: 2, stdout: "" });
    expect(result.stderr).toMatch(stderr);
    // One form of an error line, without a stack.
    expect(result.stderr).toMatch(/^ra-sandbox: .*; see ra-sandbox --help\n$/);
  });

  it("says that Docker was asked for and does not answer", async () => {
    const { code, stdout, stderr } = await run("up", "--backend", "docker");
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(
      /^ra-sandbox: the docker back end was asked for, but "docker info" does not answer/,
    );
  });
});
