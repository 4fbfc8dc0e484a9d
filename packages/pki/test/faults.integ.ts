import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { openssl } from "@roles-anywhere/testing";
import { beforeAll, describe, expect, it } from "vitest";
import { createCertificateRequest } from "../src/authority/sign-certificate-request.ts";
import { PkiError } from "../src/errors.ts";
import { readIssuanceLog } from "../src/storage/issuance-log.ts";
import { storeClientCertificate, storeRootCertificateAuthority } from "../src/storage/store-certificate.ts";
import { storeRenewedCertificate } from "../src/storage/store-renewed-certificate.ts";
import { storeCertificateRequest, storeSignedRequest } from "../src/storage/store-request.ts";
import { watchFileSystem } from "./support/file-system-faults.mjs";
import { sharedKeyPair } from "./support/key-pool.ts";
import { fileMode, fingerprint, temporaryDirectory } from "./support/temporary-directory.ts";

const command = fileURLToPath(new URL("../bin/ra-pki.js", import.meta.url));
const faults = new URL("support/file-system-faults.mjs", import.meta.url).href;
const dependencies = { generateKeyPair: sharedKeyPair };
const isRoot = process.getuid?.() === 0;
const canMount = isRoot && spawnSync("unshare", ["--mount", "true"]).status === 0;

beforeAll(() => {
  const built = fileURLToPath(new URL("../dist/cli/main.cjs", import.meta.url));
  if (!existsSync(built)) throw new Error(`${built} is missing; run: npm run build -w packages/pki`);
});

/** A folder with a CA and the client certificate `old`. */
async function seededFolder(): Promise<string> {
  const directory = join(temporaryDirectory(), "pki");
  await storeRootCertificateAuthority({ directory }, dependencies);
  await storeClientCertificate({ directory, commonName: "old" }, dependencies);
  return directory;
}

const request = createCertificateRequest({ commonName: "remote" }, dependencies);

/** What people run, as a function. */
const operations = [
  {
    title: "init into a new folder",
    run: (directory: string) =>
      storeRootCertificateAuthority({ directory: join(directory, "deep", "new") }, dependencies),
  },
  {
    title: "init --force",
    run: (directory: string) => storeRootCertificateAuthority({ directory, force: true }, dependencies),
  },
  {
    title: "issue",
    run: (directory: string) => storeClientCertificate({ directory, commonName: "new" }, dependencies),
  },
  {
    title: "issue --force",
    run: (directory: string) =>
      storeClientCertificate({ directory, commonName: "old", force: true }, dependencies),
  },
  {
    title: "request",
    run: (directory: string) => storeCertificateRequest({ directory, commonName: "new" }, dependencies),
  },
  {
    title: "sign",
    run: async (directory: string) =>
      storeSignedRequest(
        { directory, requestPem: (await request).requestPem, commonName: "remote" },
        dependencies,
      ),
  },
  {
    title: "renew",
    run: (directory: string) => storeRenewedCertificate({ directory, commonName: "old" }, dependencies),
  },
];

/** The files of a folder, without the log and the claims of commands. */
const filesOf = (directory: string): string[] =>
  fingerprint(directory).filter(
    (entry) => /[\da-f]{64}$/.test(entry) && !/issued\.jsonl|\.ra-pki-lock-/.test(entry),
  );

/** The certificates that a folder and the folders in it have handed out. */
async function handedOut(directory: string): Promise<string[]> {
  const logs = readdirSync(directory, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith("issued.jsonl"),
  );
  const entries = await Promise.all(logs.map((name) => readIssuanceLog(join(directory, name, ".."))));
  return entries
    .flat()
    .flatMap(({ serialNumber, fate }) => (fate === "discarded" ? [] : [`${serialNumber} ${fate}`]));
}

