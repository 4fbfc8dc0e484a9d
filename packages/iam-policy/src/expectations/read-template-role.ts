import { isObject, join } from "../policy-json.ts";
import { DEFAULT_ATTRIBUTE_MAPPINGS } from "../roles-anywhere/session-attributes.ts";
import type { AttributeMapping, CertificateField } from "../roles-anywhere/session-attributes.ts";
import { PolicyTestError } from "./policy-test-error.ts";
import { managedPolicy, parseAt } from "./role-under-test.ts";
import type { ManagedPolicies, NamedPolicy, ProfileUnderTest, RoleUnderTest } from "./role-under-test.ts";
import type { CloudFormationTemplate, TemplateResource } from "./template.ts";

/** The resources that are policies of other resources: where they name these, and where the document is. */
const RESOURCE_POLICIES: Readonly<Record<string, readonly [target: string, document: string]>> = {
  "AWS::S3::BucketPolicy": ["Bucket", "PolicyDocument"],
  "AWS::SecretsManager::ResourcePolicy": ["SecretId", "ResourcePolicy"],
  "AWS::SNS::TopicPolicy": ["Topics", "PolicyDocument"],
};

const FIELDS: readonly CertificateField[] = ["x509Issuer", "x509SAN", "x509Subject"];

/** Reads a role of a template with all of its policies, and the profile through which its sessions are made. */
export function readTemplateRole(
  template: CloudFormationTemplate,
  roleName: string,
  profileName: string | undefined,
  managedPolicies: ManagedPolicies,
): RoleUnderTest {
  const role = template.find(roleName, "AWS::IAM::Role");
  const arn = template.arnOf(role);
  const { properties, path } = role;
  const documents = { ...managedPolicies, ...managedPoliciesOf(template) };
  const managed = (value: unknown, at: string, kind: "identity" | "session"): NamedPolicy[] =>
    template.texts(value, at).map((each) => managedPolicy(documents, each.text, kind, each.at));
  const { PermissionsBoundary: boundary, ManagedPolicyArns: attached } = properties;
  const tags = template.resolve(properties["Tags"] ?? [], join(path, "Tags"));
  return {
    name: role.id,
    arn,
    place: template.place,
    tags: (Array.isArray(tags) ? tags : []).flatMap((tag: unknown) =>
      isObject(tag) ? [{ key: String(tag["Key"]), value: String(tag["Value"]) }] : [],
    ),
    trustPolicy: documentOf(template, role, "AssumeRolePolicyDocument", "trust"),
    identityPolicies: [
      ...inlinePolicies(template, role),
      ...separatePolicies(template, role),
      ...managed(attached, join(path, "ManagedPolicyArns"), "identity"),
    ],
    boundaries: managed(
      boundary === undefined ? [] : [boundary],
      join(path, "PermissionsBoundary"),
      "identity",
    ),
    profile: profileName === undefined ? undefined : readProfile(template, profileName, arn, managed),
    trustAnchors: template.resources("AWS::RolesAnywhere::TrustAnchor").map((anchor) => ({
      id: anchor.id,
      arn: template.arnOf(anchor),
      enabled: isTrue(anchor, "Enabled"),
    })),
    resourcePolicies: (wanted) => resourcePoliciesOf(template, wanted),
    arnOf: (name) => template.arnOf(template.find(name)),
  };
}

function documentOf(
  template: CloudFormationTemplate,
  { properties, path }: TemplateResource,
  property: string,
  kind: "identity" | "resource" | "trust",
) {
  const at = join(path, property);
  return parseAt(template.resolve(properties[property], at), kind, at);
}

/** The managed policies of the template, by ARN. */
function managedPoliciesOf(template: CloudFormationTemplate): ManagedPolicies {
  const policies = template.resources("AWS::IAM::ManagedPolicy").map((policy) => {
    const document = template.resolve(
      policy.properties["PolicyDocument"],
      join(policy.path, "PolicyDocument"),
    );
    return [template.arnOf(policy), Object(document)] as const;
  });
  return Object.fromEntries(policies);
}

function inlinePolicies(
  template: CloudFormationTemplate,
  { properties, path }: TemplateResource,
): NamedPolicy[] {
  const at = join(path, "Policies");
  const policies = template.resolve(properties["Policies"] ?? [], at);
  return (Array.isArray(policies) ? policies : []).map((policy: unknown, index) => {
    const { PolicyName, PolicyDocument } = Object(policy);
    return {
      name: String(PolicyName),
      document: parseAt(PolicyDocument, "identity", `${at}[${index}].PolicyDocument`),
    };
  });
}

