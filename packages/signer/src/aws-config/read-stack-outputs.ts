import { readFileSync } from "node:fs";

import { codeOf, messageOf, SignerError } from "../errors.ts";
import { SESSION_ARNS } from "../session/arn.ts";
import { isRecord } from "../session/credential-set.ts";
import type { SessionArns } from "../session/session-parameters.ts";

/** Which outputs of a stack hold the ARNs. An output that is not asked for may be missing. */
export type OutputNames = { readonly [Name in keyof SessionArns]?: string | undefined };

const DEFAULT_STACK = "RolesAnywhereStack";

/**
 * Reads ARNs from the file that `cdk deploy --outputs-file` wrote.
 *
 * @param names Output of each ARN that is wanted, such as `{ roleArn: "RoleArn" }`.
 * @param stack Stack name. @default RolesAnywhereStack if it is there, else the only stack, or the only one that has these outputs
 * @throws {SignerError} ERR_SIGNER_OUTPUTS_INVALID naming what is missing, and the outputs that are there.
 */
export function readStackOutputs(path: string, names: OutputNames, stack?: string): Partial<SessionArns> {
  const invalid = (reason: string, cause?: unknown): SignerError =>
    new SignerError("ERR_SIGNER_OUTPUTS_INVALID", `stack outputs "${path}": ${reason}`, { path, cause });
  let text: string;
  let stacks: unknown;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    const isMissing = codeOf(cause) === "ENOENT";
    const missing = "there is no such file; write it with cdk deploy --outputs-file";
    throw invalid(isMissing ? missing : `it cannot be read: ${messageOf(cause)}`, cause);
  }
  try {
    stacks = JSON.parse(text.replace(/^\ufeff/, ""));
  } catch (cause) {
    throw invalid(`it is not JSON: ${messageOf(cause)}`, cause);
  }
  if (!isRecord(stacks)) throw invalid("it is not a JSON object of stacks");
  const all = Object.keys(stacks);
  const likely = Object.hasOwn(stacks, DEFAULT_STACK)
    ? DEFAULT_STACK
    : onlyStackWith(stacks, Object.values(names));
  const name = stack ?? likely ?? DEFAULT_STACK;
  const outputs = Object.hasOwn(stacks, name) ? stacks[name] : undefined;
  if (!isRecord(outputs))
    throw invalid(`it has no stack "${name}", only ${list(all)}; name one with --stack`);
  const found: Partial<Record<keyof SessionArns, string>> = {};
  for (const { option, flag } of SESSION_ARNS) {
    const output = names[option];
    if (output === undefined) continue;
    const value = Object.hasOwn(outputs, output) ? outputs[output] : undefined;
    if (typeof value !== "string" || !value.startsWith("arn:")) {
      throw invalid(
        `stack "${name}" has no output ${output} that is an ARN, only ${list(Object.keys(outputs))}; name it with ${flag}-output, or give ${flag}-arn`,
      );
    }
    found[option] = value;
  }
  return found;
}

/** The only stack of the file, or the only one with all these outputs. */
function onlyStackWith(
  stacks: Readonly<Record<string, unknown>>,
  outputs: readonly (string | undefined)[],
): string | undefined {
  const all = Object.keys(stacks);
  const having = Object.entries(stacks).filter(
    ([, found]) =>
      isRecord(found) && outputs.every((output) => output === undefined || Object.hasOwn(found, output)),
  );
  const [only, ...others] = all.length === 1 ? all : having.map(([name]) => name);
  return others.length === 0 ? only : undefined;
}

function list(names: readonly string[]): string {
  return names.join(", ") || "nothing";
}
