import { describe, expect, it } from "vitest";
import { createApp } from "../http/app.ts";
import { exportSnapshot, importSnapshot } from "../lab/snapshot.ts";
import {
  createRandom,
  makeAuthority,
  makeCertificate,
  makeCrl,
  signedRequest,
} from "@roles-anywhere/testing";
import type { Random } from "@roles-anywhere/testing";
import { crlRecord } from "../../test/support/crl-record.ts";
import { createState } from "../state/state.ts";
import { createWorld, PROFILE_ARN, ROLE_ARN, TRUST_ANCHOR_ARN } from "../../test/support/world.ts";
import type { World } from "../../test/support/world.ts";
import { handleCreateSession } from "../../test/support/handle-create-session.ts";
import { operations } from "./control-plane.ts";
import { AUTHORIZATION } from "../../test/support/test-control-plane.ts";

/** RA_FUZZ_REQUESTS=100000 RA_FUZZ_SEED=7 npx vitest run src/control/mutations.test.ts */
const REQUESTS = Number(process.env["RA_FUZZ_REQUESTS"] ?? 3000);
const SEED = Number(process.env["RA_FUZZ_SEED"] ?? 20_260_615);

const authority = makeAuthority();
const crl = Buffer.from(makeCrl(authority, { revoked: [1n] }));
const tags = [{ key: "team", value: "edge" }];
const bundle = (pem: string) => ({
  sourceType: "CERTIFICATE_BUNDLE",
  sourceData: { x509CertificateData: pem },
});
const notificationSettings = [
  { event: "CA_CERTIFICATE_EXPIRY", enabled: true, threshold: 9, channel: "ALL" },
];

type Json = Readonly<Record<string, unknown>>;

/** A good body for each operation that has one; the name decides. */
const BODIES: Readonly<Record<string, Json>> = {
  CreateTrustAnchor: {
    name: "a",
    source: bundle(authority.certificatePem),
    enabled: true,
    tags,
    aliasName: "ca",
    notificationSettings,
  },
  UpdateTrustAnchor: {
    name: "b",
    source: bundle(authority.certificatePem),
    aliasName: "ca/two",
    crlDpRevocationEnabled: true,
  },
  CreateProfile: {
    name: "p",
    roleArns: [ROLE_ARN],
    enabled: true,
    tags,
    aliasName: "p",
    durationSeconds: 900,
    sessionPolicy: "{}",
    managedPolicyArns: ["arn:aws:iam::aws:policy/ReadOnlyAccess"],
    acceptRoleSessionName: true,
    requireInstanceProperties: false,
  },
  UpdateProfile: { name: "q", roleArns: [], durationSeconds: 43_200, sessionPolicy: "{}", aliasName: "" },
  ImportCrl: {
    name: "c",
    crlData: crl.toString("base64"),
    trustAnchorArn: TRUST_ANCHOR_ARN,
    enabled: true,
    tags,
    aliasName: "c",
  },
  UpdateCrl: { name: "d", crlData: crl.toString("base64") },
  PutAttributeMapping: {
    certificateField: "x509SAN",
    mappingRules: [{ specifier: "DNS" }, { specifier: "Name" }],
  },
  PutNotificationSettings: { trustAnchorId: "11111111-1111-4111-8111-111111111111", notificationSettings },
  ResetNotificationSettings: {
    trustAnchorId: "11111111-1111-4111-8111-111111111111",
    notificationSettingKeys: [{ event: "CA_CERTIFICATE_EXPIRY" }],
  },
  TagResource: { resourceArn: TRUST_ANCHOR_ARN, tags },
  UntagResource: { resourceArn: PROFILE_ARN, tagKeys: ["team"] },
};

const QUERIES: Readonly<Record<string, string>> = {
  DeleteAttributeMapping: "certificateField=x509SAN&specifiers=DNS&specifiers=URI",
  ListTagsForResource: `resourceArn=${encodeURIComponent(TRUST_ANCHOR_ARN)}`,
  ListTrustAnchors: "pageSize=1",
  ListProfiles: "pageSize=2&nextToken=AAAA",
};

const IDS = [
  "11111111-1111-4111-8111-111111111111",
  "22222222-2222-4222-8222-222222222222",
  "99999999-9999-4999-8999-999999999999",
  encodeURIComponent(TRUST_ANCHOR_ARN),
  encodeURIComponent(PROFILE_ARN),
  encodeURIComponent(TRUST_ANCHOR_ARN.replace(":trust-anchor/", ":alias/trust-anchor/")),
  "arn%3Aaws",
  "x",
  "%00",
  "__proto__",
  "constructor",
];

function oddValue(random: Random): unknown {
  return random.pick<() => unknown>([
    () => null,
    () => true,
    () => -1,
    () => 0.5,
    () => 1e308,
    () => Number.MAX_SAFE_INTEGER,
    () => "",
    () => "x".repeat(random.below(300_000)),
    () => "\u0000é\ud800",
    () => "-".repeat(random.below(5000)),
    () => [],
    () => ({}),
    () => Array.from({ length: random.below(300) }, () => "x"),
    () => Array.from({ length: random.below(300) }, (_, index) => ({ key: `k${index}`, value: "v" })),
    () => ({ a: { b: {} } }),
    () => hostilePem(random),
    () => bundle(hostilePem(random)),
    () => Buffer.from(hostilePem(random)).toString("base64"),
  ])();
}

const block = (label: string, der: Uint8Array): string =>
  `-----BEGIN ${label}-----\n${Buffer.from(der).toString("base64")}\n-----END ${label}-----\n`;

