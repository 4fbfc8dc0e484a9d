import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readStackOutputs } from "./read-stack-outputs.ts";

const folder = mkdtempSync(join(tmpdir(), "infra-outputs-"));
afterAll(() => rmSync(folder, { recursive: true }));

const outputs = {
  TrustAnchorArn:
    "arn:aws:rolesanywhere:us-east-1:000000000000:trust-anchor/3f9d2a8c-0e7b-4c55-9d1f-6b1f2f6f0a11",
  ProfileArn: "arn:aws:rolesanywhere:us-east-1:000000000000:profile/a1c4f1de-3a52-4e0a-8c1c-0c2d7e6b9f22",
  RoleArn: "arn:aws:iam::000000000000:role/RolesAnywhereStack-Role1ABCC5F0-3f608ee4",
  BucketName: "rolesanywherestack-buckete75ea64c-e62a6cae",
};

function fileWith(content: unknown): string {
  const path = join(folder, "cdk-outputs.json");
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

describe("readStackOutputs", () => {
  it("reads the four outputs of the stack", async () => {
    await expect(readStackOutputs(fileWith({ RolesAnywhereStack: outputs }))).resolves.toEqual({
      trustAnchorArn: outputs.TrustAnchorArn,
      profileArn: outputs.ProfileArn,
      roleArn: outputs.RoleArn,
      bucketName: outputs.BucketName,
    });
  });

  it("reads another stack by name, of any partition, and ignores outputs that it does not know", async () => {
    const china = {
      ...outputs,
      TrustAnchorArn: outputs.TrustAnchorArn.replace("arn:aws:", "arn:aws-cn:"),
      Extra: "kept out",
    };
    const path = fileWith({ RolesAnywhereStack: outputs, Other: china });
    await expect(readStackOutputs(path, "Other")).resolves.toEqual({
      trustAnchorArn: china.TrustAnchorArn,
      profileArn: outputs.ProfileArn,
      roleArn: outputs.RoleArn,
      bucketName: outputs.BucketName,
    });
  });

  it("says how to write a file that is not there", async () => {
    const path = join(folder, "absent.json");
    await expect(readStackOutputs(path)).rejects.toMatchObject({
      code: "ERR_INFRA_OUTPUTS_FILE",
      message: `The outputs file ${path} cannot be read. Deploy with: cdk deploy --outputs-file ${path}`,
    });
  });

  it.each([
    ["text that is not JSON", "{"],
    ["JSON of another shape", ["RolesAnywhereStack"]],
    ["outputs that are not text", { RolesAnywhereStack: { TrustAnchorArn: 1 } }],
  ])("refuses %s", async (_, content) => {
    await expect(readStackOutputs(fileWith(content))).rejects.toMatchObject({
      code: "ERR_INFRA_OUTPUTS_FILE",
      message: expect.stringContaining("is not an outputs file"),
    });
  });

  it.each([
    [
      "a stack that is not in the file",
      { Other: outputs },
      "no outputs of stack RolesAnywhereStack, only of Other",
    ],
    ["a file without stacks", {}, "deploy the stack first"],
    [
      "a missing output",
      { RolesAnywhereStack: { ...outputs, BucketName: undefined } },
      "cannot be used: BucketName is missing. Deploy the stack again.",
    ],
    [
      "a profile in the place of the trust anchor",
      { RolesAnywhereStack: { ...outputs, TrustAnchorArn: outputs.ProfileArn } },
      `TrustAnchorArn "${outputs.ProfileArn}" is not a trust anchor ARN`,
    ],
    [
      "a user in the place of the role",
      { RolesAnywhereStack: { ...outputs, RoleArn: "arn:aws:iam::000000000000:user/me" } },
      'RoleArn "arn:aws:iam::000000000000:user/me" is not a role ARN',
    ],
    [
      "what LocalStack answers for types that it ignores",
      { RolesAnywhereStack: { ...outputs, ProfileArn: "unknown" } },
      "add the Roles Anywhere hook and deploy again",
    ],
  ])("refuses %s", async (_, content, message) => {
    await expect(readStackOutputs(fileWith(content))).rejects.toMatchObject({
      code: "ERR_INFRA_OUTPUTS_INVALID",
      message: expect.stringContaining(message),
    });
  });
});
