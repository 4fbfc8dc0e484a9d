import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { temporaryDirectory } from "../../test/support/temporary-directory.ts";
import { createCertificateRequest } from "../authority/sign-certificate-request.ts";
import {
  storeClientCertificate,
  storeIntermediateCertificateAuthority,
  storeRootCertificateAuthority,
} from "./store-certificate.ts";
import { storeClientCertificates } from "./store-client-certificates.ts";
import { storeSignedRequest } from "./store-request.ts";

const keyType = "ec-p256";

/** Gives a certificate to "server", of the root or of the intermediate CA below it. */
type Give = (directory: string, authorityName: string, requestPem: string) => Promise<unknown>;

it.each<[string, Give]>([
  [
    "issue",
    (directory, authorityName) =>
      storeClientCertificate({ directory, authorityName, commonName: "server", keyType, force: true }),
  ],
  [
    "issue --list",
    (directory, authorityName) =>
      storeClientCertificates({
        directory,
        authorityName,
        clients: [{ commonName: "server" }],
        keyType,
        force: true,
      }),
  ],
  [
    "sign",
    (directory, authorityName, requestPem) =>
      storeSignedRequest({ directory, authorityName, commonName: "server", requestPem, force: true }),
  ],
])("%s --force leaves no chain of the certificate that it replaces", async (_, give) => {
  const directory = temporaryDirectory();
  await storeRootCertificateAuthority({ directory, keyType });
  await storeIntermediateCertificateAuthority({ directory, commonName: "issuing", keyType });
  const { requestPem } = await createCertificateRequest({ commonName: "server", keyType });
  const hasChain = (): boolean => existsSync(join(directory, "server.chain.pem"));

  await give(directory, "issuing", requestPem);
  expect(hasChain()).toBe(true);
  await give(directory, "rootCA", requestPem);
  expect(hasChain()).toBe(false);
});
