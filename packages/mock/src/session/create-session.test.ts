import { describe, expect, it } from "vitest";
import {
  ecKeys,
  makeAuthority,
  makeCertificate,
  makeCrl,
  ML_DSA,
  mlDsaKeys,
  rsaKeys,
  signedRequest,
} from "@roles-anywhere/testing";
import type { CertificateSpec, KeyPair, SigningSpec } from "@roles-anywhere/testing";
import { TRUST_POLICY } from "../../test/support/fake-aws.ts";
import { crlRecord } from "../../test/support/crl-record.ts";
import {
  ACCOUNT,
  createWorld,
  NOW,
  PROFILE_ARN,
  ROLE_ARN,
  TRUST_ANCHOR_ARN,
  trustAnchorRecord,
} from "../../test/support/world.ts";
import type { World, WorldSpec } from "../../test/support/world.ts";
import type { CreateSessionOutput } from "./create-session.ts";
import { handleCreateSession } from "../../test/support/handle-create-session.ts";

const BODY = { trustAnchorArn: TRUST_ANCHOR_ARN, profileArn: PROFILE_ARN, roleArn: ROLE_ARN };
const query = (separator = "%20", changes: Partial<typeof BODY> = {}): string =>
  Object.entries({ ...BODY, ...changes })
    .map(([key, value]) => `${key}=${encodeURIComponent(value).replaceAll("%20", separator)}`)
    .sort()
    .join("&");

async function open(world: World, changes: Partial<SigningSpec> = {}): Promise<CreateSessionOutput> {
  const answer = await handleCreateSession(world.context, signedRequest(world.call(changes)));
  if ("message" in answer.body) {
    throw new Error(`refused: ${JSON.stringify(world.context.audit.list(1)[0]?._mock)}`);
  }
  return answer.body;
}

describe("CreateSession answers", () => {
  it("with one credential set in AWS's shape", async () => {
    const world = createWorld();
    expect(await open(world)).toEqual({
      credentialSet: [
        {
          assumedRoleUser: {
            arn: `arn:aws:sts::${ACCOUNT}:assumed-role/Example/1234`,
            assumedRoleId: "AROAEXAMPLE:1234",
          },
          credentials: {
            accessKeyId: "ASIAIOSFODNN7EXAMPLE",
            secretAccessKey: expect.any(String),
            sessionToken: expect.any(String),
            expiration: "2026-06-15T13:00:00Z",
          },
          packedPolicySize: 10,
          roleArn: ROLE_ARN,
          sourceIdentity: "CN=client",
        },
      ],
      subjectArn: expect.stringMatching(
        new RegExp(`^arn:aws:rolesanywhere:us-east-1:${ACCOUNT}:subject/[0-9a-f-]{36}$`),
      ),
    });
  });

  it("and writes neither secret key nor session token into the audit", async () => {
    const world = createWorld();
    const { credentials } = (await open(world)).credentialSet[0] ?? {};
    const audit = JSON.stringify(world.context.audit.list());
    expect(audit).toContain(credentials?.accessKeyId);
    expect(audit).not.toContain(credentials?.secretAccessKey);
    expect(audit).not.toContain(credentials?.sessionToken);
  });
});

describe("CreateSession grants a session", () => {
  it.each<[title: string, spec: CertificateSpec, unmapped: readonly string[] | undefined]>([
    ["with every value mapped", {}, undefined],
    [
      "without a tag for an organization",
      {
        subject: [
          ["O", "R&D"],
          ["CN", "a1"],
        ],
      },
      ["x509Subject/O"],
    ],
    ["without a tag for a second DNS name", { dns: ["a.example", "*.example"] }, ["x509SAN/DNS/2"]],
    [
      "without a tag for a value of 257 characters",
      {
        subject: [
          ["OU", "x".repeat(257)],
          ["CN", "a1"],
        ],
      },
      ["x509Subject/OU"],
    ],
  ])("%s, which audit and log name", async (_, spec, unmapped) => {
    const lines: string[] = [];
    const world = createWorld({ context: { log: (line) => lines.push(line) } });
    await open(world, { certificate: makeCertificate(spec, world.root) });
    expect(world.context.audit.list()[0]?._mock.unmappedAttributes).toEqual(unmapped);
    expect(lines[0]?.includes("no session tags for")).toBe(unmapped !== undefined);
  });
});

