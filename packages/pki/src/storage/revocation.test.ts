import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openssl } from "@roles-anywhere/testing";
import { describe, expect, it } from "vitest";
import { fileMode, temporaryDirectory } from "../../test/support/temporary-directory.ts";
import { parseRevocationLists } from "../inspection/revocation-list.ts";
import { readIssuanceLog } from "./issuance-log.ts";
import { revokeCertificate } from "./revoke-certificate.ts";
import type { RevocationOptions } from "./revoke-certificate.ts";
import {
  storeClientCertificate,
  storeIntermediateCertificateAuthority,
  storeRootCertificateAuthority,
} from "./store-certificate.ts";
import { storeRenewedCertificate } from "./store-renewed-certificate.ts";
import { storeRevocationList } from "./store-revocation-list.ts";

const DAY_MS = 86_400_000;
const START = new Date("2026-06-15T12:00:00Z");
const onDay = (day: number) => ({ now: () => new Date(START.getTime() + day * DAY_MS) });
const keyType = "ec-p256" as const;

/** A folder with a root CA and two clients for 30 days. */
async function folder() {
  const directory = temporaryDirectory();
  await storeRootCertificateAuthority({ directory, keyType }, onDay(0));
  const a = await storeClientCertificate({ directory, commonName: "a", keyType, validityDays: 30 }, onDay(0));
  const b = await storeClientCertificate({ directory, commonName: "b", keyType, validityDays: 30 }, onDay(0));
  return { directory, a, b };
}

function listIn(path: string) {
  const [list] = parseRevocationLists(readFileSync(path), path);
  return {
    number: list?.number,
    serials: [...(list?.revoked.keys() ?? [])].map((text) =>
      BigInt(text).toString(16).toUpperCase().padStart(32, "0"),
    ),
  };
}

describe("revokeCertificate", () => {
  it("refuses an unknown reason of a program without types, and records nothing", async () => {
    const { directory } = await folder();
    const call = async () =>
      Reflect.apply(revokeCertificate, undefined, [{ directory, certificate: "a", reason: "stolen" }]);

    await expect(call()).rejects.toMatchObject({
      code: "ERR_PKI_REVOCATION_LIST_INVALID",
      message: expect.stringMatching(/"stolen" is not known; give one of unspecified, keyCompromise/),
    });
    expect((await readIssuanceLog(directory)).map(({ fate }) => fate)).toEqual([
      "issued",
      "issued",
      "issued",
    ]);
  });

  it("records the revocation by name, and the log then says so", async () => {
    const { directory, a, b } = await folder();
    const revoked = await revokeCertificate(
      { directory, certificate: "a", reason: "keyCompromise" },
      onDay(1),
    );

    expect(revoked).toMatchObject([
      {
        serialNumber: a.serialNumber,
        authority: "rootCA",
        reason: "keyCompromise",
        time: "2026-06-16T12:00:00Z",
        commonName: "a",
      },
    ]);
    const fates = (await readIssuanceLog(directory)).map(({ serialNumber, fate }) => [serialNumber, fate]);
    expect(fates.slice(1)).toEqual([
      [a.serialNumber, "revoked"],
      [b.serialNumber, "issued"],
    ]);
  });

  it.each([
    ["upper case", (serial: string) => serial],
    ["lower case", (serial: string) => serial.toLowerCase()],
    ["colons", (serial: string) => serial.replaceAll(/..(?!$)/g, "$&:")],
  ])("finds a serial number in %s", async (_, write) => {
    const { directory, b } = await folder();
    const revoked = await revokeCertificate({ directory, certificate: write(b.serialNumber) }, onDay(1));
    expect(revoked).toMatchObject([{ serialNumber: b.serialNumber, reason: "unspecified" }]);
  });

  it("does not guess between a certificate and the one that renewed it", async () => {
    const { directory, a } = await folder();
    const renewed = await storeRenewedCertificate({ directory, commonName: "a" }, onDay(1));

    await expect(revokeCertificate({ directory, certificate: "a" }, onDay(2))).rejects.toMatchObject({
      code: "ERR_PKI_CERTIFICATE_AMBIGUOUS",
      message: expect.stringContaining(a.serialNumber),
    });
    const all = await revokeCertificate({ directory, certificate: "a", all: true }, onDay(2));
    expect(all.map(({ serialNumber }) => serialNumber)).toEqual([a.serialNumber, renewed.serialNumber]);
  });

  it("records a serial number that another program issued, when its CA is named", async () => {
    const { directory } = await folder();
    const foreign = { directory, certificate: "0102", authorityName: "rootCA" };
    expect(await revokeCertificate(foreign, onDay(1))).toMatchObject([
      { serialNumber: "0102", authority: "rootCA" },
    ]);
    expect(listIn((await storeRevocationList({ directory }, onDay(1))).crlPath).serials).toEqual([
      "0102".padStart(32, "0"),
    ]);
  });

  it.each<[string, Partial<RevocationOptions>, number, string]>([
    ["an unknown name", { certificate: "c" }, 1, "ERR_PKI_CERTIFICATE_NOT_FOUND"],
    ["an unknown serial number", { certificate: "0102" }, 1, "ERR_PKI_CERTIFICATE_NOT_FOUND"],
    ["an expired certificate", { certificate: "b" }, 31, "ERR_PKI_CERTIFICATE_NOT_FOUND"],
    ["a revoked certificate", { certificate: "a" }, 1, "ERR_PKI_CERTIFICATE_REVOKED"],
    [
      "a serial number of a CA that is not there",
      { certificate: "0102", authorityName: "rootCa2" },
      1,
      "ERR_PKI_AUTHORITY_NOT_FOUND",
    ],
    [
      "a serial number of what is no CA",
      { certificate: "0102", authorityName: "b" },
      1,
      "ERR_PKI_AUTHORITY_NOT_FOUND",
    ],
    [
      "a serial number of another program that is revoked",
      { certificate: "00:FF:01", authorityName: "rootCA" },
      1,
      "ERR_PKI_CERTIFICATE_REVOKED",
    ],
  ])("refuses %s", async (_, options, day, code) => {
    const { directory } = await folder();
    await revokeCertificate({ directory, certificate: "a" }, onDay(1));
    await revokeCertificate({ directory, certificate: "FF01", authorityName: "rootCA" }, onDay(1));
    const log = readFileSync(join(directory, "issued.jsonl"), "utf8");

    await expect(
      revokeCertificate({ directory, certificate: "a", ...options }, onDay(day)),
    ).rejects.toMatchObject({ code });
    expect(readFileSync(join(directory, "issued.jsonl"), "utf8")).toBe(log);
  });
});

