import { writeFileSync } from "node:fs";
import { makeAuthority, makeCertificate, rsaKeys, temporaryFolder } from "@roles-anywhere/testing";

/** A server certificate for 127.0.0.1 and its key in files, which {@link TlsFiles.remove} removes. */
export interface TlsFiles {
  readonly certificateFile: string;
  readonly keyFile: string;
  /** The authority to trust, in PEM. */
  readonly ca: string;
  readonly remove: () => void;
}

export function makeTlsFiles(): TlsFiles {
  const folder = temporaryFolder();
  const authority = makeAuthority({ keys: rsaKeys() });
  const server = makeCertificate(
    {
      subject: [["CN", "mock"]],
      keys: rsaKeys(),
      ip: [Buffer.from([127, 0, 0, 1])],
      dns: ["localhost"],
    },
    authority,
  );
  const certificateFile = folder.join("server.pem");
  const keyFile = folder.join("server.key");
  writeFileSync(certificateFile, server.certificatePem);
  writeFileSync(keyFile, server.privateKeyPem, { mode: 0o600 });
  return {
    certificateFile,
    keyFile,
    ca: authority.certificatePem,
    remove: () => folder[Symbol.dispose](),
  };
}
