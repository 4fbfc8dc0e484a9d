// What becomes of people's files when update, configure and the cache meet a full or read-only disk, mounts, missing
// rights, other writers, and kill -9 at each step of their work: nothing is lost, and no secret is open to others. Mounts
// are made in a mount namespace of the command's own, so they need root and leave nothing behind.
import { spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { fileURLToPath } from "node:url";

import type { TemporaryFolder } from "@roles-anywhere/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { CREDENTIALS, startFakeService, success } from "./support/fake-service.ts";
import type { FakeService } from "./support/fake-service.ts";
import { MAIN } from "./support/run-cli.ts";
import { folderWithIdentity, sessionWords } from "./support/served.ts";

const KILL_AT_STEP = fileURLToPath(new URL("support/kill-at-step.cjs", import.meta.url));
const STEPS = "openSync,writeSync,fsyncSync,fchmodSync,fchownSync,ftruncateSync";
const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;
const canMount = isRoot && spawnSync("unshare", ["-m", "true"]).status === 0;
// oxlint-disable-next-line no-console -- what was not tried is part of the result
if (!canMount) console.log("the tests with mounts and other users are left out: they need root and unshare");

/** A file with another profile and a comment in UTF-8 that must stay, and long-term keys that must not. */
const OLD = {
  update:
    "# cl\u00e9s\n[other]\naws_secret_access_key = precious\n[web]\nregion = x\naws_secret_access_key = long-term\n",
  configure:
    "# cl\u00e9s\n[profile other]\naws_secret_access_key = precious\n[profile web]\nregion = x\naws_secret_access_key = long-term\n",
};

let folder: TemporaryFolder;
let service: FakeService;
beforeEach(async () => {
  folder = folderWithIdentity();
  chmodSync(folder.path, 0o755);
  mkdirSync(folder.join("aws"), { mode: 0o700 });
  service = await startFakeService(success());
});
afterEach(async () => {
  await service[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** How a command is run. */
interface Way {
  /** Shell commands before it, in a mount namespace of its own; FOLDER is the test's. */
  readonly mounts?: string;
  readonly uid?: number;
  readonly environment?: Readonly<Record<string, string>>;
}

/** The file that each command writes. */
const target = (): string => folder.join("aws", "file");

const COMMANDS = {
  update: (): readonly string[] => [
    "update",
    "--once",
    "--profile",
    "web",
    ...sessionWords(folder, service.url),
  ],
  configure: (): readonly string[] => [
    ...["configure", "--force", "--profile", "web", "--config-file", target()],
    ...sessionWords(folder, service.url),
  ],
  cache: (): readonly string[] => ["credential-process", "--cache", ...sessionWords(folder, service.url)],
} as const;
type CommandName = keyof typeof COMMANDS;

function run(words: readonly string[], { mounts, uid, environment }: Way = {}): Promise<Outcome> {
  const command = [process.execPath, MAIN, ...words];
  const inNamespace = [
    "unshare",
    "-m",
    "--propagation",
    "private",
    "sh",
    "-ec",
    `${mounts}\nexec "$@"`,
    "sh",
  ];
  const [program = "", ...rest] = mounts === undefined ? command : [...inNamespace, ...command];
  const child = spawn(program, rest, {
    ...(uid === undefined ? {} : { uid, gid: uid }),
    env: {
      PATH: process.env["PATH"] ?? "",
      HOME: folder.join("home"),
      TMPDIR: folder.join("tmp"),
      FOLDER: folder.path,
      AWS_SHARED_CREDENTIALS_FILE: target(),
      RA_SIGNER_CACHE_DIR: folder.join("aws", "cache"),
      ...environment,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  return Promise.all([
    child.stdout.setEncoding("utf8").toArray(),
    child.stderr.setEncoding("utf8").toArray(),
    new Promise<number | null>((resolve) => child.once("close", resolve)),
  ]).then(([stdout, stderr, code]) => ({ code, stdout: stdout.join(""), stderr: stderr.join("") }));
}

/** What is wrong with a file after a command that went well. */
function faultOf(command: keyof typeof OLD, text: string): string | undefined {
  if (!text.startsWith(OLD[command].split("region")[0] ?? "")) return `lost something: ${text}`;
  const now =
    command === "update"
      ? `aws_secret_access_key = ${CREDENTIALS.secretAccessKey}\n`
      : "credential_process = ";
  if (text.split(now).length !== 2) return `not written: ${text}`;
  return text.includes("long-term") ? `left the old keys: ${text}` : undefined;
}

/** Files with secrets that others may read. */
function openSecrets(path = folder.path): readonly string[] {
  return readdirSync(path, { withFileTypes: true }).flatMap((entry) => {
    const name = `${path}/${entry.name}`;
    if (entry.isDirectory()) return openSecrets(name);
    if (!entry.isFile()) return [];
    const { mode } = statSync(name);
    const isSecret =
      /precious|long-term/.test(readFileSync(name, "utf8")) ||
      readFileSync(name, "utf8").includes(CREDENTIALS.secretAccessKey);
    return isSecret && (mode & 0o077) !== 0 ? [`${name} ${(mode & 0o777).toString(8)}`] : [];
  });
}

/** A kind of file, and how it is made. */
interface Kind {
  readonly title: string;
  readonly needsRoot?: boolean;
  /** Makes the file with the old contents. */
  readonly make: (text: string) => Way;
  /** Where the contents are in the end. */
  readonly at?: () => string;
  /** It is written in place, so it stays the same file. */
  readonly inPlace?: boolean;
}

const put = (path: string, text: string): void => writeFileSync(path, text, { mode: 0o600 });

/** A file of a user who may not write in its folder, where no copy of long-term keys could be kept. */
function asNobody(text: string): Way {
  put(target(), text.replace("aws_secret_access_key = long-term", "output = json"));
  chownSync(target(), NOBODY, NOBODY);
  chmodSync(folder.join("aws"), 0o755);
  for (const name of ["home", "tmp"]) {
    mkdirSync(folder.join(name), { recursive: true, mode: 0o700 });
    chownSync(folder.join(name), NOBODY, NOBODY);
  }
  chownSync(folder.join("client.key"), NOBODY, NOBODY);
  return { uid: NOBODY };
}

const KINDS: readonly Kind[] = [
  { title: "a regular file", make: (text) => (put(target(), text), {}) },
  {
    title: "a link",
    make: (text) => {
      mkdirSync(folder.join("aws", "real"));
      put(folder.join("aws", "real", "end"), text);
      symlinkSync("real/end", target());
      return {};
    },
    at: () => folder.join("aws", "real", "end"),
  },
  {
    title: "a hard link",
    make: (text) => (put(target(), text), linkSync(target(), folder.join("aws", "name")), {}),
    inPlace: true,
  },
  {
    title: "a file that is mounted by itself",
    needsRoot: true,
    make: (text) => {
      put(folder.join("aws", "outside"), text);
      writeFileSync(target(), "", { mode: 0o600 });
      return { mounts: 'mount --bind "$FOLDER/aws/outside" "$FOLDER/aws/file"' };
    },
    at: () => folder.join("aws", "outside"),
    inPlace: true,
  },
  {
    title: "a file that is mounted elsewhere as well",
    needsRoot: true,
    make: (text) => {
      put(target(), text);
      writeFileSync(folder.join("aws", "there"), "", { mode: 0o600 });
      return { mounts: 'mount --bind "$FOLDER/aws/file" "$FOLDER/aws/there"' };
    },
    inPlace: true,
  },
  { title: "an own file in a folder of others", needsRoot: true, make: asNobody, inPlace: true },
];
const kinds = (some = KINDS): readonly (readonly [string, Kind])[] =>
  some.filter(({ needsRoot }) => needsRoot !== true || canMount).map((kind) => [kind.title, kind]);

describe.each(["update", "configure"] as const)("%s", (command) => {
  const old = OLD[command];

  it.each(kinds())("writes %s, and keeps it what it is", async (_title, kind) => {
    const way = kind.make(old);
    const path = kind.at?.() ?? target();
    const { ino } = statSync(path);
    expect(await run(COMMANDS[command](), way)).toMatchObject({ code: 0 });
    expect(faultOf(command, readFileSync(path, "utf8"))).toBeUndefined();
    expect(statSync(path).ino === ino).toBe(kind.inPlace === true);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(openSecrets()).toEqual([]);
  });

  it.each(kinds())("killed at any step loses nothing of %s and opens no secret", async (_title, kind) => {
    kind.make(old);
    const path = kind.at?.() ?? target();
    const before = readFileSync(path, "utf8");
    const steps = folder.join("steps");
    writeFileSync(steps, "", { mode: 0o666 });
    chmodSync(steps, 0o666);
    const die = (at: string, way: Way): Promise<Outcome> =>
      run(COMMANDS[command](), {
        ...way,
        environment: {
          NODE_OPTIONS: `--require=${KILL_AT_STEP}`,
          KILL_AT: at,
          KILL_STEPS: steps,
          KILL_ALSO: STEPS,
        },
      });
    const again = (): Way => {
      rmSync(folder.join("aws"), { recursive: true });
      rmSync(folder.join("home"), { recursive: true, force: true });
      mkdirSync(folder.join("aws"), { mode: 0o700 });
      return kind.make(old);
    };
    expect(await die("count", again())).toMatchObject({ code: 0 });
    const names = readFileSync(steps, "utf8").trim().split("\n");
    const moments = names.flatMap((name, index) => [
      `${index + 1}:before`,
      ...(["writeFileSync", "writeSync"].includes(name) ? [`${index + 1}:within`] : []),
      // After one step is before the next.
      ...(index === names.length - 1 ? [`${index + 1}:after`] : []),
    ]);
    const faults: string[] = [];
    let killed = 0;
    for (const moment of moments) {
      const way = again();
      killed += Number((await die(moment, way)).code !== 0);
      const fault = (what: string): void =>
        void faults.push(`${moment} (${names[Number.parseInt(moment, 10) - 1]}): ${what}`);
      faults.push(...openSecrets().map((open) => `${moment}: open: ${open}`));
      const left = readFileSync(path, "utf8");
      const isWhole = left === before || faultOf(command, left) === undefined;
      if (!isWhole && kind.inPlace !== true) fault(`torn: ${left}`);
      const result = await run(COMMANDS[command](), way);
      const wrong = faultOf(command, readFileSync(path, "utf8"));
      if (result.code !== 0) fault(`the next one fails: ${result.stderr}`);
      else if (wrong !== undefined) fault(`afterwards: ${wrong}`);
      // Temporary files stay for ten minutes, since their writer may be alive.
      const past = new Date(Date.now() - 601_000);
      const leftovers = readdirSync(folder.join("aws")).filter((name) => /ra-signer|\.tmp$/.test(name));
      for (const name of leftovers) utimesSync(folder.join("aws", name), past, past);
      if (leftovers.length > 0) await run(COMMANDS[command](), way);
      const rest = readdirSync(folder.join("aws")).filter((name) => /ra-signer|\.tmp$/.test(name));
      if (rest.length > 0) fault(`left ${rest.join(", ")}`);
    }
    expect(faults).toEqual([]);
    expect(killed).toBeGreaterThan(moments.length * 0.9);
  });

  it("serves writers that come at the same time one after the other", async () => {
    for (const isLinked of [false, true]) {
      rmSync(target(), { force: true });
      put(target(), old);
      if (isLinked) linkSync(target(), folder.join("aws", "name"));
      const profiles = Array.from({ length: 8 }, (_unused, index) => `p${index}`);
      const results = await Promise.all(
        profiles.map((profile) =>
          run(
            COMMANDS[command]().map((word, index, all) => (all[index - 1] === "--profile" ? profile : word)),
          ),
        ),
      );
      const text = readFileSync(target(), "utf8");
      // A writer may be told to come again; it must not undo what another has written.
      const written = profiles.filter((_profile, index) => results[index]?.code === 0);
      expect(written.filter((profile) => !text.includes(`${profile}]`))).toEqual([]);
      expect(written.length).toBeGreaterThan(command === "update" ? 7 : 0);
      expect(text.startsWith(old)).toBe(true);
    }
  });
});

/** A disk of 64 KiB at FOLDER/aws with the old file on it, and nothing free. */
const FULL_DISK = `
mkdir "$FOLDER/kept"; cp -a "$FOLDER/aws/." "$FOLDER/kept"
mount -t tmpfs -o size=64k,mode=700 tmpfs "$FOLDER/aws"
cp -a "$FOLDER/kept/." "$FOLDER/aws"
head -c 100000 /dev/zero > "$FOLDER/aws/ballast" 2>/dev/null || true
trap 'cp -a "$FOLDER/aws/." "$FOLDER/kept"; exit $code' EXIT`;
/** As FULL_DISK, but what is full is the disk of the file alone, which is mounted into a folder with room. */
const FULL_FILE = `
mkdir "$FOLDER/kept" "$FOLDER/small"; cp -a "$FOLDER/aws/." "$FOLDER/kept"
mount -t tmpfs -o size=64k,mode=700 tmpfs "$FOLDER/small"
cp -a "$FOLDER/kept/file" "$FOLDER/small/file"
mount --bind "$FOLDER/small/file" "$FOLDER/aws/file"
head -c 100000 /dev/zero > "$FOLDER/small/ballast" 2>/dev/null || true
trap 'cp -a "$FOLDER/small/." "$FOLDER/kept"; exit $code' EXIT`;
const READ_ONLY = 'mount --bind "$FOLDER/aws" "$FOLDER/aws"; mount -o remount,bind,ro "$FOLDER/aws"';

describe.runIf(canMount)("a disk that takes nothing", () => {
  const rows: readonly (readonly [string, CommandName, string, RegExp])[] = (
    ["update", "configure"] as const
  ).flatMap((command) => [
    [
      `${command} on a read-only disk`,
      command,
      READ_ONLY,
      /cannot write ".*": .*(EROFS|cannot be written).*still there/,
    ] as const,
    [`${command} on a full disk`, command, `${FULL_DISK}`, /cannot write ".*ENOSPC.*still there/] as const,
    [
      `${command} on a file whose own disk is full`,
      command,
      FULL_FILE,
      /cannot write ".*ENOSPC.*still there/,
    ] as const,
  ]);

  it.each(rows)("%s says so and leaves the file as it is", async (_title, command, mounts, message) => {
    // Longer than a page, so that a longer file needs another one; without keys that would be copied first.
    const before = `[other]\n${"# precious\n".repeat(371)}`.padEnd(4096, "\n");
    writeFileSync(target(), before, { mode: 0o600 });
    const inShell = mounts.includes("trap") ? `${mounts}\ncode=0; "$@" || code=$?; exit` : mounts;
    const result = await run(COMMANDS[command](), { mounts: inShell });
    expect(result).toMatchObject({ code: 1, stdout: "" });
    expect(result.stderr).toMatch(message);
    const path = existsSync(folder.join("kept", "file")) ? folder.join("kept", "file") : target();
    expect(readFileSync(path, "utf8")).toBe(before);
    const left = [
      ...readdirSync(folder.join("aws")),
      ...(existsSync(folder.join("kept")) ? readdirSync(folder.join("kept")) : []),
    ];
    expect(left.filter((name) => !["file", "ballast"].includes(name))).toEqual([]);
  });

  it.each([
    ["read-only", READ_ONLY],
    ["full", FULL_DISK],
  ])("that is %s costs the cache a warning and no credentials", async (_title, mounts) => {
    mkdirSync(folder.join("aws", "cache"), { mode: 0o700 });
    const inShell = mounts.includes("trap") ? `${mounts}\ncode=0; "$@" || code=$?; exit` : mounts;
    const { code, stdout, stderr } = await run(COMMANDS.cache(), { mounts: inShell });
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining('"Version":1') });
    expect(stderr).toMatch(
      /^ra-signer: warning: the (cache is not used|session is not kept): .*(EROFS|ENOSPC).*\n$/,
    );
    const doctor = ["doctor", "--offline", "--cache", ...sessionWords(folder, service.url)];
    rmSync(folder.join("kept"), { recursive: true, force: true });
    const examined = await run(doctor, { mounts: inShell });
    expect(examined.stdout).toMatch(/^warn {2}cache .*(EROFS|is full)/m);
  });

  it("costs a user without home directory a warning and no credentials", async () => {
    chownSync(folder.join("client.key"), 54_321, 54_321);
    const words = COMMANDS.cache();
    const environment = { RA_SIGNER_CACHE_DIR: "", HOME: "" };
    const { code, stdout, stderr } = await run(words, { uid: 54_321, environment });
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining('"Version":1') });
    expect(stderr).toMatch(
      /^ra-signer: warning: the cache is not used: there is no home directory; [^\n]*\n$/,
    );
  });
});

describe("what is no file", () => {
  it.each<readonly [string, () => void, string, boolean]>([
    ["a device", () => void spawnSync("mknod", [target(), "c", "1", "3"]), "a device", true],
    ["a link to /dev/null", () => symlinkSync("/dev/null", target()), "a device", false],
    ["a named pipe", () => void spawnSync("mkfifo", [target()]), "a named pipe", false],
    ["a folder", () => mkdirSync(target()), "a folder", false],
  ])("%s is refused by update and configure, at once", async (_title, make, name, needsRoot) => {
    if (needsRoot && !isRoot) return;
    make();
    const before = lstatSync(target());
    for (const command of ["update", "configure"] as const) {
      const result = await run(COMMANDS[command]());
      expect(result).toMatchObject({ code: 1, stdout: "", stderr: expect.stringContaining(name) });
      const after = lstatSync(target());
      expect([after.ino, after.mode]).toEqual([before.ino, before.mode]);
      expect(readdirSync(folder.join("aws"))).toEqual(["file"]);
    }
  });

  it.runIf(canMount)(
    "a file of another user that he lets others write is refused, and left as it is",
    async () => {
      asNobody(OLD.update);
      chownSync(target(), 4321, NOBODY);
      writeFileSync(target(), "[other]\n");
      chmodSync(target(), 0o660);
      const result = await run(COMMANDS.update(), { uid: NOBODY });
      expect(result).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/belongs to another user .*chmod 600/),
      });
      expect(readFileSync(target(), "utf8")).toBe("[other]\n");
    },
  );

  it.runIf(canMount)("long-term keys that cannot be copied anywhere are not replaced", async () => {
    const way = asNobody(OLD.update);
    writeFileSync(target(), OLD.update);
    const result = await run(COMMANDS.update(), way);
    expect(result).toMatchObject({ code: 1, stderr: expect.stringMatching(/cannot write ".*file\.backup"/) });
    expect(readFileSync(target(), "utf8")).toBe(OLD.update);
  });
});

describe.each([0o000, 0o022, 0o077])("under umask %o", (mask) => {
  it.each(["update", "configure", "cache"] as const)("%s makes private files", async (command) => {
    rmSync(folder.join("aws"), { recursive: true });
    const before = process.umask(mask);
    try {
      expect(await run(COMMANDS[command]())).toMatchObject({ code: 0 });
    } finally {
      process.umask(before);
    }
    expect(openSecrets()).toEqual([]);
    expect(statSync(folder.join("aws")).mode & 0o777).toBe(0o700);
  });
});
