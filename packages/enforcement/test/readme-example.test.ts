import { authorizeRequest, readClaim, verifySignature } from "../src/index.ts";
import type { ServiceRequest, SessionFacts } from "../src/index.ts";
import { expect, it } from "vitest";

const request: ServiceRequest = {
  service: "s3",
  operation: "PutObject",
  parameters: { Bucket: "reports", Key: "2026.csv" },
  method: "PUT",
  path: "/reports/2026.csv",
  headers: [
    ["Host", "localhost:4566"],
    ["X-Amz-Date", "20260615T120000Z"],
    ["X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD"],
    [
      "Authorization",
      "AWS4-HMAC-SHA256 Credential=ASIAEXAMPLE/20260615/eu-west-1/s3/aws4_request, SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature=00",
    ],
  ],
  region: "eu-west-1",
  accountId: "111122223333",
  sourceIp: "192.0.2.7",
  secureTransport: true,
  receivedAt: new Date("2026-06-15T12:00:01Z"),
};

const session: SessionFacts = {
  assumedRoleArn: "arn:aws:sts::111122223333:assumed-role/reader/server-a",
  roleArn: "arn:aws:iam::111122223333:role/reader",
  roleId: "AROAEXAMPLE0000000001",
  sessionName: "server-a",
  issuedAt: new Date("2026-06-15T11:30:00Z"),
  expiresAt: new Date("2026-06-15T12:30:00Z"),
};

it("verifies who signed", () => {
  const claim = readClaim(request);
  expect(claim).toMatchObject({ accessKeyId: "ASIAEXAMPLE", region: "eu-west-1", presigned: false });

  const credentials = { secretAccessKey: "test-only-secret", expiresAt: session.expiresAt };
  expect(verifySignature(request, credentials, { now: request.receivedAt })).toMatchObject({
    valid: false,
    reason: "SIGNATURE_MISMATCH",
    error: { code: "SignatureDoesNotMatch", status: 403 },
  });
});

it("says what the policies make of a request", () => {
  const verdict = authorizeRequest(request, session, {
    identityPolicies: [
      {
        name: "read",
        document: {
          Version: "2012-10-17",
          Statement: { Effect: "Allow", Action: "s3:Get*", Resource: "arn:aws:s3:::reports/*" },
        },
      },
    ],
  });

  expect(verdict).toMatchObject({
    allowed: false,
    code: "AccessDenied",
    status: 403,
    message:
      'User: arn:aws:sts::111122223333:assumed-role/reader/server-a is not authorized to perform: s3:PutObject on resource: "arn:aws:s3:::reports/2026.csv" because no identity-based policy allows the s3:PutObject action',
    reason:
      "read: identity policy: no statement allows s3:PutObject; the closest, identity policy, statement 0, has Action s3:Get*",
  });
});
