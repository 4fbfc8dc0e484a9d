import { DEFAULT_STACK_NAME, localStackCdkCommand } from "@roles-anywhere/infra/deployment";
import type { AppSettings, CdkCommand } from "@roles-anywhere/infra/deployment";
import type { Sandbox } from "@roles-anywhere/sandbox";
import { sandboxCloud } from "../aws/cloud.ts";
import type { Cloud } from "../aws/cloud.ts";

/** The parts of a `cdk deploy` that do not depend on where it deploys to. */
export interface CdkDeployInit {
  readonly settings: AppSettings;
  /** Folder for the synthesized template. */
  readonly outputFolder: string;
  readonly outputsFile: string;
}

/** Where the three phases happen: in a sandbox, or on this machine and in an account of AWS. */
export interface Place {
  readonly cloud: Cloud;
  readonly stackName: string;
  readonly workDirectory: string;
  readonly logDirectory: string;
  /** For programs of the external server: region, endpoints if they are not those of AWS, and no access key. */
  readonly serverEnvironment: Readonly<Record<string, string>>;
  /** The same with the administrator's keys. */
  administratorEnvironment(): Promise<Record<string, string>>;
  cdkDeploy(init: CdkDeployInit): Promise<CdkCommand>;
  /** What the transcript's `cdk deploy` has besides the CA certificate and the name of the server. */
  readonly shownContext: readonly string[];
  /** How often the events of the stack are looked at. @default 200 */
  readonly millisecondsBetweenLooks?: number | undefined;
}

/** The place of a sandbox. */
export function sandboxPlace(
  sandbox: Pick<
    Sandbox,
    | "endpointUrl"
    | "rolesAnywhereEndpoint"
    | "region"
    | "accountId"
    | "environments"
    | "workDirectory"
    | "logDirectory"
  >,
): Place {
  const { server, administrator } = sandbox.environments;
  return {
    cloud: sandboxCloud(sandbox),
    stackName: DEFAULT_STACK_NAME,
    workDirectory: sandbox.workDirectory,
    logDirectory: sandbox.logDirectory,
    serverEnvironment: server,
    shownContext: [],
    administratorEnvironment: () => Promise.resolve({ ...administrator }),
    cdkDeploy: (init) =>
      Promise.resolve(
        localStackCdkCommand({
          ...init,
          action: "deploy",
          endpointUrl: sandbox.endpointUrl,
          region: sandbox.region,
          // The sandbox is new, so there is no stack yet.
          method: "direct",
          environment: administrator,
        }),
      ),
  };
}