/** Certificates and lists that are almost, or not at all, what they say. */
function hostilePem(random: Random): string {
  const label = random.pick(["CERTIFICATE", "X509 CRL"]);
  const good = random.pick([
    authority.der,
    Buffer.from(crl.toString().replaceAll(/-----[^-]+-----|\s/g, ""), "base64"),
  ]);
  return random.pick<() => string>([
    () => {
      const der = Buffer.from(good);
      const at = random.below(der.length);
      der[at] = (der[at] ?? 0) ^ (1 << random.below(8));
      return block(label, der);
    },
    () => block(label, good.subarray(0, random.below(good.length))),
    () => block(label, Buffer.concat([good, random.bytes(random.below(50))])),
    () => block(label, random.bytes(random.below(2000))),
    () => block(label, good).repeat(1 + random.below(5)),
    () => block(label, good).slice(0, random.below(300)),
    () => `-----BEGIN ${label}-----`.repeat(random.below(2000)),
    // A sequence in a sequence in a sequence: deep, or of a length that is not there.
    () => block(label, Buffer.from("3080".repeat(random.below(5000)), "hex")),
    () => block(label, Buffer.from(`3084ffffffff${"30".repeat(random.below(100))}`, "hex")),
    () => block(label, nested(random.below(3000))),
  ])();
}

/** Well-formed DER, as deep as asked. */
function nested(depth: number): Buffer {
  let der = Buffer.from([0x05, 0x00]);
  for (let level = 0; level < depth; level += 1) {
    const length = der.length < 128 ? [der.length] : [0x82, der.length >> 8, der.length & 0xff];
    der = Buffer.concat([Buffer.from([0x30, ...length]), der]);
  }
  return der;
}

function mutateMember(value: unknown, random: Random): unknown {
  if (typeof value !== "object" || value === null || random.chance(0.3)) return oddValue(random);
  if (Array.isArray(value))
    return value.map((item: unknown) => (random.chance(0.5) ? mutateMember(item, random) : item));
  const entries = Object.entries(value);
  const [name, member] = random.pick([...entries, ["__proto__", undefined] as const]);
  return Object.fromEntries([...entries, [name, mutateMember(member, random)]]);
}

function makeBody(good: Json, random: Random): string {
  const json = JSON.stringify(random.chance(0.2) ? good : mutateMember(good, random)) ?? "";
  return random.pick<() => string>([
    () => json,
    () => json,
    () => json,
    () => json.slice(0, random.below(json.length)),
    () => `${'{"name":'.repeat(random.below(20_000))}1`,
    () => `{"name":${"[".repeat(50_000)}${"]".repeat(50_000)}}`,
    () => `{"tags":${'[{"key":'.repeat(10_000)}1${"}]".repeat(10_000)}}`,
    () => `{"name":"${"a".repeat(1_100_000)}"}`,
    () => json.replace("{", `{${'"name":"x",'.repeat(random.below(1000))}`),
    () => random.bytes(random.below(500)).toString("latin1"),
  ])();
}

function prepare(): World {
  const world = createWorld({ root: authority, client: makeCertificate({}, authority) });
  const record = crlRecord(crl);
  world.context.state.crls.set(record.crlId, record);
  return world;
}

describe("the control plane under mutated requests", () => {
  it(`answers ${REQUESTS} of them without a 5xx, a hang, or a state that cannot be saved (seed ${SEED})`, async () => {
    const random = createRandom(SEED);
    const defects: string[] = [];
    const counts = new Map<number, number>();
    let world = prepare();
    let app = createApp({ ...world.context, log: (line) => defects.push(line) });
    let slowestMs = 0;
    for (let index = 0; index < REQUESTS; index += 1) {
      // A fresh account now and then: quotas and deletions leave nothing to work on.
      if (index % 200 === 0) {
        importSnapshot(createState(world.context.state.accountId, "us-east-1"), toJson(world));
        world = prepare();
        app = createApp({ ...world.context, log: (line) => defects.push(line) });
      }
      const { name, method, path } = random.pick(operations);
      const target = path.replaceAll(/:[A-Za-z]+/g, () => random.pick(IDS));
      const query = random.chance(0.3) ? random.bytes(20).toString("base64url") : (QUERIES[name] ?? "");
      const good = BODIES[name];
      const body = good === undefined ? undefined : makeBody(good, random);
      const started = performance.now();
      const answer = await app.request(
        `${target}?${query}${random.chance(0.2) ? "&pageSize=1e3&nextToken=%00" : ""}`,
        {
          method,
          headers: { authorization: AUTHORIZATION, "x-amz-date": "20260615T120000Z" },
          ...(body === undefined ? {} : { body }),
        },
      );
      const text = await answer.text();
      slowestMs = Math.max(slowestMs, performance.now() - started);
      counts.set(answer.status, (counts.get(answer.status) ?? 0) + 1);
      if (answer.status >= 500 || defects.length > 0) {
        throw new Error(
          `request ${index}: ${method} ${target} ${String(body).slice(0, 300)} → ${answer.status} ${text} ${defects.join("\n")}`,
        );
      }
      expect(JSON.parse(text)).toBeTypeOf("object");
      // CreateSession works on what the control plane let in.
      if (index % 50 === 0) {
        const { status } = await handleCreateSession(world.context, signedRequest(world.call()));
        if (status >= 500) throw new Error(`CreateSession answers ${status} after request ${index}`);
      }
    }
    expect(slowestMs).toBeLessThan(1000);
    expect([...counts.keys()].sort()).toEqual(expect.arrayContaining([200, 201, 400, 404, 413]));
  }, 600_000);
});

/** What the state says of itself, through JSON; reading it back proves that nothing malformed got in. */
function toJson({ context }: World): unknown {
  return JSON.parse(JSON.stringify(exportSnapshot(context.state)));
}
