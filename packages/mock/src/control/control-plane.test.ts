import { describe, expect, it } from "vitest";
import { createState, systemClock } from "../state/state.ts";
import { controlPlane, operations } from "./control-plane.ts";
import { idOf, testControlPlane } from "../../test/support/test-control-plane.ts";

/** Method, path and success status of every operation, from the service model 2018-05-10. */
const MODEL = [
  ["CreateTrustAnchor", "POST", "/trustanchors", 201],
  ["GetTrustAnchor", "GET", "/trustanchor/:trustAnchorId", 200],
  ["UpdateTrustAnchor", "PATCH", "/trustanchor/:trustAnchorId", 200],
  ["DeleteTrustAnchor", "DELETE", "/trustanchor/:trustAnchorId", 200],
  ["EnableTrustAnchor", "POST", "/trustanchor/:trustAnchorId/enable", 200],
  ["DisableTrustAnchor", "POST", "/trustanchor/:trustAnchorId/disable", 200],
  ["ListTrustAnchors", "GET", "/trustanchors", 200],
  ["PutNotificationSettings", "PATCH", "/put-notifications-settings", 200],
  ["ResetNotificationSettings", "PATCH", "/reset-notifications-settings", 200],
  ["CreateProfile", "POST", "/profiles", 201],
  ["GetProfile", "GET", "/profile/:profileId", 200],
  ["UpdateProfile", "PATCH", "/profile/:profileId", 200],
  ["DeleteProfile", "DELETE", "/profile/:profileId", 200],
  ["EnableProfile", "POST", "/profile/:profileId/enable", 200],
  ["DisableProfile", "POST", "/profile/:profileId/disable", 200],
  ["ListProfiles", "GET", "/profiles", 200],
  ["PutAttributeMapping", "PUT", "/profiles/:profileId/mappings", 200],
  ["DeleteAttributeMapping", "DELETE", "/profiles/:profileId/mappings", 200],
  ["ImportCrl", "POST", "/crls", 201],
  ["GetCrl", "GET", "/crl/:crlId", 200],
  ["UpdateCrl", "PATCH", "/crl/:crlId", 200],
  ["DeleteCrl", "DELETE", "/crl/:crlId", 200],
  ["EnableCrl", "POST", "/crl/:crlId/enable", 200],
  ["DisableCrl", "POST", "/crl/:crlId/disable", 200],
  ["ListCrls", "GET", "/crls", 200],
  ["GetSubject", "GET", "/subject/:subjectId", 200],
  ["ListSubjects", "GET", "/subjects", 200],
  ["TagResource", "POST", "/TagResource", 201],
  ["UntagResource", "POST", "/UntagResource", 200],
  ["ListTagsForResource", "GET", "/ListTagsForResource", 200],
] as const;

/**
 * The members of the bodies of requests, from botocore 1.44.8, with those that a request needs. A member that is not
 * in the model is ignored, so one that the mock does not know would be dropped without a word.
 */
