import { ManagedPolicy, PolicyDocument, PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Template } from "aws-cdk-lib/assertions";
import { App, Duration, Stack, Tags, Token } from "aws-cdk-lib/core";
import { describe, expect, it } from "vitest";
import { propertiesIn } from "../../test/support/template.ts";
import { Profile } from "./profile.ts";
import type { ProfileOptions } from "./profile.ts";

const TYPE = "AWS::RolesAnywhere::Profile";
const ARN = "arn:aws:rolesanywhere:eu-west-1:111122223333:profile/a1c4f1de-3a52-4e0a-8c1c-0c2d7e6b9f22";
const ROLE = "arn:aws:iam::111122223333:role/Reader";

function profileWith(options: ProfileOptions = {}): { stack: Stack; profile: Profile } {
  const stack = new Stack(new App(), "Mine");
  const roles = [Role.fromRoleArn(stack, "Role", ROLE)];
  return { stack, profile: new Profile(stack, "Profile", { roles, ...options }) };
}

const allow = (...actions: string[]): PolicyDocument =>
  new PolicyDocument({ statements: [new PolicyStatement({ actions, resources: ["*"] })] });

const managed = (name: string) => ManagedPolicy.fromAwsManagedPolicyName(name);

describe("Profile", () => {
  it("gives sessions of an hour, and is named after its place in the app", () => {
    expect(propertiesIn(profileWith().stack, TYPE)).toEqual({
      Name: expect.stringMatching(/^Mine-Profile-[\dA-F]{8}$/),
      Enabled: true,
      RoleArns: [ROLE],
      DurationSeconds: 3600,
    });
  });

  it.each<[string, ProfileOptions, Record<string, unknown>]>([
    ["a name", { profileName: "Mine alone" }, { Name: "Mine alone" }],
    ["that it is disabled", { enabled: false }, { Enabled: false }],
    ["the shortest duration", { durationSeconds: 900 }, { DurationSeconds: 900 }],
    ["the longest duration", { durationSeconds: 43_200 }, { DurationSeconds: 43_200 }],
    ["a session name of the request", { acceptRoleSessionName: true }, { AcceptRoleSessionName: true }],
    [
      "a session policy",
      { sessionPolicy: allow("s3:GetObject") },
      {
        SessionPolicy: JSON.stringify({
          Statement: [{ Action: "s3:GetObject", Effect: "Allow", Resource: "*" }],
          Version: "2012-10-17",
        }),
      },
    ],
    [
      "managed policies",
      { managedPolicies: [managed("ReadOnlyAccess")] },
      {
        ManagedPolicyArns: [
          { "Fn::Join": ["", ["arn:", { Ref: "AWS::Partition" }, ":iam::aws:policy/ReadOnlyAccess"]] },
        ],
      },
    ],
    [
      "attribute mappings",
      { attributeMappings: [{ certificateField: "x509Subject", specifiers: ["CN", "OU"] }] },
      {
        AttributeMappings: [
          { CertificateField: "x509Subject", MappingRules: [{ Specifier: "CN" }, { Specifier: "OU" }] },
        ],
      },
    ],
  ])("takes %s", (_, options, expected) => {
    expect(propertiesIn(profileWith(options).stack, TYPE)).toMatchObject(expected);
  });

  it.each<[string, ProfileOptions, string]>([
    ["a name with a slash", { profileName: "a/b" }, 'profileName is "a/b"'],
    ["899 s", { durationSeconds: 899 }, "is 899 seconds; use a whole number from 900"],
    ["43201 s", { durationSeconds: 43_201 }, "is 43201 seconds"],
    ["half seconds", { durationSeconds: 1000.5 }, "is 1000.5 seconds"],
    [
      "51 managed policies",
      { managedPolicies: Array.from({ length: 51 }, () => managed("ReadOnlyAccess")) },
      "managedPolicies has more than 50 entries",
    ],
    [
      "two mappings of one field",
      {
        attributeMappings: [
          { certificateField: "x509SAN", specifiers: ["DNS"] },
          { certificateField: "x509SAN", specifiers: ["URI"] },
        ],
      },
      "attributeMappings has x509SAN twice",
    ],
    [
      "a mapping of a field that certificates do not have",
      { attributeMappings: [JSON.parse('{ "certificateField": "subject", "specifiers": ["CN"] }')] },
      'attributeMappings has the certificateField "subject"; use x509Subject, x509Issuer, x509SAN',
    ],
    [
      "a mapping without specifiers",
      { attributeMappings: [{ certificateField: "x509Issuer", specifiers: [] }] },
      "attributeMappings has no specifier for x509Issuer",
    ],
    [
      "an empty specifier",
      { attributeMappings: [{ certificateField: "x509Issuer", specifiers: ["CN", ""] }] },
      'attributeMappings has the specifier ""',
    ],
    [
      "a specifier of 61 characters",
      { attributeMappings: [{ certificateField: "x509Issuer", specifiers: ["x".repeat(61)] }] },
      "use 1 to 60 characters",
    ],
  ])("refuses %s", (_, options, message) => {
    expect(() => profileWith(options)).toThrowError(
      expect.objectContaining({
        code: "ERR_INFRA_OPTION_INVALID",
        message: expect.stringContaining(message),
      }),
    );
  });

  it.each([
    ["no statement", [], "sessionPolicy has no statement"],
    [
      "a statement without a resource",
      [new PolicyStatement({ actions: ["s3:GetObject"] })],
      "must specify at least one resource",
    ],
  ])("makes no template with a session policy that has %s", (_, statements, message) => {
    const app = new App();
    const stack = new Stack(app, "Mine");
    new Profile(stack, "Profile", {
      roles: [Role.fromRoleArn(stack, "Role", ROLE)],
      sessionPolicy: new PolicyDocument({ statements }),
    });
    expect(() => app.synth()).toThrowError(message);
  });

  it("takes roles and managed policies later, until the template is made", () => {
    const { stack, profile } = profileWith();
    profile.addRole(Role.fromRoleArn(stack, "Later", `${ROLE}2`));
    profile.addManagedPolicy(
      ManagedPolicy.fromManagedPolicyArn(stack, "Limit", "arn:aws:iam::111122223333:policy/L"),
    );
    expect(propertiesIn(stack, TYPE)).toMatchObject({
      RoleArns: [ROLE, `${ROLE}2`],
      ManagedPolicyArns: ["arn:aws:iam::111122223333:policy/L"],
    });
  });

  it("takes 250 roles and no more", () => {
    const { stack, profile } = profileWith();
    const another = Role.fromRoleArn(stack, "Another", ROLE);
    for (let count = 1; count < 250; count++) profile.addRole(another);
    expect(() => profile.addRole(another)).toThrowError("roles has more than 250 entries");
  });

  const withMaximum = (maxSessionDuration: Duration | undefined, durationSeconds: number) => {
    const stack = new Stack(new App(), "Mine");
    const assumedBy = new ServicePrincipal("rolesanywhere.amazonaws.com");
    const role = new Role(stack, "Own", { assumedBy, maxSessionDuration });
    return new Profile(stack, "Profile", { roles: [role], durationSeconds });
  };

  it.each([
    [undefined, 3600],
    [Duration.hours(2), 7200],
  ])("takes a role with the maximum %s for sessions of %i s", (maximum, durationSeconds) => {
    expect(() => withMaximum(maximum, durationSeconds)).not.toThrow();
  });

  it.each([
    [undefined, 3601, "last 3601 seconds, but the role Mine/Own allows 3600"],
    [Duration.hours(2), 7201, "last 7201 seconds, but the role Mine/Own allows 7200"],
  ])("refuses a role with the maximum %s for sessions of %i s", (maximum, durationSeconds, message) => {
    expect(() => withMaximum(maximum, durationSeconds)).toThrowError(
      expect.objectContaining({
        code: "ERR_INFRA_OPTION_INVALID",
        message: expect.stringContaining(message),
      }),
    );
  });

  it("leaves a duration alone that only CloudFormation knows", () => {
    const durationSeconds = Token.asNumber({ Ref: "Seconds" });
    expect(propertiesIn(profileWith({ durationSeconds }).stack, TYPE)).toMatchObject({
      DurationSeconds: { Ref: "Seconds" },
    });
  });

  it("carries the tags of its app", () => {
    const { stack } = profileWith();
    Tags.of(stack).add("team", "reports");
    expect(propertiesIn(stack, TYPE)).toMatchObject({ Tags: [{ Key: "team", Value: "reports" }] });
  });
});

