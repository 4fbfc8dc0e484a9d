import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { z } from "zod";
import { InfraError } from "../errors.ts";
import type { RolesAnywhereStackProps } from "../stacks/roles-anywhere-stack.ts";

/** Where {@link readAppConfig} reads the settings. */
export interface AppConfigSources {
  /** The value of a CDK context key (`cdk deploy -c key=value`, `cdk.json`), or undefined. */
  readonly context: (key: string) => unknown;
  /** The process environment. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The folder for relative paths when npm has not set `INIT_CWD`. */
  readonly currentDirectory: string;
}

/** The stack's id and its properties. */
export interface AppConfig {
  readonly stackName: string;
  readonly stackProps: RolesAnywhereStackProps;
}

/** A boolean of cdk.json, or the text that a command line or variable gives. */
const flag = z.union(
  [z.boolean(), z.enum(["true", "false"]).transform((text) => text === "true")],
  "use true or false",
);

const settings = z.object({
  caCertificatePath: z.string().min(1, "is empty; name the CA certificate file").default("pki/rootCA.pem"),
  stackName: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9-]{0,127}$/, "use a letter, then up to 127 letters, digits and -")
    .default("RolesAnywhereStack"),
  access: z.enum(["bucket-read-only", "s3-full-access"]).default("bucket-read-only"),
  certificateCommonNames: z
    .string()
    .transform((list) => list.split(",").map((name) => name.trim()))
    .optional(),
  allowAnyCertificate: flag.optional(),
  sessionDurationSeconds: z
    .union(
      [z.number(), z.string().regex(/^\d+$/).transform(Number)],
      "use a whole number of seconds, 900 to 43200",
    )
    .default(3600),
  bucketRemoval: z.enum(["retain", "destroy"]).default("retain"),
  alarms: flag.optional(),
  denySessionsIssuedBefore: z.iso
    .datetime({ offset: true, error: "use a time such as 2026-11-25T14:00:00Z" })
    .transform((text) => new Date(text))
    .optional(),
});

type SettingName = keyof typeof settings.shape;

/** For each context key, the environment variable that is read when the key is not given. */
export const SETTING_VARIABLES: Readonly<Record<SettingName, string>> = {
  caCertificatePath: "RA_CA_CERTIFICATE_PATH",
  stackName: "RA_STACK_NAME",
  access: "RA_ACCESS",
  certificateCommonNames: "RA_CERTIFICATE_COMMON_NAMES",
  allowAnyCertificate: "RA_ALLOW_ANY_CERTIFICATE",
  sessionDurationSeconds: "RA_SESSION_DURATION_SECONDS",
  bucketRemoval: "RA_BUCKET_REMOVAL",
  alarms: "RA_ALARMS",
  denySessionsIssuedBefore: "RA_DENY_SESSIONS_ISSUED_BEFORE",
};

/**
 * Reads the settings of the CDK app. A context key wins over its environment variable, which wins over the default.
 *
 * @returns the stack's id and its properties, with the CA certificate file read
 * @throws {InfraError} ERR_INFRA_OPTION_INVALID when a setting has a value that is not one of those allowed
 * @throws {InfraError} ERR_INFRA_CA_CERTIFICATE_FILE when the CA certificate file cannot be read
 */
export function readAppConfig(sources: AppConfigSources): AppConfig {
  const given: Record<string, unknown> = {};
  for (const [key, variable] of Object.entries(SETTING_VARIABLES)) {
    given[key] = sources.context(key) ?? sources.environment[variable];
  }
  const parsed = settings.safeParse(given);
  if (!parsed.success) {
    const lines = parsed.error.issues.map(({ path, message }) => {
      const key = String(path[0]);
      return `Setting ${key} is ${JSON.stringify(given[key])}: ${message}`;
    });
    throw new InfraError("ERR_INFRA_OPTION_INVALID", lines.join("\n"));
  }
  const { caCertificatePath, stackName, ...stackProps } = parsed.data;
  // npm runs scripts inside the package; INIT_CWD is the folder in which the person typed the command.
  const startFolder = sources.environment["INIT_CWD"] ?? sources.currentDirectory;
  return {
    stackName,
    stackProps: {
      caCertificatePem: readCaCertificate(resolve(startFolder, caCertificatePath)),
      ...stackProps,
    },
  };
}

function readCaCertificate(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    const reason =
      cause instanceof Error && "code" in cause && cause.code === "ENOENT"
        ? "does not exist"
        : "cannot be read";
    throw new InfraError(
      "ERR_INFRA_CA_CERTIFICATE_FILE",
      `The CA certificate file ${path} ${reason}. Make a CA with: npx ra-pki init\n` +
        `or name another file: -c caCertificatePath=<file> (or ${SETTING_VARIABLES.caCertificatePath}).`,
      { cause },
    );
  }
}
