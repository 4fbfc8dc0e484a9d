import { DEFAULT_ATTRIBUTE_MAPPINGS } from "@roles-anywhere/iam-policy/roles-anywhere";
import type { AssumeRoleRequest, AwsPort } from "../session/aws.ts";
import { AttributeMapping } from "../state/records.ts";
import type { CrlRecord, ProfileRecord, TrustAnchorRecord } from "../state/records.ts";
import { createState } from "../state/state.ts";
import type { State } from "../state/state.ts";

/** The account of {@link createTestAccount}, in us-east-1. */
export const TEST_ACCOUNT_ID = "123456789012";

const IDS = {
  trustAnchor: "11111111-1111-4111-8111-111111111111",
  profile: "22222222-2222-4222-8222-222222222222",
  crl: "33333333-3333-4333-8333-333333333333",
};

const arn = (resource: string): string => `arn:aws:rolesanywhere:us-east-1:${TEST_ACCOUNT_ID}:${resource}`;

/** The ARNs that a caller of {@link createTestAccount} names. */
export const TEST_ARNS = {
  trustAnchorArn: arn(`trust-anchor/${IDS.trustAnchor}`),
  profileArn: arn(`profile/${IDS.profile}`),
  roleArn: `arn:aws:iam::${TEST_ACCOUNT_ID}:role/Example`,
};

/** A trust policy that lets Roles Anywhere assume the role for every certificate. */
export const OPEN_TRUST_POLICY = {
  Version: "2012-10-17",
  Statement: [
    {
      Effect: "Allow",
      Principal: { Service: "rolesanywhere.amazonaws.com" },
      Action: ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"],
    },
  ],
};

/** The resources of {@link createTestAccount}; assign their members to change them. */
export interface TestAccount {
  /** For `startMock({ state, accountId: TEST_ACCOUNT_ID, … })`. */
  readonly state: State;
  readonly trustAnchor: TrustAnchorRecord;
  readonly profile: ProfileRecord;
}

/**
 * An account with an enabled trust anchor and a profile of the role in {@link TEST_ARNS}, for a mock in this process.
 *
 * @param trustAnchorPem the certificates that the trust anchor trusts
 * @param createdAt when the resources were made
 */
export function createTestAccount(trustAnchorPem: string, createdAt = new Date()): TestAccount {
  const state = createState(TEST_ACCOUNT_ID, "us-east-1");
  const trustAnchor = trustAnchorRecord(trustAnchorPem, createdAt);
  const profile = profileRecord(createdAt);
  state.trustAnchors.set(IDS.trustAnchor, trustAnchor);
  state.profiles.set(IDS.profile, profile);
  return { state, trustAnchor, profile };
}

/** The trust anchor of {@link TEST_ARNS}. */
export function trustAnchorRecord(x509CertificateData: string, createdAt: Date): TrustAnchorRecord {
  return {
    ...common("anchor", createdAt),
    trustAnchorId: IDS.trustAnchor,
    trustAnchorArn: TEST_ARNS.trustAnchorArn,
    source: { sourceType: "CERTIFICATE_BUNDLE", sourceData: { x509CertificateData } },
    notificationSettings: [],
  };
}

/** The profile of {@link TEST_ARNS}, with the settings of a new one. */
export function profileRecord(createdAt: Date): ProfileRecord {
  return {
    ...common("profile", createdAt),
    profileId: IDS.profile,
    profileArn: TEST_ARNS.profileArn,
    createdBy: TEST_ACCOUNT_ID,
    requireInstanceProperties: false,
    roleArns: [TEST_ARNS.roleArn],
    managedPolicyArns: [],
    durationSeconds: 3600,
    acceptRoleSessionName: false,
    attributeMappings: DEFAULT_ATTRIBUTE_MAPPINGS.map((mapping) => AttributeMapping.parse(mapping)),
  };
}

/** A CRL that was imported for the trust anchor of {@link TEST_ARNS}. */
export function crlRecord(crlData: Uint8Array, createdAt: Date, crlId = IDS.crl): CrlRecord {
  const { trustAnchorArn } = TEST_ARNS;
  return { ...common("crl", createdAt), crlId, crlArn: arn(`crl/${crlId}`), trustAnchorArn, crlData };
}

/**
 * An IAM that has every role, and an STS that grants every session.
 *
 * @param onGrant hears of each session before the caller gets it
 */
export function grantingAws(onGrant: (request: AssumeRoleRequest) => void = () => undefined): AwsPort {
  const trustPolicy = JSON.stringify(OPEN_TRUST_POLICY);
  return {
    getRole: async (roleArn) => ({ roleArn, trustPolicy, maxSessionDurationSeconds: 43_200 }),
    assumeRole: async (request) => {
      onGrant(request);
      return {
        accessKeyId: "ASIAIOSFODNN7EXAMPLE",
        secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        sessionToken: "example-session-token",
        assumedRoleId: `AROAEXAMPLE:${request.roleSessionName}`,
        packedPolicySize: 10,
      };
    },
  };
}

function common(name: string, createdAt: Date) {
  return { name, enabled: true, createdAt, updatedAt: createdAt, tags: [] };
}