describe("a system call that fails", () => {
  const codes = ["EACCES", "EDQUOT", "EIO", "ENOSPC", "EROFS"];

  it.each(
    operations.flatMap((operation) =>
      codes.map((code) => ({ title: operation.title, run: operation.run, code })),
    ),
  )("with $code, whichever it is, leaves everything as it was: $title", async ({ run, code }) => {
    const reached: string[] = [];
    const findings: string[] = [];
    for (let fault = 1, done = false; !done; fault += 1) {
      const directory = await seededFolder();
      const before = filesOf(directory);
      const certificates = await handedOut(directory);
      let hit = false;
      const restore = watchFileSystem((step, name) => {
        if (step !== fault) return;
        hit = true;
        reached.push(name);
        throw Object.assign(new Error(`${code}: injected, ${name}`), { code, syscall: name });
      });
      const outcome = await run(directory).then(
        () => undefined,
        (error: unknown) => error,
      );
      restore();
      done = !hit;
      const where = `${reached.at(-1)}, step ${fault}`;
      if (!hit) {
        if (outcome !== undefined) findings.push(`without a fault: ${String(outcome)}`);
      } else if (outcome === undefined) {
        // All is done; only the claim stays until this process ends.
        const claims = readdirSync(directory, { recursive: true, encoding: "utf8" }).filter((name) =>
          name.includes(".ra-pki-lock-"),
        );
        if (reached.at(-1) !== "rmSync" || claims.length !== 1) findings.push(`${where}: went unnoticed`);
      } else {
        if (!(outcome instanceof PkiError && outcome.code === "ERR_PKI_FILE_SYSTEM")) {
          findings.push(`${where}: ${String(outcome)}`);
        }
        if (filesOf(directory).join("\n") !== before.join("\n"))
          findings.push(`${where}: a file has changed`);
        if ((await handedOut(directory)).join("\n") !== certificates.join("\n")) {
          findings.push(`${where}: the log has a certificate that nobody got`);
        }
      }
    }
    expect(findings).toEqual([]);
    // The sweep has seen all that writing is made of.
    expect(reached).toEqual(expect.arrayContaining(["openSync", "writeFileSync", "fchmodSync", "fsync"]));
  });
});

const isPem = (path: string): boolean =>
  /^-----BEGIN [\s\S]+-----END [A-Z ]+-----\n$/.test(readFileSync(path, "utf8"));

const isPair = (directory: string, name: string): boolean =>
  openssl(["x509", "-noout", "-pubkey", "-in", join(directory, `${name}.pem`)]) ===
  openssl(["pkey", "-pubout", "-in", join(directory, `${name}.key`)]);

/** What a killed command has done to a folder that it must not do. */
function damages(seed: string, directory: string, untouched: readonly string[]): string[] {
  const found = readdirSync(directory);
  const damage = readdirSync(seed)
    .filter((name) => !found.includes(name))
    .map((name) => `${name} is lost`);
  for (const name of found) {
    if (name === "issued.jsonl" || name.startsWith(".ra-pki-lock-")) continue;
    const path = join(directory, name);
    const content = readFileSync(path, "utf8");
    if (untouched.includes(name) && content !== readFileSync(join(seed, name), "utf8")) {
      damage.push(`${name} has changed`);
    }
    if (!name.endsWith(".tmp") && !isPem(path)) damage.push(`${name} is half written`);
    if (content.includes("PRIVATE") && (statSync(path).mode & 0o077) !== 0)
      damage.push(`${name} is open to others`);
  }
  return damage;
}

describe("kill -9", () => {
  it.each([
    { title: "issue --force", args: ["issue", "--name", "old", "--force"], again: [] },
    { title: "issue", args: ["issue", "--name", "new"], again: ["--force"] },
    { title: "init --force", args: ["init", "--force"], again: [] },
  ])(
    "at any step of $title loses no file, leaves none half written or open to others",
    async ({ args, again }) => {
      const seed = await seededFolder();
      const untouched = args[0] === "issue" ? ["rootCA.key", "rootCA.pem"] : ["old.key", "old.pem"];
      let killed = 0;
      const findings: string[] = [];
      for (let step = 1; ; step += 1) {
        const directory = join(temporaryDirectory(), "pki");
        cpSync(seed, directory, { recursive: true, preserveTimestamps: true });
        const run = (env: Record<string, string>, ...more: string[]) =>
          spawnSync(process.execPath, ["--import", faults, command, ...args, ...more, "--dir", directory], {
            encoding: "utf8",
            env: { ...process.env, ...env },
          });
        const { signal, status } = run({ RA_PKI_DIE_AT: String(step) });
        if (signal === null) {
          findings.push(...(status === 0 ? [] : [`without a kill: status ${status}`]));
          break;
        }
        killed += 1;
        findings.push(...damages(seed, directory, untouched).map((damage) => `step ${step}: ${damage}`));

        // The next command makes all well.
        const next = run({}, ...again);
        const name = args[0] === "init" ? "rootCA" : args[2];
        if (next.status !== 0 || !isPair(directory, `${name}`)) {
          findings.push(`step ${step}: the next command did not mend it: ${next.stderr}`);
        }
      }
      expect(findings).toEqual([]);
      expect(killed).toBeGreaterThan(12);
    },
  );
});

