import { describe, expect, it } from "vitest";
import { makeAuthority, makeCrl } from "@roles-anywhere/testing";
import { idOf, testControlPlane } from "../../test/support/test-control-plane.ts";
import type { TestControlPlane } from "../../test/support/test-control-plane.ts";

const authority = makeAuthority();
const CRL_DATA = makeCrl(authority, { revoked: [0x1234n] }).toString("base64");
const OTHER_CRL_DATA = makeCrl(authority, { revoked: [99n] }).toString("base64");
const ANCHOR_ARN = `arn:aws:rolesanywhere:us-east-1:123456789012:trust-anchor/${idOf(1)}`;
const request = { name: "list", crlData: CRL_DATA, trustAnchorArn: ANCHOR_ARN };

const DETAIL = {
  crlId: idOf(2),
  crlArn: `arn:aws:rolesanywhere:us-east-1:123456789012:crl/${idOf(2)}`,
  name: "list",
  enabled: false,
  crlData: CRL_DATA,
  trustAnchorArn: ANCHOR_ARN,
  createdAt: "2026-01-02T03:04:05.678000Z",
  updatedAt: "2026-01-02T03:04:05.678000Z",
};

/** With one trust anchor, whose id is the first. */
async function withAnchor(): Promise<TestControlPlane> {
  const plane = testControlPlane();
  const source = {
    sourceType: "CERTIFICATE_BUNDLE",
    sourceData: { x509CertificateData: authority.certificatePem },
  };
  await plane.send("POST", "/trustanchors", { name: "anchor", source, aliasName: "root" });
  return plane;
}

const one = (value: string, at: string, constraint: string) =>
  `1 validation error detected: Value '${value}' at '${at}' failed to satisfy constraint: ${constraint}`;
const missing = (at: string) =>
  `1 validation error detected: Value null at '${at}' failed to satisfy constraint: Member must not be null`;

describe("ImportCrl", () => {
  it("answers 201 with the list as it was given", async () => {
    const { send, state } = await withAnchor();
    expect(await send("POST", "/crls", request)).toMatchObject({ status: 201, body: { crl: DETAIL } });
    expect((await send("GET", `/crl/${idOf(2)}`)).body).toEqual({ crl: DETAIL });
    expect(Buffer.from(state.crls.get(idOf(2))?.crlData ?? "").toString()).toContain("BEGIN X509 CRL");
  });

  it("allows two for a trust anchor", async () => {
    const { send, state } = await withAnchor();
    for (const status of [201, 201, 400]) expect((await send("POST", "/crls", request)).status).toBe(status);
    expect(state.crls.size).toBe(2);
  });

  it.each<[string, object, number, string, string]>([
    ["no name", { name: undefined }, 400, "ValidationException", missing("name")],
    ["no data", { crlData: undefined }, 400, "ValidationException", missing("crlData")],
    ["no trust anchor", { trustAnchorArn: undefined }, 400, "ValidationException", missing("trustAnchorArn")],
    [
      "the ARN of a profile",
      { trustAnchorArn: ANCHOR_ARN.replace("trust-anchor", "profile") },
      400,
      "ValidationException",
      one(
        ANCHOR_ARN.replace("trust-anchor", "profile"),
        "trustAnchorArn",
        "Member must satisfy regular expression pattern: arn:aws(-[^:]+)?:rolesanywhere(:.*){2}(:trust-anchor.*)",
      ),
    ],
    [
      "an unknown trust anchor",
      { trustAnchorArn: ANCHOR_ARN.replace(idOf(1), idOf(9)) },
      404,
      "ResourceNotFoundException",
      `Trust anchor ${ANCHOR_ARN.replace(idOf(1), idOf(9))} was not found.`,
    ],
    [
      "a trust anchor's alias",
      { trustAnchorArn: "arn:aws:rolesanywhere:us-east-1:123456789012:alias/trust-anchor/root" },
      404,
      "ResourceNotFoundException",
      "Trust anchor arn:aws:rolesanywhere:us-east-1:123456789012:alias/trust-anchor/root was not found.",
    ],
    [
      "data that is not base64",
      { crlData: "-----BEGIN X509 CRL-----" },
      400,
      "SerializationException",
      "Invalid base64 data",
    ],
    [
      "empty data",
      { crlData: "" },
      400,
      "ValidationException",
      "1 validation error detected: Value at 'crlData' failed to satisfy constraint: Member must have length greater than or equal to 1",
    ],
    [
      "300001 bytes",
      { crlData: Buffer.alloc(300_001).toString("base64") },
      400,
      "ValidationException",
      "1 validation error detected: Value at 'crlData' failed to satisfy constraint: Member must have length less than or equal to 300000",
    ],
  ])("refuses %s", async (_, change, status, errorType, message) => {
    const { send, state } = await withAnchor();
    expect(await send("POST", "/crls", { ...request, ...change })).toMatchObject({
      status,
      errorType,
      body: { message },
    });
    expect(state.crls.size).toBe(0);
  });

  it.each([
    ["text that is no PEM", Buffer.from("hello")],
    [
      "DER instead of PEM",
      Buffer.from(
        makeCrl(authority)
          .toString()
          .replaceAll(/-----.*-----|\n/g, ""),
        "base64",
      ),
    ],
    ["a certificate", Buffer.from(authority.certificatePem)],
    ["a PEM of something else", Buffer.from("-----BEGIN X509 CRL-----\nMAA=\n-----END X509 CRL-----\n")],
  ])("refuses %s", async (_, bytes) => {
    const { send } = await withAnchor();
    const answer = await send("POST", "/crls", { ...request, crlData: bytes.toString("base64") });
    expect(answer).toMatchObject({ status: 400, errorType: "ValidationException" });
    expect(answer.body.message).toMatch(
      /^Invalid CRL; a PEM-encoded X\.509 certificate revocation list is required/,
    );
  });
});

