import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { z } from "zod";
import { SandboxError } from "./errors.ts";
import { LOCALSTACK_VERSION, RESERVED_SETTINGS } from "./localstack.ts";

export type BackendName = "docker" | "process";

/** Options of {@link startSandbox}. */
export interface SandboxOptions {
  /**
   * Where LocalStack and the mock run. `auto` takes Docker when its daemon answers and has the images or can fetch them,
   * else processes.
   *
   * @default "auto"
   */
  backend?: BackendName | "auto" | undefined;
  /** @default "us-east-1" */
  region?: string | undefined;
  /** Twelve digits. @default "000000000000" */
  accountId?: string | undefined;
  /** Port of the mock on this machine, 1 to 65535. @default a free one */
  port?: number | undefined;
  /** Services of LocalStack to start beside s3, sts, iam, cloudformation and ssm, for example `["sqs", "dynamodb"]`. */
  services?: readonly string[] | undefined;
  /**
   * Settings of LocalStack, for example `{ DEBUG: "1" }`. The sandbox itself sets SERVICES, GATEWAY_LISTEN, DNS_ADDRESS,
   * FILESYSTEM_ROOT, OVERRIDE_IN_DOCKER and every AWS_*; these names are refused.
   *
   * @see https://docs.localstack.cloud/references/configuration/
   */
  localstackSettings?: Readonly<Record<string, string>> | undefined;
  /**
   * Whether LocalStack enforces IAM policies on the sessions of Roles Anywhere: on those of the role, its permissions
   * boundary, the profile's session policies and bucket policies. LocalStack by itself permits everything. All other
   * credentials keep working, such as the administrator's.
   *
   * @default RA_ENFORCE_IAM, else false
   */
  enforceIam?: boolean | undefined;
  /**
   * What `aws:SecureTransport` is for policies. The programs call LocalStack over plain HTTP where they call AWS over TLS,
   * so requests count as made over TLS; `false` shows what a policy does to requests without.
   *
   * @default true
   */
  secureTransport?: boolean | undefined;
  /**
   * URL of an emulator that already runs, for example `http://127.0.0.1:4566`. The sandbox then starts only the mock, as a
   * process, and the mock uses the STS and IAM of that emulator.
   */
  localstackEndpoint?: string | undefined;
  /**
   * Folder for LocalStack's Python environment and the logs, which stay there between runs.
   *
   * @default RA_CACHE_DIR, else ~/.cache/roles-anywhere-kit
   */
  cacheDirectory?: string | undefined;
  /** Called with one line for people before each step that takes time. */
  onProgress?: ((line: string) => void) | undefined;
  /** Ends the start early and stops what was started by then. */
  signal?: AbortSignal | undefined;
  /**
   * Image of LocalStack for the docker back end. A licensed image gets `LOCALSTACK_AUTH_TOKEN` from `environment`.
   *
   * @default LOCALSTACK_IMAGE, else "localstack/localstack:4.14.0"
   */
  localstackImage?: string | undefined;
  /**
   * Image of the mock for the docker back end, built from its Dockerfile.
   *
   * @default RA_MOCK_IMAGE, else the mock's bundle copied into `nodeImage`
   */
  mockImage?: string | undefined;
  /** Image with Node for the docker back end. @default NODE_IMAGE, else "node:24-slim" */
  nodeImage?: string | undefined;
  /**
   * Address on the Docker host where the containers' ports are published. Set it only when Docker runs on another machine.
   * Everybody who reaches the address reaches LocalStack, which has no access control.
   *
   * @default "127.0.0.1"
   */
  publishAddress?: string | undefined;
  /** The source of the defaults above; child processes inherit it without every `AWS_*`. @default process.env */
  environment?: Readonly<Record<string, string | undefined>> | undefined;
}

/** The options with every default filled in. */
export interface ResolvedOptions {
  backend: BackendName | "auto";
  region: string;
  accountId: string;
  port: number | undefined;
  services: readonly string[];
  localstackSettings: Readonly<Record<string, string>>;
  enforceIam: boolean;
  secureTransport: boolean;
  localstackEndpoint: string | undefined;
  cacheDirectory: string;
  onProgress: (line: string) => void;
  signal: AbortSignal | undefined;
  localstackImage: string;
  mockImage: string | undefined;
  nodeImage: string;
  publishAddress: string | undefined;
  environment: Readonly<Record<string, string | undefined>>;
}

type Environment = NonNullable<SandboxOptions["environment"]>;
/** The options that decide a setting of LocalStack. */
const OPTION_OF_SETTING: Readonly<Partial<Record<string, keyof SandboxOptions>>> = {
  SERVICES: "services",
  RA_ENFORCE_IAM: "enforceIam",
  RA_SECURE_TRANSPORT: "secureTransport",
};

const isFunction = (value: unknown): boolean => typeof value === "function";

