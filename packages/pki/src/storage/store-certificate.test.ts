import { createPrivateKey, X509Certificate } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { sharedKeyPair } from "../../test/support/key-pool.ts";
import { openssl } from "@roles-anywhere/testing";
import { fileMode, fingerprint, temporaryDirectory } from "../../test/support/temporary-directory.ts";
import { storeClientCertificate, storeRootCertificateAuthority } from "./store-certificate.ts";

const dependencies = { generateKeyPair: sharedKeyPair };

async function directoryWithAuthority(): Promise<string> {
  const directory = temporaryDirectory();
  await storeRootCertificateAuthority({ directory }, dependencies);
  return directory;
}

describe("storeRootCertificateAuthority", () => {
  it("writes the certificate for everyone and the key for its owner's eyes alone", async () => {
    const directory = join(temporaryDirectory(), "pki");
    const stored = await storeRootCertificateAuthority({ directory });

    expect(readdirSync(directory).toSorted()).toEqual(["issued.jsonl", "rootCA.key", "rootCA.pem"]);
    expect(stored.certificatePath).toBe(join(directory, "rootCA.pem"));
    expect(stored.privateKeyPath).toBe(join(directory, "rootCA.key"));
    expect(fileMode(stored.certificatePath)).toBe("644");
    expect(fileMode(stored.privateKeyPath)).toBe("400");
    expect(readFileSync(stored.certificatePath, "utf8")).toBe(stored.certificatePem);
    expect(
      new X509Certificate(readFileSync(stored.certificatePath)).checkPrivateKey(
        createPrivateKey(readFileSync(stored.privateKeyPath)),
      ),
    ).toBe(true);
  });

  it.each([
    { existing: ["rootCA.key"] },
    { existing: ["rootCA.pem"] },
    { existing: ["rootCA.key", "rootCA.pem"] },
  ])("refuses and changes nothing when $existing exist", async ({ existing }) => {
    const directory = temporaryDirectory();
    existing.forEach((name) => writeFileSync(join(directory, name), "precious"));
    const before = fingerprint(directory);

    await expect(storeRootCertificateAuthority({ directory }, dependencies)).rejects.toMatchObject({
      code: "ERR_PKI_FILE_EXISTS",
      path: join(directory, existing[0] ?? ""),
      message: expect.stringContaining("exists and is left as it is; use --force"),
    });
    expect(fingerprint(directory)).toEqual(before);
  });

  it("replaces both files with force, so that they belong together", async () => {
    const directory = await directoryWithAuthority();
    const before = fingerprint(directory);
    const stored = await storeRootCertificateAuthority({ directory, force: true });

    expect(fingerprint(directory)).not.toEqual(before);
    expect(fileMode(stored.privateKeyPath)).toBe("400");
    expect(
      new X509Certificate(readFileSync(stored.certificatePath)).checkPrivateKey(
        createPrivateKey(readFileSync(stored.privateKeyPath)),
      ),
    ).toBe(true);
  });

  it("creates no folder when the options are refused", async () => {
    const directory = join(temporaryDirectory(), "pki");

    await expect(storeRootCertificateAuthority({ directory, validityDays: 0 })).rejects.toMatchObject({
      code: "ERR_PKI_INVALID_VALIDITY",
    });
    expect(existsSync(directory)).toBe(false);
  });
});

