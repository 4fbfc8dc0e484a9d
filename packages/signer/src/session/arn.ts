import { SignerError } from "../errors.ts";

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
  const [prefix, partition, service, region, account, ...resource] = text.split(":");
  if (prefix !== "arn") throw invalid(text, what, "arn: invalid prefix");
  if (
    partition === undefined ||
    service === undefined ||
    region === undefined ||
    account === undefined ||
    resource.length === 0
  ) {
    throw invalid(text, what, "arn: not enough sections");
  }
  return { partition, service, region, account, resource: resource.join(":") };
}

function invalid(text: string, what: string, reason: string): SignerError {
  return new SignerError(
    "ERR_SIGNER_ARN_INVALID",
    `failed to parse ${what} arn: '${reason}'; got "${text}", expected arn:<partition>:<service>:<region>:<account>:<resource>`,
  );
}
