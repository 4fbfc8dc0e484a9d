import { describe, expect, it } from "vitest";
import type { SubjectRecord } from "../state/records.ts";
import { idOf, testControlPlane } from "../../test/support/test-control-plane.ts";

const SEEN = new Date("2026-01-02T03:04:05Z");

function subject(n: number): SubjectRecord {
  return {
    subjectId: idOf(n),
    subjectArn: `arn:aws:rolesanywhere:us-east-1:123456789012:subject/${idOf(n)}`,
    x509Subject: `CN=client-${n}`,
    enabled: true,
    createdAt: SEEN,
    updatedAt: SEEN,
    lastSeenAt: SEEN,
    credentials: [
      {
        serialNumber: "1234",
        issuer: "CN=Root",
        x509CertificateData: "-----BEGIN CERTIFICATE-----",
        seenAt: SEEN,
        enabled: true,
        failed: false,
      },
    ],
    instanceProperties: [{ seenAt: SEEN, properties: { host: "a" }, failed: false }],
  };
}

const SUMMARY = {
  subjectId: idOf(1),
  subjectArn: `arn:aws:rolesanywhere:us-east-1:123456789012:subject/${idOf(1)}`,
  x509Subject: "CN=client-1",
  enabled: true,
  createdAt: "2026-01-02T03:04:05.000000Z",
  updatedAt: "2026-01-02T03:04:05.000000Z",
  lastSeenAt: "2026-01-02T03:04:05.000000Z",
};

describe("subjects", () => {
  it("are listed without and described with what they presented", async () => {
    const { send, state } = testControlPlane();
    state.subjects.set(idOf(1), subject(1));
    expect((await send("GET", "/subjects")).body).toEqual({ subjects: [SUMMARY] });
    expect((await send("GET", `/subject/${idOf(1)}`)).body).toEqual({
      subject: {
        ...SUMMARY,
        credentials: [
          {
            serialNumber: "1234",
            issuer: "CN=Root",
            x509CertificateData: "-----BEGIN CERTIFICATE-----",
            seenAt: "2026-01-02T03:04:05.000000Z",
            enabled: true,
            failed: false,
          },
        ],
        instanceProperties: [
          { seenAt: "2026-01-02T03:04:05.000000Z", properties: { host: "a" }, failed: false },
        ],
      },
    });
  });

  it("are listed in pages", async () => {
    const { send, state } = testControlPlane();
    for (const n of [1, 2]) state.subjects.set(idOf(n), subject(n));
    const { body } = await send("GET", "/subjects?pageSize=1");
    expect(body).toMatchObject({ subjects: [{ subjectId: idOf(1) }], nextToken: expect.any(String) });
    expect((await send("GET", `/subjects?nextToken=${body.nextToken}`)).body).toMatchObject({
      subjects: [{ subjectId: idOf(2) }],
    });
  });

  it.each([
    ["an unknown id", idOf(2), 404, "ResourceNotFoundException"],
    [
      "an ARN: subjects are named by id only",
      encodeURIComponent(SUMMARY.subjectArn),
      400,
      "ValidationException",
    ],
    ["no UUID", "client", 400, "ValidationException"],
  ])("are not described for %s", async (_, identifier, status, errorType) => {
    const { send, state } = testControlPlane();
    state.subjects.set(idOf(1), subject(1));
    expect(await send("GET", `/subject/${identifier}`)).toMatchObject({ status, errorType });
  });
});