describe("storeClientCertificate", () => {
  it("writes a certificate that OpenSSL verifies against the CA's file, and its key 0600", async () => {
    const directory = await directoryWithAuthority();
    const stored = await storeClientCertificate({ directory, commonName: "nestjs-external-server" });

    expect(stored.certificatePath).toBe(join(directory, "nestjs-external-server.pem"));
    expect(stored.privateKeyPath).toBe(join(directory, "nestjs-external-server.key"));
    expect(openssl(["verify", "-CAfile", join(directory, "rootCA.pem"), stored.certificatePath])).toContain(
      "OK",
    );
    expect(openssl(["x509", "-noout", "-pubkey", "-in", stored.certificatePath])).toBe(
      openssl(["pkey", "-pubout", "-in", stored.privateKeyPath]),
    );
    expect(fileMode(stored.certificatePath)).toBe("644");
    expect(fileMode(stored.privateKeyPath)).toBe("600");
  });

  it("leaves the CA alone, also with force", async () => {
    const directory = await directoryWithAuthority();
    const before = fingerprint(directory);
    await storeClientCertificate({ directory, commonName: "leaf" }, dependencies);
    await storeClientCertificate({ directory, commonName: "leaf", force: true }, dependencies);

    const authority = before.filter((entry) => entry.startsWith("rootCA"));
    expect(authority).toHaveLength(2);
    expect(fingerprint(directory)).toEqual(expect.arrayContaining(authority));
    expect(readdirSync(directory).toSorted()).toEqual([
      "issued.jsonl",
      "leaf.key",
      "leaf.pem",
      "rootCA.key",
      "rootCA.pem",
    ]);
  });

  it.each([
    { key: 0o400, folder: 0o700, codes: [] },
    { key: 0o600, folder: 0o755, codes: [] },
    { key: 0o440, folder: 0o700, codes: ["WARN_PKI_KEY_READABLE"] },
    { key: 0o644, folder: 0o700, codes: ["WARN_PKI_KEY_READABLE"] },
    { key: 0o602, folder: 0o700, codes: ["WARN_PKI_KEY_READABLE"] },
    { key: 0o400, folder: 0o770, codes: ["WARN_PKI_FOLDER_WRITABLE"] },
    { key: 0o400, folder: 0o777, codes: ["WARN_PKI_FOLDER_WRITABLE"] },
    { key: 0o444, folder: 0o1777, codes: ["WARN_PKI_KEY_READABLE", "WARN_PKI_FOLDER_WRITABLE"] },
  ])("warns $codes for a CA key of mode $key in a folder of mode $folder", async ({ key, folder, codes }) => {
    const directory = await directoryWithAuthority();
    chmodSync(join(directory, "rootCA.key"), key);
    chmodSync(directory, folder);
    const { warnings } = await storeClientCertificate({ directory, commonName: "leaf" }, dependencies);

    expect(warnings.map(({ code }) => code)).toEqual(codes);
  });

  it.each<{
    title: string;
    arrange?: (directory: string) => void | Promise<unknown>;
    commonName?: string;
    validityDays?: number;
    force?: boolean;
    now?: Date;
    code: string;
  }>([
    {
      title: "when only the key exists",
      arrange: (directory) => writeFileSync(join(directory, "leaf.key"), "precious"),
      code: "ERR_PKI_FILE_EXISTS",
    },
    {
      title: "when only the certificate exists",
      arrange: (directory) => writeFileSync(join(directory, "leaf.pem"), "precious"),
      code: "ERR_PKI_FILE_EXISTS",
    },
    {
      title: "when both exist",
      arrange: (directory) => storeClientCertificate({ directory, commonName: "leaf" }, dependencies),
      code: "ERR_PKI_FILE_EXISTS",
    },
    {
      title: "without a CA",
      arrange: (directory) => rmSync(directory, { recursive: true }),
      code: "ERR_PKI_AUTHORITY_NOT_FOUND",
    },
    {
      title: "without the CA's key",
      arrange: (directory) => rmSync(join(directory, "rootCA.key")),
      code: "ERR_PKI_AUTHORITY_NOT_FOUND",
    },
    {
      title: "without the CA's certificate",
      arrange: (directory) => rmSync(join(directory, "rootCA.pem")),
      code: "ERR_PKI_AUTHORITY_NOT_FOUND",
    },
    {
      title: "when the CA's key is of another CA",
      arrange: async (directory) => {
        const other = await storeRootCertificateAuthority({ directory: join(directory, "other") });
        rmSync(join(directory, "rootCA.key"));
        copyFileSync(other.privateKeyPath, join(directory, "rootCA.key"));
      },
      code: "ERR_PKI_AUTHORITY_KEY_MISMATCH",
    },
    {
      title: "when the CA's key is another CA's, also with force",
      arrange: async (directory) => {
        const other = await storeRootCertificateAuthority({ directory: join(directory, "other") });
        rmSync(join(directory, "rootCA.key"));
        copyFileSync(other.privateKeyPath, join(directory, "rootCA.key"));
      },
      force: true,
      code: "ERR_PKI_AUTHORITY_KEY_MISMATCH",
    },
    {
      title: "when the CA's certificate is empty",
      arrange: (directory) => writeFileSync(join(directory, "rootCA.pem"), ""),
      code: "ERR_PKI_AUTHORITY_INVALID",
    },
    {
      title: "when a folder stands where the CA's certificate should be",
      arrange: async (directory) => {
        rmSync(join(directory, "rootCA.pem"));
        await storeRootCertificateAuthority({ directory: join(directory, "rootCA.pem") }, dependencies);
      },
      code: "ERR_PKI_FILE_SYSTEM",
    },
    {
      title: "when the CA has expired",
      now: new Date("2099-01-01T00:00:00Z"),
      code: "ERR_PKI_AUTHORITY_EXPIRED",
    },
    {
      title: "when the CA is not valid yet",
      now: new Date("2020-01-01T00:00:00Z"),
      code: "ERR_PKI_AUTHORITY_NOT_YET_VALID",
    },
    { title: "to outlive the CA", validityDays: 3651, code: "ERR_PKI_OUTLIVES_AUTHORITY" },
    { title: "a name that leads elsewhere", commonName: "../leaf", code: "ERR_PKI_UNSAFE_FILE_NAME" },
    { title: "the CA's name", commonName: "rootCA", code: "ERR_PKI_UNSAFE_FILE_NAME" },
    {
      title: "the CA's name with force",
      commonName: "rootca",
      force: true,
      code: "ERR_PKI_UNSAFE_FILE_NAME",
    },
    { title: "an empty name", commonName: "", code: "ERR_PKI_UNSAFE_FILE_NAME" },
    { title: "a name of 65 characters", commonName: "a".repeat(65), code: "ERR_PKI_INVALID_SUBJECT" },
  ])(
    "refuses $title, and changes nothing",
    async ({ arrange, commonName = "leaf", now, code, ...options }) => {
      const parent = temporaryDirectory();
      const directory = join(parent, "pki");
      await storeRootCertificateAuthority({ directory }, dependencies);
      await arrange?.(directory);
      const before = fingerprint(parent);

      await expect(
        storeClientCertificate(
          { directory, commonName, ...options },
          now === undefined ? dependencies : { ...dependencies, now: () => now },
        ),
      ).rejects.toMatchObject({ name: "PkiError", code });
      expect(fingerprint(parent)).toEqual(before);
    },
  );
});
