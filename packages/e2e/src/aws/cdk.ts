import { mkdtemp, readFile } from "node:fs/promises";
import { join } from "node:path";
import { localStackCdkCommand } from "@roles-anywhere/infra/deployment";
import type { CdkApp, CdkCommand, LocalStackCdkCommandOptions } from "@roles-anywhere/infra/deployment";
import { runSupervised } from "@roles-anywhere/sandbox";
import type { RunResult, Sandbox } from "@roles-anywhere/sandbox";
import { App } from "aws-cdk-lib/core";
import { z } from "zod";
import { assertDone } from "../story/programs.ts";

export const stackOutputs = z.record(z.string(), z.record(z.string(), z.string()));

/** The outputs of the stacks, by the names of stack and output. */
export type Outputs = z.infer<typeof stackOutputs>;

/** The real `cdk` command, with apps that a test defines in its own process. */
export interface Cdk {
  /** Bootstraps the environment of the app's stacks. */
  bootstrap(define: (app: App) => void): Promise<RunResult>;
  /**
   * Deploys all stacks of the app at once, or those that are named. @throws {StoryError} when a stack fails
   *
   * @returns the outputs of the stacks that were deployed
   */
  deploy(define: (app: App) => void, stacks?: readonly string[]): Promise<Outputs>;
  /** The same, for a deployment that may fail. `direct` is for stacks that do not exist yet. */
  tryToDeploy(define: (app: App) => void, method?: "change-set" | "direct"): Promise<RunResult>;
  /** Compares all stacks of the app with the deployed ones. Exit code 1: something differs. */
  diff(define: (app: App) => void): Promise<RunResult>;
  /** @throws {StoryError} when a stack cannot be removed */
  destroy(define: (app: App) => void): Promise<RunResult>;
}

export function createCdk(
  sandbox: Pick<Sandbox, "endpointUrl" | "region" | "workDirectory" | "environments">,
): Cdk {
  /** Writes the app's templates, as `cdk synth` does, and returns the folder with them. */
  const synthesize = async (define: (app: App) => void): Promise<string> => {
    const outdir = await mkdtemp(join(sandbox.workDirectory, "cdk.out-"));
    const app = new App({ outdir, analyticsReporting: false });
    define(app);
    return app.synth().directory;
  };
  const run = async (
    action: LocalStackCdkCommandOptions["action"],
    define: (app: App) => void,
    more: readonly string[] = [],
    { stacks, method }: Pick<LocalStackCdkCommandOptions, "method"> & Pick<CdkApp, "stacks"> = {},
  ): Promise<RunResult & { outputsFile: string }> => {
    const assembly = await synthesize(define);
    const outputsFile = join(assembly, "outputs.json");
    const { command, args, cwd, env }: CdkCommand = localStackCdkCommand({
      action,
      endpointUrl: sandbox.endpointUrl,
      region: sandbox.region,
      // `cdk` takes a folder with templates in place of a command.
      app: { folder: sandbox.workDirectory, command: assembly, stacks },
      outputFolder: assembly,
      outputsFile,
      method,
      environment: sandbox.environments.administrator,
    });
    const result = await runSupervised({
      command,
      arguments: [...args, ...more],
      environment: env,
      workingDirectory: cwd,
    });
    return { ...result, outputsFile };
  };
  const concurrently = ["--concurrency", "10"];
  return {
    bootstrap: async (define) => assertDone("cdk bootstrap", await run("bootstrap", define)),
    async deploy(define, stacks) {
      const { outputsFile, ...result } = await run("deploy", define, concurrently, { stacks });
      assertDone("cdk deploy", result);
      return stackOutputs.parse(JSON.parse(await readFile(outputsFile, "utf8")));
    },
    tryToDeploy: (define, method) => run("deploy", define, concurrently, { method }),
    diff: (define) => run("diff", define),
    destroy: async (define) => assertDone("cdk destroy", await run("destroy", define, concurrently)),
  };
}
