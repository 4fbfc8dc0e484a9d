import { createPrivateKey, verify, X509Certificate } from "node:crypto";
import { writeFileSync } from "node:fs";

import { describe, expect, it } from "vitest";

import { decimalSerialNumber } from "../keys/certificate.ts";
import { requestSignerOf } from "../keys/private-key.ts";
import { openssl, readVector, temporaryFolder } from "@roles-anywhere/testing";
import type { VectorName } from "@roles-anywhere/testing";
import { canonicalRequest } from "./canonical-request.ts";
import { signRequest, stringToSign } from "./sign-request.ts";

const names: readonly VectorName[] = ["rsa", "rsa-body-params", "ecdsa", "mldsa44"];

/** ML-DSA came to node:crypto in Node.js 24; before, such a key is not read, or has no type. */
const hasMlDsa = isMlDsa(readVector("mldsa44").privateKeyPem);
const signable = names.filter((name) => name !== "mldsa44" || hasMlDsa);

describe.each(names)("vector %s", (name) => {
  const vector = readVector(name);

  it("gives the canonical request byte for byte", () => {
    const canonical = canonicalRequest(requestOf(name));
    expect(canonical.text).toBe(vector.canonicalRequest);
    expect(canonical.sha256).toBe(vector.canonicalRequestSha256);
    expect(canonical.signedHeaders).toBe(vector.signing.signedHeaders);
  });

  it("gives the string to sign byte for byte", () => {
    const { algorithm, amzDate, region } = vector.signing;
    const { canonicalRequestSha256 } = vector;
    expect(stringToSign({ algorithm, amzDate, region, canonicalRequestSha256 })).toBe(vector.stringToSign);
  });

  it("gives the serial number in decimal", () => {
    expect(decimalSerialNumber(new X509Certificate(vector.certificatePem).serialNumber)).toBe(
      vector.signing.serialDecimal,
    );
  });
});

describe("signRequest", () => {
  it.each(["rsa", "rsa-body-params"] as const)("reproduces the Authorization of vector %s", async (name) => {
    expect((await signVector(name)).authorization).toBe(readVector(name).authorization);
  });

  it.each(signable)("makes a signature for vector %s that its certificate verifies", async (name) => {
    const vector = readVector(name);
    const { authorization } = await signVector(name);
    const [head, signature = ""] = authorization.split("Signature=");
    expect(head).toBe(vector.authorization.split("Signature=")[0]);
    const { publicKey } = new X509Certificate(vector.certificatePem);
    const digest = name === "mldsa44" ? null : "sha256";
    const bytes = Buffer.from(vector.stringToSign);
    expect(verify(digest, bytes, publicKey, Buffer.from(vector.signatureHex, "hex"))).toBe(true);
    expect(verify(digest, bytes, publicKey, Buffer.from(signature, "hex"))).toBe(true);
    expect(
      verify(digest, Buffer.from(`${vector.stringToSign} `), publicKey, Buffer.from(signature, "hex")),
    ).toBe(false);
  });

  it.each(["rsa", "ecdsa"] as const)(
    "makes a signature for vector %s that OpenSSL verifies",
    async (name) => {
      const vector = readVector(name);
      const { authorization } = await signVector(name);
      using folder = temporaryFolder();
      const signature = Buffer.from(authorization.split("Signature=")[1] ?? "", "hex");
      writeFileSync(folder.join("signature"), signature);
      writeFileSync(folder.join("public.pem"), openssl(["x509", "-pubkey", "-noout"], vector.certificatePem));
      const args = [
        "dgst",
        "-sha256",
        "-verify",
        folder.join("public.pem"),
        "-signature",
        folder.join("signature"),
      ];
      expect(openssl(args, vector.stringToSign).toString()).toContain("Verified OK");
    },
  );
});

function signVector(name: VectorName): ReturnType<typeof signRequest> {
  const vector = readVector(name);
  const request = requestOf(name);
  const headers = Object.fromEntries(Object.entries(request.headers).filter(([key]) => key !== "X-Amz-Date"));
  const iso = vector.signing.amzDate.replace(/(....)(..)(..)T(..)(..)(..)Z/, "$1-$2-$3T$4:$5:$6Z");
  return signRequest(
    { ...request, headers },
    {
      signer: requestSignerOf(createPrivateKey(vector.privateKeyPem)),
      serialNumber: vector.signing.serialDecimal,
      region: vector.signing.region,
      moment: new Date(iso),
    },
  );
}

function requestOf(name: VectorName): Parameters<typeof canonicalRequest>[0] {
  const { request } = readVector(name);
  return { ...request, query: Object.fromEntries(new URLSearchParams(request.query)) };
}

function isMlDsa(pem: string): boolean {
  try {
    const type: string | undefined = createPrivateKey(pem).asymmetricKeyType;
    return type === "ml-dsa-44";
  } catch {
    return false;
  }
}
