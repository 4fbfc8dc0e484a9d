import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { CREDENTIALS, refused, startRecordingService } from "../recording-service.ts";
import type { Answer } from "../recording-service.ts";
import type { Difference, Expectations, Row } from "../row.ts";
import { runProgram } from "../run-program.ts";
import { arnFlags, identityFlags } from "./session-row.ts";

const ACCESS_KEY = `aws_access_key_id = ${CREDENTIALS.accessKeyId}\n`;
const SECRET_KEY = `aws_secret_access_key = ${CREDENTIALS.secretAccessKey}\n`;
const TOKEN = `aws_session_token = ${CREDENTIALS.sessionToken}\n`;
const KEYS = ACCESS_KEY + SECRET_KEY + TOKEN;
const OLD = "aws_access_key_id = OLD\naws_secret_access_key = OLD\naws_session_token = OLD\n";

interface UpdateCase {
  readonly name: string;
  /** Content of the file before; undefined for none. */
  readonly before?: string;
  readonly mode?: number;
  readonly words?: readonly string[];
  /** In the home directory instead of where AWS_SHARED_CREDENTIALS_FILE says. */
  readonly inHome?: boolean;
  readonly answers?: readonly Answer[];
  readonly expected?: Expectations;
  readonly difference?: Difference;
}

/** `update --once` on several starting files. */
export function updateRows(): readonly Row[] {
  return [
    updateRow({
      name: "no file",
      expected: { exit: "0", stdout: "", mode: "600" },
      difference: newSection(""),
    }),
    updateRow({ name: "an empty file", before: "", difference: newSection("") }),
    updateRow({
      name: "another profile",
      before: "[other]\nregion = eu-west-1\n",
      difference: newSection("[other]\nregion = eu-west-1\n"),
    }),
    updateRow({
      name: "--profile",
      words: ["--profile", "mine"],
      before: "[default]\nregion = eu-west-1\n",
      difference: newSection("[default]\nregion = eu-west-1\n", "mine"),
    }),
    updateRow({
      name: "~/.aws/credentials",
      inHome: true,
      before: "",
      difference: newSection(""),
    }),
    updateRow({
      name: "the profile with all keys, another one after it",
      before: `# comment\n[default]\nregion = eu-west-1\n${OLD}\n[other]\nkey = value\n`,
      expected: wrote(`# comment\n[default]\nregion = eu-west-1\n${KEYS}\n[other]\nkey = value\n`),
    }),
    updateRow({
      name: "the profile with all keys at the end of the file",
      before: `[other]\nkey = value\n[default]\n${OLD}`,
      expected: wrote(`[other]\nkey = value\n[default]\n${KEYS}`),
    }),
    updateRow({
      name: "keys without spaces around =",
      before:
        "[default]\naws_access_key_id=OLD\naws_secret_access_key=OLD\naws_session_token=OLD\n[other]\nkey = value\n",
      expected: wrote(`[default]\n${KEYS}[other]\nkey = value\n`),
    }),
    updateRow({
      name: "the profile without keys, another one after it",
      before: "[default]\nregion = eu-west-1\n[other]\nkey = value\n",
      difference: {
        reason: "missing keys are added below the section's header; the helper adds them at its end",
        helper: { file: `[default]\nregion = eu-west-1\n${KEYS}[other]\nkey = value\n` },
        ours: { file: `[default]\n${KEYS}region = eu-west-1\n[other]\nkey = value\n` },
      },
    }),
    updateRow({
      name: "another key on the file's last line",
      before: `[default]\n${OLD}region = eu-west-1\n`,
      difference: {
        reason: "the file's last line stays; the helper drops it",
        helper: { file: `[default]\n${KEYS}` },
        ours: { file: `[default]\n${KEYS}region = eu-west-1\n` },
      },
    }),
    updateRow({
      name: "the profile's header on the file's last line",
      before: "[other]\nkey = value\n[default]\n",
      difference: {
        reason: "a header on the last line is used; the helper repeats it",
        helper: { file: `[other]\nkey = value\n[default]\n[default]\n${KEYS}\n` },
        ours: { file: `[other]\nkey = value\n[default]\n${KEYS}` },
      },
    }),
    updateRow({
      name: "the next profile's header on the file's last line",
      before: `[default]\n${OLD}[other]\n`,
      difference: {
        reason: "the file's last line stays; the helper drops it",
        helper: { file: `[default]\n${KEYS}` },
        ours: { file: `[default]\n${KEYS}[other]\n` },
      },
    }),
    updateRow({
      name: "a key that begins like one of the three",
      before: `[default]\naws_access_key_id_old = KEEP\n${OLD}[other]\nkey = value\n`,
      difference: {
        reason: "only the three keys are replaced; the helper replaces every line that begins like one",
        helper: { file: `[default]\n${ACCESS_KEY}${KEYS}[other]\nkey = value\n` },
        ours: { file: `[default]\naws_access_key_id_old = KEEP\n${KEYS}[other]\nkey = value\n` },
      },
    }),
    updateRow({
      name: "two sections of the same name",
      before: `[default]\n${OLD}[other]\n[default]\n${OLD}[last]\nkey = value\n`,
      difference: {
        reason:
          "every section of the name is brought up to date, since SDKs merge them; the helper writes the first",
        helper: { file: `[default]\n${KEYS}[other]\n[default]\n${OLD}[last]\nkey = value\n` },
        ours: { file: `[default]\n${KEYS}[other]\n[default]\n${KEYS}[last]\nkey = value\n` },
      },
    }),
    updateRow({
      name: "a file that others may read",
      before: `[default]\n${OLD}[other]\nkey = value\n`,
      mode: 0o640,
      difference: {
        reason: "a file that holds credentials becomes private; the helper keeps its mode",
        helper: { mode: "640" },
        ours: { mode: "600" },
      },
    }),
    folderRow(),
    updateRow({
      name: "a refusal leaves the file as it is",
      before: `[default]\n${OLD}`,
      answers: [refused(403, "AccessDeniedException", "no")],
      expected: { exit: "1", stdout: "", file: `[default]\n${OLD}` },
    }),
  ];
}

