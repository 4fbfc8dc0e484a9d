import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import { startMock } from "../http/server.ts";
import { createWorld } from "../../test/support/world.ts";
import { readArguments } from "./arguments.ts";

const MAIN = fileURLToPath(new URL("main.ts", import.meta.url));
const COMMAND = fileURLToPath(new URL("../../bin/ra-mock.js", import.meta.url));

function run(args: readonly string[], env: NodeJS.ProcessEnv = {}, script: readonly string[] = [MAIN]) {
  const { PATH } = process.env;
  const child = spawn(process.execPath, [...script, ...args], { env: { PATH, ...env } });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  return {
    child,
    ready: async (): Promise<string> => {
      while (!stdout.includes("\n")) await once(child.stdout, "data");
      return stdout;
    },
    ended: async () => {
      const [code] = await once(child, "close");
      return { code, stdout, stderr };
    },
  };
}

describe("ra-mock", () => {
  it("says where it listens, answers health, and ends at once on SIGTERM", async () => {
    const { child, ready, ended } = run(["--port", "0", "--sts-endpoint", "http://127.0.0.1:1"]);
    const line = await ready();
    expect(line).toMatch(/^Roles Anywhere mock listening on http:\/\/127\.0\.0\.1:\d+\n$/);
    const url = line.trim().split(" ").at(-1) ?? "";
    expect((await fetch(`${url}/_mock/health`)).status).toBe(200);
    child.kill("SIGTERM");
    expect(await ended()).toMatchObject({ code: 0, stdout: line });
  });

  it("takes the endpoint from AWS_ENDPOINT_URL, and ends on SIGINT", async () => {
    const { child, ready, ended } = run(["--port", "0"], { AWS_ENDPOINT_URL: "http://127.0.0.1:1" });
    await ready();
    child.kill("SIGINT");
    expect(await ended()).toMatchObject({ code: 0 });
  });

  it("does not start without an STS endpoint, and says why", async () => {
    const { code, stdout, stderr } = await run([]).ended();
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain("no STS endpoint is configured, and the mock never calls AWS itself");
  });

  it("ends with 1 when its port is taken", async () => {
    await using other = await startMock({ aws: createWorld().aws });
    const port = new URL(other.url).port;
    const { code, stderr } = await run(["--port", port, "--sts-endpoint", "http://127.0.0.1:1"]).ended();
    expect(code).toBe(1);
    expect(stderr).toContain(`cannot listen on 127.0.0.1 port ${port}`);
  });

  it("verifies signatures with the keys of RA_MOCK_ACCESS_KEYS, and keeps their secrets to itself", async () => {
    const { child, ready, ended } = run(["--port", "0", "--sts-endpoint", "http://127.0.0.1:1"], {
      RA_MOCK_ACCESS_KEYS: "AKIDEXAMPLE:wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    });
    const url = (await ready()).trim().split(" ").at(-1) ?? "";
    const amzDate = `${new Date().toISOString().replaceAll(/[-:]/g, "").slice(0, 15)}Z`;
    const scope = `${amzDate.slice(0, 8)}/us-east-1/rolesanywhere/aws4_request`;
    const answer = await fetch(`${url}/profiles`, {
      headers: {
        "X-Amz-Date": amzDate,
        Authorization: `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/${scope}, SignedHeaders=host;x-amz-date, Signature=0`,
      },
    });
    expect(answer.headers.get("x-amzn-errortype")).toBe("InvalidSignatureException");
    const text = await answer.text();
    child.kill("SIGTERM");
    const { stdout, stderr } = await ended();
    expect(text + stdout + stderr).not.toContain("wJalrXUtnFEMI");
  });

  it("prints its help, with an example, on stdout", async () => {
    const { code, stdout } = await run(["--help"]).ended();
    expect(code).toBe(0);
    expect(stdout).toContain("--sts-endpoint <url>");
    expect(stdout).toContain("$ ra-mock --sts-endpoint http://127.0.0.1:4566");
  });

  it("prints the version of its package on stdout", async () => {
    expect(await run(["--version"]).ended()).toEqual({
      code: 0,
      stdout: `${packageJson.version}\n`,
      stderr: "",
    });
  });

  it("writes wrong usage on one line of stderr and ends with 2", async () => {
    expect(await run(["--hots", "127.0.0.1"]).ended()).toEqual({
      code: 2,
      stdout: "",
      stderr: "ra-mock: unknown option '--hots' (Did you mean --host?); see ra-mock --help\n",
    });
  });

  it.each(["12.22.12", "18.20.8", "20.20.2", "22.21.1", "23.11.1"])(
    "names the Node.js that it needs when Node.js %s runs it",
    async (version) => {
      const versions = `Object.defineProperty(process, "versions", { value: { node: ${JSON.stringify(version)} } })`;
      const preload = `data:text/javascript,${encodeURIComponent(versions)}`;
      expect(await run(["--help"], {}, ["--import", preload, COMMAND]).ended()).toEqual({
        code: 1,
        stdout: "",
        stderr: `ra-mock: this is Node.js ${version}; install Node.js 22.22 or later of that line, or 24 or later\n`,
      });
    },
  );

  it("asks for the Node.js that its package asks for", () => {
    expect(packageJson.engines.node).toBe("^22.22.0 || >=24.0.0");
  });
});

describe("readArguments", () => {
  it.each([
    ["an unknown flag", ["--nope"]],
    ["an argument", ["start"]],
    ["a port that is none", ["--port", "65536"]],
    ["a duration that is none", ["--lab-min-duration", "0"]],
    ["half a TLS pair", ["--tls-cert", "server.pem"]],
  ])("calls %s wrong usage", (_, argv) => {
    expect(readArguments(argv, {})).toMatchObject({
      kind: "usage-error",
      message: expect.stringMatching(/^[^\n]+[^.\n]$/),
    });
  });

  it.each([
    [undefined, undefined],
    ["", undefined],
    ["AKID:secret", [{ accessKeyId: "AKID", secretAccessKey: "secret" }]],
    [
      "AKID:a/b+c=:d,AKIE:e",
      [
        { accessKeyId: "AKID", secretAccessKey: "a/b+c=:d" },
        { accessKeyId: "AKIE", secretAccessKey: "e" },
      ],
    ],
  ])("takes access keys from RA_MOCK_ACCESS_KEYS=%s", (value, accessKeys) => {
    const invocation = readArguments([], value === undefined ? {} : { RA_MOCK_ACCESS_KEYS: value });
    expect(invocation).toMatchObject({ kind: "start", options: { accessKeys } });
  });

  it.each(["hush", ":hush", "AKID:", "AKID:hush,", "AKID:hush,hush"])(
    "calls RA_MOCK_ACCESS_KEYS=%s wrong usage, without repeating it",
    (value) => {
      expect(readArguments([], { RA_MOCK_ACCESS_KEYS: value })).toEqual({
        kind: "usage-error",
        message: "RA_MOCK_ACCESS_KEYS is not ID:SECRET[,ID:SECRET]",
      });
    },
  );

  it.each([
    [[], { AWS_ENDPOINT_URL: "http://all" }, "http://all", "http://all"],
    [[], { AWS_ENDPOINT_URL: "http://all", AWS_ENDPOINT_URL_STS: "http://sts" }, "http://sts", "http://all"],
    [[], { AWS_ENDPOINT_URL_STS: "http://sts" }, "http://sts", "http://sts"],
    [
      [],
      { AWS_ENDPOINT_URL_STS: "http://sts", AWS_ENDPOINT_URL_IAM: "http://iam" },
      "http://sts",
      "http://iam",
    ],
    [["--sts-endpoint", "http://flag"], { AWS_ENDPOINT_URL_STS: "http://sts" }, "http://flag", "http://flag"],
    [["--iam-endpoint", "http://flag"], { AWS_ENDPOINT_URL: "http://all" }, "http://all", "http://flag"],
    [[], { AWS_ENDPOINT_URL: "" }, undefined, undefined],
  ])("with %j and %j takes STS and IAM from %s and %s", (argv, env, stsEndpoint, iamEndpoint) => {
    expect(readArguments(argv, env)).toMatchObject({ kind: "start", options: { stsEndpoint, iamEndpoint } });
  });
});
