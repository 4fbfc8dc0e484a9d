import { join } from "node:path";
import type { Sandbox } from "@roles-anywhere/sandbox";
import { STAND_IN_VARIABLE } from "../../src/account/stand-in.ts";
import { REPOSITORY_ROOT } from "../../src/story/programs.ts";
import { startRun } from "../support/own-run.ts";
import type { OwnRun } from "../support/own-run.ts";

export const ACCOUNT = "123456789012";
export const REGION = "eu-central-1";

/** What a command line needs to mean the account. */
export const IN_ACCOUNT = ["--backend", "aws", "--account", ACCOUNT, "--region", REGION];

export type Variables = Readonly<Record<string, string | undefined>>;

/**
 * The environment of somebody who has no AWS settings at all, neither variables nor files nor a machine of AWS.
 *
 * @param home an empty folder
 */
export function withoutAws(home: string): Variables {
  const names = Object.keys(process.env).filter((name) => name.startsWith("AWS_"));
  return {
    ...Object.fromEntries(names.map((name) => [name, undefined])),
    HOME: home,
    AWS_EC2_METADATA_DISABLED: "true",
    RA_BACKEND: undefined,
  };
}

/** The environment in which the sandbox answers in the role of AWS, with keys of its account. */
export function withStandIn(
  sandbox: Pick<Sandbox, "endpointUrl" | "rolesAnywhereEndpoint">,
  home: string,
): Variables {
  return {
    ...withoutAws(home),
    [STAND_IN_VARIABLE]: `${sandbox.endpointUrl} ${sandbox.rolesAnywhereEndpoint}`,
    AWS_ACCESS_KEY_ID: ACCOUNT,
    AWS_SECRET_ACCESS_KEY: "test",
  };
}

const DEMO = join(REPOSITORY_ROOT, "packages/e2e/bin/demo.js");

/** The demo without the script around it, and without a terminal. */
export async function startAccountDemo(flags: readonly string[], environment: Variables): Promise<OwnRun> {
  return await startRun(process.execPath, [DEMO, ...flags], environment);
}

/** The demo on a terminal: what the test writes to `child.stdin` is typed. */
export async function startOnTerminal(flags: readonly string[], environment: Variables): Promise<OwnRun> {
  const command = [process.execPath, DEMO, ...flags];
  const words =
    process.platform === "darwin"
      ? ["-q", "/dev/null", ...command]
      : ["--quiet", "--return", "--command", command.map((word) => `'${word}'`).join(" "), "/dev/null"];
  return await startRun("script", words, environment, "pipe");
}

/** The name of the stack that a run announced. */
export function stackNameOf(run: OwnRun): string {
  const [, name] = /^ +stack +(RolesAnywhereDemo-[\w-]+)/m.exec(run.output()) ?? [];
  if (name === undefined) throw new Error(`the run named no stack:\n${run.output()}`);
  return name;
}