const optionsShape = z.strictObject({
  backend: z.enum(["auto", "docker", "process"], "must be auto, docker or process").optional(),
  region: z
    .string()
    .regex(/^[a-z]{2}(-[a-z]+)+-\d+$/, "must be an AWS region such as us-east-1")
    .optional(),
  accountId: z
    .string("must be a string of twelve digits")
    .regex(/^\d{12}$/, "must be twelve digits")
    .optional(),
  port: z
    .int("must be a number from 1 to 65535")
    .min(1, "must be 1 or more")
    .max(65_535, "must be 65535 or less")
    .optional(),
  services: z.array(z.string().regex(/^[a-z0-9-]+$/, "must hold names of services such as sqs")).optional(),
  localstackSettings: z
    .record(
      z.string().regex(/^[A-Z_][A-Z0-9_]*$/, "must hold names such as DEBUG"),
      z.string("must have texts as values"),
    )
    .superRefine((settings, context) => {
      for (const name of Object.keys(settings)) {
        if (!RESERVED_SETTINGS.includes(name) && !name.startsWith("AWS_")) continue;
        const option = OPTION_OF_SETTING[name];
        const remedy = option === undefined ? "" : `; use the option "${option}"`;
        context.addIssue(`must not hold ${name}, which the sandbox decides${remedy}`);
      }
    })
    .optional(),
  enforceIam: z.boolean("must be true or false").optional(),
  secureTransport: z.boolean("must be true or false").optional(),
  localstackEndpoint: z
    .string()
    .refine(isEmulatorUrl, "must be the URL of an emulator such as http://127.0.0.1:4566, and no host of AWS")
    .optional(),
  cacheDirectory: z.string().optional(),
  onProgress: z.custom<(line: string) => void>(isFunction, "must be a function").optional(),
  signal: z.instanceof(AbortSignal, { error: "must be an AbortSignal" }).optional(),
  localstackImage: z.string().optional(),
  mockImage: z.string().optional(),
  nodeImage: z.string().optional(),
  publishAddress: z.union([z.ipv4(), z.ipv6()], "must be an IP address such as 0.0.0.0").optional(),
  // Not z.record(), which takes plain objects only: process.env is none.
  environment: z
    .custom<Environment>((value) => typeof value === "object" && value !== null, "must be an object")
    .optional(),
}) satisfies z.ZodType<SandboxOptions>;

/**
 * Checks the options and fills in the defaults. `LOCALSTACK_IMAGE`, `RA_MOCK_IMAGE`, `NODE_IMAGE`, `RA_CACHE_DIR` and
 * `RA_ENFORCE_IAM` in the environment are defaults of the options with the same meaning. An empty variable counts as not set.
 *
 * @throws {SandboxError} ERR_SANDBOX_INVALID_OPTION that names an unknown option, or one with a wrong value
 */
export function resolveOptions(given: SandboxOptions = {}): ResolvedOptions {
  const parsed = optionsShape.safeParse(given);
  if (!parsed.success) {
    throw new SandboxError("ERR_SANDBOX_INVALID_OPTION", describeIssue(parsed.error.issues[0], given));
  }
  const options: SandboxOptions = parsed.data;
  if (options.localstackEndpoint !== undefined && options.backend === "docker") {
    throw new SandboxError(
      "ERR_SANDBOX_INVALID_OPTION",
      'localstackEndpoint does not go with backend "docker": beside an emulator that already runs, the mock is a process',
    );
  }
  const environment = options.environment ?? process.env;
  const { LOCALSTACK_IMAGE, RA_MOCK_IMAGE, NODE_IMAGE, RA_CACHE_DIR } = environment;
  if (options.localstackEndpoint !== undefined && options.enforceIam === true) {
    throw new SandboxError(
      "ERR_SANDBOX_INVALID_OPTION",
      "enforceIam does not go with localstackEndpoint: LocalStack loads the hook for it when it starts. " +
        "Mount enforce_iam.py of the mock into its /etc/localstack/init/start.d and start it with RA_ENFORCE_IAM=true",
    );
  }
  return {
    backend: options.backend ?? "auto",
    region: options.region ?? "us-east-1",
    accountId: options.accountId ?? "000000000000",
    port: options.port,
    services: options.services ?? [],
    localstackSettings: options.localstackSettings ?? {},
    enforceIam: options.enforceIam ?? readEnforceIam(environment["RA_ENFORCE_IAM"]),
    secureTransport: options.secureTransport ?? true,
    localstackEndpoint: options.localstackEndpoint?.replace(/\/+$/, ""),
    cacheDirectory: resolve(
      options.cacheDirectory ?? (RA_CACHE_DIR || join(homedir(), ".cache", "roles-anywhere-kit")),
    ),
    onProgress: options.onProgress ?? (() => undefined),
    signal: options.signal,
    localstackImage:
      options.localstackImage ?? (LOCALSTACK_IMAGE || `localstack/localstack:${LOCALSTACK_VERSION}`),
    mockImage: options.mockImage ?? (RA_MOCK_IMAGE || undefined),
    nodeImage: options.nodeImage ?? (NODE_IMAGE || "node:24-slim"),
    publishAddress: options.publishAddress,
    environment,
  };
}

function readEnforceIam(text = ""): boolean {
  if (/^(1|true)$/i.test(text)) return true;
  if (/^(|0|false)$/i.test(text)) return false;
  throw new SandboxError(
    "ERR_SANDBOX_INVALID_OPTION",
    `the variable RA_ENFORCE_IAM must be true or false, not ${JSON.stringify(text)}`,
  );
}

function describeIssue(issue: z.core.$ZodIssue | undefined, given: object): string {
  if (issue?.code === "unrecognized_keys") {
    const names = Object.keys(optionsShape.shape).join(", ");
    return `startSandbox has no option "${issue.keys.join('", "')}"; its options are ${names}`;
  }
  const name = String(issue?.path[0]);
  const value: unknown = Object.entries(given).find(([key]) => key === name)?.[1];
  // Settings of LocalStack may hold a token, so the message quotes only options that are a string or a number.
  const quoted =
    typeof value === "string" || typeof value === "number" ? `, not ${JSON.stringify(value)}` : "";
  return `the option ${name} ${issue?.message ?? "is wrong"}${quoted}`;
}

function isEmulatorUrl(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || !["http:", "https:"].includes(url.protocol)) return false;
  return !/(^|\.)(amazonaws\.com(\.cn)?|aws|api\.aws)\.?$/.test(url.hostname);
}
