import { X509Certificate } from "node:crypto";
import { createState, startMock } from "@roles-anywhere/mock";
import type { AssumeRoleRequest, AwsPort, RunningMock } from "@roles-anywhere/mock";
import { signCreateSessionRequest } from "@roles-anywhere/signer";
import type { RequestSigner } from "@roles-anywhere/signer";

const ACCOUNT = "123456789012";
const TRUST_ANCHOR_ID = "11111111-1111-4111-8111-111111111111";
const PROFILE_ID = "22222222-2222-4222-8222-222222222222";
const CRL_ID = "33333333-3333-4333-8333-333333333333";
const ARN = `arn:aws:rolesanywhere:us-east-1:${ACCOUNT}`;

const ARNS = {
  trustAnchorArn: `${ARN}:trust-anchor/${TRUST_ANCHOR_ID}`,
  profileArn: `${ARN}:profile/${PROFILE_ID}`,
  roleArn: `arn:aws:iam::${ACCOUNT}:role/Example`,
};

const TRUST_POLICY = JSON.stringify({
  Version: "2012-10-17",
  Statement: [
    {
      Effect: "Allow",
      Principal: { Service: "rolesanywhere.amazonaws.com" },
      Action: ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"],
    },
  ],
});

/** An IAM with every role, and an STS that grants every session and keeps the requests. */
export function grantingAws(requests: AssumeRoleRequest[]): AwsPort {
  return {
    getRole: async (roleArn) => ({ roleArn, trustPolicy: TRUST_POLICY, maxSessionDurationSeconds: 3600 }),
    assumeRole: async (request) => {
      requests.push(request);
      return {
        accessKeyId: "ASIAIOSFODNN7EXAMPLE",
        secretAccessKey: "example",
        sessionToken: "example",
        assumedRoleId: `AROAEXAMPLE:${request.roleSessionName}`,
        packedPolicySize: 1,
      };
    },
  };
}

/** A certificate that asks for a session, and what the account knows. */
export interface Candidate {
  readonly certificatePem: string;
  /** PKCS#8 PEM, or what signs for a key that the signer does not know. */
  readonly privateKey: string | RequestSigner;
  /** PEM of each certificate that is sent with it. */
  readonly intermediates?: readonly string[] | undefined;
  readonly trustAnchorPem: string;
  /** PEM of an imported list. */
  readonly crlPem?: string | undefined;
  /** @default now */
  readonly at?: Date | undefined;
}

/** How the mock answered one CreateSession call. */
export type Answer =
  | {
      readonly verdict: "accepted";
      readonly sessionName: string | undefined;
      readonly sourceIdentity: string | undefined;
      readonly tags: Readonly<Record<string, string>>;
      readonly unmapped: readonly string[];
    }
  | { readonly verdict: "refused"; readonly reason: string | undefined };

/** A mock with one profile and role, whose STS grants every session. */
export interface AskedMock extends AsyncDisposable {
  readonly mock: RunningMock;
  /** Trusts the candidate's CA, imports its CRL, moves the clock and asks for one session. */
  ask(candidate: Candidate): Promise<Answer>;
}

/** Starts the mock in this process. */
export async function startAskedMock(): Promise<AskedMock> {
  let now = new Date();
  const requests: AssumeRoleRequest[] = [];
  const state = createState(ACCOUNT, "us-east-1");
  const common = { name: "test", enabled: true, createdAt: now, updatedAt: now, tags: [] };
  state.profiles.set(PROFILE_ID, {
    ...common,
    profileId: PROFILE_ID,
    profileArn: ARNS.profileArn,
    createdBy: ACCOUNT,
    requireInstanceProperties: false,
    roleArns: [ARNS.roleArn],
    managedPolicyArns: [],
    durationSeconds: 3600,
    acceptRoleSessionName: false,
    attributeMappings: [
      { certificateField: "x509Issuer", mappingRules: [{ specifier: "*" }] },
      {
        certificateField: "x509SAN",
        mappingRules: [{ specifier: "DNS" }, { specifier: "URI" }, { specifier: "Name/*" }],
      },
      { certificateField: "x509Subject", mappingRules: [{ specifier: "*" }] },
    ],
  });
  const mock = await startMock({
    state,
    accountId: ACCOUNT,
    clock: { now: () => now },
    aws: grantingAws(requests),
  });
  return {
    mock,
    async ask({ certificatePem, privateKey, intermediates, trustAnchorPem, crlPem, at }) {
      now = at ?? new Date();
      state.trustAnchors.set(TRUST_ANCHOR_ID, {
        ...common,
        trustAnchorId: TRUST_ANCHOR_ID,
        trustAnchorArn: ARNS.trustAnchorArn,
        source: { sourceType: "CERTIFICATE_BUNDLE", sourceData: { x509CertificateData: trustAnchorPem } },
        notificationSettings: [],
      });
      state.crls.clear();
      if (crlPem !== undefined) {
        state.crls.set(CRL_ID, {
          ...common,
          crlId: CRL_ID,
          crlArn: `${ARN}:crl/${CRL_ID}`,
          trustAnchorArn: ARNS.trustAnchorArn,
          crlData: Buffer.from(crlPem),
        });
      }
      const { url, method, headers, body } = await signCreateSessionRequest({
        ...ARNS,
        certificate: certificatePem,
        privateKey,
        intermediates: intermediates?.map((pem) => new X509Certificate(pem).raw),
        endpoint: mock.url,
        moment: now,
      });
      requests.length = 0;
      const response = await fetch(url, { method, headers, body });
      const record = mock.context.audit.list(1)[0]?._mock;
      await response.arrayBuffer();
      if (response.status !== 201) return { verdict: "refused", reason: record?.reason };
      const [request] = requests;
      return {
        verdict: "accepted",
        sessionName: request?.roleSessionName,
        sourceIdentity: request?.sourceIdentity,
        tags: Object.fromEntries(request?.tags.map(({ key, value }) => [key, value]) ?? []),
        unmapped: record?.unmappedAttributes ?? [],
      };
    },
    [Symbol.asyncDispose]: () => mock.close(),
  };
}
