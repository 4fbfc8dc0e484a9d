import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { SandboxError } from "../errors.ts";

const initReport = z.object({
  completed: z.record(z.string(), z.boolean()),
  scripts: z.array(z.object({ name: z.string(), stage: z.string(), state: z.string() })),
});

/**
 * Asks LocalStack whether the CloudFormation hook was loaded. LocalStack goes on without a hook that failed, and then
 * reports resources as created that do not exist: so a failed hook must stop the sandbox.
 *
 * @param endpointUrl where LocalStack answers
 * @param hookFileName for example `roles_anywhere.py`
 * @throws {SandboxError} ERR_SANDBOX_HOOK_FAILED when the hook is missing or failed
 */
export async function checkInitHooks(
  endpointUrl: string,
  hookFileName: string,
  logDirectory: string,
  signal?: AbortSignal,
): Promise<void> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    signal?.throwIfAborted();
    const report = await readReport(`${endpointUrl}/_localstack/init`, logDirectory);
    const hook = report.scripts.find((script) => script.name === hookFileName);
    if (hook?.state === "SUCCESSFUL") return;
    if (hook?.state === "ERROR") {
      fail(`LocalStack could not load the hook ${hookFileName}`, logDirectory);
    }
    if (report.completed["START"] === true && hook === undefined) {
      fail(`LocalStack did not find the hook ${hookFileName} in its init folder`, logDirectory);
    }
    if (Date.now() > deadline) {
      fail(`LocalStack did not finish the hook ${hookFileName} within 60 s`, logDirectory);
    }
    await sleep(100);
  }
}

function fail(reason: string, logDirectory: string): never {
  throw new SandboxError(
    "ERR_SANDBOX_HOOK_FAILED",
    `${reason}, so stacks would hold trust anchors that do not exist. LocalStack's log says why: ${logDirectory}/localstack.log`,
    { logDirectory },
  );
}

async function readReport(url: string, logDirectory: string): Promise<z.infer<typeof initReport>> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(10_000) });
  const report = initReport.safeParse(await answer.json());
  if (report.success) return report.data;
  throw new SandboxError(
    "ERR_SANDBOX_HOOK_FAILED",
    `${url} answered in an unknown shape; is this LocalStack 4?`,
    {
      cause: report.error,
      logDirectory,
    },
  );
}
