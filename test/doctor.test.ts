import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  checkDisk,
  checkInstallation,
  checkNode,
  checkPorts,
  COMPOSE_PORTS,
} from "../tools/doctor/checks.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "doctor-"));
  mkdirSync(join(folder, "bin"));
  // A checkout of its own: what is installed in this one is not the test's business.
  cpSync(join(ROOT, "tools/doctor"), join(folder, "kit/tools/doctor"), { recursive: true });
  mkdirSync(join(folder, "kit/node_modules"));
  writeFileSync(join(folder, "kit/.nvmrc"), "24\n");
  for (const name of ["package-lock.json", "node_modules/.package-lock.json"]) {
    writeFileSync(join(folder, "kit", name), '{"packages":{}}');
  }
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Commands of a machine that has everything, as shell scripts. */
const COMPLETE: Readonly<Record<string, string>> = {
  npm: "echo 11.0.0",
  git: "echo git version 2.40",
  openssl: "echo OpenSSL 3.0",
  go: "echo go version go1.26",
  docker: 'case "$1" in --version) echo Docker 28 ;; info) echo 28.0 ;; compose) echo 2.30 ;; esac',
  "python3.13": 'case "$2" in *version_info*) echo 3.13 ;; esac',
};

/** Runs the doctor on a machine that has these commands and no others. */
function run(commands: Readonly<Record<string, string | undefined>>, ...words: readonly string[]) {
  for (const [name, script] of Object.entries(commands)) {
    if (script === undefined) continue;
    writeFileSync(join(folder, "bin", name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, "bin", name), 0o755);
  }
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(folder, "kit/tools/doctor/main.mjs"), ...words],
    { encoding: "utf8", env: { PATH: join(folder, "bin"), HOME: folder } },
  );
  return { status, lines: stdout.trim().split("\n"), stderr };
}

describe("npm run doctor", () => {
  it("finds nothing missing on a machine that has everything", () => {
    const { status, lines, stderr } = run(COMPLETE);
    expect({ status, stderr, fail: lines.filter((line) => line.startsWith("fail")) }).toEqual({
      ...{ status: 0, stderr: "" },
      fail: [],
    });
    expect(lines).toContain("ok    docker          28.0");
    expect(lines).toContain("ok    Python          3.13 (python3.13)");
  });

  const noDocker = { docker: undefined };
  const noDaemon = { docker: '[ "$1" = --version ]' };
  const noCompose = { docker: '[ "$1" != compose ] && echo 28.0' };
  const noPython = { "python3.13": undefined };
  it.each<[string, Readonly<Record<string, string | undefined>>, number, string]>([
    ["npm", { npm: undefined }, 1, "fail  npm             is not there, or does not run -> install Node.js"],
    [
      "git",
      { git: undefined },
      1,
      "fail  git             is not there, or does not run -> apt-get install git",
    ],
    ["OpenSSL", { openssl: "exit 1" }, 1, "fail  openssl         is not there, or does not run -> apt-get"],
    [
      "Go",
      { go: undefined },
      0,
      "warn  go              is not there, or does not run -> apt-get install golang",
    ],
    ["Docker", noDocker, 0, "warn  docker          is not there -> install Docker: https://"],
    [
      "the daemon",
      noDaemon,
      0,
      "warn  docker          the daemon does not answer this user -> sudo systemctl",
    ],
    ["compose", noCompose, 0, "warn  docker compose  is not there -> install the compose plugin"],
    ["Python", noPython, 0, "warn  Python          there is no Python 3.13, nor a Python 3 or uv"],
    ["Docker and Python", { ...noDocker, ...noPython }, 1, "fail  docker          is not there -> install"],
    [
      "the daemon and Python",
      { ...noDaemon, ...noPython },
      1,
      "fail  Python          there is no Python 3.13",
    ],
  ])("without %s says so, and the command", (_title, change, status, line) => {
    const result = run({ ...COMPLETE, ...change });
    expect(result.lines.filter((each) => each.startsWith(line))).toHaveLength(1);
    expect(result.status).toBe(status);
  });

  it.each([
    ["uv", { uv: "echo uv 0.9" }, "ok    Python          uv fetches Python 3.13"],
    [
      "another Python 3",
      { python3: 'case "$2" in *version_info*) echo 3.11 ;; esac' },
      "ok    Python          python3 installs uv, which fetches Python 3.13",
    ],
  ])("takes %s for a Python", (_title, change, line) => {
    expect(run({ ...COMPLETE, ...noPython, ...change }).lines).toContain(line);
  });

  it("finds a Python of pyenv", () => {
    const versions = join(folder, ".pyenv/versions/3.13.1/bin");
    mkdirSync(versions, { recursive: true });
    writeFileSync(join(versions, "python3.13"), "#!/bin/sh\necho 3.13\n", { mode: 0o755 });
    expect(run({ ...COMPLETE, ...noPython }).lines).toContain(
      `ok    Python          3.13 (${join(versions, "python3.13")})`,
    );
  });

  it("prints JSON with --json", () => {
    const { status, lines } = run({ ...COMPLETE, npm: undefined }, "--json");
    expect(status).toBe(1);
    expect(JSON.parse(lines.join("\n"))).toMatchObject({
      ok: false,
      findings: expect.arrayContaining([
        {
          status: "fail",
          check: "npm",
          message: "is not there, or does not run",
          remedy: "install Node.js with npm from https://nodejs.org/",
        },
      ]) as unknown,
    });
  });

  it("shows its usage and an example with --help", () => {
    const { status, lines } = run({}, "--help");
    expect({ status, first: lines[0] }).toEqual({ status: 0, first: "Usage: npm run doctor [-- --json]" });
    expect(lines.slice(-2)).toEqual(["Example:", "  npm run doctor"]);
  });

  it("answers a wrong flag with one line that says where to look", () => {
    expect(run({}, "--wrong")).toEqual({
      status: 2,
      lines: [""],
      stderr: 'doctor: unknown option "--wrong"; see npm run doctor -- --help\n',
    });
  });
});