describe("CreateSession accepts requests", () => {
  it.each<[shape: string, changes: Partial<SigningSpec>]>([
    ["with everything in the query and no body", { query: query(), body: "" }],
    ["with an empty roleArn in the query, and the role in the body", { query: "roleArn=" }],
    [
      "with a header sent twice",
      {
        headers: [
          ["X-Two", "a"],
          ["X-Two", "b"],
        ],
        sign: ["host", "x-amz-x509", "x-two"],
      },
    ],
    [
      "with runs of spaces in a header",
      { headers: [["X-Gap", "a   b"]], sign: ["host", "x-amz-x509", "x-gap"] },
    ],
    [
      "with unknown and deprecated members",
      { body: JSON.stringify({ ...BODY, sessionName: "ignored", other: [1] }) },
    ],
  ])("%s", async (_, changes) => {
    const world = createWorld();
    expect(await open(world, changes)).toMatchObject({ credentialSet: [{ roleArn: ROLE_ARN }] });
  });

  it("of a query that is sent with + for a space and signed with %20", async () => {
    const changes = { query: `${query()}&x=a+b`, canonicalQuery: `${query()}&x=a%20b` };
    expect(await open(createWorld(), changes)).toMatchObject({ credentialSet: [{}] });
  });

  it.each(["%3D", "%253D"])("of an equals sign in a value, signed as %s", async (encoded) => {
    const roleArn = `${ROLE_ARN}=x`;
    const world = createWorld();
    world.profile.roleArns = [roleArn];
    if (world.aws.role !== undefined) world.aws.role = { ...world.aws.role, roleArn };
    const wire = `roleArn=${encodeURIComponent(roleArn)}`;
    const changes = {
      query: wire,
      canonicalQuery: wire.replace("%3D", encoded),
      body: JSON.stringify({ ...BODY, roleArn: undefined }),
    };
    expect(await open(world, changes)).toMatchObject({ credentialSet: [{ roleArn }] });
  });

  it("of a proxy that sends the absolute form", async () => {
    const tamper: SigningSpec["tamper"] = (request) => ({
      ...request,
      target: `http://host.example${request.target}`,
    });
    expect(await open(createWorld(), { tamper })).toMatchObject({ credentialSet: [{}] });
  });

  it.each([-300, 300])("signed %i seconds away from the clock", async (seconds) => {
    expect(await open(createWorld(), { date: new Date(NOW.getTime() + seconds * 1000) })).toMatchObject({
      credentialSet: [{}],
    });
  });
});

describe("CreateSession takes aliases for", () => {
  const aliasArn = (type: string, name: string): string =>
    `arn:aws:rolesanywhere:us-east-1:${ACCOUNT}:alias/${type}/${name}`;

  it.each([
    ["the trust anchor", { trustAnchorArn: aliasArn("trust-anchor", "ca/production") }],
    ["the profile", { profileArn: aliasArn("profile", "readers") }],
    [
      "both",
      {
        trustAnchorArn: aliasArn("trust-anchor", "ca/production"),
        profileArn: aliasArn("profile", "readers"),
      },
    ],
  ])("%s, in query and body", async (_, aliases) => {
    for (const changes of [
      { body: JSON.stringify({ ...BODY, ...aliases }) },
      { query: query("%20", aliases), body: "" },
    ]) {
      const world = createWorld();
      world.trustAnchor.aliasName = "ca/production";
      world.profile.aliasName = "readers";
      expect(await open(world, changes)).toMatchObject({ credentialSet: [{ roleArn: ROLE_ARN }] });
    }
  });

  it("what holds them now, and shows the trust policy that resource's own ARN", async () => {
    const world = createWorld();
    world.trustAnchor.aliasName = "production";
    const condition = { ArnEquals: { "aws:SourceArn": TRUST_ANCHOR_ARN } };
    const [statement] = TRUST_POLICY.Statement;
    const trustPolicy = JSON.stringify({
      ...TRUST_POLICY,
      Statement: [{ ...statement, Condition: condition }],
    });
    world.aws.role = { roleArn: ROLE_ARN, trustPolicy, maxSessionDurationSeconds: 3600 };
    const body = JSON.stringify({ ...BODY, trustAnchorArn: aliasArn("trust-anchor", "production") });
    expect(await open(world, { body })).toMatchObject({ credentialSet: [{}] });

    const other = { ...trustAnchorRecord(world.root.certificatePem), aliasName: "production" };
    other.trustAnchorId = "33333333-3333-4333-8333-333333333333";
    other.trustAnchorArn = TRUST_ANCHOR_ARN.replace(/[^/]+$/, other.trustAnchorId);
    world.trustAnchor.aliasName = undefined;
    world.context.state.trustAnchors.set(other.trustAnchorId, other);
    await expect(open(world, { body })).rejects.toThrow("TRUST_POLICY_DENIED");
  });
});

