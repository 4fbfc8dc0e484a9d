// Runs one matrix through ra-signer and aws_signing_helper and compares what they print, return, send and write.
//
// usage: AWS_SIGNING_HELPER=/path/to/aws_signing_helper npm run interop [-- part of the names of rows]
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { count, formatReport } from "./report.ts";
import { allRows } from "./rows/all-rows.ts";
import { runMatrix } from "./run-matrix.ts";

const OURS = fileURLToPath(new URL("../dist/cli/main.cjs", import.meta.url));

async function main(
  helper: string | undefined,
  startedIn: string | undefined,
  filter: string,
): Promise<number> {
  if (helper === undefined || helper === "") {
    process.stdout.write(
      "The interop suite was not run: it needs AWS's credential helper.\n" +
        "Download it (https://docs.aws.amazon.com/rolesanywhere/latest/userguide/credential-helper.html), then\n" +
        "  AWS_SIGNING_HELPER=/path/to/aws_signing_helper npm run interop\n",
    );
    return 0;
  }
  // npm runs scripts in the package's folder; a relative path was meant from where npm was called.
  const path = resolve(startedIn ?? ".", helper);
  for (const program of [path, OURS]) {
    if (existsSync(program)) continue;
    process.stderr.write(`interop: there is no ${program}${program === OURS ? "; run npm run build" : ""}\n`);
    return 2;
  }
  const rows = allRows().filter(({ name }) => name.includes(filter));
  if (rows.length === 0) {
    process.stderr.write(`interop: no row has "${filter}" in its name\n`);
    return 2;
  }
  const judged = await runMatrix({ ours: { path: OURS }, helper: { path }, rows });
  process.stdout.write(formatReport(judged));
  if (count(judged, "vanished") > 0) {
    process.stdout.write(
      "A difference that vanished is no failure; take its row out of the declared ones.\n",
    );
  }
  return count(judged, "different") === 0 ? 0 : 1;
}

process.exitCode = await main(
  process.env["AWS_SIGNING_HELPER"],
  process.env["INIT_CWD"],
  process.argv.slice(2).join(" "),
);
