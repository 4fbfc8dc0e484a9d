import { X509Certificate } from "node:crypto";
import { GetRoleCommand, IAMClient } from "@aws-sdk/client-iam";
import type { Sandbox } from "@roles-anywhere/sandbox";
import { z } from "zod";
import { administratorClient } from "../../src/aws/administrator-client.ts";
import { callControlPlane } from "../../src/aws/control-plane.ts";
import { MAXIMUM_SESSION_SECONDS } from "./stacks.ts";
import type { Settings } from "./stacks.ts";

const trustAnchorAnswer = z.object({
  trustAnchor: z.object({
    trustAnchorArn: z.string(),
    name: z.string(),
    enabled: z.boolean(),
    source: z.object({ sourceData: z.object({ x509CertificateData: z.string() }) }),
  }),
});
const profileAnswer = z.object({
  profile: z.object({
    profileArn: z.string(),
    name: z.string(),
    enabled: z.boolean(),
    roleArns: z.array(z.string()),
    durationSeconds: z.number(),
    attributeMappings: z.array(
      z.object({
        certificateField: z.string(),
        mappingRules: z.array(z.object({ specifier: z.string() })),
      }),
    ),
  }),
});
const crlsAnswer = z.object({
  crls: z.array(
    z.object({ trustAnchorArn: z.string(), name: z.string(), enabled: z.boolean(), crlData: z.string() }),
  ),
});
const trustPolicy = z.object({
  Statement: z.tuple([z.object({ Condition: z.record(z.string(), z.record(z.string(), z.unknown())) })]),
});

/** What Roles Anywhere and IAM hold of one stack. */
export interface Held {
  trustAnchor: { name: string; enabled: boolean; fingerprints: readonly string[] };
  profile: { name: string; enabled: boolean; durationSeconds: number; subjectTags: readonly string[] };
  crls: readonly { name: string; enabled: boolean; pem: string }[];
  /** One for each role of the profile, in its order. */
  roles: readonly { maxSessionDuration: number | undefined; conditions: unknown }[];
}

/** Reads a stack's resources from the mock's control plane and LocalStack's IAM, by the ARNs of its outputs. */
export async function readBack(
  sandbox: Sandbox,
  outputs: Readonly<Record<string, string>> | undefined,
): Promise<Held> {
  const { TrustAnchorArn: trustAnchorArn = "", ProfileArn: profileArn = "" } = outputs ?? {};
  const { trustAnchor } = trustAnchorAnswer.parse(
    await callControlPlane(sandbox, "GET", `/trustanchor/${trustAnchorArn.split("/").at(-1)}`),
  );
  const { profile } = profileAnswer.parse(
    await callControlPlane(sandbox, "GET", `/profile/${profileArn.split("/").at(-1)}`),
  );
  const { crls } = crlsAnswer.parse(await callControlPlane(sandbox, "GET", "/crls"));
  const iam = administratorClient(IAMClient, { sandbox });
  const roles = await Promise.all(
    profile.roleArns.map(async (arn) => {
      const { Role } = await iam.send(new GetRoleCommand({ RoleName: arn.split("/").at(-1) }));
      const policy: unknown = JSON.parse(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? ""));
      return {
        maxSessionDuration: Role?.MaxSessionDuration,
        conditions: trustPolicy.parse(policy).Statement[0].Condition,
      };
    }),
  );
  return {
    trustAnchor: {
      name: trustAnchor.name,
      enabled: trustAnchor.enabled,
      fingerprints: fingerprints(trustAnchor.source.sourceData.x509CertificateData),
    },
    profile: {
      name: profile.name,
      enabled: profile.enabled,
      durationSeconds: profile.durationSeconds,
      subjectTags: profile.attributeMappings
        .filter(({ certificateField }) => certificateField === "x509Subject")
        .flatMap(({ mappingRules }) => mappingRules.map(({ specifier }) => specifier)),
    },
    crls: crls
      .filter((crl) => crl.trustAnchorArn === trustAnchorArn)
      .map(({ name, enabled, crlData }) => ({
        name,
        enabled,
        pem: Buffer.from(crlData, "base64").toString(),
      })),
    roles,
  };
}

/** What `readBack` must find of a stack with these settings. */
export function heldOf(settings: Settings, trustAnchorArn: string | undefined): Held {
  const { name, caCertificatePem, durationSeconds, roles, subjectTags = ["*"], crlPem } = settings;
  return {
    trustAnchor: { name, enabled: true, fingerprints: fingerprints(caCertificatePem) },
    profile: { name, enabled: true, durationSeconds, subjectTags },
    crls: crlPem === undefined ? [] : [{ name, enabled: true, pem: crlPem }],
    roles: Object.values(roles).map((commonNames) => ({
      maxSessionDuration: MAXIMUM_SESSION_SECONDS,
      conditions: {
        ArnEquals: { "aws:SourceArn": trustAnchorArn },
        StringEquals: {
          "aws:PrincipalTag/x509Subject/CN": commonNames,
        },
      },
    })),
  };
}

function fingerprints(pem: string): string[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((block) => new X509Certificate(block).fingerprint256);
}