describe("CreateSession verifies signatures by", () => {
  it.each<[name: string, keys: () => KeyPair]>([
    ["RSA-2048", () => rsaKeys(2048)],
    ["RSA-4096", () => rsaKeys(4096)],
    ["P-256", () => ecKeys("P-256")],
    ["P-384", () => ecKeys("P-384")],
    ["P-521", () => ecKeys("P-521")],
    ...ML_DSA.map((set): [string, () => KeyPair] => [set, () => mlDsaKeys(set)]),
  ])("%s, in an end entity below a CA of the same kind", async (_, keys) => {
    const root = makeAuthority({ keys: keys() });
    const client = makeCertificate({ keys: keys() }, root);
    expect(await open(createWorld({ root, client }))).toMatchObject({ credentialSet: [{}] });
  });
});

describe("CreateSession finds the path to the trust anchor", () => {
  const root = makeAuthority();
  const one = makeAuthority({ subject: [["CN", "One"]], serialNumber: 2n }, root);
  const two = makeAuthority({ subject: [["CN", "Two"]], serialNumber: 3n }, one);
  const three = makeAuthority({ subject: [["CN", "Three"]], serialNumber: 4n }, two);
  const client = makeCertificate({}, three);
  const stranger = makeAuthority({ subject: [["CN", "Stranger"]] });

  it.each([
    ["leaf side first", [three, two, one]],
    ["root side first", [one, two, three]],
    ["in no order", [two, three, one]],
    ["starting with the end entity, as from PKCS#12", [client, three, two, one]],
    ["with the root in it", [three, two, one, root]],
    ["with a certificate twice", [three, two, one, three]],
    ["with a stranger in it", [three, stranger, two, one]],
  ])("through a chain %s", async (_, chain) => {
    expect(await open(createWorld({ root, client }), { chain })).toMatchObject({ credentialSet: [{}] });
  });

  it("when the trust anchor is an intermediate", async () => {
    const world = createWorld({ root, client, anchorPem: two.certificatePem });
    expect(await open(world, { chain: [three] })).toMatchObject({ credentialSet: [{}] });
  });

  it("when the trust anchor is the issuer itself, and no chain is sent", async () => {
    expect(await open(createWorld({ root, client, anchorPem: three.certificatePem }))).toMatchObject({
      credentialSet: [{}],
    });
  });

  it.each([
    ["first", `${root.certificatePem}${stranger.certificatePem}`],
    ["second", `${stranger.certificatePem}${root.certificatePem}`],
  ])("when its certificate is the %s of two in the trust anchor", async (_, anchorPem) => {
    const world = createWorld({ root, client: makeCertificate({}, root), anchorPem });
    expect(await open(world)).toMatchObject({ credentialSet: [{}] });
  });

  it("by another path when one of two has expired", async () => {
    const { keys } = one;
    const expired = makeAuthority(
      { subject: [["CN", "One"]], keys, notAfter: new Date("2026-02-01T00:00:00Z") },
      root,
    );
    expect(await open(createWorld({ root, client }), { chain: [three, two, expired, one] })).toMatchObject({
      credentialSet: [{}],
    });
  });

  it("with as many intermediates as pathlen allows", async () => {
    const shallow = makeAuthority({ basicConstraints: { ca: true, pathLength: 1 } });
    const issuing = makeAuthority(
      { subject: [["CN", "Issuing"]], basicConstraints: { ca: true, pathLength: 0 } },
      shallow,
    );
    const world = createWorld({ root: shallow, client: makeCertificate({}, issuing) });
    expect(await open(world, { chain: [issuing] })).toMatchObject({ credentialSet: [{}] });
  });

  it("when names differ in letter case and spaces only", async () => {
    const issuer: CertificateSpec["issuer"] = [["CN", " rOOT "]];
    expect(await open(createWorld({ root, client: makeCertificate({ issuer }, root) }))).toMatchObject({
      credentialSet: [{}],
    });
  });
});

