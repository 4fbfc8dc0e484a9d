import { z } from "zod";

/** The credentials come from a profile of the AWS configuration, which names a credential process. */
export interface ProfileSettings {
  readonly source: "profile";
  /** Name of the profile in `~/.aws/config`. */
  readonly profile: string;
}

/** This process gets its credentials from Roles Anywhere itself. */
export interface InProcessSettings {
  readonly source: "in-process";
  /** End-entity certificate: path or PEM text. */
  readonly certificate: string;
  /** Private key of the certificate: path or PEM text. Undefined when `certificate` holds both. */
  readonly privateKey: string | undefined;
  /** Password of an encrypted private key. */
  readonly privateKeyPassword: string | undefined;
  /** Intermediate certificates: path or PEM text. */
  readonly intermediates: string | undefined;
  readonly trustAnchorArn: string;
  /** ARN of the Roles Anywhere profile, which has nothing to do with a profile of the AWS configuration. */
  readonly profileArn: string;
  readonly roleArn: string;
  /** Duration of a session, 900 to 43200 seconds. */
  readonly sessionDurationSeconds: number;
}

/** Where the credentials come from. */
export type CredentialsSettings = ProfileSettings | InProcessSettings;

/** Injection token of the {@link Settings}. */
export const SETTINGS = Symbol("SETTINGS");

/** All settings of the server. */
export interface Settings {
  /** AWS region of the bucket. */
  readonly region: string;
  readonly credentials: CredentialsSettings;
  /** Bucket whose objects are listed. */
  readonly bucket: string;
  /** Address to listen on. @default "127.0.0.1" */
  readonly host: string;
  /** Port to listen on; 0 takes a free one. @default 3000 */
  readonly port: number;
  /** Host names, in lower case, that requests may have besides the local ones. @default none */
  readonly allowedHosts: readonly string[];
  /** The S3 endpoint that browsers reach, when the server itself uses another one. Only links are signed for it. */
  readonly s3PublicEndpoint: string | undefined;
  /** True when the S3 endpoint is not AWS's own, so that a bucket's name cannot be part of the host name. */
  readonly s3ForcePathStyle: boolean;
}

/** Thrown by {@link readSettings}; the message lists every setting that is missing or wrong. */
export class SettingsError extends Error {
  override readonly name = "SettingsError";
  readonly code = "ERR_SETTINGS_INVALID";
  /** Names of the settings to fix, in the order of the message. */
  readonly settings: readonly string[];

  constructor(complaints: ReadonlyMap<string, string>, example: string) {
    const width = Math.max(...[...complaints.keys()].map((name) => name.length));
    super(
      [
        "cannot start: these settings are missing or wrong",
        ...[...complaints].map(([name, complaint]) => `  ${name.padEnd(width)}  ${complaint}`),
        `for example: ${example}`,
      ].join("\n"),
    );
    this.settings = [...complaints.keys()];
  }
}

/** Quotes a value for a message. A long value is not shown: it may be a key in the wrong variable. */
const quoted = (value: unknown): string => {
  const text = String(value);
  return text.length > 200 ? `a value of ${text.length} characters` : JSON.stringify(text);
};

/** A variable that must be set. `missing` describes it when it is not set; `wrong` follows a value that does not match. */
const required = (missing: string, pattern: RegExp, wrong: string) =>
  z
    .string({ error: `is missing: ${missing}` })
    .regex(pattern, { error: (issue) => `${quoted(issue.input)} ${wrong}` });

/** A whole number of at most six digits. */
const wholeNumber = (min: number, max: number, rule: string) =>
  z
    .string()
    .refine((text) => /^\d{1,6}$/.test(text) && Number(text) >= min && Number(text) <= max, {
      error: (issue) => `${quoted(issue.input)} must be ${rule} from ${min} to ${max}`,
    })
    .transform(Number);

/** A variable that the chosen source of credentials does not use. It is refused, because setting it has no effect. */
const unused = (complaint: string) => z.undefined({ error: complaint }).optional();

const onlyInProcess = unused(
  "is used with CREDENTIALS=in-process only: set that as well and leave PROFILE out, or leave this out",
);

const profileVariables = z
  .object({
    CREDENTIALS: z
      .literal("profile", { error: (issue) => `${quoted(issue.input)} is neither profile nor in-process` })
      .default("profile"),
    PROFILE: required(
      "the name of the profile in ~/.aws/config that holds the credential_process, such as roles-anywhere",
      /^[^\n[\]]+$/,
      "is not the name of a profile: write it without the brackets",
    ),
    CERTIFICATE: onlyInProcess,
    PRIVATE_KEY: onlyInProcess,
    PRIVATE_KEY_PASSWORD: onlyInProcess,
    INTERMEDIATES: onlyInProcess,
    TRUST_ANCHOR_ARN: onlyInProcess,
    PROFILE_ARN: onlyInProcess,
    ROLE_ARN: onlyInProcess,
    SESSION_DURATION: onlyInProcess,
  })
  .transform(({ PROFILE }): ProfileSettings => ({ source: "profile", profile: PROFILE }));

const arn = (what: string, pattern: RegExp, shape: string) =>
  required(`the ARN of the ${what}: ${shape}`, pattern, `is not the ARN of a ${what}: ${shape}`);

