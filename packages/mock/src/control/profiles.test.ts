import { describe, expect, it } from "vitest";
import { exportSnapshot, importSnapshot } from "../lab/snapshot.ts";
import { idOf, testControlPlane } from "../../test/support/test-control-plane.ts";

const ROLE = "arn:aws:iam::123456789012:role/path/reader";
const request = { name: "profile", roleArns: [ROLE] };

const DEFAULT_MAPPINGS = [
  { certificateField: "x509Issuer", mappingRules: [{ specifier: "*" }] },
  {
    certificateField: "x509SAN",
    mappingRules: [{ specifier: "DNS" }, { specifier: "URI" }, { specifier: "Name/*" }],
  },
  { certificateField: "x509Subject", mappingRules: [{ specifier: "*" }] },
];

const DETAIL = {
  profileId: idOf(1),
  profileArn: `arn:aws:rolesanywhere:us-east-1:123456789012:profile/${idOf(1)}`,
  name: "profile",
  requireInstanceProperties: false,
  enabled: false,
  createdBy: "arn:aws:iam::123456789012:root",
  roleArns: [ROLE],
  managedPolicyArns: [],
  createdAt: "2026-01-02T03:04:05.678000Z",
  updatedAt: "2026-01-02T03:04:05.678000Z",
  durationSeconds: 3600,
  acceptRoleSessionName: false,
  attributeMappings: DEFAULT_MAPPINGS,
};

const one = (value: string, at: string, constraint: string) =>
  `1 validation error detected: Value '${value}' at '${at}' failed to satisfy constraint: ${constraint}`;
const missing = (at: string) =>
  `1 validation error detected: Value null at '${at}' failed to satisfy constraint: Member must not be null`;
const ROLE_CONSTRAINT =
  "Member must satisfy constraint: [Member must have length less than or equal to 1011, Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: arn:aws(-[^:]+)?:iam(:.*){2}(:role.*)]";
const POLICY_CONSTRAINT =
  "Member must satisfy constraint: [Member must have length less than or equal to 200, Member must have length greater than or equal to 1]";

