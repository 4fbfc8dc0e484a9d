import { readFile } from "node:fs/promises";
import {
  DeleteRolePolicyCommand,
  GetRoleCommand,
  IAMClient,
  PutRolePolicyCommand,
  UpdateAssumeRolePolicyCommand,
} from "@aws-sdk/client-iam";
import { z } from "zod";
import { administratorClient } from "../aws/administrator-client.ts";
import { callControlPlane } from "../aws/control-plane.ts";
import { callLab } from "../aws/lab.ts";
import type { DrillContext } from "./drill.ts";
import type { World } from "./world.ts";

/** What the operator of the account does, through the APIs of AWS. Every change is taken back at the end of the drill. */
export interface Operator {
  /** `ra-pki revoke`, `ra-pki crl`, and ImportCrl. */
  revoke(serialNumber: string): Promise<void>;
  disableTrustAnchor(trustAnchorArn: string): Promise<void>;
  /** UpdateTrustAnchor with these certificates, in PEM. */
  trust(trustAnchorArn: string, certificatesPem: string): Promise<void>;
  /** PutRolePolicy. */
  putRolePolicy(roleArn: string, policyName: string, policy: object): Promise<void>;
  /** UpdateAssumeRolePolicy. */
  changeTrustPolicy(roleArn: string, change: (policy: TrustPolicy) => TrustPolicy): Promise<void>;
  /** UpdateProfile with another session policy. */
  changeSessionPolicy(profileArn: string, policy: object): Promise<void>;
}

const trustPolicy = z.looseObject({
  Statement: z.array(
    z.looseObject({ Condition: z.record(z.string(), z.record(z.string(), z.unknown())).optional() }),
  ),
});
export type TrustPolicy = z.infer<typeof trustPolicy>;

const idOf = (arn: string): string => arn.split("/").at(-1) ?? "";
const importedCrl = z.object({ crl: z.object({ crlId: z.string() }) });
const heldProfile = z.object({ profile: z.object({ sessionPolicy: z.string() }) });

export function operatorOf({ world, undo }: Pick<DrillContext, "world" | "undo">): Operator {
  const { sandbox } = world;
  const iam = administratorClient(IAMClient, { sandbox });
  return {
    async revoke(serialNumber) {
      await world.pki(["revoke", serialNumber, "--reason", "keyCompromise"]);
      await world.pki(["crl"]);
      const crlData = await readFile(world.pkiFile("rootCA.crl.pem"), "base64");
      const { trustAnchorArn } = world.arnsOf("server-a");
      const { crl } = importedCrl.parse(
        await callControlPlane(sandbox, "POST", "/crls", {
          ...{ name: `Revoked ${serialNumber}`, crlData, trustAnchorArn, enabled: true },
        }),
      );
      undo(() => callControlPlane(sandbox, "DELETE", `/crl/${crl.crlId}`));
    },
    async disableTrustAnchor(trustAnchorArn) {
      const path = `/trustanchor/${idOf(trustAnchorArn)}`;
      undo(() => callControlPlane(sandbox, "POST", `${path}/enable`));
      await callControlPlane(sandbox, "POST", `${path}/disable`);
    },
    async trust(trustAnchorArn, certificatesPem) {
      const path = `/trustanchor/${idOf(trustAnchorArn)}`;
      const update = (x509CertificateData: string): Promise<unknown> =>
        callControlPlane(sandbox, "PATCH", path, {
          source: { sourceType: "CERTIFICATE_BUNDLE", sourceData: { x509CertificateData } },
        });
      undo(() => update(world.caCertificatePem));
      await update(certificatesPem);
    },
    async putRolePolicy(roleArn, PolicyName, policy) {
      const names = { RoleName: idOf(roleArn), PolicyName };
      await iam.send(new PutRolePolicyCommand({ ...names, PolicyDocument: JSON.stringify(policy) }));
      undo(() => iam.send(new DeleteRolePolicyCommand(names)));
    },
    async changeTrustPolicy(roleArn, change) {
      const RoleName = idOf(roleArn);
      const { Role } = await iam.send(new GetRoleCommand({ RoleName }));
      const before = decodeURIComponent(Role?.AssumeRolePolicyDocument ?? "");
      const update = (PolicyDocument: string): Promise<unknown> =>
        iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument }));
      undo(() => update(before));
      await update(JSON.stringify(change(trustPolicy.parse(JSON.parse(before)))));
    },
    async changeSessionPolicy(profileArn, policy) {
      const path = `/profile/${idOf(profileArn)}`;
      const { profile } = heldProfile.parse(await callControlPlane(sandbox, "GET", path));
      const update = (sessionPolicy: string): Promise<unknown> =>
        callControlPlane(sandbox, "PATCH", path, { sessionPolicy });
      undo(() => update(profile.sessionPolicy));
      await update(JSON.stringify(policy));
    },
  };
}

/** The trust policy without the conditions on the certificate. */
export function forAnyCertificate(policy: TrustPolicy): TrustPolicy {
  const isAboutCertificate = (key: string): boolean => key.startsWith("aws:PrincipalTag/");
  return {
    ...policy,
    Statement: policy.Statement.map(({ Condition = {}, ...statement }) => ({
      ...statement,
      Condition: Object.fromEntries(
        Object.entries(Condition)
          .map(
            ([operator, keys]) =>
              [
                operator,
                Object.fromEntries(Object.entries(keys).filter(([key]) => !isAboutCertificate(key))),
              ] as const,
          )
          .filter(([, keys]) => Object.keys(keys).length > 0),
      ),
    })),
  };
}

/**
 * Moves the clock of the mock, which judges certificates and sessions, and with it that of the whole account: nothing else
 * asks for sessions meanwhile.
 */
export async function letTimePass(
  { world: { sandbox }, undo }: Pick<DrillContext, "world" | "undo">,
  seconds: number,
): Promise<void> {
  undo(() => callLab(sandbox, "DELETE", "clock"));
  await callLab(sandbox, "PUT", "clock", { advanceSeconds: seconds });
}

const clockAnswer = z.object({ now: z.iso.datetime() });

/** What the clock of the mock shows. */
export async function mockTime({ sandbox }: World): Promise<Date> {
  return new Date(clockAnswer.parse(await callLab(sandbox, "GET", "clock")).now);
}

/** Makes new sessions short, by a switch of the mock: AWS gives none of less than 15 minutes. */
export async function shortenSessions(
  { world: { sandbox }, undo }: Pick<DrillContext, "world" | "undo">,
  maximumSeconds: number,
): Promise<void> {
  undo(() => callLab(sandbox, "DELETE", "session-duration"));
  await callLab(sandbox, "PUT", "session-duration", { maximumSeconds });
}
