import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { CreateRoleCommand, DeleteRoleCommand, IAMClient } from "@aws-sdk/client-iam";
import { z } from "zod";
import { administratorClient } from "../aws/administrator-client.ts";
import { callControlPlane } from "../aws/control-plane.ts";
import { askForSession } from "./ask-for-session.ts";
import type { Drill, DrillContext } from "./drill.ts";
import { forAnyCertificate, operatorOf } from "./operator.ts";
import type { Arns } from "./stack.ts";
import { clientOf } from "./use-session.ts";
import { copyIdentity } from "./world.ts";
import type { Identity } from "./world.ts";

const anotherServer: Drill = {
  name: "another-server",
  title: "A server asks for the role of another one",
  claim: "The certificate of server B does not get the role of server A, although one CA issued both.",
  guard: "the common name in the trust policy of server A's role",
  async run(context) {
    const { world, guarded, step } = context;
    const serverB = await world.issue("server-b");
    const arnsOfA = world.arnsOf("server-a");
    if (!guarded) await operatorOf(context).changeTrustPolicy(arnsOfA.roleArn, forAnyCertificate);
    await step("Server B asks for its own role.", "Roles Anywhere 201", () =>
      askForSession(world, serverB, world.arnsOf("server-b")),
    );
    await step(
      "Server B asks for the role of server A, through the profile of server A.",
      "Roles Anywhere 403 AccessDeniedException (TRUST_POLICY_DENIED)",
      () => askForSession(world, serverB, arnsOfA),
    );
    await step(
      "Server B asks for the role of server A through its own profile.",
      "Roles Anywhere 403 AccessDeniedException (ROLE_NOT_IN_PROFILE)",
      () => askForSession(world, serverB, { ...world.arnsOf("server-b"), roleArn: arnsOfA.roleArn }),
    );
  },
};

const roleEscalation: Drill = {
  name: "role-escalation",
  title: "A reader asks for the admin's role of the same profile",
  claim:
    "A profile with two roles gives each certificate only the role whose trust policy names it, and a session does not get from one role to the other.",
  guard: "the common name in the trust policy of the admin's role",
  async run(context) {
    const { world, guarded, step } = context;
    const { adminRoleArn, sharedProfileArn: profileArn } = world;
    const reader = await world.issue("reader");
    const own = { ...world.arnsOf("reader"), profileArn };
    if (!guarded) await operatorOf(context).changeTrustPolicy(adminRoleArn, forAnyCertificate);
    const { credentials } = await step(
      "The reader asks for its role, through a profile that also has the admin's role.",
      "Roles Anywhere 201",
      () => askForSession(world, reader, own),
    );
    await step(
      "The reader asks for the admin's role.",
      "Roles Anywhere 403 AccessDeniedException (TRUST_POLICY_DENIED)",
      () => askForSession(world, reader, { ...own, roleArn: adminRoleArn }),
    );
    await step("The reader's session asks STS for the admin's role.", "STS 403 AccessDenied", () =>
      clientOf(world, credentials).assumeRole(adminRoleArn),
    );
  },
};

