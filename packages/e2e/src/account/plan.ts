import type { Account } from "./open-account.ts";

/** What the stack creates, each with what AWS charges for it. */
export const CREATED = [
  ["AWS::CloudFormation::Stack", "no charge"],
  ["AWS::S3::Bucket", "three objects of a few hundred bytes for a few minutes, and about 100 requests"],
  ["AWS::S3::BucketPolicy", "no charge"],
  ["AWS::RolesAnywhere::TrustAnchor", "no charge; the CA is made on this machine"],
  ["AWS::IAM::Role", "no charge"],
  ["AWS::RolesAnywhere::Profile", "no charge"],
] as const;

/** What the caller reads before anything is created. */
export function describePlan(
  account: Pick<Account, "accountId" | "region" | "callerArn">,
  stackName: string,
  destroyCommand: string,
): string {
  const width = Math.max(...CREATED.map(([type]) => type.length));
  return [
    `account  ${account.accountId}, as ${account.callerArn}`,
    `region   ${account.region}`,
    `stack    ${stackName}, with the tag roles-anywhere-kit=demo`,
    ...CREATED.map(([type, cost]) => `  ${type.padEnd(width)}  ${cost}`),
    "cost     less than 0.01 US dollar: only S3 has a price, 0.005 US dollar for 1000 writing requests",
    "at the end, after a failure and after Ctrl-C all of it is destroyed. Should this process be killed:",
    `  ${destroyCommand}`,
  ].join("\n");
}

/** The command that destroys a stack of the demo. */
export function destroyCommandFor(
  { accountId, region }: Pick<Account, "accountId" | "region">,
  stackName: string,
): string {
  return `./scripts/demo --backend aws --account ${accountId} --region ${region} --destroy ${stackName}`;
}
