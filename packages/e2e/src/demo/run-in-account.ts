import { randomBytes } from "node:crypto";
import { STACK_PREFIX } from "../account/account-flags.ts";
import type { AccountFlags } from "../account/account-flags.ts";
import { confirm } from "../account/confirm.ts";
import { destroyStack } from "../account/destroy-stack.ts";
import { openAccount } from "../account/open-account.ts";
import { describePlan, destroyCommandFor } from "../account/plan.ts";
import { STAND_IN_VARIABLE } from "../account/stand-in.ts";
import { startAccountDeployment } from "../account/start-account-deployment.ts";
import type { EventLog } from "../report/event-log.ts";
import { StoryError } from "../story/programs.ts";
import type { Reporter } from "../story/reporter.ts";
import { showResult } from "./show-result.ts";

export interface RunInAccountInit extends AccountFlags {
  readonly keep: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly reporter: Reporter;
  readonly log?: EventLog | undefined;
  readonly signal: AbortSignal;
  readonly interrupted: Promise<undefined>;
}

/**
 * The demo in an account of AWS: says whose credentials these are and what it will create, asks, runs the three phases,
 * and destroys the stack.
 *
 * @returns exit code
 */
export async function runInAccount(init: RunInAccountInit): Promise<number> {
  const { region, environment, reporter, signal } = init;
  // A terminal or a pipe that goes away must not end this process before the stack is destroyed.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
  reporter.chapter(`Account: ${init.account}, asked of STS`);
  const account = await openAccount({ accountId: init.account, region, environment, signal });
  if (account.isStandIn) reporter.progress(`${STAND_IN_VARIABLE} is set: this is a test, and not AWS`);
  if (init.destroy !== undefined) {
    const stackName = init.destroy;
    if (await destroyStack({ account, stackName, reporter })) return 0;
    throw new StoryError(`account ${account.accountId} has no stack ${stackName} in ${region}`);
  }

  const startedAt = Date.now();
  const stackName = `${STACK_PREFIX}${new Date().toISOString().replaceAll(/[-:]|\.\d+/g, "")}-${randomBytes(3).toString("hex")}`;
  const destroyCommand = destroyCommandFor(account, stackName);
  reporter.result(describePlan(account, stackName, destroyCommand));
  if (!init.yes) {
    const question = `Create this in account ${account.accountId}? Type yes: `;
    await confirm({ question, input: process.stdin, output: process.stderr, signal });
  }
  const deployment = await startAccountDeployment({ ...init, account, stackName });
  let keepStack = false;
  try {
    await showResult(deployment.appUrl, reporter, init.log);
    signal.throwIfAborted();
    keepStack = init.keep;
    if (keepStack) {
      reporter.chapter("The stack stays. Destroy it later with:");
      reporter.command(destroyCommand);
      reporter.result(`Open ${deployment.appUrl} in a browser. Ctrl-C stops the app and removes its key.`);
      await init.interrupted;
    }
  } finally {
    if (!keepStack) reporter.chapter("Destroying the stack");
    await deployment.stop({ keepStack });
  }
  const seconds = Math.round((Date.now() - startedAt) / 1000);
  reporter.chapter(`Done in ${seconds} s: no access key on the server.`);
  return 0;
}
