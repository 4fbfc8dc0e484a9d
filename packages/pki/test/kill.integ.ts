import { createPrivateKey, X509Certificate } from "node:crypto";
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createRandom } from "@roles-anywhere/testing";
import type { Random } from "@roles-anywhere/testing";
import { expect, it } from "vitest";
import { parseRevocationLists } from "../src/inspection/revocation-list.ts";
import { readIssuanceLog } from "../src/storage/issuance-log.ts";
import { temporaryDirectory } from "./support/temporary-directory.ts";

const command = fileURLToPath(new URL("../bin/ra-pki.js", import.meta.url));
const faults = new URL("support/file-system-faults.mjs", import.meta.url).href;
const KILLS = 300;

/** A command, and the files that it may leave without their partner until the next command: it was told to replace them. */
interface Operation {
  readonly args: readonly string[];
  readonly replaces?: string | undefined;
}

const EC = ["--key-type", "ec-p256"];

/** What people run, on names that other runs use as well. */
const operations: ((random: Random, work: string) => Operation)[] = [
  () => ({ args: ["init", "--force", ...EC], replaces: "rootCA" }),
  (random) => ({ args: ["issue", "--name", `new-${random.below(1_000_000)}`, ...EC] }),
  (random) => {
    const name = `old-${random.below(4)}`;
    return { args: ["issue", "--name", name, "--force", ...EC], replaces: name };
  },
  (random, work) => {
    const name = `csr-${random.below(4)}`;
    return { args: ["sign", join(work, `${name}.csr`), "--name", name, "--force"] };
  },
  (random) => ({ args: ["renew", `old-${random.below(4)}`] }),
  (random) => ({ args: ["renew", `old-${random.below(4)}`, "--new-key"] }),
  (random) => ({ args: ["renew", `csr-${random.below(4)}`] }),
  // Serial numbers of another program, so that nothing that is renewed is revoked.
  (random) => ({
    args: ["revoke", (2 ** 40 + random.below(2 ** 30)).toString(16).padStart(12, "0"), "--ca", "rootCA"],
  }),
  () => ({ args: ["crl"] }),
];

const isLeftover = (name: string): boolean => /(?:^|\/)\.ra-pki-/.test(name);

/** All files below a folder, links followed, and what a command has left: also a link that leads nowhere yet. */
function filesIn(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: "utf8" }).filter(
    (name) => isLeftover(name) || statSync(join(directory, name)).isFile(),
  );
}

/** The names of certificates whose key beside them is another one's. */
function tornPairs(directory: string): string[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith(".key"))
    .map((name) => name.slice(0, -".key".length))
    .filter((name) => {
      try {
        const certificate = new X509Certificate(readFileSync(join(directory, `${name}.pem`)));
        return !certificate.checkPrivateKey(createPrivateKey(readFileSync(join(directory, `${name}.key`))));
      } catch {
        return true;
      }
    });
}

/** What is wrong with a folder after a command was killed. */
async function damages(directory: string, logBefore: string, torn: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  const log = readFileSync(join(directory, "issued.jsonl"), "utf8");
  if (!log.startsWith(logBefore)) found.push("the log has lost or changed a record");
  const entries = await readIssuanceLog(directory);
  const serials = log.match(/"event":"issued".*?"serialNumber":"[\dA-F]+"/g) ?? [];
  if (new Set(serials).size !== serials.length) found.push("a serial number is used twice");
  const numbers = Array.from(log.matchAll(/"event":"crl".*?"number":"(\d+)"/g), ([, number]) =>
    Number(number),
  );
  if (numbers.some((number, index) => number !== index + 1))
    found.push("a list has a number that is not the next");
  for (const name of filesIn(directory)) {
    const path = join(directory, name);
    if (name === "issued.jsonl" || isLeftover(name)) continue;
    const content = readFileSync(path, "utf8");
    if (!/^(?:-----BEGIN [A-Z\d ]+-----\n[\w+/=\n]+-----END [A-Z\d ]+-----\n)+$/.test(content)) {
      found.push(`${name} is half written`);
    } else if (name.endsWith(".crl.pem")) {
      const number = parseRevocationLists(content, name)[0]?.number;
      if (!numbers.some((recorded) => BigInt(recorded) === number)) found.push(`${name} is not in the log`);
    } else if (name.endsWith(".pem")) {
      const serial = new X509Certificate(content).serialNumber;
      const entry = entries.find(({ serialNumber }) => serialNumber === serial);
      // A version that nothing links to yet is not handed out.
      if (entry === undefined && !name.includes(".versions/")) found.push(`${name} is not in the log`);
      if (entry?.fate === "discarded") found.push(`${name} is in the log as discarded`);
    } else if ((statSync(path).mode & 0o077) !== 0 && content.includes("PRIVATE")) {
      found.push(`${name} is open to others`);
    }
  }
  return [...found, ...torn.map((name) => `${name}.key and ${name}.pem do not belong together`)];
}

