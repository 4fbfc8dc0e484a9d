import type { AssumedRole, AssumeRoleRequest, AwsPort, Role } from "../../src/session/aws.ts";
import { grantingAws, OPEN_TRUST_POLICY } from "../../src/for-tests/index.ts";

/** An STS and IAM of one role that answer at once and remember what they were asked. */
export interface FakeAws extends AwsPort {
  role: Role | undefined;
  assume: (request: AssumeRoleRequest) => Promise<AssumedRole>;
  readonly requests: AssumeRoleRequest[];
}

export const TRUST_POLICY = OPEN_TRUST_POLICY;

export function fakeAws(roleArn: string, trustPolicy: unknown = TRUST_POLICY): FakeAws {
  const requests: AssumeRoleRequest[] = [];
  return {
    role: { roleArn, trustPolicy: JSON.stringify(trustPolicy), maxSessionDurationSeconds: 3600 },
    requests,
    assume: grantingAws().assumeRole,
    async getRole(asked) {
      return this.role !== undefined &&
        asked.endsWith(this.role.roleArn.slice(this.role.roleArn.lastIndexOf("/")))
        ? this.role
        : undefined;
    },
    async assumeRole(request) {
      requests.push(request);
      return this.assume(request);
    },
  };
}