const inProcessVariables = z
  .object({
    CREDENTIALS: z.literal("in-process"),
    PROFILE: unused(
      "names a profile of the AWS configuration, which CREDENTIALS=in-process does not read: leave one of the two out",
    ),
    CERTIFICATE: z.string({
      error:
        "is missing: the client certificate, as path or PEM text, such as /etc/roles-anywhere/client.pem",
    }),
    PRIVATE_KEY: z.string().optional(),
    PRIVATE_KEY_PASSWORD: z.string().optional(),
    INTERMEDIATES: z.string().optional(),
    TRUST_ANCHOR_ARN: arn(
      "trust anchor",
      /^arn:[^:]+:rolesanywhere:[^:]+:\d{12}:trust-anchor\/[^:]+$/,
      "arn:aws:rolesanywhere:<region>:<account>:trust-anchor/<id>",
    ),
    PROFILE_ARN: arn(
      "Roles Anywhere profile",
      /^arn:[^:]+:rolesanywhere:[^:]+:\d{12}:profile\/[^:]+$/,
      "arn:aws:rolesanywhere:<region>:<account>:profile/<id>",
    ),
    ROLE_ARN: arn("role", /^arn:[^:]+:iam::\d{12}:role\/[^:]+$/, "arn:aws:iam::<account>:role/<name>"),
    // https://docs.aws.amazon.com/rolesanywhere/latest/userguide/authentication-create-session.html
    SESSION_DURATION: wholeNumber(900, 43_200, "a number of seconds").default(3600),
  })
  .superRefine(({ TRUST_ANCHOR_ARN, PROFILE_ARN, ROLE_ARN }, context) => {
    const [, partition, , region, account] = TRUST_ANCHOR_ARN.split(":");
    const complain = (name: string, value: string): void =>
      context.addIssue({
        code: "custom",
        path: [name],
        message: `${quoted(value)} does not go with TRUST_ANCHOR_ARN, which is in ${partition}, ${region}, account ${account}`,
      });
    const [, profilePartition, , profileRegion, profileAccount] = PROFILE_ARN.split(":");
    if (profilePartition !== partition || profileRegion !== region || profileAccount !== account) {
      complain("PROFILE_ARN", PROFILE_ARN);
    }
    const [, rolePartition, , , roleAccount] = ROLE_ARN.split(":");
    if (rolePartition !== partition || roleAccount !== account) complain("ROLE_ARN", ROLE_ARN);
  })
  .transform((given): InProcessSettings => ({
    source: "in-process",
    certificate: given.CERTIFICATE,
    privateKey: given.PRIVATE_KEY,
    privateKeyPassword: given.PRIVATE_KEY_PASSWORD,
    intermediates: given.INTERMEDIATES,
    trustAnchorArn: given.TRUST_ANCHOR_ARN,
    profileArn: given.PROFILE_ARN,
    roleArn: given.ROLE_ARN,
    sessionDurationSeconds: given.SESSION_DURATION,
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
    PORT: wholeNumber(0, 65_535, "a whole number").default(3000),
    ALLOWED_HOSTS: z
      .string()
      .regex(/^[\w.-]+(?:\s*,\s*[\w.-]+)*$/, {
        error: (issue) =>
          `${quoted(issue.input)} is not a list of host names, such as files.example.com,files.example.org: no scheme, no port, no wildcard`,
      })
      .transform((names) => names.toLowerCase().split(/\s*,\s*/))
      .default([]),
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
  .transform((given): Omit<Settings, "credentials"> => ({
    region: given.REGION,
    bucket: given.BUCKET,
    host: given.HOST,
    port: given.PORT,
    allowedHosts: given.ALLOWED_HOSTS,
    s3PublicEndpoint: given.S3_PUBLIC_ENDPOINT,
    // The SDK's own rule: https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
    s3ForcePathStyle:
      (given.AWS_ENDPOINT_URL_S3 ?? given.AWS_ENDPOINT_URL) !== undefined &&
      given.AWS_IGNORE_CONFIGURED_ENDPOINT_URLS?.toLowerCase() !== "true",
  }));

/** The order of the variables in the message. */
const ORDER = ["REGION", ...Object.keys(profileVariables.in.shape), "BUCKET"];

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
  const credentials = (inProcess ? inProcessVariables : profileVariables).safeParse(given);
  if (!server.success || !credentials.success) {
    const issues = [...(server.error?.issues ?? []), ...(credentials.error?.issues ?? [])];
    throw new SettingsError(
      firstComplaints(issues),
      inProcess
        ? "CREDENTIALS=in-process CERTIFICATE=client.pem PRIVATE_KEY=client.key TRUST_ANCHOR_ARN=arn:… PROFILE_ARN=arn:… ROLE_ARN=arn:… REGION=us-east-1 BUCKET=my-documents npm start"
        : "REGION=us-east-1 PROFILE=roles-anywhere BUCKET=my-documents npm start",
    );
  }
  return { ...server.data, credentials: credentials.data };
}

/** The first complaint about each variable, in the order of the variables. */
function firstComplaints(issues: readonly z.core.$ZodIssue[]): ReadonlyMap<string, string> {
  const place = (name: string): number => (ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length);
  const complaints = issues
    .map(({ path, message }) => [path.join("."), message] as const)
    .toSorted(([a], [b]) => place(a) - place(b));
  // A map keeps the last value of a key but the place of the first, so the reversed list sets the first complaints.
  return new Map([...complaints, ...complaints.toReversed()]);
}