describe("storeRevocationList", () => {
  it("writes a list with growing numbers in place of the one before", async () => {
    const { directory, a, b } = await folder();
    const first = await storeRevocationList({ directory }, onDay(1));
    await revokeCertificate({ directory, certificate: "a" }, onDay(2));
    const second = await storeRevocationList({ directory }, onDay(2));
    await revokeCertificate({ directory, certificate: "b" }, onDay(3));
    const third = await storeRevocationList({ directory, nextUpdateDays: 7 }, onDay(3));

    expect([first, second, third].map(({ number, revokedCount }) => [number, revokedCount])).toEqual([
      [1n, 0],
      [2n, 1],
      [3n, 2],
    ]);
    expect(third).toMatchObject({ authorityName: "rootCA", nextUpdate: onDay(10).now() });
    expect(listIn(third.crlPath)).toEqual({ number: 3n, serials: [a.serialNumber, b.serialNumber] });
    expect(fileMode(third.crlPath)).toBe("644");
    expect(readdirSync(directory).filter((name) => name.endsWith(".crl.pem"))).toEqual(["rootCA.crl.pem"]);
  });

  it("keeps a certificate until one list was made after its end", async () => {
    const { directory } = await folder();
    await revokeCertificate({ directory, certificate: "a" }, onDay(1));
    const counts = [];
    for (const day of [2, 29, 31, 32])
      counts.push((await storeRevocationList({ directory }, onDay(day))).revokedCount);
    expect(counts).toEqual([1, 1, 1, 0]);
  });

  it("keeps a certificate that is valid although one list was made with a clock far ahead", async () => {
    const { directory, a } = await folder();
    await revokeCertificate({ directory, certificate: "a" }, onDay(1));
    await storeRevocationList({ directory }, onDay(400));
    const { crlPath } = await storeRevocationList({ directory }, onDay(2));
    expect(listIn(crlPath).serials).toEqual([a.serialNumber]);
  });

  it("takes nothing back when the log is older than the list", async () => {
    const { directory, a } = await folder();
    const path = join(directory, "issued.jsonl");
    const backup = readFileSync(path);
    await revokeCertificate({ directory, certificate: "a" }, onDay(1));
    const { crlPath } = await storeRevocationList({ directory }, onDay(1));
    writeFileSync(path, backup);

    await expect(storeRevocationList({ directory }, onDay(2))).rejects.toMatchObject({
      code: "ERR_PKI_REVOCATION_LIST_INVALID",
      message: expect.stringContaining("put back the newest issued.jsonl"),
    });
    expect(readFileSync(path)).toEqual(backup);
    expect(listIn(crlPath)).toEqual({ number: 1n, serials: [a.serialNumber] });
  });

  it("has the certificates of its CA only", async () => {
    const { directory } = await folder();
    await storeIntermediateCertificateAuthority({ directory, commonName: "sub", keyType }, onDay(0));
    const c = await storeClientCertificate(
      { directory, commonName: "c", authorityName: "sub", keyType, validityDays: 30 },
      onDay(0),
    );
    await revokeCertificate({ directory, certificate: "a" }, onDay(1));
    await revokeCertificate({ directory, certificate: "c" }, onDay(1));
    const list = await storeRevocationList({ directory, authorityName: "sub" }, onDay(1));

    expect(list.crlPath).toBe(join(directory, "sub.crl.pem"));
    expect(listIn(list.crlPath)).toEqual({ number: 1n, serials: [c.serialNumber] });
    expect(openssl(["crl", "-noout", "-issuer", "-in", list.crlPath])).toBe("issuer=CN = sub\n");
  });

  it("changes nothing when the list cannot be written", async () => {
    const { directory } = await folder();
    mkdirSync(join(directory, "rootCA.crl.pem"));
    const log = readFileSync(join(directory, "issued.jsonl"), "utf8");

    await expect(storeRevocationList({ directory }, onDay(1))).rejects.toMatchObject({
      code: "ERR_PKI_FILE_EXISTS",
    });
    expect(readFileSync(join(directory, "issued.jsonl"), "utf8")).toBe(log);
  });
});
