import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { readSettings } from "../src/settings/read-settings.ts";
import { processesWith, sandboxTraces, traceChanges } from "./support/leftovers.ts";

const command = fileURLToPath(
  new URL("../bin/ra-sandbox.js", import.meta.resolve("@roles-anywhere/sandbox")),
);

const ready = z.strictObject({
  endpointUrl: z.url(),
  rolesAnywhereEndpoint: z.url(),
  region: z.string(),
  accountId: z.string(),
});

describe("ra-sandbox up --json", { timeout: 300_000 }, () => {
  it("prints one line when both services answer, and stops both on SIGTERM", async () => {
    const tracesBefore = await sandboxTraces();
    const marker = `SANDBOX_${randomUUID()}`;
    const child = spawn(
      process.execPath,
      [command, "up", "--json", "--backend", readSettings(process.env).backend, "--account", "111122223333"],
      { env: { ...process.env, SANDBOX_MARKER: marker }, stdio: ["ignore", "pipe", "pipe"] },
    );
    let stdout = "";
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => (stderr += chunk));
    const exited = new Promise<number | null>((resolve) => child.on("close", resolve));
    const line = await new Promise<string>((resolve, reject) => {
      child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
        stdout += chunk;
        if (stdout.includes("\n")) resolve(stdout);
      });
      void exited.then((code) => reject(new Error(`ended with ${code}: ${stderr}`)));
    });

    const { endpointUrl, rolesAnywhereEndpoint, region, accountId } = ready.parse(JSON.parse(line));
    expect({ region, accountId }).toEqual({ region: "us-east-1", accountId: "111122223333" });
    expect((await fetch(`${endpointUrl}/_localstack/health`)).status).toBe(200);
    expect((await fetch(`${rolesAnywhereEndpoint}/_mock/health`)).status).toBe(200);

    child.kill("SIGTERM");
    expect(await exited).toBe(0);
    expect(stdout).toBe(line);
    await expect(fetch(`${endpointUrl}/_localstack/health`)).rejects.toThrow("fetch failed");
    await expect(fetch(`${rolesAnywhereEndpoint}/_mock/health`)).rejects.toThrow("fetch failed");
    expect(await processesWith(marker)).toEqual([]);
    expect(await traceChanges(tracesBefore)).toEqual([]);
  });
});