/** The policies that are resources of their own and name the role. */
function separatePolicies(template: CloudFormationTemplate, role: TemplateResource): NamedPolicy[] {
  const roleName = template.refOf(role.id, role.path);
  const types = ["AWS::IAM::Policy", "AWS::IAM::RolePolicy", "AWS::IAM::ManagedPolicy"];
  return template.resources(...types).flatMap((policy) => {
    const { Roles: roles = [], RoleName: only } = policy.properties;
    const named = [
      ...template.texts(roles, join(policy.path, "Roles")),
      ...template.texts(only === undefined ? [] : [only], join(policy.path, "RoleName")),
    ];
    const isAttached = named.some(({ text }) => text === roleName);
    return isAttached
      ? [{ name: policy.id, document: documentOf(template, policy, "PolicyDocument", "identity") }]
      : [];
  });
}

function readProfile(
  template: CloudFormationTemplate,
  name: string,
  roleArn: string,
  managed: (value: unknown, path: string, kind: "session") => NamedPolicy[],
): ProfileUnderTest {
  const profile = template.find(name, "AWS::RolesAnywhere::Profile");
  const { id, properties, path } = profile;
  const roles = template.texts(properties["RoleArns"], join(path, "RoleArns"));
  if (!roles.some(({ text }) => text === roleArn)) {
    const problem = `does not name ${roleArn}, so that no session of it comes from this profile`;
    throw new PolicyTestError("ERR_POLICY_TEST_ARGUMENT", join(path, "RoleArns"), problem);
  }
  const inline = template.resolve(properties["SessionPolicy"], join(path, "SessionPolicy"));
  const at = join(path, "SessionPolicy");
  return {
    name: id,
    enabled: isTrue(profile, "Enabled"),
    acceptRoleSessionName: isTrue(profile, "AcceptRoleSessionName"),
    mappings: mappingsOf(
      template.resolve(properties["AttributeMappings"] ?? [], join(path, "AttributeMappings")),
    ),
    sessionPolicies: [
      ...(inline === undefined
        ? []
        : [{ name: `SessionPolicy of ${id}`, document: parseAt(inline, "session", at) }]),
      ...managed(properties["ManagedPolicyArns"], join(path, "ManagedPolicyArns"), "session"),
    ],
  };
}

/** A field that the profile does not map itself keeps the default. */
function mappingsOf(mappings: unknown): AttributeMapping[] {
  const given = (Array.isArray(mappings) ? mappings : []).map((mapping: unknown) => Object(mapping));
  return FIELDS.flatMap((certificateField) => {
    const own = given.filter(({ CertificateField }) => CertificateField === certificateField);
    if (own.length === 0)
      return DEFAULT_ATTRIBUTE_MAPPINGS.filter((each) => each.certificateField === certificateField);
    const rules: readonly unknown[] = own.flatMap(({ MappingRules = [] }) => MappingRules);
    return [
      {
        certificateField,
        mappingRules: rules.map((rule) => ({ specifier: String(Object(rule)["Specifier"]) })),
      },
    ];
  });
}

function resourcePoliciesOf(template: CloudFormationTemplate, arn: string): NamedPolicy[] {
  const isWanted = (each: string): boolean => arn === each || arn.startsWith(`${each}/`);
  const keys = template
    .resources("AWS::KMS::Key")
    .filter((key) => template.arnOf(key) === arn)
    .map((key) => ({
      name: `KeyPolicy of ${key.id}`,
      document: documentOf(template, key, "KeyPolicy", "resource"),
    }));
  const separate = template.resources(...Object.keys(RESOURCE_POLICIES)).flatMap((policy) => {
    const [target = "", document = ""] = RESOURCE_POLICIES[policy.type] ?? [];
    const targets = [policy.properties[target]].flat();
    const named = template.texts(targets, join(policy.path, target)).map(({ text }) => text);
    // S3 names the bucket, the other services the ARN.
    const arns = named.map((each) =>
      policy.type === "AWS::S3::BucketPolicy" ? `arn:${template.place.partition}:s3:::${each}` : each,
    );
    return arns.some(isWanted)
      ? [{ name: policy.id, document: documentOf(template, policy, document, "resource") }]
      : [];
  });
  return [...keys, ...separate];
}

/** CloudFormation takes Booleans as text, too. */
function isTrue({ property }: TemplateResource, name: string): boolean {
  return property(name)?.toLowerCase() === "true";
}
