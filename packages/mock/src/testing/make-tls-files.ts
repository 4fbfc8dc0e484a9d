import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeAuthority, makeCertificate, rsaKeys } from "./make-certificate.ts";

/** A server certificate for 127.0.0.1 and its key in files, removed with {@link TlsFiles.remove}. */
export interface TlsFiles {
  readonly certificateFile: string;
  readonly keyFile: string;
  /** The CA to trust, PEM. */
  readonly ca: string;
  readonly remove: () => void;
}

export function makeTlsFiles(): TlsFiles {
  const folder = mkdtempSync(join(tmpdir(), "ra-mock-tls-"));
  const validity = {
    notBefore: new Date("2020-01-01T00:00:00Z"),
    notAfter: new Date("2049-01-01T00:00:00Z"),
  };
  const authority = makeAuthority({ keys: rsaKeys(), ...validity });
  const server = makeCertificate(
    {
      subject: [["CN", "mock"]],
      keys: rsaKeys(),
      ip: [Buffer.from([127, 0, 0, 1])],
      dns: ["localhost"],
      ...validity,
    },
    authority,
  );
  const certificateFile = join(folder, "server.pem");
  const keyFile = join(folder, "server.key");
  writeFileSync(certificateFile, server.pem);
  writeFileSync(keyFile, server.keys.privateKey.export({ format: "pem", type: "pkcs8" }), { mode: 0o600 });
  return {
    certificateFile,
    keyFile,
    ca: authority.pem,
    remove: () => {
      rmSync(folder, { recursive: true });
    },
  };
}
