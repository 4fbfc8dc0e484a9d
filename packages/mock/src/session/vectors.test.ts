import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { deriveSigning } from "../request/canonical-request.ts";
import { parseAmzDate, readSignedRequest } from "../request/signed-request.ts";
import type { ReceivedRequest } from "../request/received-request.ts";
import { ML_DSA } from "../testing/ml-dsa.ts";
import { createWorld } from "../testing/world.ts";
import { withHeader } from "../testing/sign-request.ts";
import { authenticate } from "./authenticate.ts";
import { handleCreateSession } from "../testing/handle-create-session.ts";

const Vector = z.object({
  trustAnchorPem: z.string(),
  request: z.object({
    method: z.string(),
    path: z.string(),
    query: z.string(),
    headers: z.record(z.string(), z.string()),
    body: z.string(),
  }),
  signing: z.object({ amzDate: z.string() }),
  canonicalRequest: z.string(),
  stringToSign: z.string(),
  authorization: z.string(),
});

function readVector(name: string) {
  const text = readFileSync(
    new URL(`../../test-vectors/createsession-${name}.json`, import.meta.url),
    "utf8",
  );
  const vector = Vector.parse(JSON.parse(text));
  const { method, path, query, headers, body } = vector.request;
  const request: ReceivedRequest = {
    method,
    target: query === "" ? path : `${path}?${query}`,
    rawHeaders: [...Object.entries(headers).flat(), "Authorization", vector.authorization],
    body: Buffer.from(body),
  };
  const date = parseAmzDate(vector.signing.amzDate);
  if (date === undefined) throw new Error("the vector has no date");
  return { ...vector, request, date };
}

const NAMES = ["rsa", "ecdsa", "rsa-body-params", ...(ML_DSA.length > 0 ? ["mldsa44"] : [])];

describe("requests recorded from the official helper", () => {
  it.each(NAMES)("%s: derives its canonical request and string to sign and accepts its signature", (name) => {
    const vector = readVector(name);
    const request = readSignedRequest(vector.request);
    if ("refusal" in request) throw request.refusal;
    authenticate(request, "us-east-1", vector.date);
    expect(deriveSigning(request)).toEqual({
      canonicalRequest: vector.canonicalRequest,
      stringToSign: vector.stringToSign,
    });
  });

  it.each(NAMES)("%s: gets a session", async (name) => {
    const vector = readVector(name);
    const world = createWorld({ anchorPem: vector.trustAnchorPem, now: vector.date });
    world.profile.acceptRoleSessionName = true;
    const answer = await handleCreateSession(world.context, vector.request);
    expect(answer).toMatchObject({ status: 201 });
  });

  it("is refused with one bit of its signature changed", async () => {
    const vector = readVector("rsa");
    const world = createWorld({ anchorPem: vector.trustAnchorPem, now: vector.date });
    const spoiled = vector.authorization.replace(/.$/, "0");
    const answer = await handleCreateSession(
      world.context,
      withHeader(vector.request, "authorization", spoiled),
    );
    expect(answer).toMatchObject({ status: 403, body: { message: "Invalid signature" } });
    expect(world.context.audit.list()[0]?._mock).toMatchObject({
      reason: "SIGNATURE_MISMATCH",
      canonicalRequest: vector.canonicalRequest,
      stringToSign: vector.stringToSign,
    });
  });
});
