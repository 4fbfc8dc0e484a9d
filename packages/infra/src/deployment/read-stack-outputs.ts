import { readFile } from "node:fs/promises";
import { z } from "zod";
import { ARN_PATTERNS } from "../arns.ts";
import { InfraError } from "../errors.ts";

/** The outputs of a deployed `RolesAnywhereStack`. */
export interface StackOutputs {
  readonly trustAnchorArn: string;
  readonly profileArn: string;
  readonly roleArn: string;
  readonly bucketName: string;
}

/** The default stack of {@link readStackOutputs}. */
export const DEFAULT_STACK_NAME = "RolesAnywhereStack";

const outputsFile = z.record(z.string(), z.record(z.string(), z.string()));

const stackOutputs = z
  .object({
    TrustAnchorArn: z.string().regex(ARN_PATTERNS.trustAnchor, "is not a trust anchor ARN"),
    ProfileArn: z.string().regex(ARN_PATTERNS.profile, "is not a profile ARN"),
    RoleArn: z.string().regex(ARN_PATTERNS.role, "is not a role ARN"),
    BucketName: z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, "is not a bucket name"),
  })
  .transform((outputs): StackOutputs => ({
    trustAnchorArn: outputs.TrustAnchorArn,
    profileArn: outputs.ProfileArn,
    roleArn: outputs.RoleArn,
    bucketName: outputs.BucketName,
  }));

/**
 * Reads the file that `cdk deploy --outputs-file` wrote.
 *
 * @example
 * const { trustAnchorArn, bucketName } = await readStackOutputs("cdk-outputs.json");
 *
 * @param path the outputs file
 * @param stackName the stack to take from it, `RolesAnywhereStack` by default
 * @throws {InfraError} ERR_INFRA_OUTPUTS_FILE when the file cannot be read, or is not an outputs file
 * @throws {InfraError} ERR_INFRA_OUTPUTS_INVALID when the stack, or one of its four outputs, is missing or malformed
 */
export async function readStackOutputs(
  path: string,
  stackName: string = DEFAULT_STACK_NAME,
): Promise<StackOutputs> {
  const stacks = parseOutputsFile(path, await readText(path));
  const found = stacks[stackName];
  if (found === undefined) {
    const names = Object.keys(stacks);
    throw new InfraError(
      "ERR_INFRA_OUTPUTS_INVALID",
      `${path} has no outputs of stack ${stackName}` +
        (names.length === 0
          ? "; deploy the stack first."
          : `, only of ${names.join(", ")}; name the stack you deployed.`),
    );
  }
  const parsed = stackOutputs.safeParse(found);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path: [output], message }) => {
      const value = found[String(output)];
      return value === undefined
        ? `${String(output)} is missing`
        : `${String(output)} ${JSON.stringify(value)} ${message}`;
    });
    throw new InfraError(
      "ERR_INFRA_OUTPUTS_INVALID",
      `The outputs of stack ${stackName} in ${path} cannot be used: ${problems.join("; ")}. ${remedy(found)}`,
    );
  }
  return parsed.data;
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new InfraError(
      "ERR_INFRA_OUTPUTS_FILE",
      `The outputs file ${path} cannot be read. Deploy with: cdk deploy --outputs-file ${path}`,
      { cause },
    );
  }
}

function parseOutputsFile(path: string, text: string): z.infer<typeof outputsFile> {
  try {
    return outputsFile.parse(JSON.parse(text));
  } catch (cause) {
    throw new InfraError(
      "ERR_INFRA_OUTPUTS_FILE",
      `${path} is not an outputs file: expected {"<stack>": {"<output>": "<text>"}}. Write it with: cdk deploy --outputs-file ${path}`,
      { cause },
    );
  }
}

/** LocalStack returns "unknown" for resource types that it lacks and is set to ignore. */
function remedy(outputs: Readonly<Record<string, string>>): string {
  return Object.values(outputs).includes("unknown")
    ? "LocalStack deployed them without support for AWS::RolesAnywhere: add the Roles Anywhere hook and deploy again."
    : "Deploy the stack again.";
}
