import { messageOf, SignerError } from "../errors.ts";
import { readIfPresent } from "./write-file-atomically.ts";

/** The ARNs that a deployed stack names in its outputs. */
export interface StackArns {
  readonly trustAnchorArn: string;
  readonly profileArn: string;
  readonly roleArn: string;
}

const DEFAULT_STACK = "RolesAnywhereStack";

/**
 * Reads the file that `cdk deploy --outputs-file` wrote.
 *
 * @param path The JSON file.
 * @param stack Stack name. @default RolesAnywhereStack, or the only stack in the file
 * @throws {SignerError} ERR_SIGNER_OUTPUTS_INVALID naming what is missing.
 */
export function readStackOutputs(path: string, stack?: string): StackArns {
  const text = readIfPresent(path);
  if (text === undefined) {
    throw invalid(path, "there is no such file; write it with cdk deploy --outputs-file");
  }
  let stacks: unknown;
  try {
    stacks = JSON.parse(Buffer.from(text, "latin1").toString("utf8"));
  } catch (cause) {
    throw invalid(path, `it is not JSON: ${messageOf(cause)}`, cause);
  }
  if (!isRecord(stacks)) throw invalid(path, "it is not a JSON object of stacks");
  const names = Object.keys(stacks);
  const name = stack ?? (names.length === 1 ? (names[0] ?? DEFAULT_STACK) : DEFAULT_STACK);
  const outputs = Object.hasOwn(stacks, name) ? stacks[name] : undefined;
  if (!isRecord(outputs)) {
    throw invalid(
      path,
      `it has no stack "${name}", only ${names.join(", ") || "nothing"}; name one with --stack`,
    );
  }
  const output = (key: string): string => {
    const value = Object.hasOwn(outputs, key) ? outputs[key] : undefined;
    if (typeof value === "string" && value.startsWith("arn:")) return value;
    throw invalid(path, `stack "${name}" has no output ${key} that is an ARN; was it deployed completely?`);
  };
  return {
    trustAnchorArn: output("TrustAnchorArn"),
    profileArn: output("ProfileArn"),
    roleArn: output("RoleArn"),
  };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function invalid(path: string, reason: string, cause?: unknown): SignerError {
  return new SignerError("ERR_SIGNER_OUTPUTS_INVALID", `stack outputs "${path}": ${reason}`, {
    path,
    ...(cause === undefined ? {} : { cause }),
  });
}
