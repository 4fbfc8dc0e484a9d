import { describe, expect, it } from "vitest";
import { makeAuthority, makeCertificate, rsaKeys } from "@roles-anywhere/testing";
import { idOf, testControlPlane } from "../../test/support/test-control-plane.ts";

const PEM = makeAuthority().certificatePem;
const OTHER_PEM = makeAuthority({ subject: [["CN", "Other root"]] }).certificatePem;

const bundle = (x509CertificateData: string) => ({
  sourceType: "CERTIFICATE_BUNDLE",
  sourceData: { x509CertificateData },
});
const request = { name: "anchor", source: bundle(PEM) };

const DEFAULT_SETTINGS = ["CA_CERTIFICATE_EXPIRY", "END_ENTITY_CERTIFICATE_EXPIRY"].map((event) => ({
  event,
  enabled: true,
  threshold: 45,
  channel: "ALL",
  configuredBy: "rolesanywhere.amazonaws.com",
}));

const DETAIL = {
  trustAnchorId: idOf(1),
  trustAnchorArn: `arn:aws:rolesanywhere:us-east-1:123456789012:trust-anchor/${idOf(1)}`,
  name: "anchor",
  source: bundle(PEM),
  enabled: false,
  createdAt: "2026-01-02T03:04:05.678000Z",
  updatedAt: "2026-01-02T03:04:05.678000Z",
  notificationSettings: DEFAULT_SETTINGS,
};

const broken = (value: string, at: string, constraint: string) =>
  `Value '${value}' at '${at}' failed to satisfy constraint: ${constraint}`;
const missing = (at: string) =>
  `1 validation error detected: Value null at '${at}' failed to satisfy constraint: Member must not be null`;

