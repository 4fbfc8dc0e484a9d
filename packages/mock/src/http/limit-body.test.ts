import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fakeAws } from "../../test/support/fake-aws.ts";
import { MAX_BODY_BYTES } from "./app.ts";
import { startMock } from "./server.ts";
import type { RunningMock } from "./server.ts";

const authorization =
  "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/rolesanywhere/aws4_request, SignedHeaders=host;x-amz-date, Signature=00";

describe("bodies whose length is not announced", () => {
  let mock: RunningMock;
  beforeAll(async () => {
    mock = await startMock({ aws: fakeAws("arn:aws:iam::000000000000:role/R") });
  });
  afterAll(() => mock.close());

  /** A body makes Node send it in chunks; without one neither header is sent, as undici does for DELETE. */
  const send = (method: string, path: string, chunks: readonly Buffer[], more: Record<string, string> = {}) =>
    new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
      const headers = {
        authorization,
        "x-amz-date": "20260101T000000Z",
        "content-type": "application/json",
        ...more,
      };
      const call = request(`${mock.url}${path}`, { method, headers }, (answer) => {
        let text = "";
        answer.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
        answer.on("end", () => resolve({ status: answer.statusCode, text }));
      });
      call.on("error", reject);
      for (const chunk of chunks) call.write(chunk);
      call.end();
    });

  it("answers a DELETE without a body", async () => {
    const { status } = await send("DELETE", "/profile/00000000-0000-4000-8000-000000000000", []);
    expect(status).toBe(404);
  });

  it("reads a body that comes in chunks", async () => {
    const body = JSON.stringify({ name: "chunked", roleArns: ["arn:aws:iam::000000000000:role/R"] });
    const { status, text } = await send("POST", "/profiles", [
      Buffer.from(body.slice(0, 10)),
      Buffer.from(body.slice(10)),
    ]);
    expect({ status, name: JSON.parse(text).profile?.name }).toEqual({ status: 201, name: "chunked" });
  });

  // A space is wrong in a Host (RFC 9112 §3.2): that is a bad request, whatever it asks for.
  it.each([
    ["127.p.0.1:9912", 403],
    ["[::1", 403],
    ["xn--a", 403],
    ["a b", 400],
  ])("answers CreateSession under the host %j with %i", async (host, expected) => {
    const { status } = await send("POST", "/sessions", [Buffer.from("{}")], { host });
    expect(status).toBe(expected);
  });

  it("refuses one that grows too large", async () => {
    const { status } = await send("POST", "/profiles", [
      Buffer.alloc(MAX_BODY_BYTES / 2),
      Buffer.alloc(MAX_BODY_BYTES / 2),
      Buffer.alloc(1),
    ]);
    expect(status).toBe(413);
  });
});
