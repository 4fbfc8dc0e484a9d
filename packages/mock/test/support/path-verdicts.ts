import { writeFileSync } from "node:fs";
import { openssl, temporaryFolder } from "@roles-anywhere/testing";
import type { Issued } from "@roles-anywhere/testing";
import { parseCertificate } from "../../src/trust/certificate.ts";
import { validatePath } from "../../src/trust/validate-path.ts";
import { NOW } from "./world.ts";

/** OpenSSL's opinion of the path from a certificate to a root. */
export function opensslAccepts(leaf: Issued, chain: readonly Issued[], root: Issued): boolean {
  using folder = temporaryFolder();
  const file = (name: string, ...certificates: readonly Issued[]): string => {
    const path = folder.join(name);
    writeFileSync(path, certificates.map(({ certificatePem }) => certificatePem).join(""));
    return path;
  };
  const at = String(Math.floor(NOW.getTime() / 1000));
  const untrusted = chain.length === 0 ? [] : ["-untrusted", file("chain.pem", ...chain)];
  const files = ["-CAfile", file("root.pem", root), ...untrusted, file("leaf.pem", leaf)];
  try {
    openssl(["verify", "-x509_strict", "-attime", at, ...files]);
    return true;
  } catch {
    return false;
  }
}

/** Our own opinion of the same path at the same time. */
export function mockAccepts(leaf: Issued, chain: readonly Issued[], root: Issued): boolean {
  try {
    const intermediates = chain.map(({ der }) => parseCertificate(der));
    validatePath(parseCertificate(leaf.der), intermediates, [parseCertificate(root.der)], NOW);
    return true;
  } catch {
    return false;
  }
}