describe("CreateTrustAnchor", () => {
  it("answers 201 with the whole trust anchor, disabled and with the default notifications", async () => {
    const { send } = testControlPlane();
    expect(await send("POST", "/trustanchors", request)).toMatchObject({
      status: 201,
      body: { trustAnchor: DETAIL },
    });
    expect((await send("GET", `/trustanchor/${idOf(1)}`)).body).toEqual({ trustAnchor: DETAIL });
  });

  it("keeps what it is told", async () => {
    const { send, state } = testControlPlane();
    const answer = await send("POST", "/trustanchors", {
      ...request,
      enabled: true,
      crlDpRevocationEnabled: true,
      tags: [{ key: "team", value: "a" }],
      notificationSettings: [{ event: "CA_CERTIFICATE_EXPIRY", enabled: true, threshold: 10 }],
    });
    expect(answer.body.trustAnchor).toMatchObject({
      enabled: true,
      crlDpRevocationEnabled: true,
      notificationSettings: [
        { ...DEFAULT_SETTINGS[0], threshold: 10, configuredBy: "123456789012" },
        DEFAULT_SETTINGS[1],
      ],
    });
    expect(answer.body.trustAnchor).not.toHaveProperty("tags");
    expect(state.trustAnchors.get(idOf(1))?.tags).toEqual([{ key: "team", value: "a" }]);
  });

  it("takes two certificates and text around them", async () => {
    const { send } = testControlPlane();
    const source = bundle(`Root\n${PEM}\nOther\n${OTHER_PEM}`);
    expect((await send("POST", "/trustanchors", { name: "two", source })).status).toBe(201);
  });

  it("treats null as absent", async () => {
    const { send } = testControlPlane();
    expect((await send("POST", "/trustanchors", { ...request, tags: null, enabled: null })).status).toBe(201);
  });

  it("refuses the 51st with a ValidationException and keeps 50", async () => {
    const { send, state } = testControlPlane();
    for (let count = 0; count < 50; count++) await send("POST", "/trustanchors", request);
    expect(await send("POST", "/trustanchors", request)).toMatchObject({
      status: 400,
      errorType: "ValidationException",
      body: { message: "Limit of 50 trust anchors exceeded" },
    });
    expect(state.trustAnchors.size).toBe(50);
  });

  const longName = "a".repeat(256);
  it.each<[string, object, string]>([
    ["no name", { name: undefined }, missing("name")],
    [
      "an empty name",
      { name: "" },
      `1 validation error detected: ${broken("", "name", "Member must have length greater than or equal to 1")}`,
    ],
    [
      "a name of 256",
      { name: longName },
      `1 validation error detected: ${broken(longName, "name", "Member must have length less than or equal to 255")}`,
    ],
    [
      "a name with a dot",
      { name: "a.b" },
      `1 validation error detected: ${broken("a.b", "name", "Member must satisfy regular expression pattern: [ a-zA-Z0-9-_]*")}`,
    ],
    [
      "a name with a line feed",
      { name: "a\n" },
      `1 validation error detected: ${broken("a\n", "name", "Member must satisfy regular expression pattern: [ a-zA-Z0-9-_]*")}`,
    ],
    ["no source", { source: undefined }, missing("source")],
    [
      "no source type",
      { source: { sourceData: { x509CertificateData: PEM } } },
      missing("source.sourceType"),
    ],
    [
      "an unknown source type",
      { source: { ...bundle(PEM), sourceType: "PEM" } },
      `1 validation error detected: ${broken("PEM", "source.sourceType", "Member must satisfy enum value set: [AWS_ACM_PCA, CERTIFICATE_BUNDLE, SELF_SIGNED_REPOSITORY]")}`,
    ],
    ["no source data", { source: { sourceType: "CERTIFICATE_BUNDLE" } }, missing("source.sourceData")],
    [
      "the data of the other type",
      { source: { sourceType: "CERTIFICATE_BUNDLE", sourceData: { acmPcaArn: "arn" } } },
      missing("source.sourceData.x509CertificateData"),
    ],
    [
      "an empty bundle",
      { source: bundle("") },
      `1 validation error detected: ${broken("", "source.sourceData.x509CertificateData", "Member must have length greater than or equal to 1")}`,
    ],
    [
      "a private CA that cannot be read",
      { source: { sourceType: "AWS_ACM_PCA", sourceData: { acmPcaArn: "arn" } } },
      "Error creating TrustAnchor. Given AWS PCA did not allow get request.: ",
    ],
    [
      "a certificate that is no CA",
      { source: bundle(makeCertificate().certificatePem) },
      "Incorrect basic constraints for CA certificate",
    ],
    [
      "a CA without basicConstraints",
      { source: bundle(makeAuthority({ basicConstraints: null }).certificatePem) },
      "Incorrect basic constraints for CA certificate",
    ],
    [
      "a CA that may not sign certificates",
      { source: bundle(makeAuthority({ keyUsage: ["cRLSign"] }).certificatePem) },
      "Incorrect key usage for CA certificate; keyCertSign is required",
    ],
    [
      "a CA without keyUsage",
      { source: bundle(makeAuthority({ keyUsage: null }).certificatePem) },
      "Incorrect key usage for CA certificate; keyCertSign is required",
    ],
    [
      "a CA signed with SHA-1",
      { source: bundle(makeAuthority({ keys: rsaKeys(), hash: "sha1" }).certificatePem) },
      "Incorrect signature algorithm for CA certificate; SHA-256 or stronger is required, not sha1WithRSAEncryption",
    ],
    [
      "a CA of version 1",
      { source: bundle(makeAuthority({ version: 1 }).certificatePem) },
      "Incorrect version for CA certificate; X.509 v3 is required",
    ],
    [
      "a good CA beside one that is none",
      { source: bundle(PEM + makeCertificate().certificatePem) },
      "Incorrect basic constraints for CA certificate",
    ],
    [
      "three certificates",
      { source: bundle(PEM + OTHER_PEM + PEM) },
      "Certificate bundle contains 3 certificates; at most 2 are allowed",
    ],
    ["a tag without a value", { tags: [{ key: "k" }] }, missing("tags.1.member.value")],
    [
      "a tag with an empty key, leaving the value out of the message",
      { tags: [{ key: "", value: "v" }] },
      "1 validation error detected: Value at 'tags.1.member.key' failed to satisfy constraint: Member must have length greater than or equal to 1",
    ],
    [
      "a tag value with a comma",
      {
        tags: [
          { key: "a", value: "" },
          { key: "k", value: "," },
        ],
      },
      "1 validation error detected: Value at 'tags.2.member.value' failed to satisfy constraint: Member must satisfy regular expression pattern: [ a-zA-Z0-9_.:/=+@-]*",
    ],
    [
      "a notification without an event",
      { notificationSettings: [{ enabled: true, threshold: 1 }] },
      missing("notificationSettings.1.member.event"),
    ],
    [
      "a notification without a threshold",
      { notificationSettings: [{ event: "CA_CERTIFICATE_EXPIRY", enabled: true }] },
      missing("notificationSettings.1.member.threshold"),
    ],
    [
      "a notification 361 days ahead",
      { notificationSettings: [{ event: "CA_CERTIFICATE_EXPIRY", enabled: true, threshold: 361 }] },
      `1 validation error detected: ${broken("361", "notificationSettings.1.member.threshold", "Member must have value less than or equal to 360")}`,
    ],
    [
      "a notification on another channel",
      {
        notificationSettings: [
          { event: "CA_CERTIFICATE_EXPIRY", enabled: true, threshold: 9, channel: "MAIL" },
        ],
      },
      `1 validation error detected: ${broken("MAIL", "notificationSettings.1.member.channel", "Member must satisfy enum value set: [ALL]")}`,
    ],
    [
      "two defects at once",
      { name: "", tags: [{ key: "k" }] },
      `2 validation errors detected: ${broken("", "name", "Member must have length greater than or equal to 1")}; Value null at 'tags.1.member.value' failed to satisfy constraint: Member must not be null`,
    ],
  ])("refuses %s", async (_, change, message) => {
    const { send, state } = testControlPlane();
    expect(await send("POST", "/trustanchors", { ...request, ...change })).toMatchObject({
      status: 400,
      errorType: "ValidationException",
      body: { message },
    });
    expect(state.trustAnchors.size).toBe(0);
  });

  it.each<[string, object]>([
    ["no PEM", bundle("hello")],
    ["a cut certificate", bundle(PEM.replace(/^M.{63}\n/m, ""))],
    [
      "both kinds of data",
      { sourceType: "CERTIFICATE_BUNDLE", sourceData: { x509CertificateData: PEM, acmPcaArn: "arn" } },
    ],
    ["the source type that no document explains", { sourceType: "SELF_SIGNED_REPOSITORY", sourceData: {} }],
  ])("refuses a source with %s", async (_, source) => {
    const { send } = testControlPlane();
    expect(await send("POST", "/trustanchors", { name: "a", source })).toMatchObject({
      status: 400,
      errorType: "ValidationException",
    });
  });

  it.each<[string, object, string]>([
    ["a number as name", { name: 1 }, "NUMBER_VALUE can not be converted to a String"],
    ["a string as boolean", { enabled: "true" }, "STRING_VALUE can not be converted to a Boolean"],
    ["a structure as name", { name: {} }, "Start of structure or map found where not expected."],
    ["a list as structure", { source: [] }, "Start of list found where not expected."],
    ["a string as list", { tags: "k=v" }, "STRING_VALUE can not be converted to a List"],
    [
      "a fraction as integer",
      { notificationSettings: [{ event: "CA_CERTIFICATE_EXPIRY", enabled: true, threshold: 1.5 }] },
      "DECIMAL_VALUE can not be converted to an Integer",
    ],
    [
      "a wrong type beside a broken constraint, and reports only the type",
      { name: "", enabled: 1 },
      "NUMBER_VALUE can not be converted to a Boolean",
    ],
  ])("refuses %s", async (_, change, message) => {
    const { send } = testControlPlane();
    expect(await send("POST", "/trustanchors", { ...request, ...change })).toMatchObject({
      status: 400,
      errorType: "SerializationException",
      body: { message },
    });
  });
});

