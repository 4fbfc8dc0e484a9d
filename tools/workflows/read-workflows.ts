import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";

/** A job of a workflow, as far as it matters here. */
export interface Job {
  readonly id: string;
  /** The jobs that have to end before it begins. */
  readonly needs: readonly string[];
  readonly runsOn: string;
  /** Whether it has a matrix of its own. */
  readonly hasMatrix: boolean;
  /** A reusable workflow that it calls instead of steps of its own. */
  readonly calls: string | undefined;
  /** Actions of other repositories, `owner/name@ref`, also those that actions of this repository use. */
  readonly actions: readonly string[];
}

/** A file of `.github/workflows`. */
export interface Workflow {
  /** Without its extension: `ci`. */
  readonly name: string;
  readonly file: string;
  /** What starts it on GitHub: `push`, `workflow_dispatch`. */
  readonly events: readonly string[];
  readonly jobs: readonly Job[];
}

const stepSchema = z.looseObject({ uses: z.string().optional() });
const jobSchema = z.looseObject({
  needs: z.union([z.string(), z.array(z.string())]).default([]),
  "runs-on": z.unknown(),
  uses: z.string().optional(),
  strategy: z.looseObject({ matrix: z.unknown() }).optional(),
  steps: z.array(stepSchema).default([]),
});
const workflowSchema = z.looseObject({
  on: z.union([z.string(), z.array(z.string()), z.record(z.string(), z.unknown())]),
  jobs: z.record(z.string(), jobSchema),
});
const actionSchema = z.looseObject({
  runs: z.looseObject({ steps: z.array(stepSchema).default([]) }),
});

/**
 * Reads the workflows of a checkout.
 *
 * @param root the folder that holds `.github`
 * @throws {z.ZodError} for a file that is no workflow
 */
export function readWorkflows(root: string): readonly Workflow[] {
  const folder = join(root, ".github", "workflows");
  return readdirSync(folder)
    .filter((name) => /\.ya?ml$/.test(name))
    .sort()
    .map((name) => readWorkflow(root, join(folder, name), name.replace(/\.ya?ml$/, "")));
}

function readWorkflow(root: string, file: string, name: string): Workflow {
  const { on, jobs } = workflowSchema.parse(parse(readFileSync(file, "utf8")));
  return {
    name,
    file,
    events: typeof on === "string" ? [on] : Array.isArray(on) ? on : Object.keys(on),
    jobs: Object.entries(jobs).map(([id, job]) => ({
      id,
      needs: typeof job.needs === "string" ? [job.needs] : job.needs,
      runsOn: typeof job["runs-on"] === "string" ? job["runs-on"] : JSON.stringify(job["runs-on"] ?? ""),
      hasMatrix: job.strategy?.matrix !== undefined,
      calls: job.uses,
      actions: [...new Set(actionsOf(root, job.steps))],
    })),
  };
}

function actionsOf(root: string, steps: readonly z.infer<typeof stepSchema>[]): string[] {
  return steps.flatMap(({ uses }) => {
    if (uses === undefined) return [];
    if (!uses.startsWith("./")) return [uses];
    const file = join(root, uses, "action.yml");
    if (!existsSync(file)) return [];
    return actionsOf(root, actionSchema.parse(parse(readFileSync(file, "utf8"))).runs.steps);
  });
}
