import { PolicyError } from "./policy-error.ts";
import { parseTemplate, TemplateSyntaxError } from "./policy-variables.ts";
import type { PolicyVersion, TemplatePiece } from "./policy-variables.ts";

/** @throws {PolicyError} ERR_POLICY_VARIABLE_INVALID */
export function parseVariables(
  source: string,
  path: string,
  version: PolicyVersion,
): readonly TemplatePiece[] {
  try {
    return parseTemplate(source, version);
  } catch (cause) {
    if (!(cause instanceof TemplateSyntaxError)) throw cause;
    throw new PolicyError("ERR_POLICY_VARIABLE_INVALID", path, cause.message, { cause });
  }
}

/**
 * For elements where IAM knows no variables, in any version of the language.
 *
 * @throws {PolicyError} ERR_POLICY_VARIABLE_NOT_ALLOWED
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#policy-vars-wheretouse
 */
export function refuseVariables(source: string, path: string): void {
  if (!source.includes("${")) return;
  throw new PolicyError(
    "ERR_POLICY_VARIABLE_NOT_ALLOWED",
    path,
    `"${source}" has a policy variable; they can stand only in Resource and in conditions with string or ARN operators`,
  );
}
