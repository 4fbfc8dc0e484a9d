import { generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";

import { ALGORITHMS, CURVES, PASSWORD, readKey } from "../material.ts";
import type { Material } from "../material.ts";
import { opensslBytes } from "@roles-anywhere/testing";
import type { Difference, Row } from "../row.ts";
import { identityFlags, logged, REFUSES, sessionRow, SUCCEEDS, worded } from "./session-row.ts";
import type { SessionCase } from "./session-row.ts";

const WITH_PASSWORD = ["--pkcs8-password", PASSWORD] as const;

/** Why ML-DSA cannot be compared, if it cannot. */
export const WITHOUT_ML_DSA = hasMlDsa() ? {} : { skipped: "this Node.js has no ML-DSA" };

/** A key that the helper does not read and ra-signer does. */
/** What only ra-signer can do; the helper ends with an error. */
export function readHereOnly(reason: string, stderr: RegExp): Difference {
  return {
    reason,
    helper: { exit: "1", stdout: "", requests: "0", stderr },
    ours: {
      exit: "0",
      stdout: /^\{"Version":1/,
      requests: "1",
      signature: "valid",
      ...anyRequest,
      stderr: /^$/,
    },
  };
}

/** What the helper says of a key that it cannot read. */
const UNREADABLE = logged("(?:unable to parse private key|could not parse PEM data)");

/** What is sent when only one of the two sends anything. */
const anyRequest = { "request line": /./, headers: /./, authorization: /./, body: /./ };

/** Key algorithms, forms of the key, chains. */
export function keyRows(): readonly Row[] {
  return [
    ...ALGORITHMS.flatMap((algorithm) => [
      sessionRow({
        name: `keys: ${algorithm}, PKCS#8`,
        identity: ({ identities }) => identityFlags(identities[algorithm]),
      }),
      sessionRow({
        name: `keys: ${algorithm}, encrypted PKCS#8`,
        identity: (material) => keyOf(material, algorithm, "encrypted", (key) => encrypted(key)),
        words: () => WITH_PASSWORD,
      }),
      sessionRow({
        name: `keys: ${algorithm}, certificate and key in one file`,
        identity: (material) => {
          const { certificate, privateKey } = material.identities[algorithm];
          const both = readFileSync(certificate, "utf8") + readFileSync(privateKey, "utf8");
          return ["--certificate", material.file(`${algorithm}-both.pem`, both)];
        },
      }),
    ]),
    sessionRow({
      name: "keys: RSA-2048, PKCS#1",
      identity: (material) => keyOf(material, "RSA-2048", "pkcs1", (key) => exported(key, "pkcs1")),
    }),
    ...CURVES.map((curve) =>
      sessionRow({
        name: `keys: ${curve}, SEC1`,
        identity: (material) => keyOf(material, curve, "sec1", (key) => exported(key, "sec1")),
      }),
    ),
    sessionRow({
      name: "keys: P-256, SEC1 after EC PARAMETERS",
      identity: (material) =>
        keyOf(material, "P-256", "parameters", (key) =>
          Buffer.concat([
            opensslBytes(["ecparam", "-name", "prime256v1"]),
            Buffer.from(exported(key, "sec1")),
          ]),
        ),
    }),
    sessionRow({
      name: "keys: ML-DSA-44, seed and expanded key",
      identity: ({ mldsa44 }) => identityFlags(mldsa44),
      ...WITHOUT_ML_DSA,
    }),
    sessionRow({
      name: "keys: ML-DSA-44, seed only",
      identity: ({ mldsa44 }) => ["--certificate", mldsa44.certificate, "--private-key", mldsa44.seedOnlyKey],
      difference: readHereOnly("the helper reads ML-DSA keys only with the expanded key", /./),
      ...WITHOUT_ML_DSA,
    }),
    ...encryptionRows(),
    ...pkcs12Rows(),
    ...certificateRows(),
    ...chainRows(),
  ];
}

function encryptionRows(): readonly Row[] {
  const schemes: readonly (readonly [string, readonly string[]])[] = [
    ["PBKDF2 with HMAC-SHA-1, AES-128", ["-v2", "aes-128-cbc", "-v2prf", "hmacWithSHA1"]],
    ["PBKDF2 with HMAC-SHA-384, AES-192", ["-v2", "aes-192-cbc", "-v2prf", "hmacWithSHA384"]],
    ["PBKDF2 with HMAC-SHA-512, AES-256", ["-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA512"]],
    ["scrypt, AES-256", ["-v2", "aes-256-cbc", "-scrypt"]],
  ];
  const wrong = logged("failed to read private key: incorrect PKCS#8 private key password");
  return [
    ...schemes.map(([name, words], index) =>
      sessionRow({
        name: `encrypted keys: ${name}`,
        identity: (material) => keyOf(material, "P-256", `scheme-${index}`, (key) => encrypted(key, words)),
        words: () => WITH_PASSWORD,
      }),
    ),
    sessionRow({
      name: "encrypted keys: PBES2 with 3DES",
      identity: (material) => keyOf(material, "P-256", "des3", (key) => encrypted(key, ["-v2", "des3"])),
      words: () => WITH_PASSWORD,
      difference: readHereOnly("the helper takes 3DES for a wrong password", wrong),
    }),
    sessionRow({
      name: "encrypted keys: PBES1",
      identity: (material) =>
        keyOf(material, "P-256", "pbes1", (key) => encrypted(key, ["-v1", "PBE-SHA1-3DES"])),
      words: () => WITH_PASSWORD,
      difference: readHereOnly("the helper takes PBES1 for a wrong password", wrong),
    }),
    sessionRow({
      name: "encrypted keys: Proc-Type: 4,ENCRYPTED",
      identity: (material) =>
        keyOf(material, "RSA-2048", "legacy", (key) =>
          opensslBytes(
            ["rsa", "-aes128", "-traditional", "-passout", `pass:${PASSWORD}`],
            exported(key, "pkcs8"),
          ),
        ),
      words: () => WITH_PASSWORD,
      difference: readHereOnly(
        "the helper does not read OpenSSL's old encryption",
        logged("unable to parse private key"),
      ),
    }),
    refusal({
      name: "encrypted keys: wrong password",
      identity: (material) => keyOf(material, "P-256", "encrypted-2", (key) => encrypted(key)),
      words: () => ["--pkcs8-password", "wrong"],
      difference: worded(wrong, /incorrect PKCS#8 private key password/),
    }),
    refusal({
      name: "encrypted keys: no password, and no terminal to ask at",
      identity: (material) => keyOf(material, "P-256", "encrypted-3", (key) => encrypted(key)),
      difference: worded(/./, /^ra-signer: .*the key is encrypted; give its password/),
    }),
    refusal({
      name: "encrypted keys: a password for a plain key",
      words: () => WITH_PASSWORD,
      difference: worded(
        logged("unable to parse private key"),
        /unable to parse private key: a password was given/,
      ),
    }),
  ];
}

function pkcs12Rows(): readonly Row[] {
  const legacy = ["-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-3DES", "-macalg", "sha1"];
  const store = (material: Material, name: string, words: readonly string[]): string => {
    const { certificate, privateKey, bundles } = material.chained;
    return material.file(
      `${name}.p12`,
      opensslBytes([
        ...["pkcs12", "-export", "-in", certificate, "-inkey", privateKey, "-passout", "pass:", ...words],
        ...["-certfile", bundles.get(1) ?? ""],
      ]),
    );
  };
  return [
    sessionRow({
      name: "PKCS#12: SHA-1 and 3DES, certificate alone",
      identity: (material) => ["--certificate", store(material, "legacy", legacy)],
      expected: { ...SUCCEEDS, headers: /x-amz-x509-chain: [^,\n]+,[^,\n]+$/m },
    }),
    sessionRow({
      name: "PKCS#12: with nothing but the end-entity certificate and its key",
      identity: (material) => {
        const { certificate, privateKey } = material.identities["P-256"];
        const words = [
          "pkcs12",
          "-export",
          "-in",
          certificate,
          "-inkey",
          privateKey,
          "-passout",
          "pass:",
          ...legacy,
        ];
        return ["--certificate", material.file("single.p12", opensslBytes(words))];
      },
      difference: {
        reason: "the chain goes without the end-entity certificate, which the helper repeats in it",
        helper: { headers: /^x-amz-x509-chain: [^,\n]+$/m, authorization: /;x-amz-x509-chain,/ },
        ours: { headers: /^(?![^]*x-amz-x509-chain)/, authorization: /;x-amz-x509,/ },
      },
    }),
    sessionRow({
      name: "PKCS#12: as OpenSSL 3 writes it",
      identity: (material) => ["--certificate", store(material, "modern", [])],
      difference: readHereOnly(
        "the helper reads PKCS#12 only with SHA-1 and old ciphers",
        logged("pkcs12: unknown digest algorithm"),
      ),
    }),
    refusal({
      name: "PKCS#12: with --intermediates",
      identity: (material) => ["--certificate", store(material, "legacy-2", legacy)],
      words: ({ chained }) => ["--intermediates", chained.bundles.get(1) ?? ""],
      difference: worded(/./),
    }),
  ];
}

function certificateRows(): readonly Row[] {
  const unchecked = (reason: string): Difference => ({
    reason,
    helper: {
      exit: "0",
      stdout: /^\{"Version":1/,
      requests: "1",
      signature: /./,
      ...anyRequest,
      stderr: /^$/,
    },
    ours: { exit: "1", stdout: "", requests: "0", stderr: /^ra-signer: [^\n]+\n$/ },
  });
  const certified = (material: Material, name: string, words: readonly string[]): readonly string[] => {
    const { privateKey } = material.identities["P-256"];
    return [
      "--certificate",
      material.certify(name, privateKey, { arguments: words }),
      "--private-key",
      privateKey,
    ];
  };
  return [
    sessionRow({
      name: "certificates: serial number 1",
      identity: (material) => certified(material, "serial-1", ["-set_serial", "1"]),
      expected: { ...SUCCEEDS, authorization: /Credential=1\// },
    }),
    sessionRow({
      name: "certificates: serial number of 20 bytes with the highest bit set",
      identity: (material) => certified(material, "serial-20", ["-set_serial", `0x00${"F".repeat(38)}`]),
      expected: { ...SUCCEEDS, authorization: new RegExp(`Credential=${BigInt(`0x${"F".repeat(38)}`)}/`) },
    }),
    sessionRow({
      name: "certificates: text around the block, and a second certificate after it",
      identity: (material) => {
        const { certificate, privateKey } = material.identities["P-256"];
        const other = readFileSync(material.identities["P-384"].certificate, "utf8");
        const text = `Subject: somebody\n${readFileSync(certificate, "utf8")}in between\n${other}`;
        return ["--certificate", material.file("around.pem", text), "--private-key", privateKey];
      },
    }),
    sessionRow({
      name: "certificates: expired",
      identity: ({ expired }) => identityFlags(expired),
      difference: unchecked("an expired certificate is found before anything is sent"),
    }),
    sessionRow({
      name: "certificates: of another key",
      identity: ({ identities }) => [
        ...["--certificate", identities["P-256"].certificate],
        ...["--private-key", identities["P-384"].privateKey],
      ],
      difference: unchecked("a key of another certificate is found before anything is sent"),
    }),
    refusal({
      name: "certificates: no PEM",
      identity: (material) => [
        ...["--certificate", material.file("garbage.pem", "garbage\n")],
        ...["--private-key", material.identities["P-256"].privateKey],
      ],
      difference: worded(logged("could not parse PEM data"), /could not parse PEM data/),
    }),
    refusal({
      name: "certificates: a damaged one",
      identity: (material) => [
        "--certificate",
        material.file("damaged.pem", "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"),
        ...["--private-key", material.identities["P-256"].privateKey],
      ],
      difference: worded(logged("could not parse certificate"), /could not parse certificate/),
    }),
    refusal({
      name: "certificates: DER",
      identity: (material) => {
        const { certificate, privateKey } = material.identities["P-256"];
        const der = opensslBytes(["x509", "-in", certificate, "-outform", "DER"]);
        return ["--certificate", material.file("certificate.der", der), "--private-key", privateKey];
      },
      difference: worded(logged("could not parse PEM data"), /could not parse PEM data/),
    }),
    refusal({
      name: "certificates: no such file",
      identity: ({ identities }) => [
        ...["--certificate", "/nonexistent.pem"],
        ...["--private-key", identities["P-256"].privateKey],
      ],
      difference: worded(/./, /nonexistent\.pem/),
    }),
    refusal({
      name: "keys: Ed25519",
      identity: ({ ed25519 }) => identityFlags(ed25519),
      difference: worded(UNREADABLE),
    }),
    refusal({
      name: "keys: DER",
      identity: (material) =>
        keyOf(material, "P-256", "der", (key) =>
          opensslBytes(["pkey", "-outform", "DER"], exported(key, "pkcs8")),
        ),
      difference: worded(UNREADABLE, /unable to parse private key/),
    }),
    refusal({
      name: "keys: none in the certificate's file",
      identity: ({ identities }) => ["--certificate", identities["P-256"].certificate],
      difference: worded(UNREADABLE, /unable to parse private key/),
    }),
  ];
}

function chainRows(): readonly Row[] {
  const chained = (count: number): Pick<SessionCase, "identity" | "words"> => ({
    identity: ({ chained }) => identityFlags(chained),
    words: ({ chained }) => ["--intermediates", chained.bundles.get(count) ?? ""],
  });
  const certificates = (count: number): RegExp =>
    count === 0
      ? /^(?![\s\S]*x509-chain)/
      : new RegExp(`x-amz-x509-chain: ${Array.from({ length: count }, () => "<[^>]+>").join(",")}$`, "m");
  return [
    sessionRow({
      name: "chains: no --intermediates",
      identity: ({ chained }) => identityFlags(chained),
      expected: { ...SUCCEEDS, headers: certificates(0) },
    }),
    ...[0, 1, 3, 5].map((count) =>
      sessionRow({
        name: `chains: ${count} intermediates`,
        ...chained(count),
        expected: { ...SUCCEEDS, headers: certificates(count) },
      }),
    ),
    sessionRow({
      name: "chains: 6 intermediates",
      ...chained(6),
      difference: {
        reason: "more certificates than the service takes are found before anything is sent",
        helper: {
          exit: "0",
          stdout: /^\{"Version":1/,
          requests: "1",
          signature: "valid",
          ...anyRequest,
          stderr: /^$/,
        },
        ours: { exit: "1", stdout: "", requests: "0", stderr: /at most 5/ },
      },
    }),
    sessionRow({
      name: "chains: text between the certificates",
      identity: ({ chained }) => identityFlags(chained),
      words: (material) => {
        const bundle = readFileSync(material.chained.bundles.get(3) ?? "", "utf8");
        return [
          "--intermediates",
          material.file("text.pem", bundle.replaceAll("-----BEGIN", "text\n-----BEGIN")),
        ];
      },
      expected: { ...SUCCEEDS, headers: certificates(3) },
    }),
    refusal({
      name: "chains: a key among the certificates",
      identity: ({ chained }) => identityFlags(chained),
      words: (material) => {
        const { certificate, privateKey } = material.identities["P-256"];
        const both = readFileSync(certificate, "utf8") + readFileSync(privateKey, "utf8");
        return ["--intermediates", material.file("key-in-chain.pem", both)];
      },
      difference: worded(logged("invalid certificate chain"), /invalid certificate chain/),
    }),
  ];
}

/** A row in which both refuse, without a request. */
export function refusal(session: SessionCase): Row {
  return sessionRow({ expected: REFUSES, ...session });
}

function keyOf(
  material: Material,
  algorithm: (typeof ALGORITHMS)[number],
  name: string,
  convert: (keyPath: string) => string | Uint8Array,
): readonly string[] {
  const { certificate, privateKey } = material.identities[algorithm];
  return [
    ...["--certificate", certificate],
    ...["--private-key", material.file(`${algorithm}-${name}.key`, convert(privateKey))],
  ];
}

function exported(keyPath: string, type: "pkcs1" | "sec1" | "pkcs8"): string {
  return readKey(keyPath).export({ type, format: "pem" }).toString();
}

function encrypted(keyPath: string, words: readonly string[] = ["-v2", "aes-256-cbc"]): Buffer {
  return opensslBytes(["pkcs8", "-topk8", ...words, "-in", keyPath, "-passout", `pass:${PASSWORD}`]);
}

function hasMlDsa(): boolean {
  try {
    Reflect.apply(generateKeyPairSync, undefined, ["ml-dsa-44"]);
    return true;
  } catch {
    return false;
  }
}