describe("CreateSession passes over CRLs", () => {
  it.each<[title: string, crl: (world: World) => ReturnType<typeof crlRecord>]>([
    ["that do not list the certificate", ({ root }) => crlRecord(makeCrl(root, { revoked: [1n, 2n] }))],
    ["that list nothing", ({ root }) => crlRecord(makeCrl(root))],
    [
      "that are disabled",
      ({ root, client }) => crlRecord(makeCrl(root, { revoked: [client.serialNumber] }), { enabled: false }),
    ],
    [
      "of another trust anchor",
      ({ root, client }) =>
        crlRecord(makeCrl(root, { revoked: [client.serialNumber] }), {
          trustAnchorArn: `${TRUST_ANCHOR_ARN}x`,
        }),
    ],
    [
      "of another CA",
      ({ client }) =>
        crlRecord(makeCrl(makeAuthority({ subject: [["CN", "Other"]] }), { revoked: [client.serialNumber] })),
    ],
    [
      "of an older key of the CA",
      ({ client }) => crlRecord(makeCrl(makeAuthority(), { revoked: [client.serialNumber] })),
    ],
    [
      "that have run out and do not list the certificate",
      ({ root }) => crlRecord(makeCrl(root, { nextUpdate: new Date("2026-06-02T00:00:00Z") })),
    ],
  ])("%s", async (_, make) => {
    const world = createWorld();
    const record = make(world);
    world.context.state.crls.set(record.crlId, record);
    expect(await open(world)).toMatchObject({ credentialSet: [{}] });
  });
});

