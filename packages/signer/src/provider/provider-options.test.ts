import { createPrivateKey } from "node:crypto";
import { writeFileSync } from "node:fs";

import { afterAll, describe, expect, it } from "vitest";

import { SignerError } from "../errors.ts";
import type { HttpSend } from "../http/send.ts";
import { CREDENTIALS, json, startFakeService, success } from "../../test/support/fake-service.ts";
import { openssl, readVector, temporaryFolder } from "@roles-anywhere/testing";
import { verifies } from "../../test/support/verifies.ts";
import { loadCertificate, loadCertificateChain } from "../keys/certificate.ts";
import { loadIdentity } from "../keys/identity.ts";
import { loadPrivateKey } from "../keys/private-key.ts";
import { createSession } from "../session/create-session.ts";
import { signCreateSessionRequest } from "../session/sign-create-session-request.ts";
import { fromRolesAnywhere } from "./from-roles-anywhere.ts";
import type { RolesAnywhereInit } from "./from-roles-anywhere.ts";

const vector = readVector("ecdsa");

const INIT: RolesAnywhereInit = {
  certificate: vector.certificatePem,
  privateKey: vector.privateKeyPem,
  trustAnchorArn: "arn:aws:rolesanywhere:us-east-1:123456789012:trust-anchor/1",
  profileArn: "arn:aws:rolesanywhere:us-east-1:123456789012:profile/2",
  roleArn: "arn:aws:iam::123456789012:role/Example",
  environment: {},
};

const { privateKey: _key, ...WITHOUT_KEY } = INIT;

describe("certificate and key", () => {
  const folder = temporaryFolder();
  afterAll(() => folder[Symbol.dispose]());
  const write = (name: string, text: string): string => {
    writeFileSync(folder.join(name), text);
    return folder.join(name);
  };
  const { certificatePem, privateKeyPem, intermediatesPem } = vector;
  const loaded = loadIdentity({ ...INIT, intermediates: intermediatesPem });
  const encrypted = openssl(["pkcs8", "-topk8", "-passout", "pass:p w"], privateKeyPem).toString();

  it.each<readonly [string, RolesAnywhereInit]>([
    ["PEM text", { ...INIT, intermediates: intermediatesPem }],
    [
      "bytes",
      {
        ...INIT,
        certificate: Buffer.from(certificatePem),
        privateKey: Uint8Array.from(Buffer.from(privateKeyPem)),
        intermediates: Buffer.from(intermediatesPem),
      },
    ],
    [
      "paths",
      {
        ...INIT,
        certificate: write("client.pem", certificatePem),
        privateKey: write("client.key", privateKeyPem),
        intermediates: write("chain.pem", intermediatesPem),
      },
    ],
    ["one text", { ...WITHOUT_KEY, certificate: `${certificatePem}${privateKeyPem}` }],
    ["a KeyObject", { ...INIT, privateKey: createPrivateKey(privateKeyPem) }],
    ["an encrypted key", { ...INIT, privateKey: encrypted, passphrase: "p w" }],
    [
      "what the functions of this library loaded",
      {
        ...INIT,
        certificate: loadCertificate(certificatePem),
        privateKey: loadPrivateKey(privateKeyPem),
        intermediates: loadCertificateChain(intermediatesPem ?? ""),
      },
    ],
    ["a whole identity that was loaded", { ...WITHOUT_KEY, ...loaded }],
    [
      "an identity whose key is elsewhere",
      { ...WITHOUT_KEY, ...loaded, ...loadIdentity({ ...loaded, privateKey: loaded.signer }) },
    ],
  ])("are taken as %s", async (_title, init) => {
    await using service = await startFakeService(success());
    await fromRolesAnywhere({ ...init, endpoint: service.url })();
    const [request] = service.requests;
    expect(verifies(request)).toBe(true);
    expect(request?.headers["x-amz-x509-chain"] !== undefined).toBe(init.intermediates !== undefined);
  });
});

/** A service in memory whose host is remembered and that is down while `down` says so. */
function memory(): {
  readonly hosts: string[];
  down: boolean;
  clock: number;
  readonly init: RolesAnywhereInit;
} {
  const state = { hosts: [] as string[], down: false, clock: Date.UTC(2026, 0, 1) };
  const send: HttpSend = (request) => {
    state.hosts.push(new URL(request.url).host);
    if (state.down) return Promise.reject(new SignerError("ERR_SIGNER_CONNECTION_FAILED", "down"));
    const expiration = new Date(state.clock + 3_600_000).toISOString();
    const body = JSON.stringify({ credentialSet: [{ credentials: { ...CREDENTIALS, expiration } }] });
    return Promise.resolve({ status: 201, header: () => undefined, body });
  };
  const init = { ...INIT, send, now: () => new Date(state.clock), maxAttempts: 1 };
  return Object.assign(state, { init });
}