describe("a trust anchor", () => {
  it("is found by id, by ARN and by the ARN of its alias, percent-encoded in the path", async () => {
    const { send } = testControlPlane();
    const created = await send("POST", "/trustanchors", { ...request, aliasName: "prod/root-ca" });
    const { trustAnchorId, trustAnchorArn, aliasArn } = created.body.trustAnchor;
    expect(aliasArn).toBe("arn:aws:rolesanywhere:us-east-1:123456789012:alias/trust-anchor/prod/root-ca");
    for (const identifier of [trustAnchorId, trustAnchorArn, aliasArn]) {
      const answer = await send("GET", `/trustanchor/${encodeURIComponent(identifier)}`);
      expect(answer).toMatchObject({ status: 200, body: created.body });
    }
  });

  it.each([
    ["an unknown id", idOf(9)],
    ["its ARN in another account", `arn:aws:rolesanywhere:us-east-1:999999999999:trust-anchor/${idOf(1)}`],
    ["its ARN in another region", `arn:aws:rolesanywhere:eu-west-1:123456789012:trust-anchor/${idOf(1)}`],
    ["the ARN of another type", `arn:aws:rolesanywhere:us-east-1:123456789012:profile/${idOf(1)}`],
    ["an unknown alias", "arn:aws:rolesanywhere:us-east-1:123456789012:alias/trust-anchor/none"],
    ["the alias prefix alone", "arn:aws:rolesanywhere:us-east-1:123456789012:alias/trust-anchor/"],
  ])("is not found by %s", async (_, identifier) => {
    const { send } = testControlPlane();
    await send("POST", "/trustanchors", request);
    for (const [method, suffix] of [
      ["GET", ""],
      ["PATCH", ""],
      ["DELETE", ""],
      ["POST", "/enable"],
      ["POST", "/disable"],
    ] as const) {
      const answer = await send(method, `/trustanchor/${encodeURIComponent(identifier)}${suffix}`);
      expect(answer).toMatchObject({ status: 404, errorType: "ResourceNotFoundException" });
      expect(answer.body.message).toContain(identifier);
    }
  });

  it("has an id that is a UUID or else is refused", async () => {
    const { send } = testControlPlane();
    expect(await send("GET", "/trustanchor/anchor")).toMatchObject({
      status: 400,
      errorType: "ValidationException",
      body: {
        message: [
          `2 validation errors detected: ${broken("anchor", "trustAnchorId", "Member must have length greater than or equal to 36")}`,
          broken(
            "anchor",
            "trustAnchorId",
            "Member must satisfy regular expression pattern: .*[a-f0-9]{8}-([a-z0-9]{4}-){3}[a-z0-9]{12}.*",
          ),
        ].join("; "),
      },
    });
  });

  it("is changed by UpdateTrustAnchor where it says so, and not elsewhere", async () => {
    const { send, clock } = testControlPlane();
    await send("POST", "/trustanchors", { ...request, enabled: true });
    clock.time = new Date("2026-01-03T00:00:00Z");
    const renamed = { ...DETAIL, enabled: true, name: "renamed", updatedAt: "2026-01-03T00:00:00.000000Z" };
    expect((await send("PATCH", `/trustanchor/${idOf(1)}`, { name: "renamed" })).body).toEqual({
      trustAnchor: renamed,
    });
    expect(
      (await send("PATCH", `/trustanchor/${idOf(1)}`, { source: bundle(OTHER_PEM) })).body.trustAnchor,
    ).toEqual({
      ...renamed,
      source: bundle(OTHER_PEM),
    });
  });

  it("stays as it was when an update is refused", async () => {
    const { send } = testControlPlane();
    await send("POST", "/trustanchors", request);
    const refused = await send("PATCH", `/trustanchor/${idOf(1)}`, {
      name: "renamed",
      source: bundle(makeCertificate().certificatePem),
    });
    expect(refused.status).toBe(400);
    expect((await send("GET", `/trustanchor/${idOf(1)}`)).body).toEqual({ trustAnchor: DETAIL });
  });

  it("is enabled and disabled, as often as one likes", async () => {
    const { send, clock } = testControlPlane();
    await send("POST", "/trustanchors", request);
    clock.time = new Date("2026-01-03T00:00:00Z");
    for (const [verb, enabled] of [
      ["enable", true],
      ["enable", true],
      ["disable", false],
      ["disable", false],
    ] as const) {
      expect((await send("POST", `/trustanchor/${idOf(1)}/${verb}`)).body.trustAnchor).toMatchObject({
        enabled,
        updatedAt: "2026-01-03T00:00:00.000000Z",
      });
    }
  });

  it("is returned by its deletion and is gone afterwards", async () => {
    const { send } = testControlPlane();
    await send("POST", "/trustanchors", request);
    expect(await send("DELETE", `/trustanchor/${idOf(1)}`)).toMatchObject({
      status: 200,
      body: { trustAnchor: DETAIL },
    });
    expect((await send("DELETE", `/trustanchor/${idOf(1)}`)).status).toBe(404);
    expect((await send("GET", "/trustanchors")).body).toEqual({ trustAnchors: [] });
  });

  it("is listed in pages", async () => {
    const { send } = testControlPlane();
    for (const name of ["a", "b", "c"]) await send("POST", "/trustanchors", { ...request, name });
    const first = await send("GET", "/trustanchors?pageSize=2");
    expect(first.body.trustAnchors.map((anchor: { name: string }) => anchor.name)).toEqual(["a", "b"]);
    const second = await send(
      "GET",
      `/trustanchors?pageSize=2&nextToken=${encodeURIComponent(first.body.nextToken)}`,
    );
    expect(second.body.trustAnchors.map((anchor: { name: string }) => anchor.name)).toEqual(["c"]);
    expect(second.body).not.toHaveProperty("nextToken");
  });

  it.each([
    ["pageSize=0", "ValidationException"],
    ["pageSize=two", "SerializationException"],
    ["nextToken=", "ValidationException"],
    ["nextToken=abc", "ValidationException"],
  ])("is not listed with ?%s", async (query, errorType) => {
    const { send } = testControlPlane();
    expect(await send("GET", `/trustanchors?${query}`)).toMatchObject({ status: 400, errorType });
  });
});

