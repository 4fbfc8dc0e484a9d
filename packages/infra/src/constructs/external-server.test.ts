import { ManagedPolicy } from "aws-cdk-lib/aws-iam";
import { Bucket } from "aws-cdk-lib/aws-s3";
import { Template } from "aws-cdk-lib/assertions";
import { App, Stack } from "aws-cdk-lib/core";
import { Construct } from "constructs";
import { describe, expect, it } from "vitest";
import { propertiesIn } from "../../test/support/template.ts";
import { ExternalServer } from "./external-server.ts";
import type { ExternalServerProps } from "./external-server.ts";
import { TrustAnchor } from "./trust-anchor.ts";

const ARN = "arn:aws:rolesanywhere:eu-west-1:111122223333:trust-anchor/3f9d2a8c-0e7b-4c55-9d1f-6b1f2f6f0a11";

type Props = Omit<ExternalServerProps, "trustAnchor">;

function serverWith(props: Props, id = "A"): { stack: Stack; server: ExternalServer } {
  const stack = new Stack(new App(), "Mine");
  const trustAnchor = TrustAnchor.fromTrustAnchorArn(stack, "TrustAnchor", ARN);
  return { stack, server: new ExternalServer(stack, id, { trustAnchor, ...props }) };
}

const outputsOf = (stack: Stack) => Template.fromStack(stack).toJSON()["Outputs"];

describe("ExternalServer", () => {
  it("is a role for its names, a profile with that role alone, and three outputs", () => {
    const { stack } = serverWith({ commonNames: ["server-a"] });
    const template = Template.fromStack(stack);
    const [role] = Object.keys(template.findResources("AWS::IAM::Role"));
    const [profile] = Object.keys(template.findResources("AWS::RolesAnywhere::Profile"));
    expect(propertiesIn(stack, "AWS::IAM::Role")).toMatchObject({
      MaxSessionDuration: 3600,
      AssumeRolePolicyDocument: {
        Statement: [
          {
            Condition: {
              ArnEquals: { "aws:SourceArn": ARN },
              StringEquals: { "aws:PrincipalTag/x509Subject/CN": ["server-a"] },
            },
          },
        ],
      },
    });
    expect(propertiesIn(stack, "AWS::RolesAnywhere::Profile")).toEqual({
      Name: expect.stringMatching(/^Mine-A-Profile-[\dA-F]{8}$/),
      Enabled: true,
      RoleArns: [{ "Fn::GetAtt": [role, "Arn"] }],
      DurationSeconds: 3600,
    });
    expect(outputsOf(stack)).toEqual({
      ATrustAnchorArn: { Value: ARN },
      AProfileArn: { Value: { "Fn::GetAtt": [profile, "ProfileArn"] } },
      ARoleArn: { Value: { "Fn::GetAtt": [role, "Arn"] } },
    });
  });

  it("refuses the name of another server of the stack, and names both", () => {
    const { stack } = serverWith({ commonNames: ["server-a"] });
    const trustAnchor = TrustAnchor.fromTrustAnchorArn(stack, "Again", ARN);
    const props = { trustAnchor, commonNames: ["server-b"], serverName: "A" };
    expect(() => new ExternalServer(stack, "B", props)).toThrowError(
      expect.objectContaining({
        name: "InfraError",
        code: "ERR_INFRA_OPTION_INVALID",
        message: expect.stringContaining('serverName is "A" of both Mine/A and Mine/B'),
      }),
    );
    expect(() => new ExternalServer(stack, "C", { ...props, outputs: false })).not.toThrow();
    const otherStack = new Stack(stack.node.scope, "Other");
    expect(() => new ExternalServer(otherStack, "D", props)).not.toThrow();
  });

  it("takes grants", () => {
    const { stack, server } = serverWith({ commonNames: ["server-a"] });
    new Bucket(stack, "Bucket").grantReadWrite(server);
    const [role] = Object.keys(Template.fromStack(stack).findResources("AWS::IAM::Role"));
    expect(propertiesIn(stack, "AWS::IAM::Policy")).toMatchObject({
      Roles: [{ Ref: role }],
      PolicyDocument: { Statement: [{ Effect: "Allow", Action: expect.arrayContaining(["s3:PutObject"]) }] },
    });
  });

  it("makes the role live as long as the sessions", () => {
    const { stack } = serverWith({ commonNames: ["server-a"], durationSeconds: 43_200 });
    expect(propertiesIn(stack, "AWS::IAM::Role")["MaxSessionDuration"]).toBe(43_200);
    expect(propertiesIn(stack, "AWS::RolesAnywhere::Profile")["DurationSeconds"]).toBe(43_200);
  });

  it("hands the profile's options to the profile and the boundary to the role", () => {
    const { stack } = serverWith({
      commonNames: ["server-a"],
      profileName: "Server A",
      enabled: false,
      acceptRoleSessionName: true,
      attributeMappings: [{ certificateField: "x509Subject", specifiers: ["CN"] }],
      permissionsBoundary: ManagedPolicy.fromAwsManagedPolicyName("ReadOnlyAccess"),
    });
    expect(propertiesIn(stack, "AWS::RolesAnywhere::Profile")).toMatchObject({
      Name: "Server A",
      Enabled: false,
      AcceptRoleSessionName: true,
      AttributeMappings: [{ CertificateField: "x509Subject", MappingRules: [{ Specifier: "CN" }] }],
    });
    expect(propertiesIn(stack, "AWS::IAM::Role")).toHaveProperty("PermissionsBoundary");
  });

  it("names its outputs alike wherever it is in the app", () => {
    const stack = new Stack(new App(), "Mine");
    const trustAnchor = TrustAnchor.fromTrustAnchorArn(stack, "TrustAnchor", ARN);
    const group = new Construct(stack, "Group");
    new ExternalServer(group, "web-1", { trustAnchor, commonNames: ["web-1"], serverName: "Web1" });
    expect(Object.keys(outputsOf(stack))).toEqual(["Web1TrustAnchorArn", "Web1ProfileArn", "Web1RoleArn"]);
  });

  it("has no outputs when they are not wanted, whatever its id", () => {
    expect(outputsOf(serverWith({ commonNames: ["web-1"], outputs: false }, "web-1").stack)).toBeUndefined();
  });

  it.each<[string, Props, string, string]>([
    ["no name", {}, "ERR_INFRA_TRUST_OPEN", 'for example commonNames: ["server-a"]'],
    ["899 s", { commonNames: ["a"], durationSeconds: 899 }, "ERR_INFRA_OPTION_INVALID", "is 899 seconds"],
    [
      "a server name with a dash",
      { commonNames: ["a"], serverName: "web-1" },
      "ERR_INFRA_OPTION_INVALID",
      'serverName is "web-1", which cannot begin the name of an output',
    ],
    [
      "attribute mappings without the attribute that is compared",
      { commonNames: ["a"], attributeMappings: [{ certificateField: "x509Subject", specifiers: ["OU"] }] },
      "ERR_INFRA_OPTION_INVALID",
      "attributeMappings maps x509Subject without CN, so that commonNames could never match",
    ],
  ])("refuses %s", (_, props, code, message) => {
    expect(() => serverWith(props)).toThrowError(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    );
  });

  it.each([[["*"]], [["CN"]], [["OU", "CN"]]])(
    "takes the mapping %j of the attribute that is compared",
    (specifiers) => {
      const attributeMappings = [{ certificateField: "x509Subject" as const, specifiers }];
      expect(() => serverWith({ commonNames: ["a"], attributeMappings })).not.toThrow();
    },
  );
});