describe("the endpoint", () => {
  // Host names as botocore's partitions.json gives them.
  it.each<readonly [partition: string, region: string, plain: string, dual: string]>([
    ["aws", "eu-central-1", "eu-central-1.amazonaws.com", "eu-central-1.api.aws"],
    ["aws-us-gov", "us-gov-west-1", "us-gov-west-1.amazonaws.com", "us-gov-west-1.api.aws"],
    [
      "aws-cn",
      "cn-northwest-1",
      "cn-northwest-1.amazonaws.com.cn",
      "cn-northwest-1.api.amazonwebservices.com.cn",
    ],
    ["aws-eusc", "eusc-de-east-1", "eusc-de-east-1.amazonaws.eu", "eusc-de-east-1.api.amazonwebservices.eu"],
    ["aws-iso", "us-iso-east-1", "us-iso-east-1.c2s.ic.gov", "us-iso-east-1.api.aws.ic.gov"],
    ["aws-iso-b", "us-isob-east-1", "us-isob-east-1.sc2s.sgov.gov", "us-isob-east-1.api.aws.scloud"],
    ["aws-iso-e", "eu-isoe-west-1", "eu-isoe-west-1.cloud.adc-e.uk", "eu-isoe-west-1.api.cloud-aws.adc-e.uk"],
    ["aws-iso-f", "us-isof-south-1", "us-isof-south-1.csp.hci.ic.gov", "us-isof-south-1.api.aws.hci.ic.gov"],
  ])("of partition %s in %s, plain, FIPS, dual stack and both", async (partition, region, plain, dual) => {
    const { hosts, init } = memory();
    const arns = {
      trustAnchorArn: `arn:${partition}:rolesanywhere:${region}:123456789012:trust-anchor/1`,
      profileArn: `arn:${partition}:rolesanywhere:${region}:123456789012:profile/2`,
      roleArn: `arn:${partition}:iam::123456789012:role/Example`,
    };
    for (const useDualstackEndpoint of [false, true]) {
      for (const useFipsEndpoint of [false, true]) {
        await fromRolesAnywhere({ ...init, ...arns, useDualstackEndpoint, useFipsEndpoint })();
      }
    }
    expect(hosts).toEqual([
      `rolesanywhere.${plain}`,
      `rolesanywhere-fips.${plain}`,
      `rolesanywhere.${dual}`,
      `rolesanywhere-fips.${dual}`,
    ]);
  });

  it("that is given wins over FIPS, dual stack, region and environment", async () => {
    const { hosts, init } = memory();
    await fromRolesAnywhere({
      ...init,
      endpoint: "https://vpce-1.rolesanywhere.us-east-1.vpce.amazonaws.com",
      region: "eu-west-1",
      useFipsEndpoint: true,
      useDualstackEndpoint: true,
      environment: { AWS_ENDPOINT_URL_ROLESANYWHERE: "https://other.example" },
    })();
    expect(hosts).toEqual(["vpce-1.rolesanywhere.us-east-1.vpce.amazonaws.com"]);
  });

  it("of the options wins over the environment even where it turns something off", async () => {
    const { hosts, init } = memory();
    const environment = { AWS_USE_FIPS_ENDPOINT: "true", AWS_USE_DUALSTACK_ENDPOINT: "true" };
    await fromRolesAnywhere({ ...init, environment, useFipsEndpoint: false })();
    expect(hosts).toEqual(["rolesanywhere.us-east-1.api.aws"]);
  });
});

