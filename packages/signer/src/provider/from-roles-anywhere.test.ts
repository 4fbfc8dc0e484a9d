import { getEventListeners } from "node:events";
import { writeFileSync } from "node:fs";
import { inspect } from "node:util";

import { fromTemporaryCredentials } from "@aws-sdk/credential-providers";
import type { AwsCredentialIdentityProvider } from "@smithy/types";
import { afterEach, beforeEach, describe, expect, expectTypeOf, it, vi } from "vitest";

import { SignerError } from "../errors.ts";
import type { HttpResponse, HttpSend } from "../http/send.ts";
import { CREDENTIALS, json, startFakeService, success } from "../../test/support/fake-service.ts";
import { makeIdentity } from "../../test/support/identities.ts";
import { readVector, temporaryFolder } from "@roles-anywhere/testing";
import { fromRolesAnywhere } from "./from-roles-anywhere.ts";
import type { RolesAnywhereInit, RolesAnywhereProvider } from "./from-roles-anywhere.ts";

const vector = readVector("ecdsa");

/** A service in memory: sessions of one hour, a clock that the test moves, and an outage that it starts and ends. */
let clock: number;
let sent: number;
let down: boolean;
beforeEach(() => {
  clock = Date.UTC(2026, 0, 1);
  sent = 0;
  down = false;
});
afterEach(() => {
  vi.useRealTimers();
});

const send: HttpSend = () => {
  sent += 1;
  if (down) return Promise.reject(new SignerError("ERR_SIGNER_CONNECTION_FAILED", "down"));
  const expiration = new Date(clock + 3_600_000).toISOString();
  const body = JSON.stringify({
    credentialSet: [{ credentials: { ...CREDENTIALS, accessKeyId: `ASIA${sent}`, expiration } }],
  });
  const response: HttpResponse = { status: 201, header: () => undefined, body };
  return Promise.resolve(response);
};

const INIT: RolesAnywhereInit = {
  certificate: vector.certificatePem,
  privateKey: vector.privateKeyPem,
  trustAnchorArn: "arn:aws:rolesanywhere:us-east-1:123456789012:trust-anchor/1",
  profileArn: "arn:aws:rolesanywhere:us-east-1:123456789012:profile/2",
  roleArn: "arn:aws:iam::123456789012:role/Example",
  environment: {},
  maxAttempts: 1,
  now: () => new Date(clock),
  send,
};

async function keyOf(provider: RolesAnywhereProvider): Promise<string> {
  return (await provider()).accessKeyId;
}

/** Lets what goes on in the background finish. */
function settle(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 20);
  });
}

const minutes = (count: number): number => count * 60_000;

