import { createPrivateKey, sign } from "node:crypto";

import { describe, expect, it } from "vitest";

import { fromRolesAnywhere } from "../provider/from-roles-anywhere.ts";
import type { RequestSigner } from "../sigv4-x509/sign-request.ts";
import { CREDENTIALS, json, startFakeService, success } from "../../test/support/fake-service.ts";
import { readVector } from "@roles-anywhere/testing";
import { verifies } from "../../test/support/verifies.ts";
import { createSession } from "./create-session.ts";
import type { CreateSessionInit } from "./create-session.ts";

const ecdsa = readVector("ecdsa");

const INIT = {
  certificate: ecdsa.certificatePem,
  trustAnchorArn: "arn:aws:rolesanywhere:us-east-1:123456789012:trust-anchor/1",
  profileArn: "arn:aws:rolesanywhere:us-east-1:123456789012:profile/2",
  roleArn: "arn:aws:iam::123456789012:role/Example",
  sleep: () => Promise.resolve(),
} satisfies Omit<CreateSessionInit, "privateKey">;

/** A key that answers over the network and never leaves its box, as those of a KMS do. */
function remoteKey(name: "rsa" | "ecdsa"): RequestSigner & { readonly messages: string[] } {
  const key = createPrivateKey(readVector(name).privateKeyPem);
  const messages: string[] = [];
  return {
    algorithm: name === "rsa" ? "AWS4-X509-RSA-SHA256" : "AWS4-X509-ECDSA-SHA256",
    messages,
    async sign(message) {
      messages.push(Buffer.from(message).toString());
      await new Promise((resolve) => setImmediate(resolve));
      return Uint8Array.from(sign("sha256", message, key));
    },
  };
}

const signer = (signature: () => unknown): RequestSigner => {
  const custom: { algorithm: RequestSigner["algorithm"]; sign: () => unknown } = {
    algorithm: "AWS4-X509-ECDSA-SHA256",
    sign: signature,
  };
  // Callers in JavaScript return what they like.
  return custom as RequestSigner;
};

describe("a sign function", () => {
  it.each(["rsa", "ecdsa"] as const)("signs asynchronously with a remote %s key", async (name) => {
    await using service = await startFakeService(success());
    const privateKey = remoteKey(name);
    const certificate = readVector(name).certificatePem;
    await createSession({ ...INIT, certificate, privateKey, endpoint: service.url });
    expect(verifies(service.requests[0])).toBe(true);
    expect(privateKey.messages).toEqual([
      expect.stringMatching(
        /^AWS4-X509-(RSA|ECDSA)-SHA256\n\d{8}T\d{6}Z\n\d{8}\/us-east-1\/rolesanywhere\/aws4_request\n[0-9a-f]{64}$/,
      ),
    ]);
  });

  it("is called anew for each attempt", async () => {
    await using service = await startFakeService(json(503, {}), json(503, {}), success());
    const privateKey = remoteKey("ecdsa");
    await createSession({ ...INIT, privateKey, endpoint: service.url });
    expect(new Set(privateKey.messages).size).toBe(3);
    expect(service.requests.map((request) => verifies(request))).toEqual([true, true, true]);
  });

  it("serves the provider, once for any number of callers", async () => {
    await using service = await startFakeService(success());
    const privateKey = remoteKey("ecdsa");
    const provider = fromRolesAnywhere({ ...INIT, privateKey, endpoint: service.url, environment: {} });
    const all = await Promise.all(Array.from({ length: 20 }, () => provider()));
    expect(new Set(all.map(({ accessKeyId }) => accessKeyId))).toEqual(new Set([CREDENTIALS.accessKeyId]));
    expect(privateKey.messages).toHaveLength(1);
  });

  it.each<readonly [string, () => unknown, RegExp]>([
    [
      "throws",
      () => {
        throw new Error("key is disabled");
      },
      /^the sign function failed: key is disabled; /,
    ],
    [
      "rejects",
      () => Promise.reject(new Error("key is disabled")),
      /^the sign function failed: key is disabled; /,
    ],
    ["gives nothing", () => undefined, /^the sign function gave no signature; /],
    [
      "gives an empty signature",
      () => Promise.resolve(new Uint8Array()),
      /^the sign function gave no signature; /,
    ],
    ["gives text", () => "abcd", /^the sign function gave no signature; /],
  ])(
    "that %s is an error of its own, and nothing is sent or tried again",
    async (_title, signature, message) => {
      await using service = await startFakeService(success());
      let calls = 0;
      const privateKey = signer(() => {
        calls += 1;
        return signature();
      });
      const error: unknown = await createSession({ ...INIT, privateKey, endpoint: service.url }).catch(
        (thrown: unknown) => thrown,
      );
      expect(error).toMatchObject({
        name: "SignerError",
        code: "ERR_SIGNER_SIGN_FAILED",
        message: expect.stringMatching(message),
      });
      expect(calls).toBe(1);
      expect(service.requests).toEqual([]);
    },
  );

  it("keeps the error that it threw as cause", async () => {
    const cause = new TypeError("no such key");
    const privateKey = signer(() => Promise.reject(cause));
    await expect(createSession({ ...INIT, privateKey })).rejects.toMatchObject({ cause });
  });

  it("that never answers is given up on, like a service that does not", async () => {
    await using service = await startFakeService(success());
    let calls = 0;
    const privateKey = signer(() => {
      calls += 1;
      return calls === 1 ? new Promise(() => {}) : sign("sha256", Buffer.from("x"), ecdsa.privateKeyPem);
    });
    const init = { ...INIT, privateKey, endpoint: service.url, attemptTimeoutMs: 30 };
    await expect(createSession({ ...init, maxAttempts: 1 })).rejects.toMatchObject({
      code: "ERR_SIGNER_TIMEOUT",
      message: expect.stringMatching(/^the sign function gave no signature within 30 ms/),
    });
    calls = 0;
    await expect(createSession({ ...init, maxAttempts: 2 })).resolves.toMatchObject(CREDENTIALS);
  });

  it("that never answers does not outlast the abort signal, given before or meanwhile", async () => {
    const before = AbortSignal.abort();
    const controller = new AbortController();
    const privateKey = signer(() => {
      controller.abort();
      return new Promise(() => {});
    });
    for (const signal of [before, controller.signal]) {
      await expect(createSession({ ...INIT, privateKey, signal })).rejects.toMatchObject({
        code: "ERR_SIGNER_ABORTED",
      });
    }
  });

  it("that hangs once does not block the provider for good", async () => {
    await using service = await startFakeService(success());
    let hang = true;
    const remote = remoteKey("ecdsa");
    const privateKey: RequestSigner = {
      algorithm: remote.algorithm,
      sign: (message) => (hang ? new Promise(() => {}) : remote.sign(message)),
    };
    const options = { endpoint: service.url, environment: {}, attemptTimeoutMs: 20, maxAttempts: 1 };
    const provider = fromRolesAnywhere({ ...INIT, ...options, privateKey });
    await expect(provider()).rejects.toMatchObject({ code: "ERR_SIGNER_TIMEOUT" });
    hang = false;
    await expect(provider()).resolves.toMatchObject({ accessKeyId: CREDENTIALS.accessKeyId });
  });
});
