import { X509Certificate } from "node:crypto";
import { startMock } from "@roles-anywhere/mock";
import type { AssumeRoleRequest, RunningMock } from "@roles-anywhere/mock";
import {
  createTestAccount,
  crlRecord,
  grantingAws,
  TEST_ACCOUNT_ID,
  TEST_ARNS,
} from "@roles-anywhere/mock/testing";
import { signCreateSessionRequest } from "@roles-anywhere/signer";
import type { RequestSigner } from "@roles-anywhere/signer";

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
  const { state, trustAnchor } = createTestAccount("", now);
  const mock = await startMock({
    state,
    accountId: TEST_ACCOUNT_ID,
    clock: { now: () => now },
    aws: grantingAws((request) => void requests.push(request)),
  });
  return {
    mock,
    async ask({ certificatePem, privateKey, intermediates, trustAnchorPem, crlPem, at }) {
      now = at ?? new Date();
      trustAnchor.source.sourceData.x509CertificateData = trustAnchorPem;
      state.crls.clear();
      if (crlPem !== undefined) {
        const record = crlRecord(Buffer.from(crlPem), now);
        state.crls.set(record.crlId, record);
      }
      const { url, method, headers, body } = await signCreateSessionRequest({
        ...TEST_ARNS,
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
