import { setTimeout as sleep } from "node:timers/promises";
import type { EventLog } from "../report/event-log.ts";
import type { DeployedStack } from "../story/deploy-stack.ts";
import type { ExternalServer } from "../story/external-server/external-server.ts";
import { createProcessServer } from "../story/external-server/process-server.ts";
import { LeftBehindError, StoryError } from "../story/programs.ts";
import type { Reporter } from "../story/reporter.ts";
import { runPhases } from "../story/run-phases.ts";
import type { Phases } from "../story/run-phases.ts";
import { makeAccountPlace } from "./account-place.ts";
import type { AccountPlace } from "./account-place.ts";
import { destroyStack } from "./destroy-stack.ts";
import type { Account } from "./open-account.ts";

/** How long IAM may take until Roles Anywhere can assume a new role, in milliseconds. */
const LIMIT_FOR_IAM = 90_000;

/** The result of all three phases in an account. */
export interface AccountDeployment extends Phases {
  readonly account: Account;
  /** Stops the app, removes its files, and destroys the stack unless it is to stay. May be called more than once. */
  stop(init?: { readonly keepStack?: boolean }): Promise<void>;
}

export interface StartAccountDeploymentInit {
  account: Account;
  stackName: string;
  environment: Readonly<Record<string, string | undefined>>;
  reporter: Reporter;
  log?: EventLog | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Runs all three phases: in the account the stack, on this machine the certificates and the external server.
 *
 * The stack is destroyed when a phase fails and when `signal` is aborted.
 *
 * @throws {LeftBehindError} when the stack could not be destroyed
 */
export async function startAccountDeployment(init: StartAccountDeploymentInit): Promise<AccountDeployment> {
  const { account, reporter, log, signal } = init;
  log?.add({ kind: "run", at: new Date().toISOString(), name: log.name, backend: "aws" });
  const place = await makeAccountPlace(account, init.stackName, init.environment);
  let server: ExternalServer | undefined;
  let mayHaveStack = false;
  const stop = async ({ keepStack = false }: { readonly keepStack?: boolean } = {}): Promise<void> => {
    await server?.stop();
    const hasStack = mayHaveStack && !keepStack;
    mayHaveStack = false;
    try {
      if (hasStack) await destroyStack({ account, stackName: init.stackName, reporter });
    } finally {
      await place.remove();
    }
  };
  try {
    const phases = await runPhases({
      ...init,
      place,
      createServer: (serverInit) =>
        createProcessServer({ environments: { server: { ...place.serverEnvironment } } }, serverInit),
      onServer: (created) => (server = created),
      whileDeploying(deploy) {
        signal?.throwIfAborted();
        mayHaveStack = true;
        return deployUntilStackIsSeen(deploy, signal);
      },
      beforeApp: (created) => waitForRole(created, place, reporter, signal),
    });
    return { ...phases, account, stop };
  } catch (error) {
    if (mayHaveStack) reporter.progress(`${endingOf(signal)}; destroying stack ${init.stackName}`);
    try {
      await stop();
    } catch (failure) {
      const reasons = [error, failure].map((each) => (each instanceof Error ? each.message : String(each)));
      throw new LeftBehindError(reasons.join("\nand "), { cause: error });
    }
    throw error;
  }
}

function endingOf(signal: AbortSignal | undefined): string {
  return signal?.aborted ? "Interrupted" : "Failed";
}

/**
 * Deploys, and passes an abort on only when the stack is there. Before that CloudFormation may or may not have got the
 * request to create it, so nobody could tell whether there will be a stack to destroy.
 */
async function deployUntilStackIsSeen(
  deploy: (signal: AbortSignal, onEvent: () => void) => Promise<DeployedStack>,
  signal: AbortSignal | undefined,
): Promise<DeployedStack> {
  const controller = new AbortController();
  let seen = false;
  const pass = (): void => {
    if (seen && signal?.aborted) controller.abort(signal.reason);
  };
  signal?.addEventListener("abort", pass);
  try {
    const stack = await deploy(controller.signal, () => {
      seen = true;
      pass();
    });
    signal?.throwIfAborted();
    return stack;
  } finally {
    signal?.removeEventListener("abort", pass);
  }
}

/**
 * Waits until Roles Anywhere can assume the new role. IAM tells its regions of changes with a delay that it does not
 * document, and until then CreateSession answers as for a role that trusts nobody.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
 */
async function waitForRole(
  server: ExternalServer,
  { account }: AccountPlace,
  reporter: Reporter,
  signal: AbortSignal | undefined,
): Promise<void> {
  const deadline = Date.now() + LIMIT_FOR_IAM;
  for (;;) {
    try {
      await server.runCredentialProcess();
      return;
    } catch (error) {
      signal?.throwIfAborted();
      const isRefused = error instanceof StoryError && /AccessDenied/.test(error.message);
      if (!isRefused || Date.now() > deadline) throw error;
      reporter.status("waiting until IAM has made the new role known");
      await sleep(account.isStandIn ? 100 : 3000, undefined, { signal }).catch(() => undefined);
    }
  }
}