describe("refreshes", () => {
  const minute = 60_000;

  it.each([
    [30, 10],
    [60, 5],
    [120, 3],
    [0, 300],
  ])(
    "start at least %d s apart while the service is down: %d in the last five minutes",
    async (seconds, attempts) => {
      const service = memory();
      const provider = fromRolesAnywhere({ ...service.init, minRefreshIntervalSeconds: seconds });
      await provider();
      service.hosts.length = 0;
      service.down = true;
      const end = service.clock + 60 * minute;
      for (service.clock = end - 5 * minute; service.clock < end; service.clock += 1000) {
        await provider();
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect(service.hosts).toHaveLength(attempts);
    },
  );

  it("are forced by the caller at any time, one at a time", async () => {
    const service = memory();
    const provider = fromRolesAnywhere({ ...service.init, minRefreshIntervalSeconds: 3600 });
    await provider();
    await Promise.all([provider({ forceRefresh: true }), provider({ forceRefresh: true })]);
    expect(service.hosts).toHaveLength(2);
  });

  it("are retried within, signed anew, with jittered pauses", async () => {
    await using service = await startFakeService(json(503, {}), json(429, {}), success());
    const pauses: number[] = [];
    const numbers = [0.1, 0.9];
    let seconds = 0;
    await fromRolesAnywhere({
      ...INIT,
      endpoint: service.url,
      now: () => new Date(Date.UTC(2026, 0, 1) + 1000 * (seconds += 1)),
      random: () => numbers.shift() ?? 0,
      sleep: (milliseconds) => Promise.resolve(void pauses.push(milliseconds)),
    })();
    expect(pauses).toEqual([100, 1800]);
    expect(service.requests.map((request) => verifies(request))).toEqual([true, true, true]);
    expect(new Set(service.requests.map(({ headers }) => headers["x-amz-date"])).size).toBe(3);
  });

  it("take their attempts from the option, then from AWS_MAX_ATTEMPTS", async () => {
    const environment = { AWS_MAX_ATTEMPTS: "2" };
    for (const [changes, expected] of [
      [{ environment }, 2],
      [{ environment, maxAttempts: 1 }, 1],
    ] as const) {
      await using service = await startFakeService(json(503, {}));
      const init = { ...INIT, ...changes, endpoint: service.url, sleep: () => Promise.resolve() };
      await expect(fromRolesAnywhere(init)()).rejects.toMatchObject({ status: 503 });
      expect(service.requests).toHaveLength(expected);
    }
  });

  it("fail at once for a signal that was aborted before, and do not call the service", async () => {
    await using service = await startFakeService(success());
    const init = { ...INIT, endpoint: service.url, signal: AbortSignal.abort() };
    await expect(fromRolesAnywhere(init)()).rejects.toMatchObject({ code: "ERR_SIGNER_ABORTED" });
    expect(service.requests).toEqual([]);
  });
});

/** What a variable that is not set gives in JavaScript. */
const UNSET = undefined as unknown as string;

describe.each(["certificate", "trustAnchorArn", "profileArn", "roleArn"] as const)(
  "the option %s, when it is undefined",
  (name) => {
    const init = { ...INIT, [name]: UNSET };
    const error = {
      name: "SignerError",
      message: expect.stringContaining(`the option ${name} is undefined`),
    };

    it("is named when the provider is made", () => {
      expect(() => fromRolesAnywhere(init)).toThrow(expect.objectContaining(error));
    });

    it("is named by createSession and signCreateSessionRequest", async () => {
      await expect(createSession(init)).rejects.toMatchObject(error);
      await expect(signCreateSessionRequest(init)).rejects.toMatchObject(error);
    });
  },
);

describe("check()", () => {
  it("passes for options that can work, and sends nothing", async () => {
    await using service = await startFakeService(success());
    const now = (): Date => new Date(Date.UTC(2026, 0, 1));
    await expect(fromRolesAnywhere({ ...INIT, now, endpoint: service.url }).check()).resolves.toBeUndefined();
    expect(service.requests).toEqual([]);
  });

  it.each([
    ["ERR_SIGNER_FILE_UNREADABLE", { certificate: "/nowhere/client.pem" }],
    ["ERR_SIGNER_KEY_INVALID", { privateKey: "-----BEGIN NOTHING-----" }],
    ["ERR_SIGNER_CERTIFICATE_EXPIRED", { now: () => new Date(Date.UTC(2100, 0, 1)) }],
    ["ERR_SIGNER_ARN_INVALID", { roleArn: "hello" }],
    ["ERR_SIGNER_ENDPOINT_INVALID", { endpoint: "rolesanywhere" }],
  ] satisfies readonly (readonly [string, Partial<RolesAnywhereInit>])[])(
    "fails with %s",
    async (code, changes) => {
      await expect(fromRolesAnywhere({ ...INIT, ...changes }).check()).rejects.toMatchObject({ code });
    },
  );
});
