import { generateKeyPairSync } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { olderSessionsPolicy } from "@roles-anywhere/infra";
import { askForSession } from "./ask-for-session.ts";
import type { Drill } from "./drill.ts";
import { letTimePass, mockTime, operatorOf } from "./operator.ts";
import { clientOf } from "./use-session.ts";

const HOUR_SECONDS = 3600;

const leakedCertificate: Drill = {
  name: "leaked-certificate",
  title: "A certificate leaks without its key",
  claim: "Whoever has a certificate without its private key gets no session.",
  guard: "the signature of CreateSession, which only the private key can make",
  async run({ world, guarded, step }) {
    const server = await world.issue("server-a");
    const arns = world.arnsOf("server-a");
    await step("Server A asks with its certificate and its key.", "Roles Anywhere 201", () =>
      askForSession(world, server, arns),
    );
    const ownKey = join(await world.makeFolder(), "own.key");
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    await writeFile(ownKey, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
    await step(
      "A thief has the certificate of server A, and signs with a key of their own.",
      "Roles Anywhere 403 AccessDeniedException (SIGNATURE_MISMATCH)",
      () => askForSession(world, guarded ? { ...server, privateKey: ownKey } : server, arns),
    );
  },
};

const stolenKey: Drill = {
  name: "stolen-key",
  title: "A certificate and its key are stolen",
  claim:
    "After the certificate is on the CRL it gets no new session; sessions that it has live on until they expire.",
  guard: "the CRL, imported for the trust anchor",
  async run(context) {
    const { world, guarded, step } = context;
    const { reports } = world.buckets;
    const stolen = await world.issue("server-a");
    const arns = world.arnsOf("server-a");
    const { credentials } = await step(
      "A thief asks with the certificate and the key of server A.",
      "Roles Anywhere 201",
      () => askForSession(world, stolen, arns),
    );
    const thief = clientOf(world, credentials);
    await step("The thief reads a report.", "S3 200", () => thief.read(reports, "report.txt"));
    if (guarded) await operatorOf(context).revoke(stolen.serialNumber);
    await step(
      "The operator revokes the certificate and imports the CRL. The thief asks for a new session.",
      "Roles Anywhere 403 AccessDeniedException (CRL_REVOKED)",
      () => askForSession(world, stolen, arns),
    );
    await step("The session that the thief has goes on: see the drill break-glass.", "S3 200", () =>
      thief.read(reports, "report.txt"),
    );
    const renewed = await world.issue("server-a");
    await step("Server A asks with a new certificate.", "Roles Anywhere 201", () =>
      askForSession(world, renewed, arns),
    );
    await letTimePass(context, HOUR_SECONDS);
    await step("An hour later the session of the thief has ended.", "S3 400 ExpiredToken", () =>
      thief.read(reports, "report.txt"),
    );
  },
};

const disabledTrustAnchor: Drill = {
  name: "disabled-trust-anchor",
  title: "The trust anchor is disabled",
  claim:
    "A disabled trust anchor gives no new session from that moment on; sessions that it gave live until they expire.",
  guard: "DisableTrustAnchor",
  async run(context) {
    const { world, guarded, step } = context;
    const server = await world.issue("server-a");
    const arns = world.arnsOf("server-a");
    const { credentials } = await step("Server A asks for a session.", "Roles Anywhere 201", () =>
      askForSession(world, server, arns),
    );
    const session = clientOf(world, credentials);
    if (guarded) await operatorOf(context).disableTrustAnchor(arns.trustAnchorArn);
    await step(
      "The operator disables the trust anchor. Server A asks for another session.",
      "Roles Anywhere 403 AccessDeniedException (TRUST_ANCHOR_DISABLED)",
      () => askForSession(world, server, arns),
    );
    await step("Server A reads a report with the session that it has.", "S3 200", () =>
      session.read(world.buckets.reports, "report.txt"),
    );
    await letTimePass(context, HOUR_SECONDS - 60);
    await step("It still does after 59 minutes.", "S3 200", () =>
      session.read(world.buckets.reports, "report.txt"),
    );
    await letTimePass(context, 60);
    await step("It does not after an hour.", "S3 400 ExpiredToken", () =>
      session.read(world.buckets.reports, "report.txt"),
    );
  },
};

const breakGlass: Drill = {
  name: "break-glass",
  title: "Live sessions are stopped",
  claim:
    "The policy that denies older sessions stops those that live, and none that is issued later: the certificate must be revoked as well.",
  guard: "the policy of DenyOlderSessions on the role",
  async run(context) {
    const { world, guarded, step } = context;
    const { reports } = world.buckets;
    const server = await world.issue("server-a");
    const arns = world.arnsOf("server-a");
    const { credentials } = await step(
      "A thief has the key of server A, and a session.",
      "Roles Anywhere 201",
      () => askForSession(world, server, arns),
    );
    const thief = clientOf(world, credentials);
    await step("The thief reads a report.", "S3 200", () => thief.read(reports, "report.txt"));
    // The time of issue has whole seconds.
    await letTimePass(context, 60);
    const policy = olderSessionsPolicy(await mockTime(world)).toJSON();
    if (guarded) await operatorOf(context).putRolePolicy(arns.roleArn, "DenyOlderSessions", policy);
    await step(
      "A minute later the operator denies the role's older sessions. The thief reads a report.",
      "S3 403 AccessDenied",
      () => thief.read(reports, "report.txt"),
    );
    await letTimePass(context, 60);
    const renewed = await world.issue("server-a");
    const next = await step("Server A asks for a session with a new certificate.", "Roles Anywhere 201", () =>
      askForSession(world, renewed, arns, { clockAheadSeconds: 120 }),
    );
    await step("Server A reads a report.", "S3 200", () =>
      clientOf(world, next.credentials).read(reports, "report.txt"),
    );
  },
};

export const stolenIdentityDrills: readonly Drill[] = [
  leakedCertificate,
  stolenKey,
  disabledTrustAnchor,
  breakGlass,
];