describe("a check of the doctor", () => {
  it.each([
    ["24.0.0", "ok"],
    ["26.1.0", "ok"],
    ["22.22.0", "ok"],
    ["22.21.1", "fail"],
    ["23.11.0", "fail"],
    ["20.20.2", "fail"],
    ["16.0.0", "fail"],
  ])("says of Node.js %s: %s", (version, status) => {
    expect(checkNode(version, "24")).toMatchObject({ status });
  });

  it.each([
    [1, "fail"],
    [3, "warn"],
    [10, "ok"],
  ])("says of %d GiB: %s", (gib, status) => {
    expect(checkDisk(gib * 1024 ** 3)).toMatchObject({ status, check: "disk" });
  });

  it("names a port that is taken", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    try {
      expect(await checkPorts([port])).toEqual([
        {
          status: "warn",
          check: "ports",
          message: `docker compose needs 127.0.0.1:${port}, and it is taken`,
          remedy: `ss -ltnp 'sport = :${port}' shows by whom`,
        },
      ]);
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
    expect(await checkPorts([port])).toMatchObject([{ status: "ok" }]);
  });

  it("knows the ports of docker-compose.yml", () => {
    const compose = readFileSync(join(ROOT, "docker-compose.yml"), "utf8");
    const published = [...compose.matchAll(/"127\.0\.0\.1:(\d+):/g)].map(([, port]) => Number(port));
    expect(published.sort()).toEqual(COMPOSE_PORTS);
  });

  const lock = (packages: object): string => JSON.stringify({ packages });
  const wanted = {
    "": {},
    "node_modules/a": { version: "1.0.0" },
    "node_modules/b": { version: "1.0.0", optional: true },
  };
  it.each([
    ["all", { "node_modules/a": { version: "1.0.0" } }, "ok"],
    ["another release", { "node_modules/a": { version: "0.9.0" } }, "fail"],
    ["nothing", {}, "fail"],
  ])("compares the dependencies with the lock file: %s", (_title, installed, status) => {
    mkdirSync(join(folder, "node_modules"));
    writeFileSync(join(folder, "package-lock.json"), lock(wanted));
    writeFileSync(join(folder, "node_modules/.package-lock.json"), lock(installed));
    expect(checkInstallation(folder)[0]).toMatchObject({ status, check: "dependencies" });
  });

  it("says npm ci where nothing is installed", () => {
    expect(checkInstallation(folder)).toEqual([
      { status: "fail", check: "dependencies", message: "are not installed", remedy: "npm ci" },
    ]);
  });
});

describe("the devcontainer", () => {
  const text = readFileSync(join(ROOT, ".devcontainer/devcontainer.json"), "utf8");

  it("has the Node.js of .nvmrc", () => {
    const line = readFileSync(join(ROOT, ".nvmrc"), "utf8").trim();
    expect(text).toMatch(new RegExp(`features/node:[\\d.]+": \\{ "version": "${line}" \\}`));
  });

  it("pins every feature to a release", () => {
    const features = [...text.matchAll(/"ghcr\.io\/[\w/-]+:([^"]+)"/g)].map(([, release]) => release);
    expect(features).toHaveLength(4);
    for (const release of features) expect(release).toMatch(/^\d+\.\d+\.\d+$/);
  });

  it("forwards the ports of docker-compose.yml", () => {
    expect(text).toContain(`"forwardPorts": [${COMPOSE_PORTS.join(", ")}]`);
  });
});
