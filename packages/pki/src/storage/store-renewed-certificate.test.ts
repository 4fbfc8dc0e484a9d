import { createPrivateKey, X509Certificate } from "node:crypto";
import {
  chmodSync,
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { openssl } from "@roles-anywhere/testing";
import { describe, expect, it } from "vitest";
import { certificateField, extensionLines } from "../../test/support/certificate-text.ts";
import { fileMode, temporaryDirectory } from "../../test/support/temporary-directory.ts";
import { createCertificateRequest } from "../authority/sign-certificate-request.ts";
import { generateKeyPairOf } from "../keys/generate-key-pair.ts";
import { appendRecords, readIssuanceLog } from "./issuance-log.ts";
import {
  storeClientCertificate,
  storeIntermediateCertificateAuthority,
  storeRootCertificateAuthority,
} from "./store-certificate.ts";
import { storeRenewedCertificate } from "./store-renewed-certificate.ts";
import { revokeCertificate } from "./revoke-certificate.ts";
import { storeSignedRequest } from "./store-request.ts";

const keyType = "ec-p256";

/** A folder with a CA, an intermediate, and the certificates `direct` and `below`. */
async function folder(): Promise<string> {
  const directory = temporaryDirectory();
  await storeRootCertificateAuthority({ directory, keyType });
  await storeIntermediateCertificateAuthority({ directory, commonName: "sub", keyType });
  await storeClientCertificate({
    directory,
    commonName: "direct",
    keyType,
    validityDays: 90,
    subjectAttributes: [{ type: "OU", value: "Engineering" }],
    subjectAlternativeNames: [
      { type: "dns", value: "direct.example.org" },
      { type: "directory", value: "/O=Example/CN=direct" },
    ],
  });
  await storeClientCertificate({ directory, commonName: "below", keyType, authorityName: "sub" });
  return directory;
}

const read = (directory: string, name: string): string => readFileSync(join(directory, name), "utf8");

function isPair(directory: string, name: string): boolean {
  const certificate = new X509Certificate(read(directory, `${name}.pem`));
  return certificate.checkPrivateKey(createPrivateKey(read(directory, `${name}.key`)));
}

describe("storeRenewedCertificate", () => {
  it("keeps key, names and length, and replaces the certificate alone", async () => {
    const directory = await folder();
    const [oldPem, oldKey] = [read(directory, "direct.pem"), read(directory, "direct.key")];
    const renewed = await storeRenewedCertificate({ directory, commonName: "direct" });
    const newPem = read(directory, "direct.pem");

    expect(newPem).toBe(renewed.certificatePem);
    expect(read(directory, "direct.key")).toBe(oldKey);
    expect(renewed.renews).toBe(certificateField(oldPem, "-serial"));
    expect(renewed.serialNumber).not.toBe(renewed.renews);
    expect(renewed.notAfter.getTime() - renewed.notBefore.getTime()).toBe(90 * 86_400_000);
    expect(certificateField(newPem, "-subject")).toBe(certificateField(oldPem, "-subject"));
    expect(extensionLines(newPem)).toEqual(extensionLines(oldPem));
    expect(readdirSync(directory).filter((name) => name.includes("versions"))).toEqual([]);
    expect(
      openssl(["verify", "-CAfile", join(directory, "rootCA.pem"), join(directory, "direct.pem")]),
    ).toContain("OK");
  });

  it("makes a new key, and links certificate and key to one version", async () => {
    const directory = await folder();
    const oldKey = read(directory, "direct.key");
    chmodSync(join(directory, "direct.key"), 0o640);
    const first = await storeRenewedCertificate({ directory, commonName: "direct", newKey: true });
    const second = await storeRenewedCertificate({ directory, commonName: "direct", newKey: true });
    const third = await storeRenewedCertificate({ directory, commonName: "direct" });

    expect(isPair(directory, "direct")).toBe(true);
    expect(read(directory, "direct.key")).toBe(second.privateKeyPem);
    expect(read(directory, "direct.key")).not.toBe(oldKey);
    expect(fileMode(join(directory, "direct.key"))).toBe("640");
    expect(readlinkSync(join(directory, "direct.pem"))).toBe("direct.versions/current/certificate.pem");
    expect(readdirSync(join(directory, "direct.versions")).toSorted()).toEqual(
      [second.serialNumber, third.serialNumber, "current"].toSorted(),
    );
    expect(readlinkSync(join(directory, "direct.versions", "current"))).toBe(third.serialNumber);
    expect([first.keyType, third.privateKeyPem]).toEqual([keyType, undefined]);
  });

  it("changes the kind of the key when asked", async () => {
    const directory = await folder();
    const renewed = await storeRenewedCertificate({
      directory,
      commonName: "direct",
      newKey: true,
      keyType: "ec-p384",
      validityDays: 7,
    });
    expect(renewed.keyType).toBe("ec-p384");
    expect(renewed.notAfter.getTime() - renewed.notBefore.getTime()).toBe(7 * 86_400_000);
  });

  it("has the CA sign that signed before, and keeps the chain with the certificate", async () => {
    const directory = await folder();
    const chain = read(directory, "below.chain.pem");
    await storeRenewedCertificate({ directory, commonName: "below", newKey: true });

    expect(read(directory, "below.chain.pem")).toBe(chain);
    expect(lstatSync(join(directory, "below.chain.pem")).isSymbolicLink()).toBe(true);
    expect(
      openssl([
        ...["verify", "-x509_strict", "-CAfile", join(directory, "rootCA.pem")],
        ...["-untrusted", join(directory, "below.chain.pem"), join(directory, "below.pem")],
      ]),
    ).toContain("OK");
  });

  it("moves to another CA when asked, certificate and chain in one step", async () => {
    const directory = await folder();
    const renewed = await storeRenewedCertificate({ directory, commonName: "direct", authorityName: "sub" });

    expect(renewed.chainPem).toBe(read(directory, "sub.pem"));
    expect(read(directory, "direct.chain.pem")).toBe(renewed.chainPem);
    expect(readlinkSync(join(directory, "direct.versions", "current"))).toBe(renewed.serialNumber);
    expect(isPair(directory, "direct")).toBe(true);
  });

  it("writes into the log which certificate the new one replaces", async () => {
    const directory = await folder();
    const renewed = await storeRenewedCertificate({ directory, commonName: "direct" });
    const fates = (await readIssuanceLog(directory)).filter(({ commonName }) => commonName === "direct");

    expect(fates.map(({ fate, renews }) => ({ fate, renews }))).toEqual([
      { fate: "renewed", renews: undefined },
      { fate: "issued", renews: renewed.renews },
    ]);
  });

  it("renews the certificate of a request without its key", async () => {
    const directory = await folder();
    const { requestPem } = await createCertificateRequest({ commonName: "remote", keyType });
    const before = await storeSignedRequest({ directory, requestPem, commonName: "remote" });
    const renewed = await storeRenewedCertificate({ directory, commonName: "remote" });

    const key = (pem: string) => openssl(["x509", "-noout", "-pubkey"], pem);
    expect(key(renewed.certificatePem)).toBe(key(before.certificatePem));
    await expect(
      storeRenewedCertificate({ directory, commonName: "remote", newKey: true }),
    ).rejects.toMatchObject({
      code: "ERR_PKI_CERTIFICATE_INVALID",
      message: expect.stringContaining("make a new request there with: ra-pki request"),
    });
  });

  it("renews what the CA signed whose files another CA has replaced", async () => {
    const directory = await folder();
    await storeRootCertificateAuthority({ directory, keyType, force: true });
    await storeRenewedCertificate({ directory, commonName: "direct" });
    expect(
      openssl(["verify", "-CAfile", join(directory, "rootCA.pem"), join(directory, "direct.pem")]),
    ).toContain("OK");
  });

  it("refuses a revoked certificate with a new key as well", async () => {
    const directory = await folder();
    await revokeCertificate({ directory, certificate: "direct", reason: "privilegeWithdrawn" });
    await expect(
      storeRenewedCertificate({ directory, commonName: "direct", newKey: true }),
    ).rejects.toMatchObject({ message: expect.stringContaining("it was revoked") });
  });

  it("hands out nothing when the certificate is revoked while the CA signs", async () => {
    const directory = await folder();
    const pem = read(directory, "direct.pem");
    const renewal = storeRenewedCertificate(
      { directory, commonName: "direct", newKey: true },
      {
        generateKeyPair: async (type) => {
          await revokeCertificate({ directory, certificate: "direct" });
          return generateKeyPairOf(type);
        },
      },
    );
    await expect(renewal).rejects.toMatchObject({ message: expect.stringContaining("it was revoked") });
    expect(read(directory, "direct.pem")).toBe(pem);
    expect((await readIssuanceLog(directory)).at(-1)).toMatchObject({ commonName: "below" });
  });

  it("goes on where a killed command stopped turning files into links", async () => {
    const directory = await folder();
    const first = await storeRenewedCertificate({ directory, commonName: "direct", newKey: true });
    // The certificate is a file again, as if only the key had become a link.
    rmSync(join(directory, "direct.pem"));
    writeFileSync(join(directory, "direct.pem"), first.certificatePem);
    await storeRenewedCertificate({ directory, commonName: "direct", newKey: true });

    expect(isPair(directory, "direct")).toBe(true);
    expect(lstatSync(join(directory, "direct.pem")).isSymbolicLink()).toBe(true);
  });

  it.each<{
    title: string;
    prepare: (directory: string) => unknown;
    name?: string;
    code: string;
    message: RegExp;
  }>([
    {
      title: "a name without a certificate",
      prepare: () => undefined,
      name: "nobody",
      code: "ERR_PKI_CERTIFICATE_NOT_FOUND",
      message: /nobody\.pem is missing/,
    },
    {
      title: "the certificate of a CA",
      prepare: () => undefined,
      name: "sub",
      code: "ERR_PKI_CERTIFICATE_INVALID",
      message: /it is that of a CA/,
    },
    {
      title: "text",
      prepare: (directory) => writeFileSync(join(directory, "direct.pem"), "hello"),
      code: "ERR_PKI_CERTIFICATE_INVALID",
      message: /cannot be read as PEM/,
    },
    {
      title: "a certificate beside the key of another one",
      prepare: (directory) => writeFileSync(join(directory, "direct.key"), read(directory, "below.key")),
      code: "ERR_PKI_CERTIFICATE_INVALID",
      message: /direct\.key is not the key of/,
    },
    {
      title: "a revoked certificate with the same key",
      prepare: async (directory) =>
        appendRecords(directory, [
          {
            event: "revoked",
            time: "2026-01-01T00:00:00Z",
            serialNumber: certificateField(read(directory, "direct.pem"), "-serial"),
            authority: "rootCA",
            reason: "keyCompromise",
          },
        ]),
      code: "ERR_PKI_CERTIFICATE_INVALID",
      message: /it was revoked; if it may be replaced, issue a new one with: ra-pki issue --force/,
    },
    {
      title: "a certificate that another CA of the same name signed",
      prepare: async (directory) => {
        const other = temporaryDirectory();
        await storeRootCertificateAuthority({ directory: other, keyType });
        await storeClientCertificate({ directory: other, commonName: "admin", keyType });
        for (const file of ["admin.pem", "admin.key"])
          writeFileSync(join(directory, file), read(other, file));
      },
      name: "admin",
      code: "ERR_PKI_CERTIFICATE_INVALID",
      message: /the issuance log does not have it, so no CA of this folder has handed it out/,
    },
    {
      title: "a certificate that has the serial number of one in the log",
      prepare: async (directory) => {
        const other = temporaryDirectory();
        await storeRootCertificateAuthority({ directory: other, keyType });
        await storeClientCertificate(
          { directory: other, commonName: "direct", keyType },
          {
            randomBytes: () => Buffer.from(certificateField(read(directory, "direct.pem"), "-serial"), "hex"),
          },
        );
        for (const file of ["direct.pem", "direct.key"]) {
          writeFileSync(join(directory, file), read(other, file));
        }
      },
      code: "ERR_PKI_CERTIFICATE_INVALID",
      message: /the issuance log does not have it/,
    },
  ])("refuses $title and changes nothing", async ({ prepare, name = "direct", code, message }) => {
    const directory = await folder();
    await prepare(directory);
    const log = read(directory, "issued.jsonl");
    await expect(storeRenewedCertificate({ directory, commonName: name })).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
    expect(read(directory, "issued.jsonl")).toBe(log);
  });
});
