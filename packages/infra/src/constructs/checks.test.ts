import { Role } from "aws-cdk-lib/aws-iam";
import { App, Aws, Stack } from "aws-cdk-lib/core";
import { describe, expect, it } from "vitest";
import { uploadSampleObjects } from "../sample-objects/upload-sample-objects.ts";
import { RolesAnywhereStack } from "../stacks/roles-anywhere-stack.ts";
import { readCaBundle } from "../certificates/ca-bundle.ts";
import { localStackCdkCommand } from "../deployment/local-stack-cdk-command.ts";
import { makeTestCertificates } from "../../test/support/certificates.ts";
import { ATTRIBUTE_NAMES } from "./certificate-conditions.ts";
import { CertificateRevocationList } from "./certificate-revocation-list.ts";
import { DenyOlderSessions } from "./deny-older-sessions.ts";
import { ExternalServer } from "./external-server.ts";
import { Profile } from "./profile.ts";
import { RolesAnywherePrincipal } from "./roles-anywhere-principal.ts";
import { RolesAnywhereRole } from "./roles-anywhere-role.ts";
import { TrustAnchor } from "./trust-anchor.ts";
import { TrustAnchorAlarms } from "./trust-anchor-alarms.ts";
import { resourceName } from "./checks.ts";

describe("resourceName", () => {
  it.each(["RolesAnywhereStack", "a b-c_9", "x".repeat(255)])("accepts %j", (name) => {
    expect(resourceName("profileName", name)).toBe(name);
  });

  it("leaves a name alone that only CloudFormation knows", () => {
    expect(resourceName("profileName", Aws.STACK_NAME)).toBe(Aws.STACK_NAME);
  });

  it.each(["", "a/b", "ü", "x".repeat(256)])("refuses %j", (name) => {
    expect(() => resourceName("profileName", name)).toThrowError(
      expect.objectContaining({
        code: "ERR_INFRA_OPTION_INVALID",
        message: expect.stringContaining(`profileName is ${JSON.stringify(name)}`),
      }),
    );
  });
});

/** A value that TypeScript would not let pass: what a caller in JavaScript, or one with an unset variable, gives. */
// oxlint-disable-next-line typescript/no-explicit-any -- the wrong type is the point
const missing: any = undefined;

describe("an option that is undefined", () => {
  const stack = () => new Stack(new App(), "Mine");

  it.each<[string, () => unknown, string]>([
    ["TrustAnchor", () => new TrustAnchor(stack(), "T", { source: missing }), "source is undefined"],
    ["TrustAnchor without properties", () => new TrustAnchor(stack(), "T", missing), "source is undefined"],
    [
      "TrustAnchor without PEM",
      () => TrustAnchor.fromPem(stack(), "T", missing),
      "caCertificatePem is undefined",
    ],
    [
      "TrustAnchor without a private CA",
      () => TrustAnchor.fromPrivateCa(stack(), "T", missing),
      "certificateAuthorityArn is undefined",
    ],
    [
      "TrustAnchor that exists",
      () => TrustAnchor.fromTrustAnchorArn(stack(), "T", missing),
      "trustAnchorArn is undefined",
    ],
    ["Profile that exists", () => Profile.fromProfileArn(stack(), "P", missing), "profileArn is undefined"],
    ["Profile", () => new Profile(stack(), "P", { roles: missing }), "roles is undefined"],
    ["Profile without properties", () => new Profile(stack(), "P", missing), "roles is undefined"],
    [
      "Profile with a role that is missing",
      () => new Profile(stack(), "P", { roles: [missing] }),
      "roles[0] is undefined",
    ],
    ["Profile without roles", () => new Profile(stack(), "P", { roles: [] }), "roles has 0 entries"],
    [
      "RolesAnywherePrincipal",
      () => new RolesAnywherePrincipal({ trustAnchor: missing, commonNames: ["a"] }),
      "trustAnchor is undefined",
    ],
    [
      "RolesAnywherePrincipal without options",
      () => new RolesAnywherePrincipal(missing),
      "trustAnchor is undefined",
    ],
    [
      "RolesAnywhereRole without properties",
      () => new RolesAnywhereRole(stack(), "R", missing),
      "trustAnchor is undefined",
    ],
    [
      "ExternalServer without properties",
      () => new ExternalServer(stack(), "A", missing),
      "trustAnchor is undefined",
    ],
    [
      "CertificateRevocationList without properties",
      () => new CertificateRevocationList(stack(), "C", missing),
      "trustAnchor is undefined",
    ],
    [
      "CertificateRevocationList",
      () =>
        new CertificateRevocationList(stack(), "C", {
          trustAnchor: { trustAnchorArn: "arn" },
          crlPem: missing,
        }),
      "crlPem is undefined",
    ],
    [
      "CertificateRevocationList that exists",
      () => CertificateRevocationList.fromCrlId(stack(), "C", missing),
      "crlId is undefined",
    ],
    [
      "DenyOlderSessions without properties",
      () => new DenyOlderSessions(stack(), "D", missing),
      "roles is undefined",
    ],
    [
      "TrustAnchorAlarms without properties",
      () => new TrustAnchorAlarms(stack(), "A", missing),
      "trustAnchor is undefined",
    ],
    [
      "RolesAnywhereStack",
      () => new RolesAnywhereStack(new App(), "S", { caCertificatePem: missing }),
      "caCertificatePem is undefined",
    ],
    [
      "RolesAnywhereStack without properties",
      () => new RolesAnywhereStack(new App(), "S", missing),
      "caCertificatePem is undefined",
    ],
  ])("is named in one sentence: %s", (_what, make, sentence) => {
    expect(make).toThrowError(
      expect.objectContaining({
        name: "InfraError",
        code: "ERR_INFRA_OPTION_INVALID",
        message: expect.stringMatching(/^[^\n]+\.$/),
      }),
    );
    expect(make).toThrowError(sentence);
  });

  it("is named by the functions beside the constructs", async () => {
    expect(() => readCaBundle(missing)).toThrowError(
      "The CA certificate cannot be used: it is undefined; pass the text",
    );
    await expect(uploadSampleObjects({ bucketName: missing, client: missing })).rejects.toThrowError(
      "bucketName is missing",
    );
  });
});