describe("CreateSession assumes the role", () => {
  async function assumed(
    spec: CertificateSpec,
    prepare: (world: World) => Partial<SigningSpec> | void = () => {},
  ) {
    const root = makeAuthority({
      subject: [
        ["C", "US"],
        ["O", "Example"],
        ["CN", "Root"],
      ],
    });
    const world = createWorld({ root, client: makeCertificate(spec, root) } satisfies WorldSpec);
    await open(world, prepare(world) ?? {});
    return world.aws.requests[0];
  }

  it.each([
    [undefined, 3600, 3600],
    [900, 3600, 900],
    [3600, 1800, 1800],
    [43_200, 3600, 3600],
  ])("for the smaller of request and profile: %s, %i → %i", async (requested, ofProfile, expected) => {
    const request = await assumed({}, (world) => {
      world.profile.durationSeconds = ofProfile;
      return { body: JSON.stringify({ ...BODY, durationSeconds: requested }) };
    });
    expect(request?.durationSeconds).toBe(expected);
  });

  it.each([
    [0x1000n, "1000"],
    [0x123n, "0123"],
    [0x00936eacbe07f201dfn, "936eacbe07f201df"],
    [5n, "05"],
  ])("with the serial number %s in hex as session name: %s", async (serialNumber, expected) => {
    expect((await assumed({ serialNumber }))?.roleSessionName).toBe(expected);
  });

  it("with the session name of the request when the profile accepts it", async () => {
    const request = await assumed({}, (world) => {
      world.profile.acceptRoleSessionName = true;
      return { body: JSON.stringify({ ...BODY, roleSessionName: "my-session" }) };
    });
    expect(request?.roleSessionName).toBe("my-session");
  });

  it("with the serial number still, when the profile accepts a name and none is sent", async () => {
    const request = await assumed({}, (world) => {
      world.profile.acceptRoleSessionName = true;
    });
    expect(request?.roleSessionName).toBe("1234");
  });

  // The numbers are the user guide's own examples.
  it.each<[subject: CertificateSpec["subject"], serialNumber: bigint, expected: string]>([
    [[["CN", "a".repeat(61)]], 1n, `CN=${"a".repeat(61)}`],
    [[["CN", "a".repeat(62)]], 1n, "a".repeat(62)],
    [[["CN", "a".repeat(64)]], 1n, "a".repeat(64)],
    [[["O", "Example"]], 291n, "ID=0123"],
    [[["O", "Example"]], 17_767n, "ID=4567"],
    [[["CN", "Zoë Łukasz"]], 1n, "CN=Zoë Łukasz"],
    [
      [
        ["CN", "first"],
        ["CN", "second"],
      ],
      1n,
      "CN=first",
    ],
  ])("with the source identity of %j", async (subject = [], serialNumber, expected) => {
    expect((await assumed({ subject, serialNumber }))?.sourceIdentity).toBe(expected);
  });

  it("with tags for subject, issuer and alternative names", async () => {
    const request = await assumed({
      subject: [
        ["C", "DE"],
        ["O", "Example"],
        ["OU", "Security"],
        ["OU", "Engineering"],
        ["CN", "web-1"],
        ["DC", "x"],
      ],
      dns: ["web-1.example.com", "web.example.com"],
      uri: ["spiffe://example.com/web", "https://example.com"],
      email: ["a@example.com"],
      ip: [Buffer.from([192, 0, 2, 1])],
      directoryName: [
        ["O", "Directory"],
        ["CN", "entry"],
      ],
    });
    expect(Object.fromEntries((request?.tags ?? []).map(({ key, value }) => [key, value]))).toEqual({
      "x509Issuer/C": "US",
      "x509Issuer/CN": "Root",
      "x509Issuer/O": "Example",
      "x509SAN/DNS": "web-1.example.com",
      "x509SAN/Name/CN": "entry",
      "x509SAN/Name/O": "Directory",
      "x509SAN/URI": "spiffe://example.com/web",
      "x509Subject/C": "DE",
      "x509Subject/CN": "web-1",
      "x509Subject/O": "Example",
      "x509Subject/OU": "Security/Engineering",
    });
  });

  it("without tags for values that STS does not accept", async () => {
    const request = await assumed({
      subject: [
        ["O", "Example (Germany)"],
        ["OU", "x".repeat(257)],
        ["CN", "client"],
      ],
      dns: ["*.example.com"],
    });
    expect(request?.tags.map(({ key }) => key).filter((key) => !key.startsWith("x509Issuer"))).toEqual([
      "x509Subject/CN",
    ]);
  });

  it.each([
    [["CN"], ["x509Subject/CN"]],
    [
      ["CN", "O"],
      ["x509Subject/O", "x509Subject/CN"],
    ],
    [["OU"], []],
    [["*"], ["x509Subject/O", "x509Subject/CN"]],
  ])("with tags for the subject's %j only", async (specifiers, expected) => {
    const subject: CertificateSpec["subject"] = [
      ["O", "Example"],
      ["CN", "client"],
    ];
    const request = await assumed({ subject }, (world) => {
      world.profile.attributeMappings = [
        { certificateField: "x509Subject", mappingRules: specifiers.map((specifier) => ({ specifier })) },
      ];
    });
    expect(request?.tags.map(({ key }) => key)).toEqual(expected);
  });

  it("with the session policy and the managed policies of the profile", async () => {
    const sessionPolicy = '{"Version":"2012-10-17","Statement":[]}';
    const managedPolicyArns = ["arn:aws:iam::aws:policy/ReadOnlyAccess"];
    const request = await assumed({}, (world) => {
      Object.assign(world.profile, { sessionPolicy, managedPolicyArns });
    });
    expect(request).toMatchObject({ sessionPolicy, managedPolicyArns });
  });

  it("only if the trust policy's conditions on anchor, account, tags and session hold", async () => {
    const request = await assumed({ dns: ["a.example.com"] }, (world) => {
      world.aws.role = {
        roleArn: ROLE_ARN,
        maxSessionDurationSeconds: 3600,
        trustPolicy: JSON.stringify({
          Version: "2012-10-17",
          Statement: {
            Effect: "Allow",
            Principal: { Service: "rolesanywhere.amazonaws.com" },
            Action: ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"],
            Condition: {
              ArnEquals: { "aws:SourceArn": TRUST_ANCHOR_ARN },
              StringEquals: {
                "aws:SourceAccount": ACCOUNT,
                "aws:PrincipalTag/x509Issuer/CN": "Root",
                "sts:RoleSessionName": "1234",
                "sts:SourceIdentity": "CN=client",
              },
              StringLike: { "aws:PrincipalTag/x509SAN/DNS": "*.example.com" },
              DateLessThan: { "aws:CurrentTime": "2026-06-15T12:00:01Z" },
              IpAddress: { "aws:SourceIp": "192.0.2.0/24" },
            },
          },
        }),
      };
    });
    expect(request).toBeDefined();
  });
});

