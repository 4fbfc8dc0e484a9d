import type { ReportRecord } from "../../src/report/records.ts";

const at = "2026-01-02T03:04:05.000Z";
const later = "2026-01-02T03:04:06.000Z";

/** One record of every kind, with the given text wherever a record has text of others. */
export function recordsWith(text: string): ReportRecord[] {
  return [
    { kind: "run", at, name: text, backend: "process" },
    { kind: "step", at, phase: 1, text, seconds: 0.1 },
    { kind: "step", at, phase: 2, text, seconds: 2.5 },
    { kind: "stack-event", at, stack: text, resource: text, type: text, status: text, reason: text },
    {
      kind: "session",
      at,
      requestId: text,
      verdict: "refused",
      status: 403,
      reason: text,
      expected: text,
      received: text,
      remedy: text,
      subject: text,
      roleArn: text,
    },
    { kind: "session", at: later, requestId: "2", verdict: "granted", status: 201, subject: "CN=server" },
    { kind: "app-request", at, server: "app", method: text, path: text, status: 200, milliseconds: 12 },
    {
      kind: "drill",
      at,
      name: text,
      title: text,
      claim: text,
      steps: [{ text, expected: text, seen: text, passed: false }],
      verdict: "failed",
      seconds: 3,
    },
    {
      kind: "soak",
      at,
      name: text,
      samples: [
        { at, requests: 10, failures: 0, p50Milliseconds: 3, p99Milliseconds: 9, rssBytes: 50 * 2 ** 20 },
        {
          at: later,
          requests: 12,
          failures: 1,
          p50Milliseconds: 4,
          p99Milliseconds: 70,
          rssBytes: 60 * 2 ** 20,
        },
      ],
      renewals: [{ at, text }],
      faults: [{ at: later, text }],
    },
    { kind: "bench", at, package: text, name: text, ratio: 1.5, limit: 1.2 },
    { kind: "bench", at, package: "signer", name: "no limit", ratio: 2 },
  ];
}
