import { z } from "zod";
import type { CredentialSource } from "./credentials.ts";

/** Injection token of the {@link Settings}. */
export const SETTINGS = Symbol("SETTINGS");

/** All settings of the server. docs/app.md describes each variable. */
export type Settings = Readonly<z.output<typeof serverVariables>> & {
  /** A profile of the AWS configuration, or what this process needs to call Roles Anywhere itself. */
  readonly credentials: CredentialSource;
};

const LOG_LEVELS = ["fatal", "error", "warn", "info", "debug", "trace", "silent"] as const;

/** Thrown by {@link readSettings}; the message lists every setting that is missing or wrong. */
export class SettingsError extends Error {
  override readonly name = "SettingsError";
  readonly code = "ERR_SETTINGS_INVALID";

  /** @param settings - Names of the settings to fix, in the order of the message. */
  constructor(
    readonly settings: readonly string[],
    complaints: readonly string[],
    example: string,
  ) {
    const width = Math.max(...settings.map((name) => name.length));
    const lines = settings.map((name, index) => `  ${name.padEnd(width)}  ${complaints[index]}`);
    super(
      ["cannot start: these settings are missing or wrong", ...lines, `for example: ${example}`].join("\n"),
    );
  }
}

/** Quotes a value for a message. A long value is not shown: it may be a key in the wrong variable. */
const quoted = (value: unknown): string => {
  const text = String(value);
  return text.length > 200 ? `a value of ${text.length} characters` : JSON.stringify(text);
};

/** A variable that must be set. `missing` describes it when it is not set; `wrong` follows a value that does not match. */
const required = (missing: string, pattern = /./, wrong = "") =>
  z
    .string({ error: `is missing: ${missing}` })
    .regex(pattern, { error: (issue) => `${quoted(issue.input)} ${wrong}` });

const arn = (what: string, shape: string, pattern: RegExp) =>
  required(`the ARN of the ${what}: ${shape}`, pattern, `is not the ARN of a ${what}: ${shape}`);

/** A whole number of at most six digits. */
const wholeNumber = (min: number, max: number, rule = "a whole number") =>
  z
    .string()
    .refine((text) => /^\d{1,6}$/.test(text) && Number(text) >= min && Number(text) <= max, {
      error: (issue) => `${quoted(issue.input)} must be ${rule} from ${min} to ${max}`,
    })
    .transform(Number);

/** A variable that the chosen source of credentials does not use. It is refused, because setting it has no effect. */
const unused = (complaint: string) => z.undefined({ error: complaint }).optional();

const inProcessVariables = z.object({
  CREDENTIALS: z.literal("in-process"),
  PROFILE: unused(
    "names a profile of the AWS configuration, which CREDENTIALS=in-process does not read: leave one of the two out",
  ),
  CERTIFICATE: required(
    "the client certificate, as path or PEM text, such as /etc/roles-anywhere/client.pem",
  ),
  PRIVATE_KEY: z.string().optional(),
  PRIVATE_KEY_PASSWORD: z.string().optional(),
  INTERMEDIATES: z.string().optional(),
  TRUST_ANCHOR_ARN: arn(
    "trust anchor",
    "arn:aws:rolesanywhere:<region>:<account>:trust-anchor/<id>",
    /^arn:[^:]+:rolesanywhere:[^:]+:\d{12}:trust-anchor\/[^:]+$/,
  ),
  PROFILE_ARN: arn(
    "Roles Anywhere profile",
    "arn:aws:rolesanywhere:<region>:<account>:profile/<id>",
    /^arn:[^:]+:rolesanywhere:[^:]+:\d{12}:profile\/[^:]+$/,
  ),
  ROLE_ARN: arn("role", "arn:aws:iam::<account>:role/<name>", /^arn:[^:]+:iam::\d{12}:role\/[^:]+$/),
  // https://docs.aws.amazon.com/rolesanywhere/latest/userguide/authentication-create-session.html
  SESSION_DURATION: wholeNumber(900, 43_200, "a number of seconds").default(3600),
});

const profileSource = z
  .object({
    CREDENTIALS: z
      .literal("profile", { error: (issue) => `${quoted(issue.input)} is neither profile nor in-process` })
      .default("profile"),
    PROFILE: required(
      "the name of the profile in ~/.aws/config that holds the credential_process, such as roles-anywhere",
      /^[^\n[\]]+$/,
      "is not the name of a profile: write it without the brackets",
    ),
  })
  .transform(({ PROFILE }): CredentialSource => ({ profile: PROFILE }));

/** The variables that a server with a profile does not use. */
const unusedWithProfile = z.object(
  Object.fromEntries(
    Object.keys(inProcessVariables.omit({ CREDENTIALS: true, PROFILE: true }).shape).map((name) => [
      name,
      unused(
        "is used with CREDENTIALS=in-process only: set that as well and leave PROFILE out, or leave this out",
      ),
    ]),
  ),
);

