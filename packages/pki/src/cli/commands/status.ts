import type { Command } from "commander";
import { writeAll } from "@roles-anywhere/files";
import { parseDayCount } from "../inputs.ts";
import { printable } from "../printable.ts";
import { printJson } from "../report.ts";

interface StatusFlags {
  readonly dir: string;
  readonly within: number;
  readonly json: boolean;
}

export function addStatus(program: Command): void {
  program
    .command("status")
    .description("List what in the folder expires when. Made for cron: see the exit status.")
    .option("--dir <folder>", "folder of the CA and its certificates", "pki")
    .option("--within <days>", "what expires in less than so many days counts as due", parseDayCount, 30)
    .option("--json", "print one line of JSON", false)
    .addHelpText(
      "after",
      "\nExample:\n  ra-pki status --within 14\n\nExit status: 0 nothing is due, 1 something is, or the command failed, 2 wrong usage.",
    )
    .action(async ({ dir, within, json }: StatusFlags) => {
      const { folderStatus } = await import("../../storage/folder-status.ts");
      const { entries, dueCount } = await folderStatus({ directory: dir, withinDays: within });
      process.exitCode = dueCount === 0 ? 0 : 1;
      if (json) {
        printJson({ entries, dueCount });
        return;
      }
      const lines = entries.map(({ state, expires, daysLeft, kind, name, file, serialNumber }) =>
        [
          state.padEnd(8),
          expires,
          `${daysLeft} days`.padStart(10),
          kind.padEnd(12),
          `${name} (${file ?? "not in the folder"}, ${kind === "crl" ? "number" : "serial"} ${serialNumber})`,
        ].join("  "),
      );
      const summary =
        dueCount === 0 ? `nothing expires within ${within} days` : `${dueCount} due within ${within} days`;
      writeAll(1, [...lines, summary].map((line) => `${printable(line)}\n`).join(""));
    });
}
