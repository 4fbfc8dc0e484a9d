import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { findPython } from "@roles-anywhere/testing";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { verifySignature } from "../../src/index.ts";
import { S3_OPERATIONS } from "../../src/s3/operations.ts";
import { protocolOf } from "../../src/signature/protocol.ts";

// Test-only secrets.
const KEY = {
  accessKeyId: "ASIAEXAMPLE",
  secretAccessKey: "test-only/secret+",
  sessionToken: "test-only/token+=",
};
const SCRIPT = fileURLToPath(new URL("sign_requests.py", import.meta.url));

const signedRequest = z.object({
  title: z.string(),
  service: z.string(),
  method: z.string(),
  path: z.string(),
  headers: z.array(z.tuple([z.string(), z.string()])),
  payloadSha256: z.string(),
});

const report = z.object({
  requests: z.array(signedRequest),
  version2: signedRequest,
  operations: z.array(z.string()),
  handlers: z.array(z.string()),
  protocols: z.record(z.string(), z.string()),
  localstackServices: z.array(z.string()),
});

function runBotocore(python: string): z.infer<typeof report> {
  const { accessKeyId, secretAccessKey, sessionToken } = KEY;
  const stdout = execFileSync(python, [SCRIPT, accessKeyId, secretAccessKey, sessionToken], {
    env: { PATH: process.env["PATH"] },
    maxBuffer: 16 * 1024 * 1024,
  });
  return report.parse(JSON.parse(stdout.toString()));
}

const found = findPython(["botocore", "localstack"]);
const botocore = "python" in found ? runBotocore(found.python) : undefined;

describe("what botocore signs", () => {
  it("has a Python to run on", ({ skip }) => {
    skip("missing" in found, "missing" in found ? found.missing : "");
    expect(botocore?.requests).not.toHaveLength(0);
  });

  const rows = (botocore?.requests ?? []).map(({ title, ...request }) => [title, request] as const);
  it.each(rows)("%s is accepted, and refused once changed", (_, request) => {
    const verify = (changed: Partial<typeof request>, secretAccessKey = KEY.secretAccessKey): string => {
      const verdict = verifySignature(
        { ...request, ...changed },
        { ...KEY, secretAccessKey },
        { now: new Date() },
      );
      return verdict.valid ? "valid" : verdict.reason;
    };
    expect(verify({})).toBe("valid");
    expect(verify({}, "guessed")).toBe("SIGNATURE_MISMATCH");
    expect(verify({ method: "PATCH" })).toBe("SIGNATURE_MISMATCH");
    expect(verify({ path: request.path.replace(/^\/[^?]*/u, "$&x") })).toBe("SIGNATURE_MISMATCH");
  });

  it.runIf(botocore !== undefined)("by version 2 is refused, and says which version is needed", () => {
    const request = botocore?.version2;
    if (request === undefined) throw new Error("there is no request");
    expect(verifySignature(request, KEY, { now: new Date() })).toMatchObject({
      reason: "SIGNATURE_VERSION",
      error: { code: "InvalidRequest", status: 400, message: expect.stringContaining("AWS4-HMAC-SHA256") },
    });
  });
});

describe.runIf(botocore !== undefined)("the service models of botocore", () => {
  it("have no operation of S3 that the table lacks, nor has LocalStack", () => {
    const { operations = [], handlers = [] } = botocore ?? {};
    const known = Object.keys(S3_OPERATIONS);
    expect(operations.filter((name) => !known.includes(name))).toEqual([]);
    expect([...new Set([...operations, ...handlers])].sort()).toEqual(known.sort());
  });

  it("agree which services have XML errors", () => {
    const wrong = Object.entries(botocore?.protocols ?? {}).filter(([service, protocol]) => {
      const expected = /^(?:query|ec2|rest-xml)$/u.test(protocol) ? "xml" : "json";
      return (protocolOf(service).protocol === "json" ? "json" : "xml") !== expected;
    });
    expect(wrong).toEqual([]);
  });

  it("agree which JSON services of LocalStack answer with 403", () => {
    const { localstackServices = [], protocols = {} } = botocore ?? {};
    const wrong = localstackServices.filter((service) => {
      const { protocol, jsonStatus } = protocolOf(service);
      return protocol === "json" && (protocols[service] === "rest-json") !== (jsonStatus === 403);
    });
    expect(wrong).toEqual([]);
  });
});