describe("notification settings", () => {
  it("are replaced by event, and reset by event to the defaults", async () => {
    const { send } = testControlPlane();
    await send("POST", "/trustanchors", request);
    const changed = await send("PATCH", "/put-notifications-settings", {
      trustAnchorId: idOf(1),
      notificationSettings: [
        { event: "END_ENTITY_CERTIFICATE_EXPIRY", enabled: false },
        { event: "CA_CERTIFICATE_EXPIRY", enabled: true, threshold: 360, channel: "ALL" },
      ],
    });
    expect(changed.body.trustAnchor.notificationSettings).toEqual([
      { ...DEFAULT_SETTINGS[0], threshold: 360, configuredBy: "123456789012" },
      { ...DEFAULT_SETTINGS[1], enabled: false, configuredBy: "123456789012" },
    ]);
    const reset = await send("PATCH", "/reset-notifications-settings", {
      trustAnchorId: idOf(1),
      notificationSettingKeys: [{ event: "CA_CERTIFICATE_EXPIRY" }],
    });
    expect(reset.body.trustAnchor.notificationSettings).toEqual([
      DEFAULT_SETTINGS[0],
      { ...DEFAULT_SETTINGS[1], enabled: false, configuredBy: "123456789012" },
    ]);
  });

  const put = { trustAnchorId: idOf(1), notificationSettings: [] };
  const reset = { trustAnchorId: idOf(1), notificationSettingKeys: [] };
  it.each<[string, string, object, number, string]>([
    ["put without an anchor", "put", { ...put, trustAnchorId: undefined }, 400, "ValidationException"],
    ["put without settings", "put", { ...put, notificationSettings: undefined }, 400, "ValidationException"],
    ["put to an unknown anchor", "put", { ...put, trustAnchorId: idOf(2) }, 404, "ResourceNotFoundException"],
    [
      "put to an ARN: here only the id will do",
      "put",
      { ...put, trustAnchorId: DETAIL.trustAnchorArn },
      400,
      "ValidationException",
    ],
    [
      "put with 51 settings",
      "put",
      {
        ...put,
        notificationSettings: Array.from({ length: 51 }, () => ({
          event: "CA_CERTIFICATE_EXPIRY",
          enabled: false,
        })),
      },
      400,
      "ValidationException",
    ],
    [
      "reset without keys",
      "reset",
      { ...reset, notificationSettingKeys: undefined },
      400,
      "ValidationException",
    ],
    [
      "reset of an unknown event",
      "reset",
      { ...reset, notificationSettingKeys: [{ event: "X" }] },
      400,
      "ValidationException",
    ],
    [
      "reset at an unknown anchor",
      "reset",
      { ...reset, trustAnchorId: idOf(2) },
      404,
      "ResourceNotFoundException",
    ],
  ])("refuse to be %s", async (_, verb, body, status, errorType) => {
    const { send } = testControlPlane();
    await send("POST", "/trustanchors", request);
    expect(await send("PATCH", `/${verb}-notifications-settings`, body)).toMatchObject({ status, errorType });
  });
});

