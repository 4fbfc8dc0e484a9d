// npm run doctor: says what this machine lacks for work on this repository, and the command that mends it.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  checkBackends,
  checkCommands,
  checkDisk,
  checkInstallation,
  checkNode,
  checkPorts,
  COMPOSE_PORTS,
  freeBytes,
} from "./checks.mjs";

const USAGE = `Usage: npm run doctor [-- --json]

Says what this machine lacks for work on this repository, and the command that mends it.

  --json  print the findings as JSON

Exit code: 0 nothing is missing that is needed, 1 something is, 2 wrong usage.

Example:
  npm run doctor
`;

const words = process.argv.slice(2);
const unknown = words.find((word) => !["--json", "--help"].includes(word));
if (unknown !== undefined) {
  process.stderr.write(`doctor: unknown option ${JSON.stringify(unknown)}; see npm run doctor -- --help\n`);
  process.exitCode = 2;
} else if (words.includes("--help")) {
  process.stdout.write(USAGE);
} else {
  const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
  const findings = [
    checkNode(process.versions.node, readFileSync(join(root, ".nvmrc"), "utf8").trim()),
    ...checkCommands(process.env),
    ...checkBackends(process.env),
    ...(await checkPorts(COMPOSE_PORTS)),
    checkDisk(freeBytes(root)),
    ...checkInstallation(root),
  ];
  const ok = findings.every(({ status }) => status !== "fail");
  process.stdout.write(
    words.includes("--json")
      ? `${JSON.stringify({ ok, findings }, undefined, 2)}\n`
      : findings
          .map(
            ({ status, check, message, remedy }) =>
              `${status.padEnd(4)}  ${check.padEnd(14)}  ${message}${remedy === undefined ? "" : ` -> ${remedy}`}\n`,
          )
          .join(""),
  );
  process.exitCode = ok ? 0 : 1;
}
