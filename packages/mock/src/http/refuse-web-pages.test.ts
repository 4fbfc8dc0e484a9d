import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fakeAws } from "../../test/support/fake-aws.ts";
import { startMock } from "./server.ts";
import type { RunningMock } from "./server.ts";

const aws = fakeAws("arn:aws:iam::000000000000:role/R");
const authorization =
  "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/rolesanywhere/aws4_request, SignedHeaders=host;x-amz-date, Signature=00";
const signed = { authorization, "x-amz-date": "20260101T000000Z" };
const json = { "content-type": "application/json" };

type Headers = Readonly<Record<string, string>>;

/** Not fetch: that sets Host and Sec-Fetch-* by itself. */
function send(url: string, method: string, path: string, headers: Headers, body = "") {
  return new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
    const call = request(`${url}${path}`, { method, headers }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      answer.on("end", () => resolve({ status: answer.statusCode, text }));
    });
    call.on("error", reject);
    call.end(body);
  });
}

/** A request that does something on each side of the mock. */
const REQUESTS: readonly (readonly [name: string, method: string, path: string, headers: Headers])[] = [
  ["the health route", "GET", "/_mock/health", {}],
  ["the audit", "GET", "/_mock/audit", {}],
  ["the snapshot", "GET", "/_mock/snapshot", {}],
  ["a reset", "POST", "/_mock/reset", json],
  ["the removal of faults", "DELETE", "/_mock/faults", {}],
  ["the control plane", "GET", "/trustanchors", signed],
  ["a change by the control plane", "POST", "/profiles", { ...signed, ...json }],
  ["a path that nothing has", "GET", "/nothing", {}],
];

