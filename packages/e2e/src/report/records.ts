import { z } from "zod";
import { shorten } from "./markup.ts";

/** The longest text of a record. What is longer is cut off. */
const MAX_TEXT_LENGTH = 4000;

/** Any text, also of others. Whoever shows it escapes it. */
const text = z.string().transform((value) => shorten(value, MAX_TEXT_LENGTH));
/** ISO 8601 in UTC, by the clock of who writes the record: `2026-11-26T09:00:00.000Z`. */
const at = z.iso.datetime();
const count = z.int().min(0);
const milliseconds = z.number().min(0);

/** What ran: the demo, a file of tests, the drills. Each run has a log of its own, which begins with this record. */
export const runRecord = z.strictObject({
  kind: z.literal("run"),
  at,
  /** For example `demo` or `story.e2e.test.ts`. */
  name: text,
  /** Where LocalStack and the mock ran, or `aws`: the stack was in an account of AWS. Not given where none ran. */
  backend: z.enum(["docker", "process", "aws"]).optional(),
});

/** A command or an action of one of the three phases, when it began. */
export const stepRecord = z.strictObject({
  kind: z.literal("step"),
  at,
  phase: z.union([z.literal(1), z.literal(2), z.literal(3)]),
  /** The command as a person types it, or what happens. It holds no secret. */
  text,
  seconds: z.number().min(0),
});

/** An event of a CloudFormation stack. */
export const stackEventRecord = z.strictObject({
  kind: z.literal("stack-event"),
  at,
  stack: text,
  /** The logical id. */
  resource: text,
  /** For example `AWS::S3::Bucket`. */
  type: text,
  /** For example `CREATE_COMPLETE`. */
  status: text,
  reason: text.optional(),
});

/** A CreateSession call, from the audit of the mock. */
export const sessionRecord = z.strictObject({
  kind: z.literal("session"),
  at,
  requestId: text,
  verdict: z.enum(["granted", "refused"]),
  /** HTTP status of the answer. */
  status: z.int(),
  /** The reason code of the mock, of a refused call. */
  reason: text.optional(),
  expected: text.optional(),
  received: text.optional(),
  remedy: text.optional(),
  /** Subject of the certificate. */
  subject: text.optional(),
  roleArn: text.optional(),
});

/** A request to the app, or one to S3 with a link that the app presigned, as its caller saw it. */
export const appRequestRecord = z.strictObject({
  kind: z.literal("app-request"),
  at,
  server: z.enum(["app", "s3"]),
  method: text,
  /** Without the query: that of a presigned URL is a credential. */
  path: z
    .string()
    .regex(/^[^?#]*$/, "must have no query")
    .transform((value) => shorten(value, MAX_TEXT_LENGTH)),
  status: z.int(),
  milliseconds,
});

/** A drill: an outage or a rotation that was made to happen, and what was seen. */
export const drillRecord = z.strictObject({
  kind: z.literal("drill"),
  at,
  /** A short name for file names and commands: `stolen-key`. */
  name: text,
  title: text,
  /** The sentence that the drill proves. */
  claim: text,
  steps: z.array(z.strictObject({ text, expected: text, seen: text, passed: z.boolean() })),
  verdict: z.enum(["passed", "failed"]),
  seconds: z.number().min(0),
});

/** A long run under load. */
export const soakRecord = z.strictObject({
  kind: z.literal("soak"),
  at,
  name: text,
  /** One for each second, in order. */
  samples: z.array(
    z.strictObject({
      at,
      requests: count,
      failures: count,
      p50Milliseconds: milliseconds,
      p99Milliseconds: milliseconds,
      /** Resident memory of what is under load. */
      rssBytes: count,
    }),
  ),
  /** When credentials were renewed. */
  renewals: z.array(z.strictObject({ at, text })),
  /** What was made to fail, and when. */
  faults: z.array(z.strictObject({ at, text })),
});

/** A ratio of two times or sizes that one run measured, and the most that it may be. */
export const benchRecord = z.strictObject({
  kind: z.literal("bench"),
  at,
  /** The workspace without its scope: `signer`. */
  package: text,
  name: text,
  ratio: z.number().min(0),
  /** Not given where the bench only tells the ratio. */
  limit: z.number().min(0).optional(),
});

/** One line of an event log. `kind` says which. */
export const record = z.discriminatedUnion("kind", [
  runRecord,
  stepRecord,
  stackEventRecord,
  sessionRecord,
  appRequestRecord,
  drillRecord,
  soakRecord,
  benchRecord,
]);

export type RunRecord = z.infer<typeof runRecord>;
export type StepRecord = z.infer<typeof stepRecord>;
export type StackEventRecord = z.infer<typeof stackEventRecord>;
export type SessionRecord = z.infer<typeof sessionRecord>;
export type AppRequestRecord = z.infer<typeof appRequestRecord>;
export type DrillRecord = z.infer<typeof drillRecord>;
export type SoakRecord = z.infer<typeof soakRecord>;
export type BenchRecord = z.infer<typeof benchRecord>;
export type ReportRecord = z.infer<typeof record>;
