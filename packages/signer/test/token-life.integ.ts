// What happens to a token while it is used: renewals, one after the other, a token that is pulled out, slow or hangs, and
// where its PIN can be seen. Skipped without SoftHSM or pkcs11js.
import { execFile, spawnSync } from "node:child_process";
import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readSync,
  openSync,
  closeSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";

import { temporaryFolder } from "@roles-anywhere/testing";

import { serve } from "../src/cli/commands/serve.ts";
import { fromRolesAnywhere } from "../src/index.ts";
import type { RolesAnywhereProvider } from "../src/index.ts";
import { makeCertificate } from "./support/chain.ts";
import { MAIN, runCli } from "./support/run-cli.ts";
import { startServeProcess } from "./support/serve-process.ts";
import { buildShim, derOf, setUpSoftHsm, softHsmLibrary } from "./support/softhsm.ts";
import type { Shim, SoftHsm } from "./support/softhsm.ts";
import { ARNS, startWorld } from "./support/start-world.ts";
import type { World } from "./support/start-world.ts";

const PIN = "58203917";
const CERTIFICATE = "pkcs11:token=server;object=client";

describe.runIf(softHsmLibrary !== undefined)("a token in use", () => {
  const folder = temporaryFolder();
  const path = folder.join;
  let world: World;
  let hsm: SoftHsm;
  let shim: Shim;
  let uri: string;

  beforeAll(async () => {
    world = await startWorld();
    hsm = setUpSoftHsm(folder.path, softHsmLibrary ?? "");
    shim = buildShim(folder.path, hsm);
    Object.assign(process.env, shim.environment);
    const client = makeCertificate({ subject: "/CN=client", issuer: world.authority });
    const names = { id: "01", objectLabel: "client" };
    hsm.add("server", PIN, [
      { kind: "certificate", der: derOf(client.certificatePem), ...names },
      { kind: "key", pem: client.privateKeyPem, ...names },
    ]);
    writeFileSync(path("client.pem"), client.certificatePem);
    writeFileSync(path("client.key"), client.privateKeyPem, { mode: 0o600 });
    writeFileSync(path("pin"), `${PIN}\n`, { mode: 0o600 });
    uri = `${CERTIFICATE}?pin-source=file:${path("pin")}`;
  });
  beforeEach(() => shim.rules({}));
  afterAll(async () => {
    await world[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  /** A library of its own for a test, and so a process of its own. */
  const libraryFor = (name: string): string => {
    copyFileSync(shim.library, path(`${name}.so`));
    return path(`${name}.so`);
  };
  const words = (library: string, { url } = world, certificate = uri): readonly string[] => [
    ...["--certificate", certificate, "--pkcs11-lib", library],
    ...["--trust-anchor-arn", ARNS.trustAnchorArn, "--profile-arn", ARNS.profileArn],
    ...["--role-arn", ARNS.roleArn, "--endpoint", url],
  ];
  const provider = (library: string, more: object = {}): RolesAnywhereProvider =>
    fromRolesAnywhere({
      certificate: uri,
      trustAnchorArn: ARNS.trustAnchorArn,
      profileArn: ARNS.profileArn,
      roleArn: ARNS.roleArn,
      endpoint: world.url,
      environment: {},
      pkcs11: { library },
      ...more,
    });

  it("serves 1,000 renewals with one login, one session and the same memory", async () => {
    const before = world.granted.length;
    const script = fileURLToPath(new URL("../bench/refresh-often.ts", import.meta.url));
    const child = await runNode(
      ["--expose-gc", script, "serve", "200", "1000", "{}", ...words(shim.library), "--port", "0"],
      shim.environment,
    );
    expect(child).toMatchObject({ code: 0 });
    expect(world.granted.length - before).toBe(1000);
    expect({ logins: shim.calls("C_Login"), opened: shim.calls("C_OpenSession") }).toEqual({
      logins: 1,
      opened: 1,
    });
    expect(shim.calls("C_Sign")).toBe(1000);
    const found = JSON.parse(child.stdout) as Readonly<Record<string, readonly [number, number]>>;
    const growth = Object.fromEntries(Object.entries(found).map(([kind, [few, many]]) => [kind, many / few]));
    expect(growth["heap"]).toBeLessThan(1.1);
    expect(growth["resident"]).toBeLessThan(1.3);
    expect(growth["token process"]).toBeLessThan(1.3);
  });

  it("finds a token again that was pulled out and put back while serve runs", async () => {
    await using own = await startWorld();
    let moment = Date.now();
    const stop = new AbortController();
    const notes: string[] = [];
    const tokenFile = path("container-token");
    const listening = Promise.withResolvers<string>();
    const running = serve.run(
      [...words(libraryFor("pulled"), own), "--port", "0", "--container-token-file", tokenFile],
      {
        environment: {},
        out: () => {},
        note(line) {
          notes.push(line);
          const [, found] = /AWS_CONTAINER_CREDENTIALS_FULL_URI=(\S+)/.exec(line) ?? [];
          if (found !== undefined) listening.resolve(found);
        },
        time: {
          signal: stop.signal,
          now: () => new Date(moment),
          sleep: () =>
            new Promise((resolve) => {
              stop.signal.addEventListener("abort", () => resolve(), { once: true });
            }),
        },
      },
    );
    const url = await listening.promise;
    const ask = async (): Promise<string> => {
      const headers = { authorization: readFileSync(tokenFile, "utf8").trim() };
      const answer = await fetch(url, { headers });
      const text = await answer.text();
      return answer.ok ? String(Object(JSON.parse(text)).AccessKeyId) : `${answer.status} ${text}`;
    };
    expect(await ask()).toBe(own.granted.at(-1)?.accessKeyId);
    expect(shim.calls("C_Login")).toBe(1);

    renameSync(hsm.tokens, `${hsm.tokens}.pulled`);
    mkdirSync(hsm.tokens);
    shim.rules({ C_Sign: "0x32" });
    // To the clock of serve, the session has ended.
    moment += 7_200_000;
    expect(await ask()).toMatch(/^503 .*no token fits .*there is none; put the token in/);

    rmSync(hsm.tokens, { recursive: true });
    renameSync(`${hsm.tokens}.pulled`, hsm.tokens);
    shim.rules({});
    moment += 10_000;
    expect(await ask()).toBe(own.granted.at(-1)?.accessKeyId);
    expect(own.granted).toHaveLength(2);
    expect(shim.calls("C_Login")).toBe(1);
    stop.abort();
    expect(await running).toBe(0);
  });

  it.each([
    ["a session that was closed", "0xb3"],
    ["a device that was removed for a moment", "0x32"],
    ["a login that was lost", "0x101"],
  ])("logs in once more after %s", async (_title, code) => {
    const provide = provider(libraryFor(`lost-${code}`));
    await provide();
    shim.rules({ C_SignInit: code });
    await expect(provide({ forceRefresh: true })).rejects.toMatchObject({ code: "ERR_SIGNER_TOKEN_FAILED" });
    expect(shim.calls("C_Login")).toBe(1);
    shim.rules({});
    expect(await provide({ forceRefresh: true })).toMatchObject({
      accessKeyId: world.granted.at(-1)?.accessKeyId,
    });
    expect({ logins: shim.calls("C_Login"), signatures: shim.calls("C_Sign") }).toEqual({
      logins: 0,
      signatures: 1,
    });
  });

  it("does not try a wrong PIN again until its source holds another one", async () => {
    writeFileSync(path("changing-pin"), "58203918", { mode: 0o600 });
    const provide = provider(libraryFor("wrong"), {
      certificate: `${CERTIFICATE}?pin-source=file:${path("changing-pin")}`,
    });
    await expect(provide()).rejects.toMatchObject({ code: "ERR_SIGNER_PIN_WRONG" });
    await expect(provide()).rejects.toMatchObject({
      code: "ERR_SIGNER_PIN_WRONG",
      message: expect.stringContaining("has refused this PIN before, so it is not tried again"),
    });
    expect(shim.calls("C_Login")).toBe(1);
    writeFileSync(path("changing-pin"), PIN);
    expect(await provide()).toMatchObject({ accessKeyId: world.granted.at(-1)?.accessKeyId });
    expect(shim.calls("C_Login")).toBe(2);
  });

  it("does not hold up the process that waits for a slow token", async () => {
    shim.rules({ "C_Sign.ms": "1000" });
    let ticks = 0;
    const timer = setInterval(() => (ticks += 1), 10);
    try {
      await provider(libraryFor("slow"))();
    } finally {
      clearInterval(timer);
    }
    expect(ticks).toBeGreaterThan(20);
  });

  it("gives up a token that hangs, in the time that an attempt may take", async () => {
    shim.rules({ "C_Sign.ms": "20000" });
    const started = performance.now();
    await expect(
      provider(libraryFor("hangs"), { attemptTimeoutMs: 500, maxAttempts: 1 })(),
    ).rejects.toMatchObject({ code: "ERR_SIGNER_TIMEOUT" });
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  it("ends the command when its token hangs, and the process of the token with it", async () => {
    shim.rules({ "C_Sign.ms": "60000" });
    const library = libraryFor("hangs-in-command");
    const started = performance.now();
    const result = await runCli(["credential-process", ...words(library)], {
      ...shim.environment,
      AWS_MAX_ATTEMPTS: "1",
    });
    expect(result).toMatchObject({ code: 1, stdout: "", stderr: expect.stringContaining("within 10000 ms") });
    expect(performance.now() - started).toBeLessThan(30_000);
    expect(processesWith(library)).toEqual([]);
  });

  describe("the PIN", () => {
    const bytes = Buffer.from(PIN);

    it("is in no argument list, nor in the memory of serve, and no core of the token's process is written", async () => {
      const library = libraryFor("secret");
      // It fails again and again: the service refuses.
      await world.fail("internal-error");
      try {
        await using served = await startServeProcess(
          [...words(library, world), "--debug"],
          { ...shim.environment, AWS_MAX_ATTEMPTS: "1" },
          path,
        );
        expect(await served.credentials()).toMatchObject({ code: "ERR_SIGNER_SERVICE_REFUSED" });
        const [agent = 0, ...others] = childrenOf(served.pid);
        expect(others).toEqual([]);
        expect(shim.calls("C_Login")).toBe(1);
        for (const pid of [served.pid, agent]) {
          expect(readFileSync(`/proc/${pid}/cmdline`).includes(bytes)).toBe(false);
          expect(readFileSync(`/proc/${pid}/environ`).includes(bytes)).toBe(false);
        }
        expect(readFileSync(`/proc/${agent}/limits`, "utf8")).toMatch(/^Max core file size +0 +0 /m);
        expect(served.stderr()).not.toContain(PIN);
        // What a core would hold. The search itself is tried with what must be there.
        expect(memoryHolds(served.pid, Buffer.from("pin-source=file:"))).toBe(true);
        expect(memoryHolds(served.pid, bytes)).toBe(false);
      } finally {
        await world.recover();
      }
    });

    it.each<readonly [string, string, Readonly<Record<string, string>>]>([
      ["all is well", "", {}],
      ["the PIN is wrong", "1", {}],
      ["the library crashes", "", { crash: "C_Sign" }],
      ["the device fails", "", { C_Login: "0x30" }],
      ["the PIN is locked", "", { C_Login: "0xa4" }],
    ])("is in nothing that is printed with --debug when %s", async (_title, more, rules) => {
      shim.rules(rules);
      const variables = { ...shim.environment, TOKEN_PIN: `${PIN}${more}` };
      for (const query of ["pin-source=env:TOKEN_PIN", `pin-value=${PIN}${more}`]) {
        const result = await runCli(
          ["credential-process", "--debug", ...words(shim.library, world, `${CERTIFICATE}?${query}`)],
          variables,
        );
        expect(result.code).toBe(more === "" && Object.keys(rules).length === 0 ? 0 : 1);
        expect(`${result.stdout}${result.stderr}`).not.toContain(PIN);
      }
    });
  });

  it("runs the five commands of the page about SoftHSM as they stand", async () => {
    const page = readFileSync(new URL("../../../docs/hardware-keys.md", import.meta.url), "utf8");
    const [, commands = ""] = /## SoftHSM in five commands\n\n```sh\n([^`]+)```/.exec(page) ?? [];
    expect(commands.trim().split("\n")).toHaveLength(5);
    const own = temporaryFolder();
    try {
      for (const name of ["client.pem", "client.key"]) copyFileSync(path(name), own.join(name));
      writeFileSync(own.join("pin.txt"), "12345678", { mode: 0o600 });
      mkdirSync(own.join("bin"));
      const command = `#!/bin/sh\nexec "${process.execPath}" "${MAIN}" "$@"\n`;
      writeFileSync(own.join("bin", "ra-signer"), command, { mode: 0o755 });
      const { environment } = setUpSoftHsm(own.path, hsm.library);
      const { status, stdout, stderr } = spawnSync(
        "/bin/sh",
        ["-e", "-c", commands.replaceAll("/usr/lib/softhsm/libsofthsm2.so", hsm.library)],
        {
          cwd: own.path,
          env: { ...environment, PATH: `${own.join("bin")}:${process.env["PATH"]}` },
          encoding: "utf8",
        },
      );
      expect({ status, stderr: status === 0 ? "" : stderr }).toEqual({ status: 0, stderr: "" });
      expect(stdout).toMatch(/"30[0-9a-f]+"$/);
    } finally {
      own[Symbol.dispose]();
    }
  });
});

/** Processes that a process has started (Linux). */
function childrenOf(pid: number): readonly number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, "utf8").split(" ").filter(Boolean).map(Number),
  );
}

/** Processes that have a word in their arguments. */
function processesWith(word: string): readonly string[] {
  return readdirSync("/proc").filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").includes(word);
    } catch {
      // It has ended since.
      return false;
    }
  });
}

/** Whether the writable memory of a process has some bytes in it: what the core of a process would hold. */
function memoryHolds(pid: number, bytes: Buffer): boolean {
  const file = openSync(`/proc/${pid}/mem`, "r");
  try {
    return readFileSync(`/proc/${pid}/maps`, "utf8")
      .split("\n")
      .some((line) => {
        const [, from = "", to = ""] = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line) ?? [];
        if (from === "") return false;
        const start = Number(`0x${from}`);
        const memory = Buffer.alloc(Number(`0x${to}`) - start);
        try {
          return memory.subarray(0, readSync(file, memory, 0, memory.length, start)).includes(bytes);
        } catch {
          // Pages that nothing is behind.
          return false;
        }
      });
  } finally {
    closeSync(file);
  }
}

async function runNode(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> {
  return promisify(execFile)(process.execPath, args, {
    env: { PATH: process.env["PATH"], ...environment },
  }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (error: { code: number; stdout: string; stderr: string }) => error,
  );
}
