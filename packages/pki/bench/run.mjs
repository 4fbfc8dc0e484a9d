// Measures what phase 1 costs: `ra-pki init` and `issue` beside the OpenSSL commands that do the same, a CA with an EC key
// beside bare Node.js, and 200 certificates of a list beside the making of their keys alone. The ways run in turns, and each
// round compares what ran side by side, so that what else the machine does meanwhile meets both.
//
// usage: npm run bench -- [rounds]
import { spawnSync } from "node:child_process";
import { generateKeyPair } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { reportBench } from "@roles-anywhere/testing";

const rounds = Number(process.argv[2] ?? 40);
const LIST = 200;
const LIST_ROUNDS = 5;
const main = fileURLToPath(new URL("../bin/ra-pki.js", import.meta.url));
const work = mkdtempSync(join(tmpdir(), "ra-pki-bench-"));
const folder = () => mkdtempSync(join(work, "run-"));

writeFileSync(
  join(work, "root.cnf"),
  `[req]
distinguished_name = name
[name]
[root]
basicConstraints = critical, CA:TRUE
keyUsage = critical, digitalSignature, keyCertSign, cRLSign
subjectKeyIdentifier = hash
`,
);
writeFileSync(
  join(work, "client.ext"),
  `basicConstraints = CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = clientAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
`,
);
writeFileSync(
  join(work, "servers.csv"),
  ["name", ...Array.from({ length: LIST }, (_, index) => `server-${index + 1}`), ""].join("\n"),
);

function run(program, cwd, ...args) {
  const { status, stderr } = spawnSync(program, args, { cwd });
  if (status !== 0) throw new Error(`${program} ${args.join(" ")}: ${stderr}`);
}
const raPki = (cwd, ...args) => run(process.execPath, cwd, main, ...args);
const openssl = (cwd, ...args) => run("openssl", cwd, ...args);

/** The commands of docs/pki.md. */
function withOpenssl() {
  const cwd = folder();
  openssl(cwd, "genrsa", "-out", "rootCA.key", "2048");
  openssl(
    cwd,
    ...["req", "-x509", "-new", "-key", "rootCA.key", "-sha256", "-days", "3650", "-subj", "/CN=MyRootCA"],
    ...["-config", "../root.cnf", "-extensions", "root", "-out", "rootCA.pem"],
  );
  openssl(cwd, "genrsa", "-out", "client.key", "2048");
  openssl(
    cwd,
    ...["req", "-new", "-key", "client.key", "-subj", "/CN=client", "-config", "../root.cnf"],
    ...["-out", "client.csr"],
  );
  openssl(
    cwd,
    ...["x509", "-req", "-in", "client.csr", "-CA", "rootCA.pem", "-CAkey", "rootCA.key", "-CAcreateserial"],
    ...["-sha256", "-days", "365", "-extfile", "../client.ext", "-out", "client.pem"],
  );
}

/** RSA 2048 is the default. */
function withRaPki() {
  const cwd = folder();
  raPki(cwd, "init");
  raPki(cwd, "issue", "--name", "client");
}

const cwdOfEc = folder();
raPki(cwdOfEc, "init", "--key-type", "ec-p256");
let names = 0;

const ways = {
  "openssl: five commands, RSA 2048": withOpenssl,
  "ra-pki init and issue, RSA 2048": withRaPki,
  "node -e 0": () => run(process.execPath, work, "-e", "0"),
  "ra-pki init, P-256": () => raPki(folder(), "init", "--key-type", "ec-p256"),
  "ra-pki issue, P-256": () =>
    raPki(cwdOfEc, "issue", "--name", `c-${(names += 1)}`, "--key-type", "ec-p256"),
};

async function keysAlone() {
  const generate = promisify(generateKeyPair);
  let open = LIST;
  const worker = async () => {
    while (open > 0) {
      open -= 1;
      await generate("rsa", { modulusLength: 2048, publicExponent: 0x10001 });
    }
  };
  await Promise.all(Array.from({ length: Math.min(3, availableParallelism()) }, worker));
}

async function fromList() {
  const cwd = folder();
  raPki(cwd, "init");
  return timeOf(() => raPki(cwd, "issue", "--list", "../servers.csv"));
}

async function timeOf(work) {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** The median of what each round says of two ways. */
const medianOf = (values, others, compare) =>
  median(values.map((value, round) => compare(value, others[round])));
const ratio = (values, others) => medianOf(values, others, (value, other) => value / other).toFixed(2);

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

try {
  const times = Object.fromEntries(Object.keys(ways).map((name) => [name, []]));
  for (let round = -2; round < rounds; round += 1) {
    for (const [name, way] of Object.entries(ways)) {
      const time = await timeOf(way);
      if (round >= 0) times[name].push(time);
    }
  }
  console.log(`phase 1, median of ${rounds}`);
  for (const [name, values] of Object.entries(times)) {
    console.log(`  ${name.padEnd(36)} ${median(values).toFixed(1).padStart(7)} ms`);
  }
  const [theirs, ours, bare, init, issue] = Object.values(times);
  const above = (values) => medianOf(values, bare, (value, other) => value - other).toFixed(0);
  const name = "init and issue, RSA 2048, beside the OpenSSL commands";
  reportBench({ package: "pki", name, ratio: Number(ratio(ours, theirs)), limit: 0.6 });
  console.log(`  RSA 2048 is ${ratio(ours, theirs)} x the OpenSSL commands (bound: 0.6)`);
  console.log(
    `  P-256 is bare Node.js and ${above(init)} ms for init, ${above(issue)} ms for issue (bound: 60)`,
  );
  const [alone, listed] = [[], []];
  for (let round = 0; round < LIST_ROUNDS; round += 1) {
    alone.push(await timeOf(keysAlone));
    listed.push(await fromList());
  }
  console.log(
    `  ${LIST} certificates of a list: ${(median(listed) / 1000).toFixed(1)} s, ` +
      `${ratio(listed, alone)} x their keys alone (bound: 1.5)`,
  );
} finally {
  rmSync(work, { recursive: true, force: true });
}
