import { quoted, SignerError } from "../errors.ts";

/** The parts of an Amazon Resource Name. */
export interface Arn {
  readonly partition: string;
  readonly service: string;
  readonly region: string;
  readonly account: string;
  readonly resource: string;
}

/**
 * Splits an ARN.
 *
 * @param text For example `arn:aws:rolesanywhere:us-east-1:123456789012:profile/…`.
 * @param what Name of the value in messages: `trust anchor`.
 * @throws {SignerError} ERR_SIGNER_ARN_INVALID when it has not six parts or does not start with `arn:`.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
 */
export function parseArn(text: string, what: string): Arn {
  const [prefix, partition = "", service = "", region = "", account = "", ...resource] = text.split(":");
  if (prefix === "arn" && resource.length > 0) {
    return { partition, service, region, account, resource: resource.join(":") };
  }
  const reason = prefix === "arn" ? "not enough sections" : "invalid prefix";
  throw new SignerError(
    "ERR_SIGNER_ARN_INVALID",
    `failed to parse ${what} arn: 'arn: ${reason}'; got ${quoted(text)}, expected arn:<partition>:<service>:<region>:<account>:<resource>`,
  );
}

/** What each of the three ARNs of a session is the ARN of. */
export const ARN_KINDS = {
  "trust anchor": { service: "rolesanywhere", prefix: "trust-anchor/" },
  profile: { service: "rolesanywhere", prefix: "profile/" },
  role: { service: "iam", prefix: "role/" },
} as const;

/** How options and flags call them: `trustAnchorArn`, `--trust-anchor-arn`. */
export const SESSION_ARNS = [
  { kind: "trust anchor", option: "trustAnchorArn", flag: "--trust-anchor" },
  { kind: "profile", option: "profileArn", flag: "--profile" },
  { kind: "role", option: "roleArn", flag: "--role" },
] as const;

/**
 * Splits an ARN, and refuses one of another kind: trust anchor and profile are easily swapped.
 *
 * @throws {SignerError} ERR_SIGNER_ARN_INVALID naming the form that it should have.
 */
export function parseArnOf(text: string, kind: keyof typeof ARN_KINDS): Arn {
  const arn = parseArn(text, kind);
  const { service, prefix } = ARN_KINDS[kind];
  if (arn.service === service && arn.resource.startsWith(prefix)) return arn;
  throw new SignerError(
    "ERR_SIGNER_ARN_INVALID",
    `${quoted(text)} is not the ARN of a ${kind}; give one of the form arn:${arn.partition || "aws"}:${service}:…:${prefix}…`,
  );
}
