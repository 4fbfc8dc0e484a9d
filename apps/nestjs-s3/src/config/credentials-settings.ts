import { z } from "zod";
import { required } from "./required.ts";

/** Credentials come from a profile of the AWS configuration, by its credential process. */
export interface ProfileSettings {
  readonly source: "profile";
  /** Name of the profile in `~/.aws/config`. */
  readonly profile: string;
}

/** This process asks Roles Anywhere by itself. */
export interface InProcessSettings {
  readonly source: "in-process";
  /** End-entity certificate: path or PEM text. */
  readonly certificate: string;
  /** Its key: path or PEM text. Undefined when it stands with the certificate. */
  readonly privateKey: string | undefined;
  /** Password of an encrypted key. */
  readonly privateKeyPassword: string | undefined;
  /** Intermediate certificates: path or PEM text. */
  readonly intermediates: string | undefined;
  readonly trustAnchorArn: string;
  /** ARN of the Roles Anywhere profile; nothing to do with a profile of the AWS configuration. */
  readonly profileArn: string;
  readonly roleArn: string;
  /** Wished life of a session. */
  readonly sessionDurationSeconds: number;
}

/** Where the credentials come from. */
export type CredentialsSettings = ProfileSettings | InProcessSettings;

/** The variables that belong to one source alone, in the order in which complaints name them. */
export const CREDENTIALS_VARIABLES = [
  "CREDENTIALS",
  "PROFILE",
  "CERTIFICATE",
  "PRIVATE_KEY",
  "PRIVATE_KEY_PASSWORD",
  "INTERMEDIATES",
  "TRUST_ANCHOR_ARN",
  "PROFILE_ARN",
  "ROLE_ARN",
  "SESSION_DURATION",
] as const;

const DEFAULT_SESSION_DURATION_SECONDS = 3600;
// https://docs.aws.amazon.com/rolesanywhere/latest/userguide/authentication-create-session.html
const MIN_SESSION_DURATION_SECONDS = 900;
const MAX_SESSION_DURATION_SECONDS = 43_200;

/** A variable that means nothing to the chosen source: whoever set it expects something that would not happen. */
const unused = (complaint: string) => z.undefined({ error: complaint }).optional();

const onlyInProcess = unused(
  "is used with CREDENTIALS=in-process only: set that as well and leave PROFILE out, or leave this out",
);

const profileSource = z
  .object({
    CREDENTIALS: z
      .literal("profile", {
        error: (issue) => `${JSON.stringify(issue.input)} is neither profile nor in-process`,
      })
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

const inProcessSource = z
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
    SESSION_DURATION: z
      .string()
      .refine(isSessionDuration, {
        error: (issue) =>
          `${JSON.stringify(issue.input)} must be a number of seconds from ${MIN_SESSION_DURATION_SECONDS} to ${MAX_SESSION_DURATION_SECONDS}`,
      })
      .transform(Number)
      .default(DEFAULT_SESSION_DURATION_SECONDS),
  })
  .superRefine(({ TRUST_ANCHOR_ARN, PROFILE_ARN, ROLE_ARN }, context) => {
    const [, partition, , region, account] = TRUST_ANCHOR_ARN.split(":");
    const complain = (name: string, value: string): void =>
      context.addIssue({
        code: "custom",
        path: [name],
        message: `${JSON.stringify(value)} does not go with TRUST_ANCHOR_ARN, which is in ${partition}, ${region}, account ${account}`,
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

/** Checks the variables of the chosen source, which is the profile unless they say otherwise. */
export function credentialsSchema(source: string | undefined): z.ZodType<CredentialsSettings> {
  return source === "in-process" ? inProcessSource : profileSource;
}

function isSessionDuration(text: string): boolean {
  const seconds = /^\d+$/.test(text) ? Number(text) : 0;
  return seconds >= MIN_SESSION_DURATION_SECONDS && seconds <= MAX_SESSION_DURATION_SECONDS;
}
