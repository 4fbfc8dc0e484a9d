import { readIamRole } from "./read-iam-role.ts";
import type { IamRole } from "./read-iam-role.ts";
import { readTemplateRole } from "./read-template-role.ts";
import { RoleExpectations } from "./role-expectations.ts";
import type { SessionOptions } from "./role-expectations.ts";
import type { ManagedPolicies } from "./role-under-test.ts";
import { CloudFormationTemplate } from "./template.ts";

/** Options of {@link expectPermissions}. */
export interface ExpectOptions extends SessionOptions {
  /**
   * Logical id of the `AWS::RolesAnywhere::Profile` through which sessions are made: its session policies limit them, and
   * its attribute mappings make their tags.
   *
   * @default - none: what the role allows by itself
   */
  readonly profile?: string | undefined;
  /**
   * What only a deployment knows: parameters, results of `Ref` and exports by their names, attributes as `Id.Attribute`,
   * and pseudo parameters such as `AWS::AccountId` (111122223333 by default) and `AWS::Region` (us-east-1).
   */
  readonly values?: Readonly<Record<string, unknown>> | undefined;
  /** Documents of managed policies by ARN: those of AWS, and those of other stacks. */
  readonly managedPolicies?: ManagedPolicies | undefined;
}

/**
 * Begins expectations about a role. Nothing has to run: the policies are evaluated as IAM documents it.
 *
 * @param template a CloudFormation template as an object, or what `Template.fromStack(stack)` of the AWS CDK returns
 * @param role its logical id; the hash that the CDK appends may be left out
 * @throws {PolicyTestError} with `code` and `path`, when the role cannot be read without a deployment
 * @throws {PolicyError} when IAM would refuse one of the policies
 * @example
 * expectPermissions(Template.fromStack(stack), "ReaderRole")
 *   .toAllow("s3:GetObject", arnOf("Bucket", "/reports/a.csv"))
 *   .toDeny("s3:PutObject", arnOf("Bucket", "/reports/a.csv"))
 *   .toTrust({ subject: { CN: "server-a" } })
 *   .notToTrust({ subject: { CN: "server-b" } });
 */
export function expectPermissions(template: object, role: string, options?: ExpectOptions): RoleExpectations;
/**
 * Begins expectations about a role that IAM described.
 *
 * @example
 * const { RoleDetailList } = JSON.parse(execFileSync("aws", ["iam", "get-account-authorization-details"], "utf8"));
 * expectPermissions(RoleDetailList[0]).toDeny("iam:CreateUser", "*");
 */
export function expectPermissions(role: IamRole, options?: ExpectOptions): RoleExpectations;
export function expectPermissions(
  source: object,
  second?: string | ExpectOptions,
  third?: ExpectOptions,
): RoleExpectations {
  const options = (typeof second === "string" ? third : second) ?? {};
  const { values = {}, managedPolicies = {}, profile } = options;
  if (typeof second === "string") {
    const template = new CloudFormationTemplate(source, values);
    return new RoleExpectations(readTemplateRole(template, second, profile, managedPolicies), options);
  }
  const region = String(values["AWS::Region"] ?? "us-east-1");
  return new RoleExpectations(readIamRole(source, managedPolicies, region), options);
}