describe("fromRolesAnywhere", () => {
  it("is a credential provider of the AWS SDK", () => {
    expectTypeOf(fromRolesAnywhere).returns.toExtend<AwsCredentialIdentityProvider>();
    const provider = fromRolesAnywhere(INIT);
    expect(fromTemporaryCredentials({ masterCredentials: provider, params: { RoleArn: "x" } })).toBeTypeOf(
      "function",
    );
  });

  it("leaves no listener on its signal, however often it refreshes", async () => {
    const tooBusy = json(503, { message: "busy" }, { "X-Amzn-ErrorType": "ServiceUnavailableException" });
    await using service = await startFakeService(
      ...Array.from({ length: 40 }, (_, number) => (number % 2 === 0 ? success() : tooBusy)),
      success(),
    );
    const { signal } = new AbortController();
    const { send: _inMemory, ...overHttp } = INIT;
    const provider = fromRolesAnywhere({
      ...overHttp,
      endpoint: service.url,
      maxAttempts: 2,
      random: () => 0,
      signal,
    });
    for (let count = 0; count < 30; count += 1) await provider({ forceRefresh: true });
    expect(service.requests.length).toBeGreaterThan(40);
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  it("does nothing before the first call", async () => {
    const provider = fromRolesAnywhere({ ...INIT, certificate: "/nowhere.pem" });
    expect(sent).toBe(0);
    await expect(provider()).rejects.toMatchObject({ code: "ERR_SIGNER_FILE_UNREADABLE" });
  });

  it("gives key, secret, token, expiration and account", async () => {
    expect(await fromRolesAnywhere(INIT)()).toEqual({
      accessKeyId: "ASIA1",
      secretAccessKey: CREDENTIALS.secretAccessKey,
      sessionToken: CREDENTIALS.sessionToken,
      expiration: new Date(clock + 3_600_000),
      accountId: "123456789012",
    });
  });

  it("makes one request for any number of callers at once", async () => {
    const provider = fromRolesAnywhere(INIT);
    const keys = await Promise.all(Array.from({ length: 200 }, () => keyOf(provider)));
    expect(new Set(keys)).toEqual(new Set(["ASIA1"]));
    expect(sent).toBe(1);
  });

  it("keeps a session until five minutes before its end, then fetches the next beside it", async () => {
    const provider = fromRolesAnywhere(INIT);
    await provider();
    clock += minutes(54);
    expect(await keyOf(provider)).toBe("ASIA1");
    await settle();
    expect(sent).toBe(1);
    clock += minutes(2);
    expect(await keyOf(provider)).toBe("ASIA1");
    await settle();
    expect(await keyOf(provider)).toBe("ASIA2");
    expect(sent).toBe(2);
  });

  it("lets callers wait for the next session in the last minute, and after the end", async () => {
    const provider = fromRolesAnywhere(INIT);
    await provider();
    clock += minutes(59.5);
    expect(await keyOf(provider)).toBe("ASIA2");
    clock += minutes(61);
    expect(await keyOf(provider)).toBe("ASIA3");
  });

  it.each([
    ["five seconds", 59.5, 5000],
    ["half of what is left", 60 - 4 / 60, 2000],
  ])(
    "lets nobody wait longer than %s for a service that hangs while the session lives",
    async (_title, age, ms) => {
      vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
      let hangs = false;
      const silent: HttpSend = (request) => (hangs ? new Promise(() => {}) : send(request));
      const provider = fromRolesAnywhere({ ...INIT, send: silent });
      await provider();
      hangs = true;
      clock += minutes(age);
      const waited = vi.fn<() => void>();
      const asked = keyOf(provider).finally(waited);
      await vi.advanceTimersByTimeAsync(ms - 1);
      expect(waited).not.toHaveBeenCalled();
      await vi.advanceTimersByTimeAsync(1);
      expect(waited).toHaveBeenCalled();
      await expect(asked).resolves.toBe("ASIA1");
      expect(vi.getTimerCount()).toBe(0);
    },
  );

  it("takes the stale time that it is given", async () => {
    const provider = fromRolesAnywhere({ ...INIT, staleTimeSeconds: 1800 });
    await provider();
    clock += minutes(31);
    await provider();
    await settle();
    expect(sent).toBe(2);
  });

  it("fetches at once when asked to", async () => {
    const provider = fromRolesAnywhere(INIT);
    await provider();
    expect(await provider({ forceRefresh: true })).toMatchObject({ accessKeyId: "ASIA2" });
  });

  it("fails no request while the service is down and the session lives, and does not hammer it", async () => {
    const provider = fromRolesAnywhere(INIT);
    await provider();
    down = true;
    for (clock += minutes(1); clock < Date.UTC(2026, 0, 1) + minutes(59.9); clock += 1000) {
      expect(await keyOf(provider)).toBe("ASIA1");
      await Promise.resolve();
    }
    await settle();
    expect(sent).toBeGreaterThan(5);
    expect(sent).toBeLessThan(13);
    down = false;
    clock += 30_000;
    expect(await keyOf(provider)).toMatch(/^ASIA\d+$/);
    expect(await keyOf(provider)).not.toBe("ASIA1");
  });

  it("reports a refresh that failed once, however many callers there are, and only while the session lives", async () => {
    const failures: unknown[] = [];
    const provider = fromRolesAnywhere({ ...INIT, onRefreshFailure: (error) => failures.push(error) });
    await provider();
    down = true;
    clock += minutes(56);
    await Promise.all([provider(), provider(), provider()]);
    await settle();
    expect(failures).toEqual([expect.objectContaining({ code: "ERR_SIGNER_CONNECTION_FAILED" })]);
    clock += minutes(5);
    await expect(provider()).rejects.toThrow("down");
    expect(failures).toHaveLength(1);
  });

  it("throws after the end of the session, and recovers", async () => {
    const provider = fromRolesAnywhere(INIT);
    await provider();
    down = true;
    clock += minutes(60);
    await expect(provider()).rejects.toMatchObject({ code: "ERR_SIGNER_CONNECTION_FAILED" });
    down = false;
    await expect(keyOf(provider)).resolves.toBe("ASIA3");
  });

  it("reads rotated files for the next session", async () => {
    using folder = temporaryFolder();
    const first = makeIdentity("P-256");
    const second = makeIdentity("P-256");
    const [certificate, privateKey] = [folder.join("c.pem"), folder.join("c.key")];
    const seen: (string | undefined)[] = [];
    const recording: HttpSend = (request) => {
      seen.push(request.headers["X-Amz-X509"]);
      return send(request);
    };
    const provider = fromRolesAnywhere({ ...INIT, certificate, privateKey, send: recording });
    for (const identity of [first, second]) {
      writeFileSync(certificate, identity.certificatePem);
      writeFileSync(privateKey, identity.privateKeyPem);
      await provider();
      clock += minutes(61);
    }
    const body = (pem: string): string => pem.replaceAll(/-----.*?-----|\s/g, "");
    expect(seen).toEqual([body(first.certificatePem), body(second.certificatePem)]);
  });

  it.each<readonly [string, Partial<RolesAnywhereInit>, string]>([
    [
      "a key of another certificate",
      { privateKey: readVector("rsa").privateKeyPem },
      "ERR_SIGNER_KEY_MISMATCH",
    ],
    ["an expired certificate", { now: () => new Date("2051-01-01") }, "ERR_SIGNER_CERTIFICATE_EXPIRED"],
    [
      "another region's profile",
      { profileArn: "arn:aws:rolesanywhere:x:1:profile/2" },
      "ERR_SIGNER_REGION_MISMATCH",
    ],
  ])("refuses %s before any request", async (_title, changes, code) => {
    await expect(fromRolesAnywhere({ ...INIT, ...changes })()).rejects.toMatchObject({ code });
    expect(sent).toBe(0);
  });

  it("is aborted by its signal", async () => {
    const { send: _send, ...init } = INIT;
    const controller = new AbortController();
    await using service = await startFakeService(() => controller.abort());
    const provider = fromRolesAnywhere({ ...init, endpoint: service.url, signal: controller.signal });
    await expect(provider()).rejects.toMatchObject({ code: "ERR_SIGNER_ABORTED" });
  });

  it("takes the endpoint from the environment and goes through a proxy", async () => {
    const { send: _send, ...init } = INIT;
    await using service = await startFakeService(success());
    const environment = { AWS_ENDPOINT_URL_ROLESANYWHERE: service.url };
    await fromRolesAnywhere({ ...init, environment })();
    await fromRolesAnywhere({ ...init, endpoint: "http://service.example", proxy: service.url })();
    await fromRolesAnywhere({
      ...init,
      endpoint: "http://service.example",
      proxy: "environment",
      environment: { HTTP_PROXY: service.url },
    })();
    expect(service.requests.map(({ target }) => target.split("?")[0])).toEqual([
      "/sessions",
      "http://service.example/sessions",
      "http://service.example/sessions",
    ]);
  });

  it.each<readonly [Partial<RolesAnywhereInit>, string]>([
    [{}, "rolesanywhere.us-east-1.amazonaws.com"],
    [{ region: "cn-north-1" }, "rolesanywhere.cn-north-1.amazonaws.com.cn"],
    [{ region: "us-gov-west-1", useFipsEndpoint: true }, "rolesanywhere-fips.us-gov-west-1.amazonaws.com"],
    [{ environment: { AWS_USE_DUALSTACK_ENDPOINT: "true" } }, "rolesanywhere.us-east-1.api.aws"],
    [{ region: "eusc-de-east-1" }, "rolesanywhere.eusc-de-east-1.amazonaws.eu"],
  ])("with %j it asks %s", async (changes, host) => {
    const hosts: string[] = [];
    const recording: HttpSend = (request) => {
      hosts.push(new URL(request.url).host);
      return send(request);
    };
    await fromRolesAnywhere({ ...INIT, send: recording, ...changes })();
    expect(hosts).toEqual([host]);
  });

  it("shows no secret when it or its credentials are printed", async () => {
    const provider = fromRolesAnywhere(INIT);
    const credentials = await provider();
    const printed = [provider, credentials, { nested: [credentials] }]
      .flatMap((value) => [
        inspect(value, { depth: 9, showHidden: true }),
        JSON.stringify(value),
        String(value),
      ])
      .join("\n");
    expect(printed).toContain("ASIA1");
    expect(printed).not.toContain(CREDENTIALS.secretAccessKey);
    expect(printed).not.toContain(CREDENTIALS.sessionToken);
    expect({ ...credentials }.secretAccessKey).toBe(CREDENTIALS.secretAccessKey);
  });
});