describe("an alias", () => {
  const create = (aliasName?: string) => ({ ...request, aliasName });

  it.each([
    ["one letter", "a"],
    ["all kinds of characters", "Prod_ca-1/eu/2026"],
    ["256 characters", "a".repeat(256)],
    ["aws without the slash", "awsome"],
  ])("may have %s", async (_, aliasName) => {
    const { send } = testControlPlane();
    expect((await send("POST", "/trustanchors", create(aliasName))).body.trustAnchor).toMatchObject({
      aliasName,
    });
  });

  it.each([
    ["a digit first", "1a"],
    ["a slash first", "/a"],
    ["a slash last", "a/"],
    ["two slashes", "a//b"],
    ["a blank", "a b"],
    ["a dot", "a.b"],
    ["257 characters", "a".repeat(257)],
    ["the reserved prefix", "aws/a"],
    ["the reserved prefix in capitals", "AWS/a"],
  ])("may not have %s", async (_, aliasName) => {
    const { send, state } = testControlPlane();
    expect(await send("POST", "/trustanchors", create(aliasName))).toMatchObject({
      status: 400,
      errorType: "ValidationException",
    });
    expect(state.trustAnchors.size).toBe(0);
  });

  it("is unique among trust anchors, with regard to case, but not across types", async () => {
    const { send } = testControlPlane();
    await send("POST", "/trustanchors", create("prod"));
    expect(await send("POST", "/trustanchors", create("prod"))).toMatchObject({
      status: 400,
      body: { message: "Alias name 'prod' is already in use." },
    });
    expect((await send("POST", "/trustanchors", create("Prod"))).status).toBe(201);
    expect((await send("POST", "/profiles", { name: "p", roleArns: [], aliasName: "prod" })).status).toBe(
      201,
    );
  });

  it("is kept, changed and removed by updates, which name the previous one only when it changed", async () => {
    const { send } = testControlPlane();
    await send("POST", "/trustanchors", create("first"));
    const update = async (body: object) =>
      (await send("PATCH", `/trustanchor/${idOf(1)}`, body)).body.trustAnchor;
    const kept = await update({ name: "renamed" });
    expect(kept).toMatchObject({ aliasName: "first" });
    expect(kept).not.toHaveProperty("previousAliasName");
    expect(await update({ aliasName: "first" })).not.toHaveProperty("previousAliasName");
    expect(await update({ aliasName: "second" })).toMatchObject({
      aliasName: "second",
      previousAliasName: "first",
    });
    const removed = await update({ aliasName: "" });
    expect(removed).toMatchObject({ previousAliasName: "second" });
    expect(removed).not.toHaveProperty("aliasName");
    expect(removed).not.toHaveProperty("aliasArn");
    expect((await send("GET", `/trustanchor/${idOf(1)}`)).body.trustAnchor).not.toHaveProperty(
      "previousAliasName",
    );
  });

  it("is absent after a creation with an empty one", async () => {
    const { send } = testControlPlane();
    expect((await send("POST", "/trustanchors", create(""))).body.trustAnchor).not.toHaveProperty(
      "aliasName",
    );
  });
});