describe("CreateSession records the Subject", () => {
  it("once for each subject name, the newest certificate first", async () => {
    const world = createWorld();
    const { subjectArn } = await open(world);
    world.now = new Date(NOW.getTime() + 60_000);
    const renewed = makeCertificate({ serialNumber: 0x5678n }, world.root);
    expect((await open(world, { certificate: renewed })).subjectArn).toBe(subjectArn);
    const subjects = [...world.context.state.subjects.values()];
    expect(subjects).toMatchObject([
      {
        subjectArn,
        x509Subject: "CN=client",
        enabled: true,
        createdAt: NOW,
        lastSeenAt: world.now,
        credentials: [
          {
            serialNumber: "22136",
            issuer: "CN=Root",
            x509CertificateData: renewed.certificatePem,
            seenAt: world.now,
            failed: false,
          },
          { serialNumber: "4660", seenAt: NOW },
        ],
      },
    ]);
  });

  it("with instance properties, and as failed when no session came of it", async () => {
    const world = createWorld();
    world.profile.enabled = false;
    const body = JSON.stringify({ ...BODY, instanceProperties: { rack: "7" } });
    await handleCreateSession(world.context, signedRequest(world.call({ body })));
    expect([...world.context.state.subjects.values()]).toMatchObject([
      {
        credentials: [{ failed: true }],
        instanceProperties: [{ properties: { rack: "7" }, failed: true, seenAt: NOW }],
      },
    ]);
  });

  it("and goes on granting sessions to one that is disabled", async () => {
    const world = createWorld();
    const { subjectArn } = await open(world);
    for (const subject of world.context.state.subjects.values()) subject.enabled = false;
    expect(await open(world)).toMatchObject({ subjectArn, credentialSet: [{}] });
    expect([...world.context.state.subjects.values()]).toMatchObject([{ enabled: false }]);
  });

  it("not for a certificate that nobody trusts", async () => {
    const world = createWorld();
    await handleCreateSession(world.context, signedRequest(world.call({ certificate: makeCertificate() })));
    expect(world.context.state.subjects.size).toBe(0);
  });
});

describe("the audit", () => {
  it("keeps a bounded number of records, the newest first", async () => {
    const world = createWorld();
    for (let index = 0; index < 3; index += 1) {
      world.now = new Date(NOW.getTime() + index * 1000);
      await open(world);
    }
    expect(world.context.audit.list(2).map(({ eventTime }) => eventTime)).toEqual([
      "2026-06-15T12:00:02.000Z",
      "2026-06-15T12:00:01.000Z",
    ]);
  });

  it("has CloudTrail's members", async () => {
    const world = createWorld();
    await open(world);
    expect(world.context.audit.list(1)).toMatchObject([
      {
        eventSource: "rolesanywhere.amazonaws.com",
        eventName: "CreateSession",
        eventTime: NOW.toISOString(),
        awsRegion: "us-east-1",
        recipientAccountId: ACCOUNT,
        sourceIPAddress: "192.0.2.1",
        requestParameters: { ...BODY, cert: world.client.certificatePem },
        responseElements: {
          credentialSet: [{ credentials: { secretAccessKey: "HIDDEN_DUE_TO_SECURITY_REASONS" } }],
        },
        _mock: {
          verdict: "granted",
          status: 201,
          certificate: { subject: "CN=client", serialNumber: "4660" },
        },
      },
    ]);
  });
});
