import { askForSession } from "./ask-for-session.ts";
import type { Drill } from "./drill.ts";
import { letTimePass } from "./operator.ts";
import { clientOf, openLink } from "./use-session.ts";

const DAY_SECONDS = 86_400;

const expiredCertificate: Drill = {
  name: "expired-certificate",
  title: "A certificate expires",
  claim: "A certificate gets no session after its end, and a renewed one of the same server does.",
  guard: "the end of the certificate's validity",
  async run(context) {
    const { world, guarded, step } = context;
    const arns = world.arnsOf("server-a");
    const validityDays = guarded ? "1" : "30";
    const server = await world.issue("server-a", ["--validity-days", validityDays]);
    await step("Server A asks with a certificate that is valid for a day.", "Roles Anywhere 201", () =>
      askForSession(world, server, arns),
    );
    const renewed = await world.issue("server-a", ["--validity-days", "30"]);
    await letTimePass(context, DAY_SECONDS + 60);
    const later = { clockAheadSeconds: DAY_SECONDS + 60 };
    await step(
      "A day and a minute later it asks with the same certificate.",
      "Roles Anywhere 403 AccessDeniedException (CERTIFICATE_EXPIRED)",
      () => askForSession(world, server, arns, later),
    );
    await step("It asks with a new certificate of 30 days.", "Roles Anywhere 201", () =>
      askForSession(world, renewed, arns, later),
    );
  },
};

const QUARTER_SECONDS = 900;

const linkOutlivesSession: Drill = {
  name: "link-outlives-session",
  title: "A presigned link is used after its session has ended",
  claim: "A presigned link ends with the session that signed it, whatever the link says itself.",
  guard: "a session that is shorter than the link",
  async run(context) {
    const { world, guarded, step } = context;
    const server = await world.issue("server-a");
    const durationSeconds = guarded ? QUARTER_SECONDS : 2 * QUARTER_SECONDS;
    const { credentials } = await step(
      "Server A asks for a session of 15 minutes.",
      "Roles Anywhere 201",
      () => askForSession(world, server, world.arnsOf("server-a"), { durationSeconds }),
    );
    const link = await clientOf(world, credentials).presign(world.buckets.reports, "report.txt", 12 * 3600);
    await step("It presigns a link for 12 hours. Somebody opens it.", "S3 200", () => openLink(link));
    await letTimePass(context, QUARTER_SECONDS);
    await step("After 15 minutes somebody opens it again.", "S3 400 ExpiredToken", () => openLink(link));
  },
};

export const endOfLifeDrills: readonly Drill[] = [expiredCertificate, linkOutlivesSession];
