import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** The processes that need the key: the step of the action, and the one that looks for leaks; act's shell becomes them. */
const NEED_KEY = /assume-role\.mjs|find-leaks\.ts|^\S*bash\0.*\/workflow\/[^\0]*\.sh\0/s;
/** ra-signer has the certificate in its environment as well. */
const NEED_CERTIFICATE = /ra-signer\.cjs/;

describe("the workflow Actions, with key and certificate from secrets", { timeout: 900_000 }, () => {
  let folder: string;
  let key: readonly string[];
  let certificate: readonly string[];
  let status: number | null;
  let summary: string;
  let log: string;
  const seen = new Set<string>();

  /** The base64 lines of a PEM file. */
  const linesOf = (name: string): string[] =>
    readFileSync(join(folder, name), "utf8")
      .split("\n")
      .filter((line) => line.length >= 40 && !line.startsWith("-"));
  const openssl = (...words: readonly string[]): void => {
    execFileSync("openssl", words, { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
  };

  /** Notes each process that shows a line of key or certificate where it should not. */
  const lookAtProcesses = (): void => {
    for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
      const command = contents(`/proc/${pid}/cmdline`);
      const environment = contents(`/proc/${pid}/environ`);
      const shows = (text: string, lines: readonly string[]): boolean =>
        lines.some((line) => text.includes(line));
      if (shows(command, [...key, ...certificate])) seen.add(`in the command line: ${command}`);
      if (shows(environment, key) && !NEED_KEY.test(command)) seen.add(`key: ${command}`);
      if (shows(environment, certificate) && !NEED_KEY.test(command) && !NEED_CERTIFICATE.test(command)) {
        seen.add(`certificate: ${command}`);
      }
    }
  };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "actions-test-"));
    const request = ["req", "-newkey", "rsa:2048", "-nodes"];
    const ca = [
      "-addext",
      "basicConstraints=critical,CA:TRUE",
      "-addext",
      "keyUsage=critical,keyCertSign,cRLSign",
    ];
    // The extensions of a CA are those of the command line, not of this machine's configuration.
    writeFileSync(join(folder, "openssl.cnf"), "[req]\ndistinguished_name = dn\n[dn]\n");
    const config = ["-config", "openssl.cnf"];
    openssl(
      ...request,
      "-x509",
      ...config,
      "-keyout",
      "ca.key",
      "-out",
      "ca.pem",
      "-subj",
      "/CN=CI CA",
      ...ca,
    );
    openssl(...request, ...config, "-keyout", "ci.key", "-out", "ci.csr", "-subj", "/CN=ci");
    writeFileSync(
      join(folder, "ci.ext"),
      "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=clientAuth\n",
    );
    const issuer = [
      "-CA",
      "ca.pem",
      "-CAkey",
      "ca.key",
      "-CAcreateserial",
      "-days",
      "1",
      "-extfile",
      "ci.ext",
    ];
    openssl("x509", "-req", "-in", "ci.csr", "-out", "ci.pem", ...issuer);
    key = linesOf("ci.key");
    certificate = linesOf("ci.pem");
    const secrets = Object.entries({
      CI_CA_CERTIFICATE: "ca.pem",
      CI_CERTIFICATE: "ci.pem",
      CI_PRIVATE_KEY: "ci.key",
    }).map(([name, file]) => `${name}=${JSON.stringify(readFileSync(join(folder, file), "utf8").trim())}\n`);
    writeFileSync(join(folder, "secrets"), secrets.join(""), { mode: 0o600 });

    const words = [
      "tools/workflows/main.ts",
      "actions/assume-role",
      "--secret-file",
      join(folder, "secrets"),
    ];
    // What the search has to find, so that finding nothing else says something.
    const [keyLine = "", certificateLine = ""] = [key[1], certificate[1]];
    const program = "setInterval(() => {}, 1000)";
    const planted = [
      spawn(process.execPath, ["-e", program, "planted-1", keyLine], { stdio: "ignore" }),
      spawn(process.execPath, ["-e", program, "planted-2"], {
        env: { A: keyLine, B: certificateLine },
        stdio: "ignore",
      }),
    ];
    const isPlanted = (text: string): boolean => text.includes("planted-");
    while ([...seen].filter(isPlanted).length < 3) {
      lookAtProcesses();
      await pause(20);
    }
    for (const each of planted) each.kill("SIGKILL");
    seen.clear();
    // A job that runs these tests may have a cache that it shares with other jobs.
    const cache = process.env["TURBO_CACHE_DIR"];
    if (cache) words.push("--turbo-cache", cache);
    const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", ...words], {
      cwd: ROOT,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const output = ["", ""];
    child.stdout.on("data", (text: Buffer) => (output[0] += text.toString()));
    child.stderr.on("data", (text: Buffer) => (output[1] += text.toString()));
    const watch = setInterval(lookAtProcesses, 20);
    status = await new Promise((resolve) => child.on("close", resolve));
    clearInterval(watch);
    [summary = "", log = ""] = output;
  }, 900_000);
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it("lists the bucket with the credentials", () => {
    expect({ status, log: status === 0 ? "" : log.slice(-4000) }).toEqual({ status: 0, log: "" });
    expect(summary).toMatch(/^success {3}actions\/assume-role: \d+ s$/m);
    expect(log).toMatch(
      /\| arn:aws:sts::000000000000:assumed-role\/\S+ lists shipments\.json, trust\.svg, welcome\.txt/,
    );
  });

  it("explains a refusal with the sentence of doctor", () => {
    expect(log).toMatch(/::error title=Roles Anywhere::CreateSession: .* -> /);
  });

  it("shows neither key nor certificate in the log", () => {
    expect(key.length).toBeGreaterThan(10);
    expect(certificate.length).toBeGreaterThan(10);
    expect([...key, ...certificate].filter((line) => log.includes(line))).toEqual([]);
  });

  it("shows no secret access key in the log", () => {
    const [, length, hash] = /secret of (\d+) characters, sha256 ([0-9a-f]{64})/.exec(log) ?? [];
    expect(Number(length)).toBeGreaterThan(20);
    const hidesSecret = (text: string): boolean => {
      for (let at = 0; at + Number(length) <= text.length; at += 1) {
        const part = text.slice(at, at + Number(length));
        if (createHash("sha256").update(part).digest("hex") === hash) return true;
      }
      return false;
    };
    expect(log.split("\n").filter(hidesSecret)).toEqual([]);
  });

  it("left neither in files that the job wrote, nor in processes that were there beside it", () => {
    expect(log).toMatch(/\| nothing found in [1-9]\d* files and [1-9]\d* processes/);
  });

  it("never showed them in a command line, nor in an environment that does not need them", () => {
    expect([...seen]).toEqual([]);
  });
});

/** Empty for a process that ended, or that is another user's. */
function contents(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}