describe("CreateProfile", () => {
  it("answers 201 with the whole profile and the service's defaults", async () => {
    const { send } = testControlPlane();
    expect(await send("POST", "/profiles", request)).toMatchObject({
      status: 201,
      body: { profile: DETAIL },
    });
    expect((await send("GET", `/profile/${idOf(1)}`)).body).toEqual({ profile: DETAIL });
  });

  it("keeps what it is told", async () => {
    const { send } = testControlPlane();
    const given = {
      enabled: true,
      requireInstanceProperties: true,
      acceptRoleSessionName: true,
      durationSeconds: 43200,
      sessionPolicy: '{"Version":"2012-10-17","Statement":[]}',
      managedPolicyArns: ["arn:aws:iam::aws:policy/ReadOnlyAccess"],
      aliasName: "readers",
    };
    expect((await send("POST", "/profiles", { ...request, ...given })).body.profile).toEqual({
      ...DETAIL,
      ...given,
      aliasArn: "arn:aws:rolesanywhere:us-east-1:123456789012:alias/profile/readers",
    });
  });

  it.each([
    ["no role", []],
    ["250 roles", Array.from({ length: 250 }, (_, index) => `${ROLE}${index}`)],
    ["a role of another partition", ["arn:aws-cn:iam::123456789012:role/r"]],
  ])("takes %s", async (_, roleArns) => {
    const { send } = testControlPlane();
    expect((await send("POST", "/profiles", { ...request, roleArns })).body.profile).toMatchObject({
      roleArns,
    });
  });

  it("refuses the 251st profile", async () => {
    const { send, state } = testControlPlane();
    for (let count = 0; count < 250; count++) await send("POST", "/profiles", request);
    expect(await send("POST", "/profiles", request)).toMatchObject({
      status: 400,
      errorType: "ValidationException",
      body: { message: "Limit of 250 profiles exceeded" },
    });
    expect(state.profiles.size).toBe(250);
  });

  const tooMany = Array.from({ length: 251 }, () => ROLE);
  it.each<[string, object, string]>([
    ["no name", { name: undefined }, missing("name")],
    ["no roles", { roleArns: undefined }, missing("roleArns")],
    [
      "251 roles",
      { roleArns: tooMany },
      one(`[${tooMany.join(", ")}]`, "roleArns", "Member must have length less than or equal to 250"),
    ],
    [
      "a user as role",
      { roleArns: [ROLE, "arn:aws:iam::123456789012:user/u"] },
      one(`[${ROLE}, arn:aws:iam::123456789012:user/u]`, "roleArns", ROLE_CONSTRAINT),
    ],
    ["an empty role", { roleArns: [""] }, one("[]", "roleArns", ROLE_CONSTRAINT)],
    ["a null role", { roleArns: [null] }, missing("roleArns.1.member")],
    [
      "an empty managed policy",
      { managedPolicyArns: [""] },
      one("[]", "managedPolicyArns", POLICY_CONSTRAINT),
    ],
    [
      "899 seconds",
      { durationSeconds: 899 },
      one("899", "durationSeconds", "Member must have value greater than or equal to 900"),
    ],
    [
      "43201 seconds",
      { durationSeconds: 43_201 },
      one("43201", "durationSeconds", "Member must have value less than or equal to 43200"),
    ],
    [
      "an alias with a blank",
      { aliasName: "a b" },
      "Invalid alias name 'a b'. It must begin with a letter, hold only letters, digits, '_', '-' and '/', and have no trailing or consecutive '/'.",
    ],
  ])("refuses %s", async (_, change, message) => {
    const { send, state } = testControlPlane();
    expect(await send("POST", "/profiles", { ...request, ...change })).toMatchObject({
      status: 400,
      errorType: "ValidationException",
      body: { message },
    });
    expect(state.profiles.size).toBe(0);
  });

  it.each<[string, object, string]>([
    [
      "a number of seconds as text",
      { durationSeconds: "3600" },
      "STRING_VALUE can not be converted to an Integer",
    ],
    ["one role instead of a list", { roleArns: ROLE }, "STRING_VALUE can not be converted to a List"],
    ["a policy as structure", { sessionPolicy: {} }, "Start of structure or map found where not expected."],
  ])("refuses %s", async (_, change, message) => {
    const { send } = testControlPlane();
    expect(await send("POST", "/profiles", { ...request, ...change })).toMatchObject({
      status: 400,
      errorType: "SerializationException",
      body: { message },
    });
  });

  it.each([
    [
      "of the longest legal length, 250 times",
      Array.from({ length: 250 }, () => `arn:aws:iam${":".repeat(1000)}`),
    ],
    ["of half a megabyte", [`arn:aws:iam${":".repeat(500_000)}`]],
  ])("answers at once to a hostile role ARN %s", async (_, roleArns) => {
    const { send } = testControlPlane();
    const started = performance.now();
    expect((await send("POST", "/profiles", { ...request, roleArns })).status).toBe(400);
    expect(performance.now() - started).toBeLessThan(1000);
  });
});

