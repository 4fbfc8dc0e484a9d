import { join } from "node:path";
import { DEFAULT_STACK_NAME, localStackCdkCommand, readStackOutputs } from "@roles-anywhere/infra/deployment";
import type { StackOutputs } from "@roles-anywhere/infra/deployment";
import { runSupervised } from "@roles-anywhere/sandbox";
import type { Sandbox } from "@roles-anywhere/sandbox";
import { assertDone, runProgram } from "./programs.ts";
import { watchStackEvents } from "./stack-events.ts";
import type { StackEvent } from "./stack-events.ts";

export interface DeployStackInit {
  sandbox: Pick<Sandbox, "endpointUrl" | "region" | "accountId" | "environments">;
  caCertificatePath: string;
  /** The subject common name that may assume the stack's role. */
  commonName: string;
  /** Folder for the synthesized template (`cdk.out`) and the outputs (`cdk-outputs.json`). */
  directory: string;
  /** Called with each event of the stack, as they come. */
  onEvent?: ((event: StackEvent) => void) | undefined;
  signal?: AbortSignal | undefined;
}

export interface DeployedStack {
  outputs: StackOutputs;
  outputsFile: string;
}

/** Phase 2: deploys the stack with `cdk deploy`, and uploads a few objects. */
export async function deployStack(init: DeployStackInit): Promise<DeployedStack> {
  const outputsFile = join(init.directory, "cdk-outputs.json");
  const { command, args, cwd, env } = localStackCdkCommand({
    action: "deploy",
    endpointUrl: init.sandbox.endpointUrl,
    region: init.sandbox.region,
    settings: { caCertificatePath: init.caCertificatePath, certificateCommonNames: init.commonName },
    outputFolder: join(init.directory, "cdk.out"),
    outputsFile,
    // The sandbox is new, so there is no stack yet.
    method: "direct",
    environment: init.sandbox.environments.administrator,
  });
  const { sandbox, onEvent = () => undefined, signal } = init;
  const endWatch = watchStackEvents({ sandbox, stackName: DEFAULT_STACK_NAME, onEvent });
  const program = { command, arguments: args, environment: env, workingDirectory: cwd };
  const deployed = await runSupervised(program, signal).finally(endWatch);
  assertDone("cdk deploy", deployed);
  await runProgram("upload-sample-objects", {
    arguments: ["--outputs", outputsFile],
    environment: init.sandbox.environments.administrator,
    signal: init.signal,
  });
  return { outputs: await readStackOutputs(outputsFile), outputsFile };
}
