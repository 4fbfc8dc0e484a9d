import { Option } from "commander";
import type { Command } from "commander";

/** The options of the back end `aws`, as the command line gives them. */
export interface AccountOptions {
  readonly account?: string | undefined;
  readonly region?: string | undefined;
  readonly yes?: boolean | undefined;
  readonly destroy?: string | undefined;
}

/** What a run in an account needs to know. */
export interface AccountFlags {
  /** Twelve digits. */
  readonly account: string;
  readonly region: string;
  /** Whether everything was confirmed on the command line. */
  readonly yes: boolean;
  /** The stack of an earlier run to destroy, in place of a run. */
  readonly destroy: string | undefined;
}

/** What the names of the stacks of this demo begin with. */
export const STACK_PREFIX = "RolesAnywhereDemo-";

/** Adds the options of the back end `aws`. */
export function addAccountOptions(program: Command): void {
  program
    .option("--account <id>", "aws: the account, twelve digits; the caller's credentials must be of it")
    .option("--region <region>", "aws: the region, such as eu-central-1")
    .option("--yes", "aws: create without asking", false)
    .addOption(
      new Option(
        "--destroy <stack>",
        "aws: remove the stack that --keep left, and do nothing else",
      ).conflicts(["keep", "report"]),
    );
}

/**
 * Checks the options of the back end `aws`.
 *
 * @returns undefined when the back end is another one
 */
export function readAccountFlags(
  backend: string,
  options: AccountOptions,
  misused: (complaint: string) => never,
): AccountFlags | undefined {
  const { account, region, yes = false, destroy } = options;
  if (backend !== "aws") {
    for (const [name, value] of Object.entries({ account, region, yes: yes || undefined, destroy })) {
      if (value !== undefined) misused(`--${name} goes with --backend aws, not with --backend ${backend}`);
    }
    return undefined;
  }
  if (account === undefined) return misused("--backend aws needs --account <id>, twelve digits");
  if (!/^\d{12}$/.test(account)) {
    return misused(`--account is ${JSON.stringify(account)}; give the twelve digits of the account's id`);
  }
  if (region === undefined) return misused("--backend aws needs --region <region>, such as eu-central-1");
  // The endpoints of the other partitions have other names.
  if (!/^[a-z]{2}-[a-z]+-\d$/.test(region) || region.startsWith("cn-")) {
    return misused(
      `--region is ${JSON.stringify(region)}; give a commercial region of AWS, such as eu-central-1`,
    );
  }
  if (destroy !== undefined && !/^RolesAnywhereDemo-[A-Za-z0-9-]{1,100}$/.test(destroy)) {
    return misused(
      `--destroy is ${JSON.stringify(destroy)}; give the name that the demo printed, ${STACK_PREFIX}…`,
    );
  }
  return { account, region, yes, destroy };
}
