import { readFileSync } from "node:fs";
import { startMock } from "@roles-anywhere/mock";
import type { RunningMock } from "@roles-anywhere/mock";
import { grantingAws } from "@roles-anywhere/mock/testing";
import { createSession } from "@roles-anywhere/signer";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runRaPki } from "./support/run-ra-pki.ts";
import { temporaryFolder } from "@roles-anywhere/testing";
import type { TemporaryFolder } from "@roles-anywhere/testing";

const ROLE_ARN = "arn:aws:iam::000000000000:role/Example";
/** The control plane of the mock wants a signature to be there, and does not verify it. */
const AUTHORIZATION =
  "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/us-east-1/rolesanywhere/aws4_request, SignedHeaders=host;x-amz-date, Signature=0";

describe("a certificate of ra-pki loses its access", () => {
  let folder: TemporaryFolder;
  let mock: RunningMock;
  let trustAnchorArn: string;
  let profileArn: string;

  const ra = (...args: string[]) => {
    const result = runRaPki(folder.path, args);
    if (result.status !== 0) throw new Error(result.stderr);
    return result;
  };
  const call = async (method: string, path: string, body?: object): Promise<unknown> => {
    const response = await fetch(`${mock.url}${path}`, {
      method,
      headers: {
        authorization: AUTHORIZATION,
        "x-amz-date": "20260102T030405Z",
        "content-type": "application/json",
      },
      body: body === undefined ? null : JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text === "" ? undefined : JSON.parse(text);
  };
  /** Asks for a session with the files of a certificate; returns `granted` or the reason in the audit. */
  const ask = async (name: string): Promise<string | undefined> => {
    const file = (ending: string) => folder.join("pki", `${name}.${ending}`);
    const session = createSession({
      certificate: file("pem"),
      privateKey: file("key"),
      intermediates: file("chain.pem"),
      trustAnchorArn,
      profileArn,
      roleArn: ROLE_ARN,
      endpoint: mock.url,
      maxAttempts: 1,
    });
    await session.catch(() => undefined);
    const { verdict, reason } = mock.context.audit.list(1)[0]?._mock ?? {};
    return verdict === "granted" ? verdict : reason;
  };
  const caPem = () => readFileSync(folder.join("pki", "rootCA.pem"), "utf8");
  const source = (x509CertificateData: string) => ({
    sourceType: "CERTIFICATE_BUNDLE",
    sourceData: { x509CertificateData },
  });

  beforeAll(async () => {
    folder = temporaryFolder();
    mock = await startMock({ aws: grantingAws() });
    ra("init", "--key-type", "ec-p256");
    ra("intermediate", "--name", "issuing", "--key-type", "ec-p256");
    for (const name of ["server-a", "server-b", "server-c"]) {
      ra("issue", "--name", name, "--ca", "issuing", "--key-type", "ec-p256", "--validity-days", "30");
    }
    await call("POST", "/trustanchors", { name: "anchor", source: source(caPem()), enabled: true });
    await call("POST", "/profiles", { name: "profile", roleArns: [ROLE_ARN], enabled: true });
    trustAnchorArn = [...mock.context.state.trustAnchors.values()][0]?.trustAnchorArn ?? "";
    profileArn = [...mock.context.state.profiles.values()][0]?.profileArn ?? "";
  });
  afterAll(async () => {
    await mock.close();
    folder[Symbol.dispose]();
  });

  it("step by step", async () => {
    const verdicts = async () => {
      const found: (string | undefined)[] = [];
      for (const name of ["server-a", "server-b", "server-c"]) found.push(await ask(name));
      return found;
    };
    const crlData = () => readFileSync(folder.join("pki", "issuing.crl.pem")).toString("base64");
    expect(await verdicts()).toEqual(["granted", "granted", "granted"]);

    ra("revoke", "server-a", "--reason", "keyCompromise");
    ra("crl", "--ca", "issuing");
    await call("POST", "/crls", { name: "issuing", crlData: crlData(), trustAnchorArn, enabled: true });
    expect(await verdicts()).toEqual(["CRL_REVOKED", "granted", "granted"]);

    ra("revoke", "server-b", "--reason", "superseded");
    ra("crl", "--ca", "issuing");
    const [crlId] = mock.context.state.crls.keys();
    await call("PATCH", `/crl/${crlId}`, { crlData: crlData() });
    expect(await verdicts()).toEqual(["CRL_REVOKED", "CRL_REVOKED", "granted"]);

    // A new CA takes the place of the old one.
    const [trustAnchorId] = mock.context.state.trustAnchors.keys();
    const former = caPem();
    ra("init", "--dir", "other", "--key-type", "ec-p256");
    const other = readFileSync(folder.join("other", "rootCA.pem"), "utf8");
    await call("PATCH", `/trustanchor/${trustAnchorId}`, { source: source(former + other) });
    expect(await ask("server-c")).toBe("granted");
    await call("PATCH", `/trustanchor/${trustAnchorId}`, { source: source(other) });
    expect(await ask("server-c")).toBe("CHAIN_UNTRUSTED");

    await call("PATCH", `/trustanchor/${trustAnchorId}`, { source: source(former) });
    expect(await ask("server-c")).toBe("granted");
    await call("DELETE", `/trustanchor/${trustAnchorId}`);
    expect(await ask("server-c")).toBe("TRUST_ANCHOR_UNKNOWN");
  });
});
