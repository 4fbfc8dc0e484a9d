import type { ReportRecord } from "./records.ts";

/** The records of one run. */
export interface Log {
  readonly name: string;
  readonly records: readonly ReportRecord[];
}

/** A number that stands at the top of the report. */
export interface Figure {
  readonly name: string;
  readonly value: string;
  readonly tone: "good" | "bad" | "plain";
}

type Kind = ReportRecord["kind"];

/** The records of one kind. */
export function recordsOf<Wanted extends Kind>(
  records: readonly ReportRecord[],
  kind: Wanted,
): Extract<ReportRecord, { kind: Wanted }>[] {
  const isWanted = (event: ReportRecord): event is Extract<ReportRecord, { kind: Wanted }> =>
    event.kind === kind;
  return records.filter(isWanted);
}

/** What a log is about: the name of its run, and where it ran. */
export function titleOf({ name, records }: Log): string {
  const [run] = recordsOf(records, "run");
  if (run === undefined) return name;
  return run.backend === undefined ? run.name : `${run.name} (${run.backend} back end)`;
}

/** The sums over all logs. What was not recorded has no figure. */
export function figuresOf(records: readonly ReportRecord[]): Figure[] {
  const sessions = recordsOf(records, "session");
  const granted = sessions.filter(({ verdict }) => verdict === "granted").length;
  const drills = recordsOf(records, "drill");
  const passed = drills.filter(({ verdict }) => verdict === "passed").length;
  const samples = recordsOf(records, "soak").flatMap((soak) => soak.samples);
  const failures = samples.reduce((sum, sample) => sum + sample.failures, 0);
  const requests = samples.reduce((sum, sample) => sum + sample.requests, 0);
  const limited = recordsOf(records, "bench").filter(({ limit }) => limit !== undefined);
  const within = limited.filter(({ ratio, limit = 0 }) => ratio <= limit).length;
  const resources = recordsOf(records, "stack-event").filter(
    ({ status }) => status === "CREATE_COMPLETE",
  ).length;
  const share = (name: string, part: number, whole: number): Figure[] =>
    whole === 0 ? [] : [{ name, value: `${part} of ${whole}`, tone: part === whole ? "good" : "bad" }];
  const plain = (name: string, value: number): Figure[] =>
    value === 0 ? [] : [{ name, value: String(value), tone: "plain" }];
  return [
    ...share("drills passed", passed, drills.length),
    ...share("requests of the soak answered", requests - failures, requests),
    ...share("benches within their limit", within, limited.length),
    ...plain("resources created", resources),
    ...plain("sessions granted", granted),
    ...plain("sessions refused", sessions.length - granted),
  ];
}