it(`${KILLS} kills at random points lose no record, reuse no serial number, and leave no half`, async () => {
  const random = createRandom(20_261_126);
  const work = temporaryDirectory();
  const directory = join(work, "pki");
  mkdirSync(directory, { mode: 0o700 });
  const run = (args: readonly string[], env: Record<string, string> = {}, timeout?: number) =>
    spawnSync(process.execPath, ["--import", faults, command, ...args, "--dir", directory], {
      encoding: "utf8",
      env: { ...process.env, ...env },
      timeout,
      killSignal: "SIGKILL",
    });
  const done = (args: readonly string[]): void => {
    const { status, stderr } = run(args);
    if (status !== 0) throw new Error(`${args.join(" ")}: ${stderr}`);
  };
  done(["init", ...EC]);
  for (const index of [0, 1, 2, 3]) {
    done(["issue", "--name", `old-${index}`, ...EC]);
    const request = spawnSync(process.execPath, [
      command,
      "request",
      "--name",
      `csr-${index}`,
      ...EC,
      "--dir",
      work,
    ]);
    expect(request.status).toBe(0);
    done(["sign", join(work, `csr-${index}.csr`), "--name", `csr-${index}`]);
  }

  const findings: string[] = [];
  const kills = new Map<string, number>();
  let killed = 0;
  for (let round = 0; killed < KILLS; round += 1) {
    const operation = operations[round % operations.length]?.(random, work);
    if (operation === undefined) throw new Error("no operation");
    const logBefore = readFileSync(join(directory, "issued.jsonl"), "utf8");
    const complete = logBefore.slice(0, logBefore.lastIndexOf("\n") + 1);
    // Half of the kills are at a step of the file system, half at a moment.
    const { signal, status, stderr } =
      random.below(2) === 0
        ? run(operation.args, { RA_PKI_DIE_AT: String(1 + random.below(50)) })
        : run(operation.args, {}, 40 + random.below(160));
    const title = operation.args.slice(0, 3).join(" ");
    if (signal === "SIGKILL") {
      killed += 1;
      kills.set(operation.args[0] ?? "", (kills.get(operation.args[0] ?? "") ?? 0) + 1);
    } else if (status !== 0) findings.push(`${title}: ${stderr}`);
    // Certificates that a command was told to replace may be torn until the next command. Renewed ones never are.
    const torn = tornPairs(directory).filter((name) => signal === null || name !== operation.replaces);
    const isNew = (name: string): boolean =>
      signal !== null && operation.args.includes(name) && name.startsWith("new-");
    findings.push(
      ...(
        await damages(
          directory,
          complete,
          torn.filter((name) => !isNew(name)),
        )
      ).map((damage) => `${title}, killed by ${signal}: ${damage}`),
    );
    if (signal === null) {
      findings.push(
        ...filesIn(directory)
          .filter(isLeftover)
          .map((name) => `${title} leaves ${name}`),
      );
    } else if (operation.args[0] === "init" || torn.some(isNew) || operation.replaces !== undefined) {
      // The next command finishes what the killed one began.
      const next = run(["issue", "--name", `next-${round}`, ...EC]);
      if (next.status !== 0) findings.push(`the command after ${title}: ${next.stderr}`);
      findings.push(
        ...tornPairs(directory).map((name) => `${title}: ${name} is torn after the next command`),
      );
    }
  }
  expect(findings).toEqual([]);
  expect([...kills.keys()].toSorted()).toEqual(["crl", "init", "issue", "renew", "revoke", "sign"]);
});