describe("requests of web pages", () => {
  let mock: RunningMock;
  beforeAll(async () => {
    mock = await startMock({ aws, allowedHosts: ["localhost.localstack.cloud", "*.lab.example"] });
  });
  afterAll(() => mock.close());

  const refused = { status: 403, text: expect.stringMatching(/^\{"message":"The mock /) };

  describe.each(REQUESTS)("to %s", (_, method, path, headers) => {
    it.each([
      ["Origin of another site", { origin: "https://attacker.example" }],
      ["Origin of the same host, as under a rebound name", { origin: "http://127.0.0.1" }],
      ["an opaque Origin", { origin: "null" }],
      ["an empty Origin", { origin: "" }],
      ["Sec-Fetch-Site: cross-site", { "sec-fetch-site": "cross-site" }],
      ["Sec-Fetch-Site: same-site", { "sec-fetch-site": "same-site" }],
      ["a Sec-Fetch-Site that nobody knows", { "sec-fetch-site": "x" }],
      ["a rebound name", { host: "rebind.example" }],
      ["a rebound name with a port", { host: "rebind.example:9912" }],
      ["a rebound name with a final dot", { host: "rebind.example." }],
      ["a name that ends like an address", { host: "127.0.0.1.rebind.example" }],
      ["a name that looks like an endpoint of AWS", { host: "rolesanywhere.us-east-1.amazonaws.com.evil" }],
      ["another name of amazonaws.com", { host: "ec2-1-2-3-4.compute-1.amazonaws.com" }],
      ["a name beside an allowed one", { host: "evil-localhost.localstack.cloud" }],
      ["a name below an allowed one", { host: "x.localhost.localstack.cloud" }],
      ["the name above a wildcard", { host: "lab.example" }],
      ["a mDNS name, which a neighbour can claim", { host: "mock.local" }],
    ])("are refused with %s", async (__, changed) => {
      expect(await send(mock.url, method, path, { ...headers, ...changed })).toEqual(refused);
    });

    it.each([
      ["127.0.0.1:9912"],
      ["127.1.2.3"],
      ["192.168.7.9:9912"],
      ["[::1]:9912"],
      ["[fd00::7]"],
      ["localhost:9912"],
      ["LOCALHOST"],
      ["localhost."],
      ["mock.localhost"],
      ["roles-anywhere:9912"],
      ["roles_anywhere"],
      ["host.docker.internal:9912"],
      ["rolesanywhere.us-east-1.amazonaws.com"],
      ["rolesanywhere.cn-north-1.amazonaws.com.cn"],
      ["rolesanywhere-fips.us-gov-west-1.amazonaws.com"],
      ["rolesanywhere.eu-west-1.api.aws"],
      ["localhost.localstack.cloud:4566"],
      ["Localhost.LocalStack.Cloud"],
      ["a.b.lab.example"],
    ])("are none under the host %s", async (host) => {
      expect((await send(mock.url, method, path, { ...headers, host })).text).not.toContain("The mock ");
    });
  });

  it.each([["same-origin"], ["none"]])("are none with Sec-Fetch-Site: %s", async (site) => {
    const { status } = await send(mock.url, "GET", "/_mock/audit", { "sec-fetch-site": site });
    expect(status).toBe(200);
  });

  it("get no leave from a preflight", async () => {
    const preflight = {
      origin: "https://attacker.example",
      "access-control-request-method": "PUT",
      "access-control-request-private-network": "true",
    };
    const answer = await fetch(`${mock.url}/_mock/snapshot`, { method: "OPTIONS", headers: preflight });
    expect(answer.status).toBe(403);
    expect([...answer.headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
  });

  it("neither use up a fault nor fill the audit of CreateSession", async () => {
    mock.context.faults.add({ kind: "throttle", count: 1 });
    const audited = mock.context.audit.list().length;
    const { status } = await send(mock.url, "POST", "/sessions", { origin: "https://attacker.example" });
    expect(status).toBe(403);
    expect(mock.context.faults.list()).toHaveLength(1);
    expect(mock.context.audit.list()).toHaveLength(audited);
    mock.context.faults.clear();
  });

  it("are not looked for in the Host of CreateSession, which the client signs", async () => {
    const { text } = await send(mock.url, "POST", "/sessions", { host: "roles.internal.example" });
    expect(mock.context.audit.list(1)).toMatchObject([{ _mock: { reason: "AUTHORIZATION_MISSING" } }]);
    expect(text).not.toContain("The mock ");
  });
});

describe("changes through the lab", () => {
  const CHANGES: readonly (readonly [method: string, path: string, body: string])[] = [
    ["POST", "/_mock/reset", ""],
    ["POST", "/_mock/faults", '{"kind":"drop"}'],
    ["PUT", "/_mock/clock", '{"rate":0}'],
    ["PUT", "/_mock/snapshot", "{}"],
    ["POST", "/_mock/nothing", ""],
  ];
  describe.each([
    [undefined],
    ["text/plain"],
    ["application/x-www-form-urlencoded"],
    ["text/plain; x=application/json"],
  ])("with the content type %s, as a form of an old browser sends it", (type) => {
    it.each(CHANGES)("are refused: %s %s", async (method, path, body) => {
      await using mock = await startMock({ aws });
      const headers = type === undefined ? {} : { "content-type": type };
      expect(await send(mock.url, method, path, headers, body)).toEqual({
        status: 415,
        text: '{"message":"send the header content-type: application/json, also without a body"}',
      });
      expect(mock.context.clock.rate).toBe(1);
      expect(mock.context.faults.list()).toEqual([]);
    });
  });

  it.each(["application/json", "Application/JSON; charset=utf-8"])("are taken as %s", async (type) => {
    await using mock = await startMock({ aws });
    const answer = await send(mock.url, "POST", "/_mock/reset", { "content-type": type });
    expect(answer).toEqual({ status: 200, text: '{"status":"ok"}' });
  });
});

describe("allowedHosts", () => {
  it.each([
    [""],
    ["http://a.example"],
    ["a.example:80"],
    ["*"],
    ["*.com:1"],
    ["a..example"],
    ["a b.example"],
  ])("must not be %j", async (name) => {
    await expect(startMock({ aws, allowedHosts: [name] })).rejects.toMatchObject({
      code: "ERR_MOCK_INVALID_OPTION",
      message: expect.stringContaining(JSON.stringify(name)),
    });
  });

  it.each([["a.example"], ["*.a.example"], ["mock"], ["192.168.1.1"]])("may be %j", async (name) => {
    await using mock = await startMock({ aws, allowedHosts: [name] });
    expect(mock.url).toContain("127.0.0.1");
  });
});