describe("a profile", () => {
  it.each([
    ["id", idOf(1)],
    ["ARN", DETAIL.profileArn],
    ["alias ARN", "arn:aws:rolesanywhere:us-east-1:123456789012:alias/profile/team/readers"],
  ])("is reached by its %s in every operation on one profile", async (_, identifier) => {
    const { send } = testControlPlane();
    const path = `/profile/${encodeURIComponent(identifier)}`;
    const mappings = `/profiles/${encodeURIComponent(identifier)}/mappings`;
    await send("POST", "/profiles", { ...request, aliasName: "team/readers" });
    expect((await send("GET", path)).body.profile.name).toBe("profile");
    expect((await send("PATCH", path, { name: "renamed" })).body.profile.name).toBe("renamed");
    expect((await send("POST", `${path}/enable`)).body.profile.enabled).toBe(true);
    expect((await send("POST", `${path}/disable`)).body.profile.enabled).toBe(false);
    expect((await send("PUT", mappings, { certificateField: "x509Subject", mappingRules: [] })).status).toBe(
      200,
    );
    expect((await send("DELETE", `${mappings}?certificateField=x509Subject`)).status).toBe(200);
    expect((await send("DELETE", path)).body.profile.name).toBe("renamed");
    expect((await send("GET", path)).status).toBe(404);
  });

  it("is changed by UpdateProfile member by member", async () => {
    const { send, clock } = testControlPlane();
    await send("POST", "/profiles", request);
    clock.time = new Date("2026-01-03T00:00:00Z");
    const expected = { ...DETAIL, updatedAt: "2026-01-03T00:00:00.000000Z" };
    const changes = [
      { name: "renamed" },
      { roleArns: [] },
      { managedPolicyArns: ["arn:aws:iam::aws:policy/ReadOnlyAccess"] },
      { sessionPolicy: "{}" },
      { durationSeconds: 900 },
      { acceptRoleSessionName: true },
    ];
    for (const change of changes) {
      Object.assign(expected, change);
      expect((await send("PATCH", `/profile/${idOf(1)}`, change)).body).toEqual({ profile: expected });
    }
    const unchangeable = { enabled: true, requireInstanceProperties: true, tags: [{ key: "a", value: "b" }] };
    expect((await send("PATCH", `/profile/${idOf(1)}`, unchangeable)).body).toEqual({ profile: expected });
  });

  it.each<[string, object, string]>([
    [
      "an empty session policy",
      { sessionPolicy: "" },
      one("", "sessionPolicy", "Member must have length greater than or equal to 1"),
    ],
    [
      "a session policy of 100001 characters",
      { sessionPolicy: "x".repeat(100_001) },
      one("x".repeat(100_001), "sessionPolicy", "Member must have length less than or equal to 100000"),
    ],
    [
      "a duration of 60 s",
      { durationSeconds: 60 },
      one("60", "durationSeconds", "Member must have value greater than or equal to 900"),
    ],
    [
      "a name with a colon",
      { name: "a:b" },
      one("a:b", "name", "Member must satisfy regular expression pattern: [ a-zA-Z0-9-_]*"),
    ],
    [
      "51 managed policies",
      { managedPolicyArns: Array(51).fill("p") },
      one(
        `[${Array(51).fill("p").join(", ")}]`,
        "managedPolicyArns",
        "Member must have length less than or equal to 50",
      ),
    ],
  ])("refuses an update to %s and stays as it was", async (_, change, message) => {
    const { send } = testControlPlane();
    await send("POST", "/profiles", request);
    expect(await send("PATCH", `/profile/${idOf(1)}`, { name: "renamed", ...change })).toMatchObject({
      status: 400,
      errorType: "ValidationException",
      body: { message },
    });
    expect((await send("GET", `/profile/${idOf(1)}`)).body).toEqual({ profile: DETAIL });
  });

  it("is listed in pages", async () => {
    const { send } = testControlPlane();
    for (const name of ["a", "b"]) await send("POST", "/profiles", { ...request, name });
    const { body } = await send("GET", "/profiles?pageSize=1");
    expect(body).toMatchObject({ profiles: [{ name: "a" }], nextToken: expect.any(String) });
    expect((await send("GET", `/profiles?nextToken=${body.nextToken}`)).body).toMatchObject({
      profiles: [{ name: "b" }],
    });
  });
});

