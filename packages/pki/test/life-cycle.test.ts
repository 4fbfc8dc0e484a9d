import { ML_DSA } from "@roles-anywhere/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  createIntermediateCertificateAuthority,
  createRevocationList,
  createRootCertificateAuthority,
  inspectCertificate,
  issueClientCertificate,
  KEY_TYPES,
} from "../src/index.ts";
import type { IssuedCertificate, KeyType } from "../src/index.ts";
import { generateKeyPairOf } from "../src/keys/generate-key-pair.ts";
import { startAskedMock } from "./support/ask-mock.ts";
import type { AskedMock, Candidate } from "./support/ask-mock.ts";
import { sharedKeyPairOf } from "./support/key-pool.ts";

const USABLE = KEY_TYPES.filter((keyType) => !keyType.startsWith("ml-dsa") || ML_DSA.length > 0);
/** The kinds of keys from the root down to the client. */
type Shape = readonly [root: KeyType, ...below: KeyType[]];
const SHAPES: readonly Shape[] = [
  ...USABLE.map((keyType): Shape => [keyType, keyType]),
  ...USABLE.map((keyType): Shape => ["rsa-2048", keyType]),
  ...USABLE.map((keyType): Shape => ["ec-p384", "ec-p256", keyType]),
  ...USABLE.map((keyType): Shape => ["ec-p521", "rsa-3072", keyType, "ec-p256"]),
];

/** Each CA and client has a key of its own; RSA keys take long, so that those of a kind are one. */
const dependencies = {
  generateKeyPair: (keyType: KeyType) =>
    keyType.startsWith("rsa") ? sharedKeyPairOf(keyType) : generateKeyPairOf(keyType),
};

interface Issuance {
  readonly root: IssuedCertificate;
  /** The CA that issued the client certificate. */
  readonly issuer: IssuedCertificate;
  readonly client: IssuedCertificate;
  readonly intermediates: readonly string[];
}

async function issueAll([rootType, ...below]: Shape): Promise<Issuance> {
  const root = await createRootCertificateAuthority({ keyType: rootType, commonName: "Root" }, dependencies);
  let issuer = root;
  for (const [index, keyType] of below.slice(0, -1).entries()) {
    issuer = await createIntermediateCertificateAuthority(
      {
        authority: issuer,
        commonName: `Intermediate ${index + 1}`,
        keyType,
        pathLength: below.length - 2 - index,
        nameConstraints: { permitted: [{ type: "dns", value: "example.org" }] },
      },
      dependencies,
    );
  }
  const client = await issueClientCertificate(
    {
      authority: issuer,
      keyType: below.at(-1),
      commonName: "server-a",
      subjectAttributes: [
        { type: "O", value: "Example" },
        { type: "OU", value: "Servers" },
      ],
      subjectAlternativeNames: [
        { type: "dns", value: "a.example.org" },
        { type: "uri", value: "spiffe://example.org/a" },
        { type: "directory", value: "/O=Example/CN=a" },
      ],
    },
    dependencies,
  );
  const intermediates = client.chainPem.match(/-----BEGIN[^]*?END CERTIFICATE-----\n/g) ?? [];
  return { root, issuer, client, intermediates };
}

describe.each(SHAPES)("%s %s %s %s", (...shape: Shape) => {
  let issuance: Issuance;
  let asked: AskedMock;
  let candidate: Candidate;
  beforeAll(async () => {
    asked = await startAskedMock();
    issuance = await issueAll(shape);
    candidate = {
      certificatePem: issuance.client.certificatePem,
      privateKey: issuance.client.privateKeyPem,
      intermediates: issuance.intermediates,
      trustAnchorPem: issuance.root.certificatePem,
    };
  });
  afterAll(async () => {
    await asked[Symbol.asyncDispose]();
  });

  /** Asks the mock, and checks that the inspection knew the answer. */
  async function verdictOf(changes: Partial<Candidate> = {}) {
    const { certificatePem, intermediates = [], trustAnchorPem, crlPem, at } = { ...candidate, ...changes };
    const { verdict, problems, sessionName, sourceIdentity, tags, unmapped } = inspectCertificate({
      certificate: certificatePem,
      intermediates: intermediates.length === 0 ? undefined : intermediates.join(""),
      trustAnchor: trustAnchorPem,
      revocationLists: crlPem,
      at,
    });
    const answer = await asked.ask({ ...candidate, ...changes });
    expect(answer).toEqual(
      verdict === "accepted"
        ? { verdict, sessionName, sourceIdentity, tags, unmapped }
        : { verdict, reason: problems[0]?.code },
    );
    return answer.verdict === "accepted" ? answer.verdict : answer.reason;
  }

  it("gets a session", async () => {
    expect(await verdictOf()).toBe("accepted");
  });

  it("gets none when its CA has revoked it, and one when the CA has revoked others", async () => {
    const { issuer, client } = issuance;
    const revoked = { serialNumber: client.serialNumber, revokedAt: new Date() };
    const other = { ...revoked, serialNumber: "01" };
    const [with1, without] = [
      await createRevocationList({ authority: issuer, number: 1n, revoked: [revoked, other] }),
      await createRevocationList({ authority: issuer, number: 2n, revoked: [other] }),
    ];
    expect(await verdictOf({ crlPem: with1.crlPem })).toBe("CRL_REVOKED");
    expect(await verdictOf({ crlPem: without.crlPem })).toBe("accepted");
  });

  it("gets none before and after its time", async () => {
    const { notBefore, notAfter } = issuance.client;
    expect(await verdictOf({ at: new Date(notBefore.getTime() - 1000) })).toBe("CERTIFICATE_NOT_YET_VALID");
    expect(await verdictOf({ at: notAfter })).toBe("accepted");
    expect(await verdictOf({ at: new Date(notAfter.getTime() + 1000) })).toBe("CERTIFICATE_EXPIRED");
  });

  it("gets none when the trust anchor has another CA", async () => {
    const other = await createRootCertificateAuthority({ keyType: "ec-p256", commonName: "Root" });
    expect(await verdictOf({ trustAnchorPem: other.certificatePem })).toBe("CHAIN_UNTRUSTED");
  });
});
