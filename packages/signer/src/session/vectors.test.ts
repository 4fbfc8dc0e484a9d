import { verify, X509Certificate } from "node:crypto";

import { describe, expect, it } from "vitest";

import { readVector } from "@roles-anywhere/testing";
import type { Vector } from "@roles-anywhere/testing";
import { signCreateSessionRequest } from "./sign-create-session-request.ts";

/** The vectors that were captured on the wire; the other one is signed in another form. */
const captured = ["rsa", "ecdsa", "mldsa44"] as const;

/** ML-DSA came to node:crypto in Node.js 24. */
const hasMlDsa =
  String(new X509Certificate(readVector("mldsa44").certificatePem).publicKey.asymmetricKeyType) ===
  "ml-dsa-44";
const signable = captured.filter((name) => name !== "mldsa44" || hasMlDsa);

/** What the helper was asked for when the request was captured. */
function initOf({ certificatePem, privateKeyPem, intermediatesPem, request, signing }: Vector) {
  const query = new URLSearchParams(request.query);
  const body: unknown = JSON.parse(request.body);
  const { headers } = request;
  const [, attempt, maxAttempts] = /attempt=(\d+); max=(\d+)/.exec(headers["Amz-Sdk-Request"] ?? "") ?? [];
  return {
    certificate: certificatePem,
    privateKey: privateKeyPem,
    ...(headers["X-Amz-X509-Chain"] === undefined ? {} : { intermediates: intermediatesPem }),
    trustAnchorArn: query.get("trustAnchorArn") ?? "",
    profileArn: query.get("profileArn") ?? "",
    roleArn: query.get("roleArn") ?? "",
    endpoint: `http://${headers["Host"]}`,
    ...(typeof body === "object" ? body : {}),
    moment: new Date(signing.amzDate.replace(/(....)(..)(..)T(..)(..)(..)Z/, "$1-$2-$3T$4:$5:$6Z")),
    attempt: Number(attempt),
    maxAttempts: Number(maxAttempts),
    invocationId: headers["Amz-Sdk-Invocation-Id"] ?? "",
  };
}

describe.each(signable)("signCreateSessionRequest, asked as the helper was for vector %s", (name) => {
  const vector = readVector(name);

  it("makes the helper's request byte for byte, but for a signature that is random", async () => {
    const signed = await signCreateSessionRequest(initOf(vector));
    const { "User-Agent": ours, Authorization, ...headers } = signed.headers;
    const {
      "User-Agent": theirs,
      "Content-Length": _length,
      "Accept-Encoding": _encoding,
      ...expected
    } = vector.request.headers;
    expect([ours, theirs]).toEqual([
      expect.stringMatching(/^ra-signer\//),
      expect.stringMatching(/^CredHelper\//),
    ]);
    expect(headers).toEqual(expected);
    expect(signed.method).toBe(vector.request.method);
    expect(signed.url).toBe(`http://${expected["Host"]}${vector.request.path}?${vector.request.query}`);
    expect(signed.body).toBe(vector.request.body);
    expect(signed.canonicalRequest).toBe(vector.canonicalRequest);
    expect(signed.stringToSign).toBe(vector.stringToSign);
    const [head, signature = ""] = (Authorization ?? "").split("Signature=");
    expect(head).toBe(vector.authorization.split("Signature=")[0]);
    const { publicKey } = new X509Certificate(vector.certificatePem);
    const digest = name === "mldsa44" ? null : "sha256";
    const bytes = Buffer.from(vector.stringToSign);
    expect(verify(digest, bytes, publicKey, Buffer.from(signature, "hex"))).toBe(true);
  });
});

describe("vector rsa", () => {
  it("has the Authorization that signCreateSessionRequest makes, since RSA signatures are not random", async () => {
    const vector = readVector("rsa");
    const { headers } = await signCreateSessionRequest(initOf(vector));
    expect(headers["Authorization"]).toBe(vector.authorization);
  });
});
