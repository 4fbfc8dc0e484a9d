import { createPrivateKey, createPublicKey, randomUUID, X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { issueClientCertificate, loadCertificateAuthority } from "@roles-anywhere/pki";
import type { SignedCreateSessionRequest } from "@roles-anywhere/signer";
import { makeCertificate } from "@roles-anywhere/testing";
import type { CertificateSpec } from "@roles-anywhere/testing";
import { expect } from "vitest";
import type { Account } from "../../src/account/open-account.ts";
import type { Story } from "../story/story.ts";

/** A request about which AWS documents nothing, with the answer that the mock chose. docs/open-questions.md lists them. */
export interface Question {
  readonly id: string;
  readonly ask: (story: Story) => Promise<object>;
  /** Status, type of the error and begin of the message of the mock. */
  readonly mock: { readonly status: number; readonly errorType: string | null; readonly message?: RegExp };
}

type Changes = NonNullable<Parameters<Story["ask"]>[0]>;

const MINUTE = 60_000;
/** RFC 5280 §4.2.1.12. */
const SERVER_AUTH = "1.3.6.1.5.5.7.3.1";

/** A client certificate of the story's CA, as the kit's own `issue` would not make it. */
async function oddCertificate({ pki }: Story, spec: CertificateSpec): Promise<Changes> {
  const certificate = new X509Certificate(await readFile(pki.caCertificatePath));
  const privateKey = createPrivateKey(await readFile(pki.caKeyPath));
  const issuer = {
    ...makeCertificate({ keys: { privateKey, publicKey: createPublicKey(privateKey) } }),
    subject: [["CN", certificate.subject.replace(/^CN=/, "")]] as const,
  };
  const odd = makeCertificate(
    {
      subject: [["CN", pki.commonName]],
      authorityKeyIdentifier: null,
      notBefore: new Date(Date.now() - MINUTE),
      notAfter: new Date(Date.now() + 60 * MINUTE),
      ...spec,
    },
    issuer,
  );
  return { certificate: odd.certificatePem, privateKey: odd.privateKeyPem };
}

async function ownCertificate(
  { pki }: Story,
  options: { keyType?: "ec-p521"; notBefore?: Date; notAfter?: Date },
): Promise<Changes> {
  const authority = await loadCertificateAuthority(dirname(pki.caKeyPath));
  const issued = await issueClientCertificate({ authority, commonName: pki.commonName, ...options });
  return { certificate: issued.certificatePem, privateKey: issued.privateKeyPem };
}

/** The serial number in `Authorization` is not signed, so it can be changed afterwards. */
const withSerialNumber =
  (change: (serialNumber: string) => string) =>
  (request: SignedCreateSessionRequest): SignedCreateSessionRequest => ({
    ...request,
    headers: Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [
        name,
        value.replace(/Credential=(\d+)/, (_, serialNumber: string) => `Credential=${change(serialNumber)}`),
      ]),
    ),
  });

const otherId = (arn: string): string => arn.replace(/[^/]+$/, randomUUID());
const DENIED = { status: 403, errorType: "AccessDeniedException" };
const NOT_FOUND = {
  status: 404,
  errorType: "ResourceNotFoundException",
  message: /^Resource not found: arn:/,
};
const GRANTED = { status: 201, errorType: null };

/** What a test holds the answer to: nothing in an account of AWS, where it is only recorded. */
export function expectedAnswer({ mock }: Question, { isStandIn }: Pick<Account, "isStandIn">): object {
  const { message, ...rest } = mock;
  if (!isStandIn) return {};
  return message === undefined ? rest : { ...rest, message: expect.stringMatching(message) };
}

export const QUESTIONS: readonly Question[] = [
  {
    id: "date-6-minutes-ago",
    ask: (story) => story.ask({ moment: new Date(Date.now() - 6 * MINUTE) }),
    mock: { ...DENIED, message: /^Invalid signature/ },
  },
  {
    id: "date-4-minutes-ago",
    ask: (story) => story.ask({ moment: new Date(Date.now() - 4 * MINUTE) }),
    mock: GRANTED,
  },
  {
    id: "serial-number-of-another",
    ask: (story) =>
      story.ask(
        {},
        withSerialNumber(() => "1"),
      ),
    mock: { ...DENIED, message: /^Invalid signature/ },
  },
  {
    id: "serial-number-with-zero",
    ask: (story) =>
      story.ask(
        {},
        withSerialNumber((serialNumber) => `0${serialNumber}`),
      ),
    mock: { ...DENIED, message: /^Invalid signature/ },
  },
  {
    id: "trust-anchor-unknown",
    ask: (story) => story.ask({ trustAnchorArn: otherId(story.stack.outputs.trustAnchorArn) }),
    mock: NOT_FOUND,
  },
  {
    id: "profile-unknown",
    ask: (story) => story.ask({ profileArn: otherId(story.stack.outputs.profileArn) }),
    mock: NOT_FOUND,
  },
  {
    id: "role-of-another-account",
    ask: (story) => story.ask({ roleArn: "arn:aws:iam::111122223333:role/Somebody" }),
    mock: DENIED,
  },
  {
    id: "duration-899",
    ask: (story) => story.ask({ durationSeconds: 899 }),
    mock: {
      status: 400,
      errorType: "ValidationException",
      message: /^1 validation error detected: Value '899'/,
    },
  },
  {
    id: "certificate-not-yet-valid",
    ask: async (story) =>
      story.ask(await ownCertificate(story, { notBefore: new Date(Date.now() + 60 * MINUTE) })),
    mock: { ...DENIED, message: /^Untrusted Signing Certificate/ },
  },
  {
    id: "key-p521",
    ask: async (story) => story.ask(await ownCertificate(story, { keyType: "ec-p521" })),
    mock: GRANTED,
  },
  {
    id: "certificate-for-servers-only",
    ask: async (story) => story.ask(await oddCertificate(story, { extendedKeyUsage: [SERVER_AUTH] })),
    mock: { ...DENIED, message: /^Untrusted certificate. Insufficient certificate/ },
  },
  {
    id: "two-common-names",
    ask: async (story) => {
      const { commonName } = story.pki;
      return story.ask(
        await oddCertificate(story, {
          subject: [
            ["CN", commonName],
            ["CN", "second"],
          ],
        }),
      );
    },
    mock: DENIED,
  },
  {
    id: "common-name-for-no-source-identity",
    ask: async (story) => story.ask(await oddCertificate(story, { subject: [["CN", "two words"]] })),
    mock: DENIED,
  },
];
