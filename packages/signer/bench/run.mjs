// Measures how long fresh credentials take, each way as a ratio to bare `node -e 0` in the same run.
//
// usage: npm run bench -- [rounds]      AWS_SIGNING_HELPER=/path/to/aws_signing_helper adds that
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { fromIni } from "@aws-sdk/credential-providers";
import { fromRolesAnywhere } from "@roles-anywhere/signer";

const rounds = Number(process.argv[2] ?? 25);
const main = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
const launcher = fileURLToPath(new URL("../dist/cli/cached.sh", import.meta.url));
const vector = JSON.parse(
  readFileSync(new URL("../test-vectors/createsession-ecdsa.json", import.meta.url), "utf8"),
);

const folder = mkdtempSync(join(tmpdir(), "ra-signer-bench-"));
const certificate = join(folder, "client.pem");
const privateKey = join(folder, "client.key");
writeFileSync(certificate, vector.certificatePem);
writeFileSync(privateKey, vector.privateKeyPem, { mode: 0o600 });

const service = spawn(
  process.execPath,
  [fileURLToPath(new URL("../scripts/answer-sessions.mjs", import.meta.url))],
  {
    stdio: ["ignore", "pipe", "inherit"],
  },
);
const endpoint = String((await service.stdout[Symbol.asyncIterator]().next()).value).trim();

const arns = {
  trustAnchorArn: "arn:aws:rolesanywhere:us-east-1:123456789012:trust-anchor/1",
  profileArn: "arn:aws:rolesanywhere:us-east-1:123456789012:profile/2",
  roleArn: "arn:aws:iam::123456789012:role/Example",
};
const words = [
  ...[
    "credential-process",
    "--certificate",
    certificate,
    "--private-key",
    privateKey,
    "--endpoint",
    endpoint,
  ],
  ...[
    "--trust-anchor-arn",
    arns.trustAnchorArn,
    "--profile-arn",
    arns.profileArn,
    "--role-arn",
    arns.roleArn,
  ],
];
const env = { PATH: process.env.PATH, RA_SIGNER_CACHE_DIR: join(folder, "cache") };
const configFilepath = join(folder, "config");
writeFileSync(
  configFilepath,
  `[profile bench]\ncredential_process = "${process.execPath}" "${main}" ${words.join(" ")}\nregion = us-east-1\n`,
);

function command(program, args) {
  return () => {
    const { status, stderr } = spawnSync(program, args, { env });
    if (status !== 0) throw new Error(`${program}: ${stderr}`);
  };
}

/** Each way to credentials; the first is the yardstick. */
const ways = {
  "node -e 0": command(process.execPath, ["-e", "0"]),
  "credential-process, cold": command(process.execPath, [main, ...words]),
  "credential-process --cache, hit in Node.js": command(process.execPath, [main, ...words, "--cache"]),
  "credential-process --cache, hit in the launcher": command("/bin/sh", [
    launcher,
    process.execPath,
    main,
    ...words,
    "--cache",
  ]),
  "SDK: fromIni with credential_process": () =>
    fromIni({ profile: "bench", configFilepath, filepath: join(folder, "none"), ignoreCache: true })(),
  "SDK: fromRolesAnywhere, a new session": () =>
    fromRolesAnywhere({ ...arns, certificate, privateKey, endpoint })(),
  ...(process.env.AWS_SIGNING_HELPER
    ? { "aws_signing_helper, cold": command(process.env.AWS_SIGNING_HELPER, words) }
    : {}),
};

const times = new Map(Object.keys(ways).map((name) => [name, []]));
for (let round = -2; round < rounds; round += 1) {
  for (const [name, run] of Object.entries(ways)) {
    const began = process.hrtime.bigint();
    await run();
    // The first two rounds warm the machine and the cache.
    if (round >= 0) times.get(name).push(Number(process.hrtime.bigint() - began) / 1e6);
  }
}
service.kill();
rmSync(folder, { recursive: true, force: true });

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const bare = median(times.get("node -e 0"));
for (const [name, values] of times) {
  const value = median(values);
  console.log(
    `${name.padEnd(50)} ${value.toFixed(1).padStart(7)} ms  ${(value / bare).toFixed(2).padStart(6)} x`,
  );
}
