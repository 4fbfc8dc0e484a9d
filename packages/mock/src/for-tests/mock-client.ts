import type { AuditRecord } from "../audit/audit-record.ts";
import { MockError } from "../errors/mock-error.ts";

/** A profile to create. Absent settings get the service's defaults. */
export interface ProfileSettings {
  /** @default "profile-<n>" */
  readonly name?: string;
  /** Roles that sessions of the profile may assume. */
  readonly roleArns: readonly string[];
  /** 900 to 43200. @default 3600 */
  readonly durationSeconds?: number;
  /** Inline session policy, JSON. */
  readonly sessionPolicy?: string;
  readonly managedPolicyArns?: readonly string[];
  /** @default false */
  readonly acceptRoleSessionName?: boolean;
}

/** The clock of a running mock. */
export interface MockClock {
  /** What it shows, by the last answer of the mock. */
  now(): Date;
  /** Jumps by this many seconds; a negative number jumps back. */
  advance(seconds: number): Promise<void>;
  /** Jumps to this time, and goes on from there. */
  set(time: Date): Promise<void>;
  /** Returns to the time of the machine. */
  reset(): Promise<void>;
}

/** Talks to a running mock, in this process or in another. */
export interface MockClient {
  /** Creates an enabled trust anchor of this PEM bundle, and returns its ARN. */
  createTrustAnchor(pem: string, name?: string): Promise<string>;
  /** Creates an enabled profile, and returns its ARN. */
  createProfile(settings: ProfileSettings): Promise<string>;
  /**
   * The last CreateSession calls, newest first, each with its verdict under `_mock`.
   *
   * @param limit how many at most, all that are kept by default
   */
  audit(limit?: number): Promise<readonly AuditRecord[]>;
  readonly clock: MockClock;
}

/**
 * A client for the parts of the mock that tests use. It does not sign, so a mock with access keys refuses it.
 *
 * @param mock base URL, and the emulated region
 * @example
 * const mock = mockClient({ url: sandbox.rolesAnywhereEndpoint, region: sandbox.region });
 * const trustAnchorArn = await mock.createTrustAnchor(rootCaPem);
 * await mock.clock.advance(3600);
 *
 * @throws {MockError} ERR_MOCK_NOT_RUNNING, from every method, when the mock is not there or refuses the call
 */
export function mockClient({ url, region }: { readonly url: string; readonly region: string }): MockClient {
  let created = 0;
  let offsetMs = 0;

  async function call(method: string, path: string, body?: object, headers: object = {}): Promise<unknown> {
    const text = body === undefined ? null : JSON.stringify(body);
    const all = { "content-type": "application/json", ...headers };
    const failed = (what: string, cause?: unknown): MockError =>
      new MockError("ERR_MOCK_NOT_RUNNING", `${method} ${path} at ${url} ${what}`, { cause });
    const response = await fetch(url + path, { method, headers: all, body: text }).catch((cause: unknown) => {
      throw failed("has no answer; start the mock", cause);
    });
    const answer = await response.text();
    if (!response.ok) throw failed(`answered ${response.status}: ${answer}`);
    try {
      return JSON.parse(answer);
    } catch (cause) {
      throw failed("answered no JSON; is it the mock?", cause);
    }
  }

  async function create(member: "trustAnchor" | "profile", input: object): Promise<string> {
    const path = `/${member.toLowerCase()}s`;
    const answer = await call("POST", path, { enabled: true, ...input }, signatureHeaders(region, now()));
    const arn: unknown = Object(Object(answer)[member])[`${member}Arn`];
    if (typeof arn === "string") return arn;
    throw new MockError(
      "ERR_MOCK_NOT_RUNNING",
      `POST ${path} at ${url} answered no ${member}; is it the mock?`,
    );
  }

  const now = (): Date => new Date(Date.now() + offsetMs);
  async function moveClock(method: "PUT" | "DELETE", change?: object): Promise<void> {
    const shown = Date.parse(String(Object(await call(method, "/_mock/clock", change))["now"]));
    offsetMs = shown - Date.now();
  }

  return {
    createTrustAnchor: (pem, name = `trust-anchor-${(created += 1)}`) =>
      create("trustAnchor", {
        name,
        source: { sourceType: "CERTIFICATE_BUNDLE", sourceData: { x509CertificateData: pem } },
      }),
    createProfile: (settings) => create("profile", { name: `profile-${(created += 1)}`, ...settings }),
    async audit(limit) {
      const path = `/_mock/audit${limit === undefined ? "" : `?limit=${limit}`}`;
      const records: unknown = Object(await call("GET", path))["Records"];
      if (Array.isArray(records) && records.every(isAuditRecord)) return records;
      throw new MockError("ERR_MOCK_NOT_RUNNING", `${url}${path} is not the mock's audit`);
    },
    clock: {
      now,
      advance: (seconds) => moveClock("PUT", { advanceSeconds: seconds }),
      set: (time) => moveClock("PUT", { now: time.toISOString() }),
      reset: () => moveClock("DELETE"),
    },
  };
}

/** Checks the kind of record. Its other members are right, because the mock is of this package. */
function isAuditRecord(value: unknown): value is AuditRecord {
  return Object(value)["eventName"] === "CreateSession" && typeof Object(value)["_mock"] === "object";
}

/** The form of a SigV4 signature, which is all that a mock without access keys checks: no secret is needed. */
function signatureHeaders(region: string, now: Date): Record<string, string> {
  const date = `${now.toISOString().replaceAll(/[-:]/g, "").slice(0, 15)}Z`;
  const scope = `mock/${date.slice(0, 8)}/${region}/rolesanywhere/aws4_request`;
  const signature = "0".repeat(64);
  const authorization = `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host;x-amz-date, Signature=${signature}`;
  return { "x-amz-date": date, authorization };
}
