import { describe, expect, it } from "vitest";
import { makeAuthority } from "@roles-anywhere/testing";
import { idOf, testControlPlane } from "../../test/support/test-control-plane.ts";

const ARN = `arn:aws:rolesanywhere:us-east-1:123456789012:profile/${idOf(1)}`;

async function withProfile() {
  const plane = testControlPlane();
  const tags = [{ key: "team", value: "a" }];
  await plane.send("POST", "/profiles", { name: "p", roleArns: [], tags, aliasName: "alias" });
  const tagsOf = async (arn: string) =>
    (await plane.send("GET", `/ListTagsForResource?resourceArn=${encodeURIComponent(arn)}`)).body.tags;
  return { ...plane, tagsOf };
}

describe("tags", () => {
  it("are those of the creation", async () => {
    const { tagsOf } = await withProfile();
    expect(await tagsOf(ARN)).toEqual([{ key: "team", value: "a" }]);
  });

  it("are added and overwritten with 201 and an empty answer", async () => {
    const { send, tagsOf } = await withProfile();
    const tags = [
      { key: "stage", value: "" },
      { key: "team", value: "b" },
    ];
    expect(await send("POST", "/TagResource", { resourceArn: ARN, tags })).toMatchObject({
      status: 201,
      body: {},
    });
    expect(await tagsOf(ARN)).toEqual([
      { key: "team", value: "b" },
      { key: "stage", value: "" },
    ]);
  });

  it("are removed by key; keys that are not there do not matter", async () => {
    const { send, tagsOf } = await withProfile();
    const untag = { resourceArn: ARN, tagKeys: ["team", "other"] };
    expect(await send("POST", "/UntagResource", untag)).toMatchObject({ status: 200, body: {} });
    expect(await tagsOf(ARN)).toEqual([]);
  });

  it("are at most 200", async () => {
    const { send, tagsOf } = await withProfile();
    const tags = Array.from({ length: 200 }, (_, index) => ({ key: `k${index}`, value: "v" }));
    expect(await send("POST", "/TagResource", { resourceArn: ARN, tags })).toMatchObject({
      status: 400,
      errorType: "TooManyTagsException",
    });
    expect(await tagsOf(ARN)).toEqual([{ key: "team", value: "a" }]);
    expect((await send("POST", "/TagResource", { resourceArn: ARN, tags: tags.slice(1) })).status).toBe(201);
  });

  it("belong to trust anchors and subjects too", async () => {
    const { send, state, tagsOf } = await withProfile();
    const source = {
      sourceType: "CERTIFICATE_BUNDLE",
      sourceData: { x509CertificateData: makeAuthority().certificatePem },
    };
    const anchor = await send("POST", "/trustanchors", { name: "a", source });
    const now = new Date();
    const subjectArn = `arn:aws:rolesanywhere:us-east-1:123456789012:subject/${idOf(9)}`;
    state.subjects.set(idOf(9), {
      subjectId: idOf(9),
      subjectArn,
      x509Subject: "CN=c",
      enabled: true,
      createdAt: now,
      updatedAt: now,
      lastSeenAt: now,
      credentials: [],
      instanceProperties: [],
    });
    for (const resourceArn of [anchor.body.trustAnchor.trustAnchorArn, subjectArn]) {
      expect(await tagsOf(resourceArn)).toEqual([]);
      await send("POST", "/TagResource", { resourceArn, tags: [{ key: "k", value: "v" }] });
      expect(await tagsOf(resourceArn)).toEqual([{ key: "k", value: "v" }]);
      await send("POST", "/UntagResource", { resourceArn, tagKeys: ["k"] });
      expect(await tagsOf(resourceArn)).toEqual([]);
    }
  });

  const tag = { resourceArn: ARN, tags: [{ key: "k", value: "v" }] };
  const untag = { resourceArn: ARN, tagKeys: ["k"] };
  const KEY_CONSTRAINT =
    "1 validation error detected: Value at 'tagKeys' failed to satisfy constraint: Member must satisfy constraint: [Member must have length less than or equal to 128, Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: [ a-zA-Z0-9_.:/=+@-]*]";
  it.each<[string, string, string, object | undefined, number, string]>([
    [
      "an unknown resource, to tag",
      "POST",
      "/TagResource",
      { ...tag, resourceArn: ARN.replace(idOf(1), idOf(2)) },
      404,
      "",
    ],
    [
      "an unknown resource, to untag",
      "POST",
      "/UntagResource",
      { ...untag, resourceArn: ARN.replace(idOf(1), idOf(2)) },
      404,
      "",
    ],
    [
      "an unknown resource, to list",
      "GET",
      `/ListTagsForResource?resourceArn=${ARN.replace(idOf(1), idOf(2))}`,
      undefined,
      404,
      "",
    ],
    [
      "an alias",
      "POST",
      "/TagResource",
      { ...tag, resourceArn: ARN.replace(/profile.*/, "alias/profile/alias") },
      404,
      "",
    ],
    ["a bare id", "POST", "/TagResource", { ...tag, resourceArn: idOf(1) }, 404, ""],
    ["no ARN, to list", "GET", "/ListTagsForResource", undefined, 400, "Value null at 'resourceArn'"],
    [
      "an ARN of 1012 characters",
      "POST",
      "/TagResource",
      { ...tag, resourceArn: "x".repeat(1012) },
      400,
      "Member must have length less than or equal to 1011",
    ],
    ["no tags", "POST", "/TagResource", { ...tag, tags: undefined }, 400, "Value null at 'tags'"],
    [
      "201 tags",
      "POST",
      "/TagResource",
      { ...tag, tags: Array.from({ length: 201 }, () => ({ key: "k", value: "v" })) },
      400,
      "Member must have length less than or equal to 200",
    ],
    [
      "a key of 129 characters",
      "POST",
      "/TagResource",
      { ...tag, tags: [{ key: "k".repeat(129), value: "v" }] },
      400,
      "Value at 'tags.1.member.key' failed to satisfy constraint: Member must have length less than or equal to 128",
    ],
    [
      "a value of 257 characters",
      "POST",
      "/TagResource",
      { ...tag, tags: [{ key: "k", value: "v".repeat(257) }] },
      400,
      "Value at 'tags.1.member.value' failed to satisfy constraint: Member must have length less than or equal to 256",
    ],
    [
      "a key with a comma",
      "POST",
      "/TagResource",
      { ...tag, tags: [{ key: "k,", value: "v" }] },
      400,
      "Member must satisfy regular expression pattern: [ a-zA-Z0-9_.:/=+@-]*",
    ],
    ["no keys", "POST", "/UntagResource", { ...untag, tagKeys: undefined }, 400, "Value null at 'tagKeys'"],
    ["an empty key to remove", "POST", "/UntagResource", { ...untag, tagKeys: [""] }, 400, KEY_CONSTRAINT],
  ])("refuse %s", async (_, method, path, body, status, message) => {
    const { send, tagsOf } = await withProfile();
    const answer = await send(method, path, body);
    const errorType = status === 404 ? "ResourceNotFoundException" : "ValidationException";
    expect(answer).toMatchObject({ status, errorType });
    expect(answer.body.message).toContain(message);
    expect(await tagsOf(ARN)).toEqual([{ key: "team", value: "a" }]);
  });
});