describe("a CRL", () => {
  it("is reached by id, ARN and alias ARN in every operation on one CRL", async () => {
    for (const identifier of [
      DETAIL.crlId,
      DETAIL.crlArn,
      "arn:aws:rolesanywhere:us-east-1:123456789012:alias/crl/revoked/2026",
    ]) {
      const { send } = await withAnchor();
      const path = `/crl/${encodeURIComponent(identifier)}`;
      await send("POST", "/crls", { ...request, aliasName: "revoked/2026" });
      expect((await send("GET", path)).body.crl.name).toBe("list");
      expect((await send("PATCH", path, { name: "renamed" })).body.crl).toMatchObject({
        name: "renamed",
        crlData: CRL_DATA,
      });
      expect((await send("POST", `${path}/enable`)).body.crl.enabled).toBe(true);
      expect((await send("POST", `${path}/disable`)).body.crl.enabled).toBe(false);
      expect((await send("DELETE", path)).body.crl.name).toBe("renamed");
      expect((await send("DELETE", path)).status).toBe(404);
    }
  });

  it("is replaced by an update, whole or not at all", async () => {
    const { send } = await withAnchor();
    await send("POST", "/crls", request);
    const refused = await send("PATCH", `/crl/${idOf(2)}`, { name: "renamed", crlData: "AAAA" });
    expect(refused).toMatchObject({ status: 400, errorType: "ValidationException" });
    expect((await send("GET", `/crl/${idOf(2)}`)).body).toEqual({ crl: DETAIL });
    expect((await send("PATCH", `/crl/${idOf(2)}`, { crlData: OTHER_CRL_DATA })).body.crl.crlData).toBe(
      OTHER_CRL_DATA,
    );
  });

  it("is listed in pages", async () => {
    const { send } = await withAnchor();
    for (const name of ["a", "b"]) await send("POST", "/crls", { ...request, name });
    const { body } = await send("GET", "/crls?pageSize=1");
    expect(body).toMatchObject({ crls: [{ name: "a" }], nextToken: expect.any(String) });
    expect((await send("GET", `/crls?nextToken=${body.nextToken}`)).body).toMatchObject({
      crls: [{ name: "b" }],
    });
  });

  it("outlives its trust anchor", async () => {
    const { send } = await withAnchor();
    await send("POST", "/crls", request);
    await send("DELETE", `/trustanchor/${idOf(1)}`);
    expect((await send("GET", `/crl/${idOf(2)}`)).status).toBe(200);
  });
});
