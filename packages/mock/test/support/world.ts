import { createContext } from "../../src/context.ts";
import type { MockContext, MockContextInit } from "../../src/context.ts";
import type { ProfileRecord, TrustAnchorRecord } from "../../src/state/records.ts";
import { createState } from "../../src/state/state.ts";
import { fakeAws } from "./fake-aws.ts";
import type { FakeAws } from "./fake-aws.ts";
import { makeAuthority, makeCertificate } from "@roles-anywhere/testing";
import type { Issued } from "@roles-anywhere/testing";
import type { SigningSpec } from "@roles-anywhere/testing";

export const ACCOUNT = "123456789012";
export const TRUST_ANCHOR_ARN = `arn:aws:rolesanywhere:us-east-1:${ACCOUNT}:trust-anchor/11111111-1111-4111-8111-111111111111`;
export const PROFILE_ARN = `arn:aws:rolesanywhere:us-east-1:${ACCOUNT}:profile/22222222-2222-4222-8222-222222222222`;
export const ROLE_ARN = `arn:aws:iam::${ACCOUNT}:role/Example`;
export const NOW = new Date("2026-06-15T12:00:00Z");

/** An account with one trust anchor, profile and role, and a client certificate that gets a session. */
export interface World {
  readonly context: MockContext;
  readonly aws: FakeAws;
  readonly root: Issued;
  readonly client: Issued;
  readonly trustAnchor: TrustAnchorRecord;
  readonly profile: ProfileRecord;
  /** The clock's time; assign it to move the clock. */
  now: Date;
  /** A call that gets a session; change what the test is about. */
  readonly call: (changes?: Partial<SigningSpec>) => SigningSpec;
}

export interface WorldSpec {
  root?: Issued;
  client?: Issued;
  /** PEM bundle of the trust anchor; the root's by default. */
  anchorPem?: string;
  now?: Date;
  context?: Partial<MockContextInit>;
}

export function createWorld(spec: WorldSpec = {}): World {
  const root = spec.root ?? makeAuthority();
  const client = spec.client ?? makeCertificate({}, root);
  const state = createState(ACCOUNT, "us-east-1");
  const trustAnchor = trustAnchorRecord(spec.anchorPem ?? root.certificatePem);
  const profile = profileRecord();
  state.trustAnchors.set(trustAnchor.trustAnchorId, trustAnchor);
  state.profiles.set(profile.profileId, profile);
  const aws = fakeAws(ROLE_ARN);
  const world: World = {
    aws,
    root,
    client,
    trustAnchor,
    profile,
    now: spec.now ?? NOW,
    context: createContext({ state, aws, clock: { now: () => new Date(world.now) }, ...spec.context }),
    call: (changes = {}) => ({
      certificate: client,
      date: world.now,
      body: JSON.stringify({ trustAnchorArn: TRUST_ANCHOR_ARN, profileArn: PROFILE_ARN, roleArn: ROLE_ARN }),
      ...changes,
    }),
  };
  return world;
}

export function trustAnchorRecord(x509CertificateData: string): TrustAnchorRecord {
  return {
    trustAnchorId: "11111111-1111-4111-8111-111111111111",
    trustAnchorArn: TRUST_ANCHOR_ARN,
    name: "anchor",
    enabled: true,
    createdAt: NOW,
    updatedAt: NOW,
    tags: [],
    source: { sourceType: "CERTIFICATE_BUNDLE", sourceData: { x509CertificateData } },
    notificationSettings: [],
  };
}

export function profileRecord(): ProfileRecord {
  return {
    profileId: "22222222-2222-4222-8222-222222222222",
    profileArn: PROFILE_ARN,
    name: "profile",
    enabled: true,
    createdAt: NOW,
    updatedAt: NOW,
    tags: [],
    createdBy: ACCOUNT,
    requireInstanceProperties: false,
    roleArns: [ROLE_ARN],
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
  };
}
