import { createHash } from "node:crypto";

import type { Observation } from "./row.ts";
import type { RecordedRequest, RecordingService } from "./recording-service.ts";
import { judgeSignature } from "./judge-signature.ts";

/** Sent by the HTTP client, not signed, of no meaning to the service. `user-agent` names the program. */
const IGNORED = new Set(["accept", "accept-encoding", "authorization", "connection", "user-agent"]);

/** The requests of one run as aspects; ids, dates and signatures are replaced by what can be said of them. */
export function describeRequests({ requests, authority }: RecordingService): Observation {
  const each = (describe: (request: RecordedRequest, index: number) => string): string =>
    requests.map(describe).join("\n");
  if (requests.length === 0) return { requests: "0" };
  return {
    requests: String(requests.length),
    "request line": each(({ method, target }) => `${method} ${target}`),
    headers: each((request, index) => headerLines(request, requests[index - 1], authority)),
    authorization: each(authorization),
    signature: each((request, index) => judgeSignature(request, requests[index - 1])),
    body: each(({ body }) => body),
  };
}

function headerLines(
  request: RecordedRequest,
  before: RecordedRequest | undefined,
  authority: string,
): string {
  return [...request.headers]
    .filter(([name]) => !IGNORED.has(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}: ${headerValue(name, value, before, authority)}`)
    .join("\n");
}

function headerValue(
  name: string,
  value: string,
  before: RecordedRequest | undefined,
  authority: string,
): string {
  switch (name) {
    case "host":
      return value.replace(authority, "<service>");
    case "x-amz-date":
      return /^\d{8}T\d{6}Z$/.test(value) ? "<date>" : value;
    case "x-amz-x509":
    case "x-amz-x509-chain":
      return value.split(",").map(fingerprint).join(",");
    case "amz-sdk-invocation-id":
      if (!/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(value)) return value;
      return before === undefined || before.headers.get(name) === value ? "<UUID>" : "<another UUID>";
    default:
      return value;
  }
}

/** Short enough to read, exact enough to compare. */
function fingerprint(base64: string): string {
  const digest = createHash("sha256").update(base64).digest("hex").slice(0, 12);
  return `<${base64.length} characters, SHA-256 ${digest}…>`;
}

function authorization({ headers }: RecordedRequest): string {
  return (headers.get("authorization") ?? "(none)")
    .replace(/(Credential=[^/,]*\/)\d{8}\//, "$1<day>/")
    .replace(/Signature=(?:[0-9a-f]{2})+$/, "Signature=<hex>");
}
