import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { stripVTControlCharacters } from "node:util";
import { isMap, parseDocument } from "yaml";
import { z } from "zod";
import { STAND_INS } from "./choose-jobs.ts";
import { endLeftovers, TRACKING_VARIABLE } from "./end-leftovers.ts";
import type { Workflow } from "./read-workflows.ts";

/** How one job, or one cell of its matrix, ended. */
export interface JobResult {
  /** `ci/unit (node 24)` */
  readonly name: string;
  readonly jobId: string;
  readonly result: "success" | "failure" | "cancelled" | "skipped";
  readonly seconds: number;
  /** The first step that failed. */
  readonly failedStep: string | undefined;
}

export interface WorkflowRun {
  readonly act: string;
  /** The copy of the checkout that jobs check out. */
  readonly source: string;
  /** A folder for act's own files, also the workspaces of the jobs. */
  readonly state: string;
  /** `key:value`, to run only some cells of a matrix. */
  readonly matrix: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** `NAME="value"`, a line each. They reach act through a pipe: command lines and variables show in lists of processes. */
  readonly secrets: string;
  /** Takes a line of a job's log. */
  readonly log: (job: string, line: string) => void;
  readonly signal: AbortSignal;
}

const logSchema = z.looseObject({
  msg: z.string(),
  time: z.string(),
  job: z.string().optional(),
  jobID: z.string().optional(),
  matrix: z.record(z.string(), z.unknown()).nullish(),
  step: z.string().optional(),
  stage: z.string().optional(),
  stepResult: z.string().optional(),
  jobResult: z.enum(["success", "failure", "cancelled", "skipped"]).optional(),
});

/**
 * Runs the chosen jobs of a workflow with act, on this machine itself and one after the other.
 *
 * @returns the results; a job that act left out for its `if` has none. `isGreen` is also false when act itself failed
 */
export async function runWorkflow(
  workflow: Workflow,
  run: WorkflowRun,
): Promise<{ readonly results: readonly JobResult[]; readonly isGreen: boolean }> {
  const file = join(run.state, `${workflow.name}.yml`);
  writeFileSync(file, chosenPart(workflow));
  const actions = [...new Set(workflow.jobs.flatMap((job) => job.actions))];
  const words = [
    ...["push", "--json", "--directory", run.source, "--workflows", file],
    ...[...new Set(workflow.jobs.map(({ runsOn }) => `${runsOn}=-self-hosted`))].flatMap(
      option("--platform"),
    ),
    ...["--action-cache-path", run.state, "--use-new-action-cache", "--no-cache-server"],
    ...actions.flatMap(replacement).flatMap(option("--local-repository")),
    // By default act reads .env, .secrets, .vars and .input of the current folder.
    ...["--env-file", "/dev/null", "--input-file", "/dev/null", "--var-file", "/dev/null"],
    ...["--secret-file", "/dev/stdin", "--concurrent-jobs", "1", "--pull=false"],
    ...run.matrix.flatMap(option("--matrix")),
  ];
  const trackingId = `act_${randomUUID()}`;
  // Node.js gives its children sockets, and only a pipe can be opened as a file. In a group of its own act is interrupted
  // by this process alone, once.
  const child = spawn("/bin/sh", ["-c", 'cat | "$@"', "sh", run.act, ...words], {
    cwd: run.source,
    env: { ...run.environment, [TRACKING_VARIABLE]: trackingId },
    stdio: "pipe",
    detached: true,
  });
  child.stdin.on("error", () => {
    // act ended without reading them, which its exit code says.
  });
  child.stdin.end(run.secrets);
  const interrupt = (): void => {
    if (child.pid !== undefined) process.kill(-child.pid, "SIGTERM");
  };
  run.signal.addEventListener("abort", interrupt);

  const results: JobResult[] = [];
  const begun = new Map<string, number>();
  const failedSteps = new Map<string, string>();
  onLine(child.stdout, (text) => {
    const line = parseLine(text);
    if (line?.jobID === undefined) return run.log(workflow.name, line?.msg ?? text);
    const name = `${workflow.name}/${line.jobID}${cellOf(line.matrix)}`;
    const time = Date.parse(line.time);
    if (!begun.has(name)) begun.set(name, time);
    run.log(name, stripVTControlCharacters(line.msg).trimEnd());
    if (line.stepResult === "failure" && !failedSteps.has(name)) failedSteps.set(name, stepName(line.step));
    if (line.jobResult === undefined) return;
    const seconds = Math.round((time - (begun.get(name) ?? time)) / 1000);
    const failedStep = failedSteps.get(name);
    // act has one result for all cells of a matrix: after one that failed the others are called failed as well.
    const isOther =
      failedStep === undefined &&
      results.some((done) => done.jobId === line.jobID && done.failedStep !== undefined);
    const result = line.jobResult === "failure" && isOther ? "success" : line.jobResult;
    results.push({ name, jobId: line.jobID, result, seconds, failedStep });
  });
  onLine(child.stderr, (text) => run.log(workflow.name, parseLine(text)?.msg ?? text));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  }).finally(() => {
    run.signal.removeEventListener("abort", interrupt);
    endLeftovers(trackingId);
  });
  const isGreen = code === 0 && results.length > 0 && results.every(({ result }) => result === "success");
  return { results, isGreen };
}

function onLine(stream: Readable, take: (line: string) => void): void {
  createInterface({ input: stream }).on("line", take);
}

/** The file with the chosen jobs alone, whose cells run one after the other. */
function chosenPart({ file, jobs }: Workflow): string {
  const document = parseDocument(readFileSync(file, "utf8"));
  const all = document.get("jobs");
  const ids = isMap(all) ? all.items.map(({ key }) => String(key)) : [];
  for (const id of ids) {
    const job = jobs.find((chosen) => chosen.id === id);
    if (job === undefined) document.deleteIn(["jobs", id]);
    else if (job.hasMatrix) document.setIn(["jobs", id, "strategy", "max-parallel"], 1);
  }
  return document.toString();
}

function option(name: string): (value: string) => string[] {
  return (value) => [name, value];
}

function replacement(action: string): string[] {
  const folder = STAND_INS.get(action.split("@")[0] ?? "");
  return folder === undefined ? [] : [`${action}=${folder}`];
}

function parseLine(text: string): z.infer<typeof logSchema> | undefined {
  try {
    return logSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

function cellOf(matrix: Readonly<Record<string, unknown>> | null | undefined): string {
  const cell = Object.entries(matrix ?? {}).map(([key, value]) => `${key} ${String(value)}`);
  return cell.length === 0 ? "" : ` (${cell.join(", ")})`;
}

/** A step without a name has its whole script for one. */
function stepName(step: string | undefined): string {
  const [first = "", ...rest] = (step ?? "").trim().split("\n");
  return rest.length === 0 ? first : `${first} …`;
}
