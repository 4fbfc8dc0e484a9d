import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { fileMode, temporaryDirectory } from "../../test/support/temporary-directory.ts";
import { appendRecords, readIssuanceLog } from "./issuance-log.ts";
import type { IssuedRecord } from "./issuance-log.ts";

const issued = (serialNumber: string, more: Partial<IssuedRecord> = {}): IssuedRecord => ({
  event: "issued",
  time: "2026-01-02T03:04:05Z",
  kind: "client",
  serialNumber,
  subject: "/CN=a",
  commonName: "a",
  notBefore: "2026-01-02T03:04:05Z",
  notAfter: "2027-01-02T03:04:05Z",
  keyType: "ec-p256",
  authority: "rootCA",
  files: ["a.key", "a.pem"],
  certificate: "MAA=",
  ...more,
});
const at = { time: "2026-02-02T03:04:05Z" };

const fates = async (directory: string) =>
  (await readIssuanceLog(directory)).map(({ serialNumber, fate }) => `${serialNumber} ${fate}`);

describe("the issuance log", () => {
  it("is empty where no file is", async () => {
    expect(await readIssuanceLog(temporaryDirectory())).toEqual([]);
    expect(await readIssuanceLog(join(temporaryDirectory(), "nowhere"))).toEqual([]);
  });

  it("gives back what was appended, for the owner's eyes alone", async () => {
    const directory = temporaryDirectory();
    await appendRecords(directory, [issued("01"), issued("02")]);
    await appendRecords(directory, [issued("03", { renews: "01" })]);

    expect(await readIssuanceLog(directory)).toEqual([
      { ...issued("01"), fate: "renewed", renews: undefined },
      { ...issued("02"), fate: "issued", renews: undefined },
      { ...issued("03", { renews: "01" }), fate: "issued" },
    ]);
    expect(fileMode(join(directory, "issued.jsonl"))).toBe("600");
  });

  it("knows what became of each certificate", async () => {
    const directory = temporaryDirectory();
    await appendRecords(directory, [
      issued("01"),
      issued("02", { renews: "01" }),
      { event: "discarded", ...at, serialNumber: "02" },
      issued("03"),
      { event: "revoked", ...at, serialNumber: "03", authority: "rootCA", reason: "keyCompromise" },
    ]);
    expect(await fates(directory)).toEqual(["01 issued", "02 discarded", "03 revoked"]);
    expect((await readIssuanceLog(directory)).at(-1)?.revocation?.reason).toBe("keyCompromise");
  });

  it("keeps a certificate revoked, whatever comes after", async () => {
    const directory = temporaryDirectory();
    const revoked = (serialNumber: string, reason: string) =>
      ({ event: "revoked", ...at, serialNumber, authority: "rootCA", reason }) as const;
    await appendRecords(directory, [
      issued("01"),
      revoked("01", "keyCompromise"),
      issued("02", { renews: "01" }),
      { event: "discarded", ...at, serialNumber: "02" },
      revoked("01", "superseded"),
      issued("03"),
      issued("04", { renews: "03" }),
      revoked("03", "superseded"),
      { event: "discarded", ...at, serialNumber: "04" },
    ]);
    expect(await fates(directory)).toEqual(["01 revoked", "02 discarded", "03 revoked", "04 discarded"]);
    expect((await readIssuanceLog(directory))[0]?.revocation?.reason).toBe("keyCompromise");
  });

  it("keeps a certificate renewed while one of two that replace it is there", async () => {
    const directory = temporaryDirectory();
    await appendRecords(directory, [
      issued("01"),
      issued("02", { renews: "01" }),
      issued("03", { renews: "01" }),
      { event: "discarded", ...at, serialNumber: "03" },
    ]);
    expect(await fates(directory)).toEqual(["01 renewed", "02 issued", "03 discarded"]);
  });

  it.each([
    { title: "half a record", tail: '{"event":"iss' },
    { title: "a long half", tail: `{"event":"${"x".repeat(200_000)}` },
    { title: "octets of zero", tail: "\0".repeat(100) },
  ])("drops $title that a crash has left at the end, and goes on", async ({ tail }) => {
    const directory = temporaryDirectory();
    await appendRecords(directory, [issued("01")]);
    appendFileSync(join(directory, "issued.jsonl"), tail);
    expect(await fates(directory)).toEqual(["01 issued"]);
    await appendRecords(directory, [issued("02")]);
    expect(await fates(directory)).toEqual(["01 issued", "02 issued"]);
  });

  it.each([
    { title: "a line that is no JSON", line: "hello" },
    { title: "an empty line", line: "" },
    { title: "another event", line: JSON.stringify({ ...issued("02"), event: "sold" }) },
    { title: "no serial number", line: JSON.stringify({ ...issued(""), event: "discarded" }) },
    { title: "another kind", line: JSON.stringify({ ...issued("02"), kind: "pet" }) },
    { title: "files that are no list", line: JSON.stringify({ ...issued("02"), files: "a.pem" }) },
  ])("refuses $title, with the number of the line, and writes nothing", async ({ line }) => {
    const directory = temporaryDirectory();
    await appendRecords(directory, [issued("01")]);
    appendFileSync(join(directory, "issued.jsonl"), `${line}\n`);
    const before = readFileSync(join(directory, "issued.jsonl"), "utf8");
    await expect(readIssuanceLog(directory)).rejects.toMatchObject({
      code: "ERR_PKI_LOG_INVALID",
      message: expect.stringContaining("issued.jsonl: line 2 is not a record"),
    });
    expect(readFileSync(join(directory, "issued.jsonl"), "utf8")).toBe(before);
  });

  it("keeps members that it does not know out of the way", async () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, "issued.jsonl"), `${JSON.stringify({ ...issued("01"), colour: "red" })}\n`);
    expect(await fates(directory)).toEqual(["01 issued"]);
  });
});
