import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { readSettings } from "../src/settings/read-settings.ts";
import { exposuresOf } from "./support/listening-sockets.ts";
import { startRun } from "./support/own-run.ts";
import type { OwnRun } from "./support/own-run.ts";

const command = fileURLToPath(
  new URL("../bin/ra-sandbox.js", import.meta.resolve("@roles-anywhere/sandbox")),
);

const ready = z.strictObject({
  endpointUrl: z.url(),
  rolesAnywhereEndpoint: z.url(),
  region: z.string(),
  accountId: z.string(),
});

async function startSandboxCommand(
  commandArguments: readonly string[],
  environment?: Readonly<Record<string, string>>,
): Promise<OwnRun> {
  return await startRun(process.execPath, [command, "up", ...commandArguments], environment);
}

const backend = ["--backend", readSettings(process.env).backend];

describe("ra-sandbox up", { timeout: 300_000 }, () => {
  it("--json prints one line when both services answer on loopback, and stops both on SIGTERM", async () => {
    await using run = await startSandboxCommand(["--json", ...backend, "--account", "111122223333"]);
    await run.waitFor(/\n\{.*\}\n|^\{.*\}\n/);
    const line = run.stdout();

    const { endpointUrl, rolesAnywhereEndpoint, region, accountId } = ready.parse(JSON.parse(line));
    expect({ region, accountId }).toEqual({ region: "us-east-1", accountId: "111122223333" });
    expect((await fetch(`${endpointUrl}/_localstack/health`)).status).toBe(200);
    expect((await fetch(`${rolesAnywhereEndpoint}/_mock/health`)).status).toBe(200);
    expect(await exposuresOf(run, 2)).toEqual([]);

    run.child.kill("SIGTERM");
    expect(await run.exited).toMatchObject({ code: 0 });
    expect(run.stdout()).toBe(line);
    await expect(fetch(`${endpointUrl}/_localstack/health`)).rejects.toThrow("fetch failed");
    await expect(fetch(`${rolesAnywhereEndpoint}/_mock/health`)).rejects.toThrow("fetch failed");
    expect(await run.processes()).toEqual([]);
    expect(await run.traces()).toEqual([]);
  });

  it("starts what is asked for, prints no access key for a server, and lets a second mock use its LocalStack", async () => {
    // The settings of somebody who works with a FIPS endpoint behind a proxy: none of them is for the sandbox.
    await using home = await temporaryHome("[default]\nuse_fips_endpoint = true\nregion = us-gov-west-1\n");
    await using run = await startSandboxCommand([...backend, "--services", "sqs", "--setting", "DEBUG=1"], {
      HOME: home.path,
      HTTP_PROXY: "http://127.0.0.1:9",
      NODE_USE_ENV_PROXY: "1",
      ...keptCache,
    });
    await run.waitFor(/Logs: .*\n/);
    const endpointUrl = /AWS_ENDPOINT_URL=(\S+)/.exec(run.output())?.[1] ?? "";
    const health = z.object({ services: z.record(z.string(), z.string()) });
    const { services } = health.parse(await (await fetch(`${endpointUrl}/_localstack/health`)).json());
    expect(services).toMatchObject({ s3: "available", sqs: "available", sns: "disabled" });
    expect(run.output()).not.toMatch(/AWS_ACCESS_KEY_ID|AWS_SECRET_ACCESS_KEY/);

    const port = await freePort();
    await using attached = await startSandboxCommand(
      ["--attach", endpointUrl, "--port", port, "--env", "server", "--env", "admin"],
      keptCache,
    );
    await attached.waitFor(/Logs: .*\n/);
    expect(attached.output()).toContain(`export AWS_ENDPOINT_URL_ROLESANYWHERE=http://127.0.0.1:${port}\n`);
    // The administrator's key stands in the administrator's block alone.
    const [server, admin] = attached.output().split(/For a terminal that deploys/);
    expect(server).not.toContain("AWS_ACCESS_KEY_ID");
    expect(admin).toContain("export AWS_ACCESS_KEY_ID=000000000000\n");
    const mock = await fetch(`http://127.0.0.1:${port}/_mock/health`);
    expect(mock.status).toBe(200);

    attached.child.kill("SIGTERM");
    expect(await attached.exited).toMatchObject({ code: 0 });
    // What was there before the mock was attached goes on.
    expect((await fetch(`${endpointUrl}/_localstack/health`)).status).toBe(200);
  });

  it("says in one sentence that no emulator answers", async () => {
    await using run = await startSandboxCommand(["--attach", "http://127.0.0.1:9"], keptCache);
    expect(await run.exited).toMatchObject({ code: 1 });
    expect(run.output()).toMatch(
      /^ra-sandbox: no emulator answers at http:\/\/127\.0\.0\.1:9: .*\. Start it first, or leave --attach out\n$/,
    );
    expect(await run.traces()).toEqual([]);
  });
});

/** A home folder of its own must not make the process back end install LocalStack again. */
const keptCache = {
  RA_CACHE_DIR:
    process.env["RA_CACHE_DIR"] ?? join(process.env["HOME"] ?? "/", ".cache", "roles-anywhere-kit"),
};

/** A port that is free now, as somebody chooses one for `--port`. */
async function freePort(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port is free");
  return String(address.port);
}

async function temporaryHome(awsConfig: string): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), "home-"));
  await mkdir(join(path, ".aws"));
  await writeFile(join(path, ".aws", "config"), awsConfig);
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