describe("attribute mappings", () => {
  const mappings = `/profiles/${idOf(1)}/mappings`;
  const rules = (...specifiers: string[]) => specifiers.map((specifier) => ({ specifier }));

  async function changed(method: "PUT" | "DELETE", path: string, body?: object) {
    const { send } = testControlPlane();
    await send("POST", "/profiles", request);
    const answer = await send(method, path, body);
    expect(answer.status).toBe(200);
    return answer.body.profile.attributeMappings;
  }

  it("of one field are replaced and the others stay", async () => {
    expect(
      await changed("PUT", mappings, { certificateField: "x509Subject", mappingRules: rules("O", "CN") }),
    ).toEqual([
      DEFAULT_MAPPINGS[0],
      DEFAULT_MAPPINGS[1],
      { certificateField: "x509Subject", mappingRules: rules("O", "CN") },
    ]);
  });

  it.each(["Name", "Name/", "Name/*"])("show %s as Name/*", async (specifier) => {
    const found = await changed("PUT", mappings, {
      certificateField: "x509SAN",
      mappingRules: rules(specifier),
    });
    expect(found[1]).toEqual({ certificateField: "x509SAN", mappingRules: rules("Name/*") });
  });

  it("name each specifier once", async () => {
    const found = await changed("PUT", mappings, {
      certificateField: "x509SAN",
      mappingRules: rules("DNS", "Name", "DNS", "Name/*"),
    });
    expect(found[1].mappingRules).toEqual(rules("DNS", "Name/*"));
  });

  it.each([
    ["by name", "certificateField=x509SAN&specifiers=DNS&specifiers=URI", rules("Name/*")],
    ["by another spelling", "certificateField=x509SAN&specifiers=Name", rules("DNS", "URI")],
    [
      "not at all when it has none of that name",
      "certificateField=x509SAN&specifiers=CN",
      rules("DNS", "URI", "Name/*"),
    ],
  ])("lose rules %s", async (_, query, left) => {
    expect((await changed("DELETE", `${mappings}?${query}`))[1]).toEqual({
      certificateField: "x509SAN",
      mappingRules: left,
    });
  });

  it.each([
    ["all its rules are named", "DELETE", `${mappings}?certificateField=x509Issuer&specifiers=*`, undefined],
    ["no rule is named", "DELETE", `${mappings}?certificateField=x509Issuer`, undefined],
    ["it is put without rules", "PUT", mappings, { certificateField: "x509Issuer", mappingRules: [] }],
  ] as const)("lose a field when %s", async (_, method, path, body) => {
    expect(await changed(method, path, body)).toEqual([DEFAULT_MAPPINGS[1], DEFAULT_MAPPINGS[2]]);
  });

  it("get a field back that was removed", async () => {
    const { send } = testControlPlane();
    await send("POST", "/profiles", request);
    await send("DELETE", `${mappings}?certificateField=x509Issuer`);
    const { body } = await send("PUT", mappings, {
      certificateField: "x509Issuer",
      mappingRules: rules("O"),
    });
    expect(body.profile.attributeMappings).toEqual([
      DEFAULT_MAPPINGS[1],
      DEFAULT_MAPPINGS[2],
      { certificateField: "x509Issuer", mappingRules: rules("O") },
    ]);
  });

  const put = { certificateField: "x509Subject", mappingRules: rules("CN") };
  const long = "x".repeat(61);
  const enumeration = "Member must satisfy enum value set: [x509Subject, x509Issuer, x509SAN]";
  it.each<[string, "PUT" | "DELETE", string, object | undefined, string]>([
    ["no field", "PUT", "", { ...put, certificateField: undefined }, missing("certificateField")],
    [
      "an unknown field",
      "PUT",
      "",
      { ...put, certificateField: "x509" },
      one("x509", "certificateField", enumeration),
    ],
    ["no rules", "PUT", "", { ...put, mappingRules: undefined }, missing("mappingRules")],
    [
      "a rule without specifier",
      "PUT",
      "",
      { ...put, mappingRules: [{}] },
      missing("mappingRules.1.member.specifier"),
    ],
    [
      "a specifier of 61 characters",
      "PUT",
      "",
      { ...put, mappingRules: rules("CN", long) },
      one(long, "mappingRules.2.member.specifier", "Member must have length less than or equal to 60"),
    ],
    ["no field in the query", "DELETE", "", undefined, missing("certificateField")],
    [
      "an unknown field in the query",
      "DELETE",
      "?certificateField=SAN",
      undefined,
      one("SAN", "certificateField", enumeration),
    ],
  ])("refuse %s", async (_, method, query, body, message) => {
    const { send } = testControlPlane();
    await send("POST", "/profiles", request);
    expect(await send(method, mappings + query, body)).toMatchObject({
      status: 400,
      errorType: "ValidationException",
      body: { message },
    });
  });

  it.each([
    ["PUT", "", put],
    ["DELETE", "?certificateField=x509SAN", undefined],
  ])("of an unknown profile are not found by %s", async (method, query, body) => {
    const { send } = testControlPlane();
    expect(await send(method, mappings + query, body)).toMatchObject({
      status: 404,
      errorType: "ResourceNotFoundException",
    });
  });
});

