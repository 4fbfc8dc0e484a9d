import { policy } from "../policy-case.ts";

export const ACCOUNT = "111122223333";

export const TRUST = policy({
  Effect: "Allow",
  Principal: { Service: "rolesanywhere.amazonaws.com" },
  Action: ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"],
  Condition: {
    ArnEquals: { "aws:SourceArn": { "Fn::GetAtt": ["Anchor", "TrustAnchorArn"] } },
    StringEquals: { "aws:PrincipalTag/x509Subject/CN": "server-a" },
  },
});

export const bucketArn = { "Fn::GetAtt": ["Bucket83908E77", "Arn"] };
export const objects = { "Fn::Join": ["", [bucketArn, "/*"]] };

/** A document with one statement. */
export const allow = (
  action: string | readonly string[],
  resource: unknown = objects,
  more: object = {},
): object => policy({ Effect: "Allow", Action: action, Resource: resource, ...more });
export const deny = (action: string, resource: unknown = objects, more: object = {}): object =>
  policy({ Effect: "Deny", Action: action, Resource: resource, ...more });

/** A template with a bucket, a trust anchor, a role and its profile. */
export function templateWith(
  role: object = {},
  resources: object = {},
  profile: object = {},
  sections: object = {},
): object {
  return {
    ...sections,
    Resources: {
      Bucket83908E77: { Type: "AWS::S3::Bucket" },
      Other1234ABCD: { Type: "AWS::S3::Bucket", Properties: { BucketName: "other-bucket" } },
      Anchor: { Type: "AWS::RolesAnywhere::TrustAnchor", Properties: { Name: "anchor", Enabled: true } },
      Role1ABCC5F0: { Type: "AWS::IAM::Role", Properties: { AssumeRolePolicyDocument: TRUST, ...role } },
      Profile6F32097C: {
        Type: "AWS::RolesAnywhere::Profile",
        Properties: {
          Name: "profile",
          Enabled: true,
          RoleArns: [{ "Fn::GetAtt": ["Role1ABCC5F0", "Arn"] }],
          ...profile,
        },
      },
      ...resources,
    },
  };
}

/** A role with one inline policy. */
export const inline = (document: object): object => ({
  Policies: [{ PolicyName: "Inline", PolicyDocument: document }],
});
