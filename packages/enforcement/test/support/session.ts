import type { ServiceRequest, SessionFacts } from "../../src/index.ts";

export const ACCOUNT = "111122223333";
export const NOW = new Date("2026-06-15T12:00:00Z");

export const SESSION: SessionFacts = {
  assumedRoleArn: `arn:aws:sts::${ACCOUNT}:assumed-role/reader/server-a`,
  roleArn: `arn:aws:iam::${ACCOUNT}:role/reader`,
  roleId: "AROAEXAMPLE0000000001",
  sessionName: "server-a",
  tags: { team: "blue" },
  sourceIdentity: "CN=server-a",
  issuedAt: new Date("2026-06-15T11:30:00Z"),
  expiresAt: new Date("2026-06-15T12:30:00Z"),
};

const CREDENTIAL = "Credential=ASIAEXAMPLE/20260615/eu-west-1/s3/aws4_request";

/** A request that is signed in form; nothing verifies the signature here. */
export function serviceRequest(
  operation: string,
  parameters: ServiceRequest["parameters"] = {},
  changed: Partial<ServiceRequest> = {},
): ServiceRequest {
  return {
    service: "s3",
    operation,
    parameters,
    method: "GET",
    path: "/",
    headers: [
      ["Host", "s3.example"],
      ["User-Agent", "test/1"],
      ["X-Amz-Date", "20260615T115958Z"],
      ["X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD"],
      ["Authorization", `AWS4-HMAC-SHA256 ${CREDENTIAL}, SignedHeaders=host, Signature=00`],
    ],
    region: "eu-west-1",
    accountId: ACCOUNT,
    sourceIp: "192.0.2.7",
    secureTransport: true,
    tlsVersion: "TLSv1.3",
    receivedAt: NOW,
    ...changed,
  };
}
