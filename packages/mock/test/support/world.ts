import { createContext } from "../../src/context.ts";
import type { MockContext, MockContextInit } from "../../src/context.ts";
import type { ProfileRecord, TrustAnchorRecord } from "../../src/state/records.ts";
import { createTestAccount, TEST_ACCOUNT_ID, TEST_ARNS } from "../../src/for-tests/index.ts";
import { fakeAws } from "./fake-aws.ts";
import type { FakeAws } from "./fake-aws.ts";
import { makeAuthority, makeCertificate } from "@roles-anywhere/testing";
import type { Issued } from "@roles-anywhere/testing";
import type { SigningSpec } from "@roles-anywhere/testing";

export const ACCOUNT = TEST_ACCOUNT_ID;
export const { trustAnchorArn: TRUST_ANCHOR_ARN, profileArn: PROFILE_ARN, roleArn: ROLE_ARN } = TEST_ARNS;
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
  const { state, trustAnchor, profile } = createTestAccount(spec.anchorPem ?? root.certificatePem, NOW);
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
  return createTestAccount(x509CertificateData, NOW).trustAnchor;
}

export function profileRecord(): ProfileRecord {
  return createTestAccount("", NOW).profile;
}