const inProcessSource = inProcessVariables
  .superRefine(({ TRUST_ANCHOR_ARN, PROFILE_ARN, ROLE_ARN }, context) => {
    const [, partition = "", , region = "", account = ""] = TRUST_ANCHOR_ARN.split(":");
    const refuse = (name: string, value: string): void =>
      context.addIssue({
        code: "custom",
        path: [name],
        message: `${quoted(value)} does not go with TRUST_ANCHOR_ARN, which is in ${partition}, ${region}, account ${account}`,
      });
    if (!PROFILE_ARN.startsWith(`arn:${partition}:rolesanywhere:${region}:${account}:`)) {
      refuse("PROFILE_ARN", PROFILE_ARN);
    }
    if (!ROLE_ARN.startsWith(`arn:${partition}:iam::${account}:`)) refuse("ROLE_ARN", ROLE_ARN);
  })
  .transform((given): CredentialSource => ({
    certificate: given.CERTIFICATE,
    privateKey: given.PRIVATE_KEY,
    passphrase: given.PRIVATE_KEY_PASSWORD,
    intermediates: given.INTERMEDIATES,
    trustAnchorArn: given.TRUST_ANCHOR_ARN,
    profileArn: given.PROFILE_ARN,
    roleArn: given.ROLE_ARN,
    durationSeconds: given.SESSION_DURATION,
  }));

const serverVariables = z
  .object({
    REGION: required(
      "the AWS region of the bucket, such as us-east-1",
      /^[a-z]{2,}(-[a-z0-9]+)+-\d+$/,
      "is not the name of an AWS region, such as us-east-1",
    ),
    // Bucket naming rules: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
    BUCKET: required(
      "the name of the S3 bucket to list, such as my-documents",
      /^(?:[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]|arn:[^\s/]+(?:\/[^\s/]+)*)$/,
      "is not the name of a bucket: 3 to 63 lower-case letters, digits, dots and hyphens, no s3:// and no path",
    ),
    HOST: z.string().default("127.0.0.1"),
    PORT: wholeNumber(0, 65_535).default(3000),
    ALLOWED_HOSTS: z
      .string()
      .regex(/^[\w.-]+(?:\s*,\s*[\w.-]+)*$/, {
        error: (issue) =>
          `${quoted(issue.input)} is not a list of host names, such as files.example.com,files.example.org: no scheme, no port, no wildcard`,
      })
      .transform((names) => names.toLowerCase().split(/\s*,\s*/))
      .default([]),
    RATE_LIMIT: wholeNumber(1, 999_999, "a number of requests per minute").default(300),
    LOG_LEVEL: z
      .enum(LOG_LEVELS, {
        error: (issue) => `${quoted(issue.input)} is not a level: take one of ${LOG_LEVELS.join(", ")}`,
      })
      .default("info"),
    S3_PUBLIC_ENDPOINT: z
      .url({
        protocol: /^https?$/,
        error: (issue) =>
          `${quoted(issue.input)} is not a URL that starts with http:// or https://, such as http://localhost:4566`,
      })
      .optional(),
    AWS_ENDPOINT_URL: z.string().optional(),
    AWS_ENDPOINT_URL_S3: z.string().optional(),
    AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: z.string().optional(),
  })
  .transform((given) => ({
    region: given.REGION,
    bucket: given.BUCKET,
    host: given.HOST,
    port: given.PORT,
    /** In lower case, besides the local ones. */
    allowedHosts: given.ALLOWED_HOSTS,
    /** That one client address may make to the API. */
    requestsPerMinute: given.RATE_LIMIT,
    logLevel: given.LOG_LEVEL,
    /** The S3 endpoint that browsers reach, when the server itself uses another one. Only links are signed for it. */
    s3PublicEndpoint: given.S3_PUBLIC_ENDPOINT,
    /** True when the S3 endpoint is not AWS's own, so that a bucket's name cannot be part of the host name. */
    s3ForcePathStyle:
      // The SDK's own rule: https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
      (given.AWS_ENDPOINT_URL_S3 ?? given.AWS_ENDPOINT_URL) !== undefined &&
      given.AWS_IGNORE_CONFIGURED_ENDPOINT_URLS?.toLowerCase() !== "true",
  }));

/** The order of the variables in the message. */
const ORDER = [
  ...new Set(["REGION", ...Object.keys(inProcessVariables.shape), ...Object.keys(serverVariables.in.shape)]),
];

/**
 * Reads and checks the settings.
 *
 * A variable that is set but empty counts as absent, because Docker Compose passes on an unset variable like that.
 *
 * @param env - The environment variables, normally `process.env`.
 * @throws {SettingsError} ERR_SETTINGS_INVALID naming every setting that is missing or wrong.
 */
export function readSettings(env: Readonly<Record<string, string | undefined>>): Settings {
  const given = Object.fromEntries(
    Object.entries(env)
      // A password may begin or end with a space.
      .map(([name, value]) => [name, name === "PRIVATE_KEY_PASSWORD" ? value : value?.trim()] as const)
      .filter(([, value]) => value !== undefined && value !== ""),
  );
  const inProcess = given["CREDENTIALS"] === "in-process";
  const server = serverVariables.safeParse(given);
  const credentials = (inProcess ? inProcessSource : profileSource).safeParse(given);
  const rest = (inProcess ? z.object() : unusedWithProfile).safeParse(given);
  if (server.success && credentials.success && rest.success) {
    return { ...server.data, credentials: credentials.data };
  }
  const issues = [server, credentials, rest].flatMap(({ error }) => error?.issues ?? []);
  const settings = ORDER.filter((name) => issues.some(({ path }) => path[0] === name));
  throw new SettingsError(
    settings,
    // The first complaint about each of them.
    settings.map((name) => issues.find(({ path }) => path[0] === name)?.message ?? ""),
    inProcess
      ? "CREDENTIALS=in-process CERTIFICATE=client.pem PRIVATE_KEY=client.key TRUST_ANCHOR_ARN=arn:… PROFILE_ARN=arn:… ROLE_ARN=arn:… REGION=us-east-1 BUCKET=my-documents npm start"
      : "REGION=us-east-1 PROFILE=roles-anywhere BUCKET=my-documents npm start",
  );
}
