import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { openssl, readVector } from "@roles-anywhere/testing";

export const CURVES = ["P-256", "P-384", "P-521"] as const;
export const ALGORITHMS = ["RSA-2048", ...CURVES] as const;
export type Algorithm = (typeof ALGORITHMS)[number];

/** Password of every encrypted key here. */
export const PASSWORD = "correct horse";

/** Paths of a certificate and its key in PKCS#8. */
export interface Identity {
  readonly certificate: string;
  readonly privateKey: string;
}

/** Keys and certificates of the matrix, made anew for each run. */
export interface Material {
  readonly identities: Readonly<Record<Algorithm, Identity>>;
  readonly ed25519: Identity;
  readonly expired: Identity;
  /** Of a server on 127.0.0.1; the certificate is its own authority. */
  readonly server: Identity;
  /** From a wire capture of the helper; the key is in the form that it reads, and as the seed alone. */
  readonly mldsa44: Identity & { readonly seedOnlyKey: string };
  /** An end-entity certificate under three intermediates; bundles by their number of certificates. */
  readonly chained: Identity & { readonly bundles: ReadonlyMap<number, string> };
  /** Folder of all this. */
  readonly folder: string;
  /** Writes a file and returns its path. */
  readonly file: (name: string, content: string | Uint8Array) => string;
  /** Makes a certificate for a key and returns its path. */
  readonly certify: (name: string, key: string, options?: CertificateOptions) => string;
}

interface CertificateOptions {
  readonly issuer?: Identity;
  readonly isCa?: boolean;
  /** Further arguments of `openssl req`. */
  readonly arguments?: readonly string[];
}

/** Makes all keys and certificates in a folder. */
export function makeMaterial(folder: string): Material {
  const file: Material["file"] = (name, content) => {
    const path = join(folder, name);
    writeFileSync(path, content, { mode: 0o600 });
    return path;
  };
  const config = file("empty.cnf", "[req]\ndistinguished_name = n\n[n]\n");
  const certify: Material["certify"] = (name, key, options = {}) => {
    const { issuer, isCa = false } = options;
    const usage = isCa ? "keyCertSign" : "digitalSignature";
    const extensions = [
      `basicConstraints=critical,CA:${isCa ? "TRUE" : "FALSE"}`,
      `keyUsage=critical,${usage}`,
    ];
    const certificate = openssl([
      ...["req", "-x509", "-config", config, "-new", "-key", key, "-subj", `/CN=${name}`, "-days", "3650"],
      ...(issuer === undefined ? [] : ["-CA", issuer.certificate, "-CAkey", issuer.privateKey]),
      ...extensions.flatMap((extension) => ["-addext", extension]),
      ...(options.arguments ?? []),
    ]);
    return file(`${name}.pem`, certificate);
  };
  const identity = (name: string, key: KeyObject, options?: CertificateOptions): Identity => {
    const privateKey = file(`${name}.key`, pkcs8(key));
    return { privateKey, certificate: certify(name, privateKey, options) };
  };
  const ec = (curve: string): KeyObject => generateKeyPairSync("ec", { namedCurve: curve }).privateKey;

  const root = identity("root", ec("P-256"), { isCa: true });
  const intermediates: Identity[] = [];
  for (const name of ["intermediate-1", "intermediate-2", "intermediate-3"]) {
    intermediates.unshift(identity(name, ec("P-256"), { isCa: true, issuer: intermediates[0] ?? root }));
  }
  const nearest = intermediates[0] ?? root;
  const pems = intermediates.map(({ certificate }) => readFileSync(certificate, "utf8"));
  // Nothing is checked, so that longer ones may repeat themselves.
  const bundle = (count: number): [number, string] => [
    count,
    file(
      `bundle-${count}.pem`,
      Array.from({ length: count }, (_, index) => pems[index % pems.length]).join(""),
    ),
  ];

  const expiredKey = file("expired.key", pkcs8(ec("P-256")));
  return {
    folder,
    file,
    certify,
    identities: {
      "RSA-2048": identity("RSA-2048", generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey),
      "P-256": identity("P-256", ec("P-256")),
      "P-384": identity("P-384", ec("P-384")),
      "P-521": identity("P-521", ec("P-521")),
    },
    ed25519: identity("ed25519", generateKeyPairSync("ed25519").privateKey),
    server: identity("server", ec("P-256"), { arguments: ["-addext", "subjectAltName=IP:127.0.0.1"] }),
    expired: { privateKey: expiredKey, certificate: expiredCertificate(folder, expiredKey, file) },
    mldsa44: mldsa44(file),
    chained: {
      ...identity("chained", ec("P-256"), { issuer: nearest }),
      bundles: new Map([0, 1, 3, 5, 6].map(bundle)),
    },
  };
}

function pkcs8(key: KeyObject): string {
  return key.export({ type: "pkcs8", format: "pem" }).toString();
}

/** `openssl req` cannot set dates before version 3.4; `openssl ca` can. */
function expiredCertificate(folder: string, key: string, file: Material["file"]): string {
  file("index.txt", "");
  const config = file(
    "ca.cnf",
    `[ca]\ndefault_ca = d\n[d]\ndatabase = ${join(folder, "index.txt")}\nnew_certs_dir = ${folder}\nrand_serial = yes\n` +
      "default_md = sha256\npolicy = p\nx509_extensions = e\n[p]\ncommonName = supplied\n" +
      "[e]\nkeyUsage = critical,digitalSignature\n[req]\ndistinguished_name = n\n[n]\n",
  );
  const request = file(
    "expired.csr",
    openssl(["req", "-new", "-config", config, "-key", key, "-subj", "/CN=expired"]),
  );
  const certificate = join(folder, "expired.pem");
  openssl([
    ...["ca", "-batch", "-selfsign", "-notext", "-config", config, "-keyfile", key, "-in", request],
    ...["-startdate", "20200101000000Z", "-enddate", "20210101000000Z", "-out", certificate],
  ]);
  return certificate;
}

/** OpenSSL before 3.5 cannot make such certificates, so this one comes from the test vectors. */
function mldsa44(file: Material["file"]): Material["mldsa44"] {
  const vector = readVector("mldsa44");
  const seed = Buffer.from(vector.privateSeedHex ?? "", "hex");
  // RFC 9881 section 6: the seed alone is the context-specific tag 0 within the OCTET STRING of PKCS#8.
  const seedOnly = Buffer.concat([Buffer.from("3034020100300b060960864801650304031104228020", "hex"), seed]);
  const pem = `-----BEGIN PRIVATE KEY-----\n${seedOnly.toString("base64")}\n-----END PRIVATE KEY-----\n`;
  return {
    certificate: file("mldsa44.pem", vector.certificatePem),
    privateKey: file("mldsa44.key", vector.privateKeyPem),
    seedOnlyKey: file("mldsa44-seed.key", pem),
  };
}

/** Reads a private key that this suite has written. */
export function readKey(path: string): KeyObject {
  return createPrivateKey(readFileSync(path));
}
