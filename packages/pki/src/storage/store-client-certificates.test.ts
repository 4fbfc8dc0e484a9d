import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openssl } from "@roles-anywhere/testing";
import { describe, expect, it } from "vitest";
import { sharedKeyPairOf } from "../../test/support/key-pool.ts";
import { fileMode, fingerprint, temporaryDirectory } from "../../test/support/temporary-directory.ts";
import type { generateKeyPairOf } from "../keys/generate-key-pair.ts";
import { readIssuanceLog } from "./issuance-log.ts";
import { storeClientCertificates } from "./store-client-certificates.ts";
import type { StoreListOptions } from "./store-client-certificates.ts";
import { storeIntermediateCertificateAuthority, storeRootCertificateAuthority } from "./store-certificate.ts";

const keyType = "ec-p256";
const clients = Array.from({ length: 40 }, (_, index) => ({
  commonName: `server-${index}`,
  subjectAlternativeNames: [{ type: "dns", value: `server-${index}.example.org` } as const],
}));

async function folder(): Promise<string> {
  const directory = temporaryDirectory();
  await storeRootCertificateAuthority({ directory, keyType });
  return directory;
}

const issue = (options: Omit<StoreListOptions, "keyType">) =>
  storeClientCertificates({ keyType, ...options });

describe("storeClientCertificates", () => {
  it("issues a certificate with a key of its own for each name", async () => {
    const directory = await folder();
    const told: string[] = [];
    const outcome = await issue({
      directory,
      clients,
      onStored: ({ commonName }) => told.push(commonName),
    });

    expect(outcome).toEqual({ issued: 40, skipped: [] });
    expect(told).toEqual(clients.map(({ commonName }) => commonName));
    expect(readdirSync(directory)).toHaveLength(2 + 1 + 80);
    const keys = clients.map(({ commonName }) => {
      const certificate = join(directory, `${commonName}.pem`);
      const key = join(directory, `${commonName}.key`);
      expect(fileMode(key)).toBe("600");
      const publicKey = openssl(["x509", "-noout", "-pubkey", "-in", certificate]);
      expect(openssl(["pkey", "-pubout", "-in", key])).toBe(publicKey);
      return publicKey;
    });
    expect(new Set(keys).size).toBe(40);
    expect((await readIssuanceLog(directory)).slice(1).map(({ commonName }) => commonName)).toEqual(told);
    const paths = clients.map(({ commonName }) => join(directory, `${commonName}.pem`));
    expect(
      openssl(["verify", "-x509_strict", "-CAfile", join(directory, "rootCA.pem"), ...paths]).match(/OK/g),
    ).toHaveLength(40);
  });

  it("goes on where an earlier run stopped", async () => {
    const directory = await folder();
    let keys = 0;
    const failing = issueWith(async () => {
      keys += 1;
      if (keys === 25) throw new Error("no more keys");
      return sharedKeyPairOf(keyType);
    });
    await expect(failing(directory)).rejects.toThrow("no more keys");
    const done = (await readIssuanceLog(directory)).length - 1;
    expect(done).toBe(16);

    const before = readFileSync(join(directory, "server-3.pem"), "utf8");
    const outcome = await issueWith(() => sharedKeyPairOf(keyType))(directory);
    expect(outcome).toEqual({
      issued: 24,
      skipped: clients.slice(0, 16).map(({ commonName }) => commonName),
    });
    expect(readFileSync(join(directory, "server-3.pem"), "utf8")).toBe(before);
  });

  const issueWith = (generateKeyPair: typeof generateKeyPairOf) => (directory: string) =>
    storeClientCertificates({ directory, keyType, clients }, { generateKeyPair });

  it("replaces everything with force", async () => {
    const directory = await folder();
    const few = clients.slice(0, 3);
    await issue({ directory, clients: few });
    const before = readFileSync(join(directory, "server-1.key"), "utf8");
    expect(await issue({ directory, clients: few, force: true })).toEqual({ issued: 3, skipped: [] });
    expect(readFileSync(join(directory, "server-1.key"), "utf8")).not.toBe(before);
  });

  it("writes the chain of an intermediate beside each", async () => {
    const directory = await folder();
    await storeIntermediateCertificateAuthority({ directory, commonName: "sub", keyType });
    await issue({ directory, clients: clients.slice(0, 2), authorityName: "sub" });
    expect(readFileSync(join(directory, "server-1.chain.pem"), "utf8")).toBe(
      readFileSync(join(directory, "sub.pem"), "utf8"),
    );
  });

  it.each<{
    title: string;
    options: Partial<StoreListOptions>;
    prepare?: (directory: string) => void;
    code: string;
  }>([
    {
      title: "a name that repeats",
      options: { clients: [{ commonName: "a" }, { commonName: "b" }, { commonName: "A" }] },
      code: "ERR_PKI_LIST_INVALID",
    },
    {
      title: "a name that is unsafe",
      options: { clients: [{ commonName: "../a" }] },
      code: "ERR_PKI_UNSAFE_FILE_NAME",
    },
    {
      title: "an alternative name that is none",
      options: { clients: [{ commonName: "a", subjectAlternativeNames: [{ type: "dns", value: "a b" }] }] },
      code: "ERR_PKI_INVALID_SUBJECT_ALTERNATIVE_NAME",
    },
    {
      title: "a file that is not of the log",
      options: {},
      prepare: (directory) => writeFileSync(join(directory, "server-39.key"), "precious"),
      code: "ERR_PKI_FILE_EXISTS",
    },
    {
      title: "a CA without its key",
      options: {},
      prepare: (directory) => rmSync(join(directory, "rootCA.key")),
      code: "ERR_PKI_AUTHORITY_NOT_FOUND",
    },
  ])("refuses $title before it makes a key, and changes nothing", async ({ options, prepare, code }) => {
    const directory = await folder();
    prepare?.(directory);
    const before = fingerprint(directory);
    const generateKeyPair = () => Promise.reject(new Error("a key was made"));
    await expect(
      storeClientCertificates({ directory, keyType, clients, ...options }, { generateKeyPair }),
    ).rejects.toMatchObject({ code });
    expect(fingerprint(directory)).toEqual(before);
  });
});