const BODY_MEMBERS: readonly (readonly [
  name: string,
  method: string,
  path: string,
  members: readonly string[],
  needed: object,
])[] = [
  [
    "CreateTrustAnchor",
    "POST",
    "/trustanchors",
    [
      "aliasName",
      "crlDpRevocationEnabled",
      "enabled",
      "name",
      "notificationSettings",
      "source",
      "source.sourceData",
      "source.sourceData.acmPcaArn",
      "source.sourceData.x509CertificateData",
      "source.sourceType",
      "tags",
    ],
    { name: "a", source: {} },
  ],
  [
    "UpdateTrustAnchor",
    "PATCH",
    `/trustanchor/${idOf(1)}`,
    ["aliasName", "crlDpRevocationEnabled", "name", "source"],
    {},
  ],
  [
    "PutNotificationSettings",
    "PATCH",
    "/put-notifications-settings",
    ["notificationSettings", "trustAnchorId"],
    { trustAnchorId: idOf(1), notificationSettings: [] },
  ],
  [
    "ResetNotificationSettings",
    "PATCH",
    "/reset-notifications-settings",
    ["notificationSettingKeys", "trustAnchorId"],
    { trustAnchorId: idOf(1), notificationSettingKeys: [] },
  ],
  [
    "CreateProfile",
    "POST",
    "/profiles",
    [
      "acceptRoleSessionName",
      "aliasName",
      "durationSeconds",
      "enabled",
      "managedPolicyArns",
      "name",
      "requireInstanceProperties",
      "roleArns",
      "sessionPolicy",
      "tags",
      "tipConfiguration",
      "tipConfiguration.status",
      "tipConfiguration.subjectSource",
      "tipConfiguration.subjectType",
    ],
    { name: "p", roleArns: [] },
  ],
  [
    "UpdateProfile",
    "PATCH",
    `/profile/${idOf(1)}`,
    [
      "acceptRoleSessionName",
      "aliasName",
      "durationSeconds",
      "managedPolicyArns",
      "name",
      "roleArns",
      "sessionPolicy",
      "tipConfiguration",
    ],
    {},
  ],
  [
    "PutAttributeMapping",
    "PUT",
    `/profiles/${idOf(1)}/mappings`,
    ["certificateField", "mappingRules"],
    { certificateField: "x509SAN", mappingRules: [] },
  ],
  [
    "ImportCrl",
    "POST",
    "/crls",
    ["aliasName", "crlData", "enabled", "name", "tags", "trustAnchorArn"],
    { name: "c", crlData: "AA==", trustAnchorArn: "arn:aws:rolesanywhere:us-east-1:1:trust-anchor/x" },
  ],
  ["UpdateCrl", "PATCH", `/crl/${idOf(1)}`, ["aliasName", "crlData", "name"], {}],
  ["TagResource", "POST", "/TagResource", ["resourceArn", "tags"], { resourceArn: "arn:aws:x", tags: [] }],
  [
    "UntagResource",
    "POST",
    "/UntagResource",
    ["resourceArn", "tagKeys"],
    { resourceArn: "arn:aws:x", tagKeys: [] },
  ],
];

describe("controlPlane", () => {
  it.each(
    BODY_MEMBERS.flatMap(([name, method, path, members, needed]) =>
      members.map((member) => ({ name, member, method, path, needed })),
    ),
  )("drops no member of the model: $name, $member", async ({ member, method, path, needed }) => {
    const { send } = testControlPlane();
    // No member of the model is a fraction: what is read is refused.
    const sent = member.split(".").reduceRight<unknown>((value, step) => ({ [step]: value }), 1.5);
    expect(await send(method, path, { ...needed, ...Object(sent) })).toMatchObject({
      status: 400,
      errorType: "SerializationException",
    });
  });

  it("answers exactly the operations of the service model", () => {
    const bound = operations.map(({ name, method, path, status }) => [name, method, path, status ?? 200]);
    expect(bound).toHaveLength(30);
    expect(bound).toEqual(expect.arrayContaining(MODEL.map((row) => [...row])));
  });

  it.each(MODEL)(
    "refuses %s without a signature, before it looks at anything else",
    async (_, method, path) => {
      const app = controlPlane({
        state: createState("123456789012", "us-east-1"),
        clock: systemClock,
        uuid: () => "1",
      });
      const response = await app.request(path.replace(/:\w+/, "no-id"), { method });
      expect(response.status).toBe(403);
      expect(response.headers.get("x-amzn-errortype")).toBe("MissingAuthenticationTokenException");
      expect(await response.json()).toEqual({ message: "Missing Authentication Token" });
    },
  );

  it("gives every answer a request id of its own", async () => {
    const { send } = testControlPlane();
    const [first, second] = [await send("GET", "/profiles"), await send("GET", "/profile/nonsense")];
    expect(first.requestId).toMatch(/^[0-9a-f-]{36}$/);
    expect(second.requestId).toMatch(/^[0-9a-f-]{36}$/);
    expect(first.requestId).not.toBe(second.requestId);
  });

  it.each([
    ["text that is not JSON", "{", "Request body is not valid JSON"],
    ["a list", "[]", "Request body is not a JSON object"],
    ["a string", '"x"', "Request body is not a JSON object"],
    ["null", "null", "Request body is not a JSON object"],
    [
      "brackets without end",
      `{"name":${"[".repeat(100_000)}${"]".repeat(100_000)}}`,
      "Request body is nested deeper than 32",
    ],
  ])("refuses %s as a body", async (_, body, message) => {
    const { send } = testControlPlane();
    expect(await send("POST", "/profiles", body)).toMatchObject({
      status: 400,
      errorType: "SerializationException",
      body: { message },
    });
  });

  it("ignores members that the model does not know", async () => {
    const { send } = testControlPlane();
    const answer = await send("POST", "/profiles", { name: "p", roleArns: [], __proto__x: 1, extra: {} });
    expect(answer.status).toBe(201);
  });
});