const confusedDeputy: Drill = {
  name: "confused-deputy",
  title: "A role is asked for through a stranger's trust anchor",
  claim:
    "A trust policy without aws:SourceArn lets certificates of every trust anchor in; with it those of its own alone.",
  guard: "aws:SourceArn in the trust policy",
  async run(context) {
    const { world, guarded, step } = context;
    const { trustAnchorArn } = world.arnsOf("server-a");
    const stranger = await makeStranger(context);
    const { roleArn, profileArn } = await makeExposedRole(context);
    const strangersWay: Arns = { trustAnchorArn: stranger.trustAnchorArn, profileArn, roleArn };
    const { credentials } = await step(
      "A role trusts rolesanywhere.amazonaws.com without aws:SourceArn. A stranger, whose own CA is a trust anchor of the account, asks for it.",
      "Roles Anywhere 201",
      () => askForSession(world, stranger.identity, strangersWay),
    );
    await step("The stranger reads a report.", "S3 200", () =>
      clientOf(world, credentials).read(world.buckets.reports, "report.txt"),
    );
    if (guarded) {
      await operatorOf(context).changeTrustPolicy(roleArn, (policy) => ({
        ...policy,
        Statement: policy.Statement.map((statement) => ({
          ...statement,
          Condition: { ArnEquals: { "aws:SourceArn": trustAnchorArn } },
        })),
      }));
    }
    await step(
      "The operator adds aws:SourceArn with the trust anchor of the servers. The stranger asks again.",
      "Roles Anywhere 403 AccessDeniedException (TRUST_POLICY_DENIED)",
      () => askForSession(world, stranger.identity, strangersWay),
    );
    const server = await world.issue("server-a");
    await step("Server A asks for the role through its own trust anchor.", "Roles Anywhere 201", () =>
      askForSession(world, server, { trustAnchorArn, profileArn, roleArn }),
    );
  },
};

const createdAnchor = z.object({
  trustAnchor: z.object({ trustAnchorArn: z.string(), trustAnchorId: z.string() }),
});
const createdProfile = z.object({ profile: z.object({ profileArn: z.string(), profileId: z.string() }) });

/** Somebody with a CA of their own, which is a trust anchor of the same account. */
async function makeStranger({
  world,
  undo,
}: DrillContext): Promise<{ identity: Identity; trustAnchorArn: string }> {
  const { sandbox } = world;
  const folder = await world.makeFolder();
  await world.pki(["init", "--common-name", "Stranger", "--key-type", "ec-p256"], folder);
  await world.pki(["issue", "--name", "server-a", "--key-type", "ec-p256"], folder);
  const x509CertificateData = await readFile(join(folder, "rootCA.pem"), "utf8");
  const source = { sourceType: "CERTIFICATE_BUNDLE", sourceData: { x509CertificateData } };
  const { trustAnchor } = createdAnchor.parse(
    await callControlPlane(sandbox, "POST", "/trustanchors", { name: "Stranger", enabled: true, source }),
  );
  undo(() => callControlPlane(sandbox, "DELETE", `/trustanchor/${trustAnchor.trustAnchorId}`));
  const identity = await copyIdentity(join(folder, "server-a"), await world.makeFolder());
  return { identity, trustAnchorArn: trustAnchor.trustAnchorArn };
}

/** A role whose trust policy has no condition, as in many examples, and a profile for it. The role may read the reports. */
async function makeExposedRole(context: DrillContext): Promise<{ roleArn: string; profileArn: string }> {
  const { world, undo } = context;
  const { sandbox, buckets } = world;
  const iam = administratorClient(IAMClient, { sandbox });
  const RoleName = "DrillExposed";
  const { Role } = await iam.send(
    new CreateRoleCommand({
      RoleName,
      AssumeRolePolicyDocument: JSON.stringify({
        Version: "2012-10-17",
        Statement: [
          {
            Effect: "Allow",
            Principal: { Service: "rolesanywhere.amazonaws.com" },
            Action: ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"],
          },
        ],
      }),
    }),
  );
  undo(() => iam.send(new DeleteRoleCommand({ RoleName })));
  const roleArn = Role?.Arn ?? "";
  await operatorOf(context).putRolePolicy(roleArn, "ReadReports", {
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action: "s3:GetObject", Resource: `arn:aws:s3:::${buckets.reports}/*` }],
  });
  const { profile } = createdProfile.parse(
    await callControlPlane(sandbox, "POST", "/profiles", {
      ...{ name: RoleName, roleArns: [roleArn], enabled: true },
    }),
  );
  undo(() => callControlPlane(sandbox, "DELETE", `/profile/${profile.profileId}`));
  return { roleArn, profileArn: profile.profileArn };
}

export const trustPolicyDrills: readonly Drill[] = [anotherServer, roleEscalation, confusedDeputy];
