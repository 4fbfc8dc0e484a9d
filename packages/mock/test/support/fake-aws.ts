import type { AssumedRole, AssumeRoleRequest, AwsPort, Role } from "../../src/session/aws.ts";

/** An STS and IAM of one role that answer at once and remember what they were asked. */
export interface FakeAws extends AwsPort {
  role: Role | undefined;
  assume: (request: AssumeRoleRequest) => Promise<AssumedRole>;
  readonly requests: AssumeRoleRequest[];
}

export const TRUST_POLICY = {
  Version: "2012-10-17",
  Statement: [
    {
      Effect: "Allow",
      Principal: { Service: "rolesanywhere.amazonaws.com" },
      Action: ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"],
    },
  ],
};

export function fakeAws(roleArn: string, trustPolicy: unknown = TRUST_POLICY): FakeAws {
  const requests: AssumeRoleRequest[] = [];
  return {
    role: { roleArn, trustPolicy: JSON.stringify(trustPolicy), maxSessionDurationSeconds: 3600 },
    requests,
    assume: async ({ roleSessionName }) => ({
      accessKeyId: "ASIAIOSFODNN7EXAMPLE",
      secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
      sessionToken: "example-session-token",
      assumedRoleId: `AROAEXAMPLE:${roleSessionName}`,
      packedPolicySize: 10,
    }),
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
