import { askForSession } from "./ask-for-session.ts";
import type { Drill, DrillContext } from "./drill.ts";
import { operatorOf } from "./operator.ts";
import type { ServerName } from "./stack.ts";
import { clientOf } from "./use-session.ts";
import type { SessionClient } from "./use-session.ts";

/** A policy that allows everything in S3. */
const EVERYTHING_IN_S3 = {
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Action: "s3:*", Resource: "*" }],
};

/** Gets a session of a server, as the first step of a drill. */
async function sessionOf({ world, step }: DrillContext, server: ServerName): Promise<SessionClient> {
  const identity = await world.issue(server);
  const text = `The server "${server}" asks for its session.`;
  const { credentials } = await step(text, "Roles Anywhere 201", () =>
    askForSession(world, identity, world.arnsOf(server)),
  );
  return clientOf(world, credentials);
}

const readOnly: Drill = {
  name: "read-only",
  title: "A read-only server tries to write",
  claim: "A server whose role may read a bucket can neither write nor delete in it.",
  guard: "the permissions of the role, which do not allow to write",
  async run(context) {
    const { world, guarded, step, undo } = context;
    const { reports } = world.buckets;
    if (!guarded) {
      const { roleArn } = world.arnsOf("reader");
      await operatorOf(context).putRolePolicy(roleArn, "Widened", EVERYTHING_IN_S3);
      undo(() => world.removeObject(reports, "planted.txt"));
    }
    const reader = await sessionOf(context, "reader");
    await step("It lists the reports.", "S3 200", () => reader.list(reports));
    await step("It reads a report.", "S3 200", () => reader.read(reports, "report.txt"));
    await step("It writes a report.", "S3 403 AccessDenied", () => reader.write(reports, "planted.txt"));
    await step("It deletes a report.", "S3 403 AccessDenied", () => reader.remove(reports, "report.txt"));
  },
};

const sessionPolicy: Drill = {
  name: "session-policy",
  title: "The session policy is narrower than the role",
  claim: "A session may do what its role and the session policy of its profile both allow, and no more.",
  guard: "the session policy of the profile",
  async run(context) {
    const { world, guarded, step } = context;
    const { reports } = world.buckets;
    if (!guarded) {
      const { profileArn } = world.arnsOf("narrow");
      await operatorOf(context).changeSessionPolicy(profileArn, EVERYTHING_IN_S3);
    }
    const narrow = await sessionOf(context, "narrow");
    await step("It reads a public report, which role and session policy allow.", "S3 200", () =>
      narrow.read(reports, "public/summary.txt"),
    );
    await step("It reads another report, which the role alone allows.", "S3 403 AccessDenied", () =>
      narrow.read(reports, "report.txt"),
    );
    await step("It writes a public report, which the role alone allows.", "S3 403 AccessDenied", () =>
      narrow.write(reports, "public/planted.txt"),
    );
  },
};

const anotherBucket: Drill = {
  name: "another-bucket",
  title: "A server looks into the bucket of another app",
  claim: "A server reaches the bucket of its own app and no other bucket of the account.",
  guard: "the permissions of the role, which name one bucket",
  async run(context) {
    const { world, guarded, step } = context;
    const { reports, invoices } = world.buckets;
    if (!guarded) {
      const { roleArn } = world.arnsOf("server-a");
      await operatorOf(context).putRolePolicy(roleArn, "Widened", EVERYTHING_IN_S3);
    }
    const serverA = await sessionOf(context, "server-a");
    await step("It reads a report in its own bucket.", "S3 200", () => serverA.read(reports, "report.txt"));
    await step("It lists the invoices.", "S3 403 AccessDenied", () => serverA.list(invoices));
    await step("It reads an invoice.", "S3 403 AccessDenied", () => serverA.read(invoices, "invoice.txt"));
    await step("It writes an invoice.", "S3 403 AccessDenied", () => serverA.write(invoices, "planted.txt"));
  },
};

export const permissionDrills: readonly Drill[] = [readOnly, sessionPolicy, anotherBucket];