/** A folder that the helper makes cannot be entered but by root: there the two differ in no more than its mode. */
function folderRow(): Row {
  const row = updateRow({ name: "no folder", inHome: true });
  return {
    ...row,
    difference: {
      reason: "a new folder has mode 0700; the helper's 0600 lets nobody but root in",
      helper: { "folder mode": "600" },
      ours: { "folder mode": "700" },
    },
    expected: {},
    async observe(program, lab) {
      const seen = await row.observe(program, lab);
      return { "folder mode": seen["folder mode"] ?? "" };
    },
  };
}

function newSection(before: string, profile = "default"): Difference {
  return {
    reason: "a new section has an empty line before it; the helper's has one after it",
    helper: { file: `${before}[${profile}]\n${KEYS}\n` },
    ours: { file: `${before}${before === "" ? "" : "\n"}[${profile}]\n${KEYS}` },
  };
}

function wrote(file: string, mode = "600"): Expectations {
  return { exit: "0", stdout: "", file, mode };
}

function updateRow(update: UpdateCase): Row {
  const { name, before, mode = 0o600, expected, difference } = update;
  return {
    name: `update: ${name}`,
    ...(expected === undefined ? {} : { expected }),
    ...(difference === undefined ? {} : { difference }),
    async observe(program, lab) {
      const home = lab.folder();
      const path = update.inHome === true ? join(home, ".aws", "credentials") : join(home, "file");
      if (before !== undefined) {
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, before);
        chmodSync(path, mode);
      }
      const service = await startRecordingService(update.answers ?? []);
      try {
        const { exit, stdout } = await runProgram(
          program,
          [
            ...["update", "--once", ...identityFlags(lab.material.identities["P-256"]), ...arnFlags()],
            ...["--endpoint", service.url, ...(update.words ?? [])],
          ],
          { HOME: home, ...(update.inHome === true ? {} : { AWS_SHARED_CREDENTIALS_FILE: path }) },
        );
        return {
          exit,
          stdout: stdout.toString("utf8"),
          file: textOf(path),
          mode: modeOf(path),
          ...(update.inHome === true ? { "folder mode": modeOf(dirname(path)) } : {}),
        };
      } finally {
        await service.stop();
      }
    },
  };
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "(none)";
  }
}

function modeOf(path: string): string {
  try {
    return (statSync(path).mode & 0o777).toString(8);
  } catch {
    return "(none)";
  }
}
