import { z } from "zod";
import {
  CREDENTIALS_VARIABLES,
  credentialsSchema,
  type CredentialsSettings,
} from "./credentials-settings.ts";
import { required } from "./required.ts";

/** What the server needs to know before it starts. Read once, at boot. */
export interface Settings {
  /** AWS region of the bucket. */
  readonly region: string;
  /** Where the credentials come from. @default a profile */
  readonly credentials: CredentialsSettings;
  /** Bucket whose objects are listed. */
  readonly bucket: string;
  /** Address to listen on. @default "127.0.0.1" */
  readonly host: string;
  /** Port to listen on; 0 takes a free one. @default 3000 */
  readonly port: number;
  /** S3 as browsers reach it, when that is not how this server reaches it. Used for presigning only. */
  readonly s3PublicEndpoint: string | undefined;
  /** True when the S3 endpoint is not AWS's own: bucket names are then no host names. */
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

const REGION_NAME = /^[a-z]{2,}(-[a-z0-9]+)+-\d+$/;
// Bucket naming rules: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
const BUCKET_NAME = /^(?:[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]|arn:[^\s/]+(?:\/[^\s/]+)*)$/;
const PORT_NUMBER = /^\d{1,5}$/;
const WHOLE_NUMBER_BELOW_65536 = "must be a whole number from 0 to 65535";

/** The order of complaints. */
const VARIABLES: readonly string[] = ["REGION", ...CREDENTIALS_VARIABLES, "BUCKET", "HOST", "PORT"];

const environment = z.object({
  REGION: required(
    "the AWS region of the bucket, such as us-east-1",
    REGION_NAME,
    "is not the name of an AWS region, such as us-east-1",
  ),
  BUCKET: required(
    "the name of the S3 bucket to list, such as my-documents",
    BUCKET_NAME,
    "is not the name of a bucket: 3 to 63 lower-case letters, digits, dots and hyphens, no s3:// and no path",
  ),
  HOST: z.string().default("127.0.0.1"),
  PORT: z
    .string()
    .regex(PORT_NUMBER, {
      error: (issue) => `${JSON.stringify(issue.input)} ${WHOLE_NUMBER_BELOW_65536}`,
    })
    .transform(Number)
    .refine((port) => port <= 65_535, {
      error: (issue) => `"${String(issue.input)}" ${WHOLE_NUMBER_BELOW_65536}`,
    })
    .default(3000),
  S3_PUBLIC_ENDPOINT: z
    .url({
      protocol: /^https?$/,
      error: (issue) =>
        `${JSON.stringify(issue.input)} is not a URL that starts with http:// or https://, such as http://localhost:4566`,
    })
    .optional(),
  AWS_ENDPOINT_URL: z.string().optional(),
  AWS_ENDPOINT_URL_S3: z.string().optional(),
  AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: z.string().optional(),
});

/**
 * Reads and checks the settings.
 *
 * A variable that is set but empty counts as absent: that is how Docker Compose passes on an unset one.
 *
 * @param env - The environment variables, normally `process.env`.
 * @throws {SettingsError} ERR_SETTINGS_INVALID naming every setting that is missing or wrong.
 */
export function readSettings(env: Readonly<Record<string, string | undefined>>): Settings {
  const given = Object.fromEntries(
    Object.entries(env)
      .map(([name, value]): [string, string | undefined] =>
        // A password may begin or end with a space.
        name === "PRIVATE_KEY_PASSWORD" ? [name, value] : [name, value?.trim()],
      )
      .filter(([, value]) => value !== undefined && value !== ""),
  );
  const parsed = environment.safeParse(given);
  const credentials = credentialsSchema(given["CREDENTIALS"]).safeParse(given);
  if (!parsed.success || !credentials.success) {
    const issues = [...(parsed.error?.issues ?? []), ...(credentials.error?.issues ?? [])];
    throw new SettingsError(inOrder(issues), exampleFor(given["CREDENTIALS"]));
  }
  const { data } = parsed;
  // Same rule as the SDK's own: https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
  const endpointsIgnored = data.AWS_IGNORE_CONFIGURED_ENDPOINT_URLS?.toLowerCase() === "true";
  const hasCustomEndpoint = (data.AWS_ENDPOINT_URL_S3 ?? data.AWS_ENDPOINT_URL) !== undefined;
  return {
    region: data.REGION,
    credentials: credentials.data,
    bucket: data.BUCKET,
    host: data.HOST,
    port: data.PORT,
    s3PublicEndpoint: data.S3_PUBLIC_ENDPOINT,
    s3ForcePathStyle: hasCustomEndpoint && !endpointsIgnored,
  };
}

/** The first complaint about each variable. */
function inOrder(issues: readonly z.core.$ZodIssue[]): ReadonlyMap<string, string> {
  const complaints = new Map<string, string>();
  for (const { path, message } of issues) {
    const name = path.join(".");
    if (!complaints.has(name)) complaints.set(name, message);
  }
  const place = (name: string): number => {
    const index = VARIABLES.indexOf(name);
    return index === -1 ? VARIABLES.length : index;
  };
  return new Map([...complaints].toSorted(([a], [b]) => place(a) - place(b)));
}

function exampleFor(source: string | undefined): string {
  return source === "in-process"
    ? "CREDENTIALS=in-process CERTIFICATE=client.pem PRIVATE_KEY=client.key TRUST_ANCHOR_ARN=arn:… PROFILE_ARN=arn:… ROLE_ARN=arn:… REGION=us-east-1 BUCKET=my-documents npm start"
    : "REGION=us-east-1 PROFILE=roles-anywhere BUCKET=my-documents npm start";
}