describe("two writers at once", () => {
  const start = async (directory: string, ...more: string[]) => {
    const child = spawn(process.execPath, [command, "issue", "--name", "same", "--dir", directory, ...more], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    const [stderr, [status]] = await Promise.all([text(child.stderr), once(child, "close")]);
    return { status, stderr };
  };
  it("of a new name: one wins, the others are refused and change nothing", async () => {
    for (let round = 0; round < 5; round += 1) {
      const directory = await seededFolder();
      const outcomes = await Promise.all(Array.from({ length: 4 }, () => start(directory)));
      expect(outcomes.map(({ status }) => status).toSorted()).toEqual([0, 1, 1, 1]);
      for (const { stderr } of outcomes.filter(({ status }) => status === 1)) {
        expect(stderr).toContain("[ERR_PKI_FILE_EXISTS]");
      }
      expect(isPair(directory, "same")).toBe(true);
      expect(readdirSync(directory)).toHaveLength(7);
      expect((await readIssuanceLog(directory)).map(({ fate }) => fate)).toEqual([
        "issued",
        "issued",
        "issued",
      ]);
    }
  });

  it("that replace: one after the other, and the pair belongs together", async () => {
    for (let round = 0; round < 5; round += 1) {
      const directory = await seededFolder();
      const outcomes = await Promise.all(Array.from({ length: 4 }, () => start(directory, "--force")));
      expect(outcomes.map(({ status, stderr }) => (status === 0 ? "" : stderr))).toEqual(["", "", "", ""]);
      expect(isPair(directory, "same")).toBe(true);
      expect(readdirSync(directory)).toHaveLength(7);
      expect(await readIssuanceLog(directory)).toHaveLength(6);
    }
  });
});

const pagesOf = (path: string): number => Math.ceil(statSync(path).size / 4096);

describe.skipIf(!canMount)(
  `a real file system${canMount ? "" : " (skipped: this user may not mount one)"}`,
  () => {
    /** Runs a command on a copy of the folder in a small file system of its own, which nobody else sees. */
    async function onTmpfs(args: string, options: { freePages: number; readOnly?: boolean }) {
      const seed = await seededFolder();
      const mountPoint = temporaryDirectory();
      // The files of the seed, and one page for the folder itself.
      const pages =
        options.freePages + readdirSync(seed).reduce((sum, name) => sum + pagesOf(join(seed, name)), 0);
      const script = `
      set -e
      mount -t tmpfs -o size=$((${pages} * 4))k,mode=700 tmpfs "$MOUNT"
      cp -a "$SEED"/. "$MOUNT"
      ${options.readOnly === true ? 'mount -o remount,ro "$MOUNT"' : ""}
      look() { (cd "$MOUNT" && find . -printf '%p %m\\n' | sort && find . -type f | sort | xargs sha256sum); }
      look > "$OUT/before"
      set +e
      "$NODE" "$COMMAND" ${args} --dir "$MOUNT" 2> "$OUT/stderr"
      echo $? > "$OUT/status"
      look > "$OUT/after"`;
      const out = temporaryDirectory();
      const { status, stderr } = spawnSync("unshare", ["--mount", "sh", "-c", script], {
        encoding: "utf8",
        env: {
          PATH: process.env["PATH"],
          SEED: seed,
          MOUNT: mountPoint,
          OUT: out,
          NODE: process.execPath,
          COMMAND: command,
        },
      });
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
      const read = (name: string) => readFileSync(join(out, name), "utf8");
      return {
        status: Number(read("status")),
        stderr: read("stderr"),
        before: read("before"),
        after: read("after"),
      };
    }

    it.each([
      { args: "issue --name new", freePages: 0 },
      { args: "issue --name new", freePages: 1 },
      { args: "issue --name new", freePages: 2 },
      { args: "issue --name old --force", freePages: 0 },
      { args: "issue --name old --force", freePages: 1 },
      { args: "init --force", freePages: 0 },
      { args: "init --force", freePages: 1 },
    ])(
      "that is full ($freePages pages free): $args says so and changes nothing",
      async ({ args, freePages }) => {
        const { status, stderr, before, after } = await onTmpfs(args, { freePages });
        expect(status).toBe(1);
        expect(stderr).toMatch(
          /^ra-pki: cannot write into .*, where nothing has changed: ENOSPC.* \[ERR_PKI_FILE_SYSTEM\]\n$/,
        );
        expect(after).toBe(before);
      },
    );

    it("that has just enough room takes the new pair", async () => {
      // Key, certificate, and the record in the log.
      expect(await onTmpfs("issue --name old --force", { freePages: 3 })).toMatchObject({ status: 0 });
    });

    it.each(["issue --name new", "issue --name old --force", "init --force"])(
      "that is read-only: %s says so and changes nothing",
      async (args) => {
        const { status, stderr, before, after } = await onTmpfs(args, { freePages: 9, readOnly: true });
        expect(status).toBe(1);
        expect(stderr).toMatch(/^ra-pki: cannot write into .*EROFS.* \[ERR_PKI_FILE_SYSTEM\]\n$/);
        expect(after).toBe(before);
      },
    );
  },
);

describe("a folder that is closed", () => {
  // Root may write and read everything. The command keeps its user, who may read the clone, and loses that power.
  const power = "-dac_override,-dac_read_search";
  const owner = isRoot ? ["setpriv", `--inh-caps=${power}`, `--bounding-set=${power}`] : [];
  const run = (directory: string, ...args: string[]) => {
    const [program = "", ...words] = [...owner, process.execPath, command, ...args, "--dir", directory];
    return spawnSync(program, words, { encoding: "utf8" });
  };

  it.each([
    {
      title: "to writing",
      mode: 0o555,
      args: ["issue", "--name", "new"],
      message: /cannot write into .*EACCES/,
    },
    {
      title: "to writing",
      mode: 0o555,
      args: ["issue", "--name", "old", "--force"],
      message: /cannot write into .*EACCES/,
    },
    { title: "to writing", mode: 0o555, args: ["init", "--force"], message: /cannot write into .*EACCES/ },
    {
      title: "altogether",
      mode: 0o000,
      args: ["issue", "--name", "new"],
      message: /cannot look at .*EACCES/,
    },
    { title: "altogether", mode: 0o000, args: ["init"], message: /cannot look at .*EACCES/ },
  ])("$title (mode $mode): $args says so and changes nothing", async ({ mode, args, message }) => {
    const directory = await seededFolder();
    const before = fingerprint(directory);
    chmodSync(directory, mode);
    const { status, stdout, stderr } = run(directory, ...args);
    chmodSync(directory, 0o700);

    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^ra-pki: [^\n]+ \[ERR_PKI_FILE_SYSTEM\]\n$/);
    expect(fingerprint(directory)).toEqual(before);
  });

  it("to reading the key of the CA: issue says so and changes nothing", async () => {
    const directory = await seededFolder();
    chmodSync(join(directory, "rootCA.key"), 0o000);
    const before = readdirSync(directory);
    const { status, stderr } = run(directory, "issue", "--name", "new");

    expect(status).toBe(1);
    expect(stderr).toMatch(/^ra-pki: cannot read .*rootCA\.key: EACCES.* \[ERR_PKI_FILE_SYSTEM\]\n$/);
    expect(readdirSync(directory)).toEqual(before);
    expect(fileMode(join(directory, "rootCA.key"))).toBe("0");
  });

  it("above it: init says so", () => {
    const parent = join(temporaryDirectory(), "closed");
    mkdirSync(parent, { mode: 0o555 });
    const { status, stderr } = run(join(parent, "pki"), "init");

    expect(status).toBe(1);
    expect(stderr).toMatch(/^ra-pki: cannot write into .*EACCES.* \[ERR_PKI_FILE_SYSTEM\]\n$/);
    expect(readdirSync(parent)).toEqual([]);
  });
});