describe("tipConfiguration", () => {
  const tip = { status: "ENABLED", subjectType: "workload", subjectSource: "x509SAN/URI" };

  it.each([
    ["all of it", tip, tip],
    ["the status alone", { status: "DISABLED" }, { status: "DISABLED", subjectSource: "x509Subject/CN" }],
  ])("is kept and shown: %s", async (_, given, shown) => {
    const { send } = testControlPlane();
    const { status, body } = await send("POST", "/profiles", { ...request, tipConfiguration: given });
    expect({ status, shown: body.profile.tipConfiguration }).toEqual({ status: 201, shown });
    expect((await send("GET", `/profile/${idOf(1)}`)).body.profile.tipConfiguration).toEqual(shown);
    expect((await send("GET", "/profiles")).body.profiles).toMatchObject([{ tipConfiguration: shown }]);
  });

  it("is replaced as a whole by an update that names it, and left by one that does not", async () => {
    const { send } = testControlPlane();
    await send("POST", "/profiles", { ...request, tipConfiguration: tip });
    const update = async (change: object) =>
      (await send("PATCH", `/profile/${idOf(1)}`, change)).body.profile.tipConfiguration;
    expect(await update({ name: "other" })).toEqual(tip);
    expect(await update({ tipConfiguration: { status: "ENABLED" } })).toEqual({
      status: "ENABLED",
      subjectSource: "x509Subject/CN",
    });
  });

  it("is part of a snapshot", async () => {
    const { send, state } = testControlPlane();
    await send("POST", "/profiles", { ...request, tipConfiguration: tip });
    importSnapshot(state, JSON.parse(JSON.stringify(exportSnapshot(state))));
    expect((await send("GET", `/profile/${idOf(1)}`)).body.profile.tipConfiguration).toEqual(tip);
  });

  it.each([
    ["no status", { subjectType: "user" }, missing("tipConfiguration.status")],
    [
      "another status",
      { status: "enabled" },
      one("enabled", "tipConfiguration.status", "Member must satisfy enum value set: [ENABLED, DISABLED]"),
    ],
    [
      "another type of subject",
      { status: "ENABLED", subjectType: "robot" },
      one("robot", "tipConfiguration.subjectType", "Member must satisfy enum value set: [user, workload]"),
    ],
    [
      "another source of subjects",
      { status: "ENABLED", subjectSource: "x509SAN/DNS" },
      one(
        "x509SAN/DNS",
        "tipConfiguration.subjectSource",
        "Member must satisfy enum value set: [x509SAN/URI, x509Subject/CN]",
      ),
    ],
  ])("is refused with %s", async (_, tipConfiguration, message) => {
    const { send } = testControlPlane();
    expect(await send("POST", "/profiles", { ...request, tipConfiguration })).toMatchObject({
      status: 400,
      errorType: "ValidationException",
      body: { message },
    });
  });
});
