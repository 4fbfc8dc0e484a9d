import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Runs openssl and returns its stdout. */
export function openssl(args: readonly string[], input?: string | Uint8Array): Buffer {
  const { status, stdout, stderr } = spawnSync("openssl", args, input === undefined ? {} : { input });
  if (status !== 0) throw new Error(`openssl ${args.join(" ")}: ${stderr.toString()}`);
  return stdout;
}

/** A folder that goes away with its scope. */
export function temporaryFolder(): Disposable & { readonly path: string; join(...names: string[]): string } {
  const path = mkdtempSync(join(tmpdir(), "ra-signer-"));
  return {
    path,
    join: (...names) => join(path, ...names),
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
}

/** Arguments of `openssl genpkey` per kind of key. */
export const KEY_ALGORITHMS = {
  "RSA-2048": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
  "P-256": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
  "P-384": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
  "P-521": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"],
} as const;

export type KeyAlgorithm = keyof typeof KEY_ALGORITHMS;

export interface TestIdentity {
  readonly certificatePem: string;
  /** PKCS#8. */
  readonly privateKeyPem: string;
}

/**
 * Makes a self-signed end-entity certificate with OpenSSL.
 *
 * @param validity First and last moment as `YYYYMMDDHHMMSSZ`. @default 2020 to 2049
 */
export function makeIdentity(
  algorithm: KeyAlgorithm,
  validity: readonly [from: string, to: string] = ["20200101000000Z", "20491231235959Z"],
): TestIdentity {
  using folder = temporaryFolder();
  const privateKeyPem = openssl(["genpkey", ...KEY_ALGORITHMS[algorithm]]).toString();
  writeFileSync(folder.join("key.pem"), privateKeyPem);
  writeFileSync(folder.join("index.txt"), "");
  writeFileSync(
    folder.join("ca.cnf"),
    [
      "[ca]",
      "default_ca = d",
      "[d]",
      `database = ${folder.join("index.txt")}`,
      `new_certs_dir = ${folder.path}`,
      "rand_serial = yes",
      "default_md = sha256",
      "policy = p",
      "x509_extensions = e",
      "[p]",
      "commonName = supplied",
      "[e]",
      "basicConstraints = critical,CA:FALSE",
      "keyUsage = critical,digitalSignature",
      "[req]",
      "distinguished_name = n",
      "[n]",
      "",
    ].join("\n"),
  );
  const config = ["-config", folder.join("ca.cnf")];
  const request = folder.join("request.pem");
  openssl(["req", "-new", ...config, "-key", folder.join("key.pem"), "-subj", "/CN=test", "-out", request]);
  openssl([
    ...["ca", "-batch", "-selfsign", "-notext", ...config],
    ...["-keyfile", folder.join("key.pem"), "-in", request, "-out", folder.join("certificate.pem")],
    ...["-startdate", validity[0], "-enddate", validity[1]],
  ]);
  return { certificatePem: readFileSync(folder.join("certificate.pem"), "utf8"), privateKeyPem };
}

/** Makes a self-signed certificate for a server on 127.0.0.1, which is its own CA. */
export function makeServerIdentity(): TestIdentity {
  using folder = temporaryFolder();
  const [key, certificate] = [folder.join("key.pem"), folder.join("certificate.pem")];
  openssl([
    ...["req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-days", "2"],
    ...["-subj", "/CN=server", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
  ]);
  return { certificatePem: readFileSync(certificate, "utf8"), privateKeyPem: readFileSync(key, "utf8") };
}
