import { join } from "node:path";
import { readStackOutputs } from "@roles-anywhere/infra/deployment";
import type { AppSettings, StackOutputs } from "@roles-anywhere/infra/deployment";
import { runSupervised } from "@roles-anywhere/sandbox";
import type { Place } from "./place.ts";
import { assertDone, runProgram } from "./programs.ts";
import { watchStackEvents } from "./stack-events.ts";
import type { StackEvent } from "./stack-events.ts";

export interface DeployStackInit {
  place: Pick<
    Place,
    "cloud" | "stackName" | "administratorEnvironment" | "cdkDeploy" | "millisecondsBetweenLooks"
  >;
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
  name: string;
  outputs: StackOutputs;
  outputsFile: string;
}

/** Phase 2: deploys the stack with `cdk deploy`, and uploads a few objects. */
export async function deployStack(init: DeployStackInit): Promise<DeployedStack> {
  const { place, onEvent = () => undefined, signal } = init;
  const { cloud, stackName, millisecondsBetweenLooks } = place;
  const outputsFile = join(init.directory, "cdk-outputs.json");
  const settings: AppSettings = {
    caCertificatePath: init.caCertificatePath,
    certificateCommonNames: init.commonName,
  };
  const { command, args, cwd, env } = await place.cdkDeploy({
    settings,
    outputFolder: join(init.directory, "cdk.out"),
    outputsFile,
  });
  const endWatch = watchStackEvents({ cloud, stackName, onEvent, millisecondsBetweenLooks });
  const program = { command, arguments: args, environment: env, workingDirectory: cwd };
  const deployed = await runSupervised(program, signal).finally(endWatch);
  assertDone("cdk deploy", deployed);
  await runProgram("upload-sample-objects", {
    arguments: ["--outputs", outputsFile, "--stack", stackName],
    environment: await place.administratorEnvironment(),
    signal,
  });
  return { name: stackName, outputs: await readStackOutputs(outputsFile, stackName), outputsFile };
}
