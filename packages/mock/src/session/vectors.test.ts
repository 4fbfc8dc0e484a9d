import { describe, expect, it } from "vitest";
import { deriveSigning } from "../request/canonical-request.ts";
import { parseAmzDate, readSignedRequest } from "../request/signed-request.ts";
import type { ReceivedRequest } from "../request/received-request.ts";
import { ML_DSA, readVector, withHeader } from "@roles-anywhere/testing";
import type { VectorName } from "@roles-anywhere/testing";
import { createWorld } from "../../test/support/world.ts";
import { authenticate } from "./authenticate.ts";
import { handleCreateSession } from "../../test/support/handle-create-session.ts";

function readRequest(name: VectorName) {
  const vector = readVector(name);
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

const NAMES: readonly VectorName[] = [
  "rsa",
  "ecdsa",
  "rsa-body-params",
  ...(ML_DSA.length > 0 ? (["mldsa44"] as const) : []),
];

describe("requests recorded from the official helper", () => {
  it.each(NAMES)("%s: derives its canonical request and string to sign and accepts its signature", (name) => {
    const vector = readRequest(name);
    const request = readSignedRequest(vector.request);
    if ("refusal" in request) throw request.refusal;
    authenticate(request, "us-east-1", vector.date);
    expect(deriveSigning(request)).toEqual({
      canonicalRequest: vector.canonicalRequest,
      stringToSign: vector.stringToSign,
    });
  });

  it.each(NAMES)("%s: gets a session", async (name) => {
    const vector = readRequest(name);
    const world = createWorld({ anchorPem: vector.trustAnchorPem, now: vector.date });
    world.profile.acceptRoleSessionName = true;
    const answer = await handleCreateSession(world.context, vector.request);
    expect(answer).toMatchObject({ status: 201 });
  });

  it("is refused with one bit of its signature changed", async () => {
    const vector = readRequest("rsa");
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
