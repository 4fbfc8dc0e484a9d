import autocannon from "autocannon";

/** What was seen in one second. */
export interface Sample {
  /** ISO 8601. */
  readonly at: string;
  readonly requests: number;
  readonly failures: number;
  readonly p50Milliseconds: number;
  readonly p99Milliseconds: number;
}

export interface Load {
  /** Why requests failed. */
  readonly failures: readonly string[];
  /** Ends the load, and gives one sample for each second in which an answer came. */
  stop(): Promise<{ samples: readonly Sample[]; total: Omit<Sample, "at"> }>;
}

/** Requests per second to each URL. */
const RATE = 20;
const CONNECTIONS = 4;
/** Longer than any fault lasts, in seconds. */
const TIMEOUT_SECONDS = 30;

/** Requests some URLs again and again, at a rate that leaves the machine room for what is under load. Nothing is tried twice. */
export function startLoad(urls: readonly string[]): Load {
  const failures: string[] = [];
  const seconds = new Map<number, { times: number[]; failures: number }>();
  const note = (milliseconds: number, failure?: string): void => {
    const second = Math.floor(Date.now() / 1000);
    const seen = seconds.get(second) ?? { times: [], failures: 0 };
    seconds.set(second, seen);
    seen.times.push(milliseconds);
    if (failure === undefined) return;
    seen.failures += 1;
    failures.push(`${new Date().toISOString()} ${failure}`);
  };
  const guns = urls.map((url) => {
    const { promise: ended, resolve, reject } = Promise.withResolvers<unknown>();
    const gun = autocannon(
      {
        ...{ url, connections: CONNECTIONS, overallRate: RATE, timeout: TIMEOUT_SECONDS },
        // Until it is stopped.
        duration: 86_400,
      },
      (error: unknown, result) => (error instanceof Error ? reject(error) : resolve(result)),
    );
    gun.on("response", (_client, statusCode, _bytes, milliseconds) =>
      note(milliseconds, statusCode === 200 ? undefined : `GET ${url} answered ${statusCode}`),
    );
    gun.on("reqError", (error: unknown) => note(0, `GET ${url}: ${String(error)}`));
    return { gun, ended };
  });
  return {
    failures,
    async stop() {
      for (const { gun } of guns) gun.stop();
      await Promise.all(guns.map(({ ended }) => ended));
      const samples = [...seconds].map(([second, seen]) => {
        const at = new Date(second * 1000).toISOString();
        return Object.assign({ at }, summary(seen.times, seen.failures));
      });
      const times = [...seconds.values()].flatMap((seen) => seen.times);
      return { samples, total: summary(times, failures.length) };
    },
  };
}

function summary(times: readonly number[], failures: number): Omit<Sample, "at"> {
  const sorted = times.toSorted((a, b) => a - b);
  const percentile = (part: number): number =>
    Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0) * 10) / 10;
  return {
    requests: times.length,
    failures,
    p50Milliseconds: percentile(0.5),
    p99Milliseconds: percentile(0.99),
  };
}
