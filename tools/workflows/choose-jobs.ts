import { join } from "node:path";
import type { Job, Workflow } from "./read-workflows.ts";

/** Stand-ins for actions that act would fetch from GitHub: a folder with an `action.yml` for each `owner/name`. */
export const STAND_INS: ReadonlyMap<string, string> = new Map(
  ["actions/setup-node", "actions/upload-artifact"].map((action) => [
    action,
    join(import.meta.dirname, "stand-ins", action.split("/")[1] ?? ""),
  ]),
);

/** Jobs that need a host of the internet other than package registries, and what for. */
export const NEEDED_HOSTS: ReadonlyMap<string, { readonly url: string; readonly purpose: string }> = new Map([
  [
    "ci/interop",
    {
      url: "https://rolesanywhere.amazonaws.com/",
      purpose: "downloads AWS's own aws_signing_helper from it",
    },
  ],
]);

/** What is asked of the machine before jobs are chosen. */
export interface Machine {
  /** Whether a server answers at this URL, with whatever status. */
  readonly answers: (url: string) => Promise<boolean>;
}

/** A job that is left out. */
export interface LeftOut {
  readonly job: string;
  readonly reason: string;
}

export interface Choice {
  /** The workflows with the jobs to run, in the order of the file. */
  readonly workflows: readonly Workflow[];
  readonly leftOut: readonly LeftOut[];
}

/** The command line names something that is not there. */
export class UnknownJobError extends Error {}

/**
 * Chooses the jobs to run.
 *
 * @param names `job` or `workflow/job`; jobs that a named job needs are chosen with it. Without names: every job of the
 *   workflows that a push starts.
 * @throws {UnknownJobError} for a name that no job has, or that jobs of several workflows have
 */
export async function chooseJobs(
  workflows: readonly Workflow[],
  names: readonly string[],
  machine: Machine,
): Promise<Choice> {
  const named = names.map((name) => findJob(workflows, name));
  const leftOut: LeftOut[] = [];
  const chosen: Workflow[] = [];
  for (const workflow of workflows) {
    const own = named.filter((name) => name.startsWith(`${workflow.name}/`));
    if (names.length === 0 && !workflow.events.includes("push")) {
      const reason = `runs on ${workflow.events.join(", ")}; name a job to run it`;
      leftOut.push({ job: workflow.name, reason });
      continue;
    }
    const wanted =
      names.length === 0
        ? workflow.jobs
        : withNeeds(
            workflow,
            own.map((name) => name.slice(workflow.name.length + 1)),
          );
    const runnable: Job[] = [];
    for (const job of inOrder(wanted)) {
      const missing = job.needs.find((need) => !runnable.some(({ id }) => id === need));
      const reason =
        missing === undefined ? await reasonAgainst(workflow, job, machine) : `needs the job ${missing}`;
      if (reason === undefined) runnable.push(job);
      else leftOut.push({ job: `${workflow.name}/${job.id}`, reason });
    }
    if (runnable.length > 0) chosen.push({ ...workflow, jobs: runnable });
  }
  return { workflows: chosen, leftOut };
}

function findJob(workflows: readonly Workflow[], name: string): string {
  const all = workflows.flatMap((workflow) => workflow.jobs.map(({ id }) => `${workflow.name}/${id}`));
  const found = all.filter((job) => job === name || job.split("/")[1] === name);
  const [only, other] = found;
  if (only !== undefined && other === undefined) return only;
  throw new UnknownJobError(
    found.length === 0
      ? `there is no job ${JSON.stringify(name)}; there are ${all.join(", ")}`
      : `several workflows have a job ${JSON.stringify(name)}; name one of ${found.join(", ")}`,
  );
}

/** Some jobs of a workflow, and the jobs that they need. */
function withNeeds(workflow: Workflow, ids: readonly string[]): readonly Job[] {
  const wanted = new Set(ids);
  // A set that grows while it is walked over is walked over to its end.
  for (const id of wanted) {
    for (const need of workflow.jobs.find((job) => job.id === id)?.needs ?? []) wanted.add(need);
  }
  return workflow.jobs.filter(({ id }) => wanted.has(id));
}

/** The jobs, each after those that it needs. */
function inOrder(jobs: readonly Job[]): readonly Job[] {
  const ordered: Job[] = [];
  let rest = [...jobs];
  while (rest.length > 0) {
    const ready = rest.filter(({ needs }) => needs.every((need) => !rest.some(({ id }) => id === need)));
    // A circle of needs is for GitHub and act to refuse.
    const next = ready.length > 0 ? ready : rest;
    ordered.push(...next);
    rest = rest.filter((job) => !next.includes(job));
  }
  return ordered;
}

/** Why a job cannot run on this machine, or undefined. */
async function reasonAgainst(workflow: Workflow, job: Job, machine: Machine): Promise<string | undefined> {
  if (job.calls !== undefined) return `calls the workflow ${job.calls}, which is not followed`;
  if (!job.runsOn.startsWith("ubuntu-"))
    return `runs on ${job.runsOn}, and only ubuntu has this machine for it`;
  const foreign = job.actions.find((action) => {
    const [name = ""] = action.split("@");
    return name !== "actions/checkout" && !STAND_INS.has(name);
  });
  if (foreign !== undefined) {
    return `uses ${foreign}, which has no stand-in in ${join("tools", "workflows", "stand-ins")}`;
  }
  const needed = NEEDED_HOSTS.get(`${workflow.name}/${job.id}`);
  if (needed !== undefined && !(await machine.answers(needed.url))) {
    return `${needed.url} does not answer, and the job ${needed.purpose}`;
  }
  return undefined;
}