describe("Profile.fromProfileArn", () => {
  it("knows ARN, id, account and region, makes no resource, and can be granted", () => {
    const stack = new Stack(new App(), "Mine");
    const profile = Profile.fromProfileArn(stack, "Imported", ARN);
    expect(profile).toMatchObject({
      profileArn: ARN,
      profileId: "a1c4f1de-3a52-4e0a-8c1c-0c2d7e6b9f22",
      env: { account: "111122223333", region: "eu-west-1" },
    });
    expect(Template.fromStack(stack).toJSON()).not.toHaveProperty("Resources");
  });

  it("can be granted", () => {
    const stack = new Stack(new App(), "Mine");
    const role = new Role(stack, "OnCall", { assumedBy: new ServicePrincipal("ec2.amazonaws.com") });
    Profile.fromProfileArn(stack, "Imported", ARN).grant(role, "rolesanywhere:DisableProfile");
    expect(propertiesIn(stack, "AWS::IAM::Policy")).toMatchObject({
      PolicyDocument: { Statement: [{ Action: "rolesanywhere:DisableProfile", Resource: ARN }] },
    });
  });

  it.each(["", "hello", ROLE, ARN.replace("profile", "trust-anchor")])("refuses %j", (arn) => {
    expect(() => Profile.fromProfileArn(new Stack(new App(), "Mine"), "Imported", arn)).toThrowError(
      `profileArn is ${JSON.stringify(arn)}; give an ARN like arn:aws:rolesanywhere:<region>:<account>:profile/<id>.`,
    );
  });
});