describe("a text in the place of a list", () => {
  // oxlint-disable-next-line typescript/no-explicit-any -- the wrong type is the point
  const text: any = "abc";
  const stack = new Stack(new App(), "Mine");
  const trustAnchor = TrustAnchor.fromTrustAnchorArn(
    stack,
    "TrustAnchor",
    "arn:aws:rolesanywhere:eu-west-1:000000000000:trust-anchor/3f9d2a8c",
  );
  const role = new RolesAnywhereRole(stack, "Role", { trustAnchor, commonNames: ["a"] });
  let count = 0;
  const id = () => `Id${count++}`;

  it.each<[string, () => unknown]>([
    ...ATTRIBUTE_NAMES.map((name): [string, () => unknown] => [
      name,
      () => new RolesAnywherePrincipal({ trustAnchor, [name]: text }),
    ]),
    ["commonNames", () => new ExternalServer(stack, id(), { trustAnchor, commonNames: text })],
    [
      "managedPolicies",
      () => new RolesAnywhereRole(stack, id(), { trustAnchor, commonNames: ["a"], managedPolicies: text }),
    ],
    ["roles", () => new Profile(stack, id(), { roles: text })],
    ["managedPolicies", () => new Profile(stack, id(), { roles: [role], managedPolicies: text })],
    ["attributeMappings", () => new Profile(stack, id(), { roles: [role], attributeMappings: text })],
    [
      "attributeMappings",
      () => new ExternalServer(stack, id(), { trustAnchor, commonNames: ["a"], attributeMappings: text }),
    ],
    [
      "specifiers",
      () =>
        new Profile(stack, id(), {
          roles: [role],
          attributeMappings: [{ certificateField: "x509Subject", specifiers: text }],
        }),
    ],
    ["roles", () => new DenyOlderSessions(stack, id(), { roles: text, issuedBefore: new Date(0) })],
    [
      "notificationSettings",
      () => TrustAnchor.fromPem(stack, id(), makeTestCertificates().rootCa, { notificationSettings: text }),
    ],
    [
      "certificateCommonNames",
      () =>
        new RolesAnywhereStack(new App(), "S", {
          caCertificatePem: makeTestCertificates().rootCa,
          certificateCommonNames: text,
        }),
    ],
    [
      "app.stacks",
      () =>
        localStackCdkCommand({
          action: "synth",
          endpointUrl: "http://127.0.0.1:4566",
          app: { folder: ".", stacks: text },
          outputFolder: "cdk.out",
          environment: {},
        }),
    ],
  ])("is refused for %s", (property, make) => {
    expect(make).toThrowError(
      expect.objectContaining({
        name: "InfraError",
        code: "ERR_INFRA_OPTION_INVALID",
        message: `${property} is "abc", which is no list; give a list, for example ["abc"].`,
      }),
    );
  });
});

describe("an ARN of another kind", () => {
  const trustAnchor = "arn:aws:rolesanywhere:eu-west-1:000000000000:trust-anchor/3f9d2a8c";
  const profile = "arn:aws:rolesanywhere:eu-west-1:000000000000:profile/a1c4f1de";

  it.each([trustAnchor, trustAnchor.replace("arn:aws:", "arn:aws-us-gov:"), Aws.STACK_ID])(
    "is not %s where a trust anchor is wanted",
    (arn) => {
      const imported = TrustAnchor.fromTrustAnchorArn(new Stack(new App(), "Mine"), "Imported", arn);
      const principal = new RolesAnywherePrincipal({ trustAnchor: imported, allowAnyCertificate: true });
      expect(principal.policyFragment.conditions).toEqual({ ArnEquals: { "aws:SourceArn": arn } });
    },
  );

  it.each([
    profile,
    "arn:aws:iam::000000000000:role/Reader",
    "hello",
    "",
    trustAnchor.replace("3f9d2a8c", "*"),
  ])("is %j where a trust anchor is wanted", (arn) => {
    const stack = new Stack(new App(), "Mine");
    expect(() => TrustAnchor.fromTrustAnchorArn(stack, "Imported", arn)).toThrowError(
      `trustAnchorArn is ${JSON.stringify(arn)}; give an ARN like arn:aws:rolesanywhere:<region>:<account>:trust-anchor/<id>.`,
    );
  });

  it("is that of a trust anchor where a role is wanted", () => {
    const stack = new Stack(new App(), "Mine");
    const role = Role.fromRoleArn(stack, "Role", "arn:aws:iam::000000000000:role/path/Reader");
    expect(() => new Profile(stack, "Good", { roles: [role] })).not.toThrow();
    expect(
      () =>
        new Profile(stack, "Bad", {
          roles: [role, Object.assign(Object.create(role), { roleArn: trustAnchor })],
        }),
    ).toThrowError(`roles[1] is "${trustAnchor}"; give an ARN like arn:aws:iam::<account>:role/<name>.`);
  });
});
