import { rmSync } from "node:fs";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { fingerprint, temporaryDirectory } from "../../test/support/temporary-directory.ts";
import { createCertificateRequest } from "../index.ts";
import { lockFolder } from "./folder-lock.ts";
import {
  storeClientCertificate,
  storeIntermediateCertificateAuthority,
  storeRootCertificateAuthority,
} from "./store-certificate.ts";
import { storeClientCertificates } from "./store-client-certificates.ts";
import { storePkcs12 } from "./store-pkcs12.ts";
import { storeCertificateRequest, storeSignedRequest } from "./store-request.ts";

vi.mock("./folder-lock.ts", { spy: true });

const keyType = "ec-p256" as const;
const commonName = "issuing";

/** A folder with a root CA and the intermediate `issuing`. */
async function folder(): Promise<string> {
  const directory = temporaryDirectory();
  await storeRootCertificateAuthority({ directory, keyType });
  await storeIntermediateCertificateAuthority({ directory, commonName, keyType });
  return directory;
}

const commands: readonly [string, (directory: string) => Promise<unknown>][] = [
  ["issue", (directory) => storeClientCertificate({ directory, commonName, keyType, force: true })],
  [
    "issue --list",
    (directory) =>
      storeClientCertificates({
        directory,
        clients: [{ commonName: "a" }, { commonName }],
        keyType,
        force: true,
      }),
  ],
  ["request", (directory) => storeCertificateRequest({ directory, commonName, keyType, force: true })],
  [
    "sign",
    async (directory) => {
      const { requestPem } = await createCertificateRequest({ commonName, keyType });
      return storeSignedRequest({ directory, requestPem, commonName, force: true });
    },
  ],
  ["export", (directory) => storePkcs12({ directory, name: commonName, passphrase: "secret", force: true })],
];

it.each(commands)("%s leaves the files of an intermediate CA alone, also with force", async (_, run) => {
  const directory = await folder();
  // With the key elsewhere, nothing but its name keeps `sign` from replacing the certificate.
  rmSync(join(directory, "issuing.key"));
  const before = fingerprint(directory);
  await expect(run(directory)).rejects.toMatchObject({
    code: "ERR_PKI_UNSAFE_FILE_NAME",
    message: expect.stringContaining('"issuing" is a CA of '),
  });
  expect(fingerprint(directory)).toEqual(before);
});

it.each([
  ["the log, when its certificate is gone", ["issuing.pem"]],
  ["its certificate, when the log is gone", ["issued.jsonl"]],
])("an intermediate CA is known by %s", async (_, gone) => {
  const directory = await folder();
  for (const file of gone) rmSync(join(directory, file));
  const before = fingerprint(directory);
  await expect(
    storeCertificateRequest({ directory, commonName, keyType, force: true }),
  ).rejects.toMatchObject({ code: "ERR_PKI_UNSAFE_FILE_NAME" });
  expect(fingerprint(directory)).toEqual(before);
});

it("storePkcs12 works in a locked folder", async () => {
  const directory = await folder();
  await storeClientCertificate({ directory, commonName: "a", keyType });
  vi.mocked(lockFolder).mockClear();
  await storePkcs12({ directory, name: "a", passphrase: "secret" });
  expect(vi.mocked(lockFolder)).toHaveBeenCalledExactlyOnceWith(directory);
});
