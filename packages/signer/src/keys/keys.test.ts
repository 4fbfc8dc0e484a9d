import { spawn, spawnSync } from "node:child_process";
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from "node:crypto";
import { chmodSync, chownSync, writeFileSync } from "node:fs";

import { beforeAll, describe, expect, it } from "vitest";

import { KEY_ALGORITHMS, openssl, readVector, temporaryFolder } from "@roles-anywhere/testing";
import { makeIdentity } from "../../test/support/identities.ts";
import type { KeyAlgorithm, TemporaryFolder } from "@roles-anywhere/testing";
import { der, integer, octetString, sequence } from "../../test/support/pkcs12.ts";
import { checkIdentity, identityWarnings, loadIdentity } from "./identity.ts";
import type { IdentitySources } from "./identity.ts";
import { decimalSerialNumber, loadCertificate, loadCertificateChain } from "./certificate.ts";
import { loadPrivateKey } from "./private-key.ts";
import { pemBlocks } from "./pem.ts";

const rsa = readVector("rsa");
const ecdsa = readVector("ecdsa");
/** ML-DSA came to node:crypto in Node.js 24; before, such a key is not read, or has no type. */
const hasMlDsa =
  String(loadCertificate(readVector("mldsa44").certificatePem).x509.publicKey.asymmetricKeyType) ===
  "ml-dsa-44";

describe("pemBlocks", () => {
  it.each([
    ["a block", "-----BEGIN A B-----\nMIIB\n-----END A B-----", ["A B"]],
    [
      "neighbours",
      "-----BEGIN A-----\nMA==\n-----END A----------BEGIN B-----\nMA==\n-----END B-----",
      ["A", "B"],
    ],
    [
      "headers",
      "-----BEGIN A-----\r\nProc-Type: 4,X\r\nDEK-Info: AES-1,0\r\n\r\nMA==\r\n-----END A-----",
      ["A"],
    ],
    ["another end before", "-----END A-----\n-----BEGIN A-----\nMA==\n-----END A-----", ["A"]],
    ["no end", "-----BEGIN A-----\nMA==\n", []],
    ["the end of another", "-----BEGIN A-----\nMA==\n-----END B-----", []],
    [
      "a beginning inside",
      "-----BEGIN A-----\n-----BEGIN B-----\nMA==\n-----END B-----\n-----END A-----",
      ["B"],
    ],
    ["a dash inside", "-----BEGIN A-----\nM-==\n-----END A-----", []],
    ["small letters", "-----BEGIN a-----\nMA==\n-----END a-----", []],
    ["no label", "-----BEGIN -----\nMA==\n-----END -----", []],
    ["a label that begins with a space", "-----BEGIN  A-----\nMA==\n-----END  A-----", []],
    ["half a boundary", "-----BEGIN A", []],
  ])("sees %s", (_what, text, labels) => {
    expect(pemBlocks(`before\n${text}\nafter`).map(({ label }) => label)).toEqual(labels);
  });

  it("finds blocks in order and ignores what stands around them", () => {
    const text = `Bag Attributes\n${rsa.certificatePem}noise -----BEGIN X----- -\r\n${ecdsa.privateKeyPem.replaceAll("\n", "\r\n")}`;
    expect(pemBlocks(text).map(({ label }) => label)).toEqual(["CERTIFICATE", "EC PRIVATE KEY"]);
  });
});

describe("loadCertificate", () => {
  it("reads the first certificate of a file, with text around it", () => {
    using folder = temporaryFolder();
    const path = folder.join("client é.pem");
    writeFileSync(path, `subject=…\n${ecdsa.certificatePem}${ecdsa.intermediatesPem}`);
    expect(loadCertificate(path)).toMatchObject({
      serialNumber: ecdsa.signing.serialDecimal,
      name: `"${path}"`,
    });
  });

  it.each([
    ["PEM text", rsa.certificatePem],
    ["bytes", Buffer.from(rsa.certificatePem)],
  ])("reads %s", (_title, source) => {
    expect(loadCertificate(source).serialNumber).toBe(rsa.signing.serialDecimal);
  });

  it.each([
    ["no block", Buffer.from("hello"), /certificate given as bytes: could not parse PEM data/],
    ["DER", loadCertificate(rsa.certificatePem).der, /could not parse PEM data/],
    ["only a key", rsa.privateKeyPem, /holds no CERTIFICATE block/],
    ["a damaged block", rsa.certificatePem.replace("MIID", "AAAA"), /could not parse certificate/],
    ["a cut block", rsa.certificatePem.slice(0, 400), /holds no CERTIFICATE block/],
  ])("refuses %s", (_title, source, message) => {
    expect(() => loadCertificate(source)).toThrow(
      expect.objectContaining({
        code: "ERR_SIGNER_CERTIFICATE_INVALID",
        message: expect.stringMatching(message),
      }),
    );
  });

  it("says which file it cannot read", () => {
    expect(() => loadCertificate("/nowhere/client.pem")).toThrow(
      expect.objectContaining({
        code: "ERR_SIGNER_FILE_UNREADABLE",
        path: "/nowhere/client.pem",
        message: expect.stringContaining("ENOENT"),
      }),
    );
  });

  it.each([
    ["00", "0"],
    ["936EACBE07F201DF", "10623618503190643167"],
    ["-05", "-5"],
  ])("shows serial number %s as %s", (hex, decimal) => {
    expect(decimalSerialNumber(hex)).toBe(decimal);
  });
});

describe("loadCertificateChain", () => {
  it("keeps the order of the file and drops nothing", () => {
    const file = [ecdsa.intermediatesPem, ecdsa.trustAnchorPem, ecdsa.intermediatesPem].join("comment\n");
    const expected = [ecdsa.intermediatesPem, ecdsa.trustAnchorPem, ecdsa.intermediatesPem];
    expect(loadCertificateChain(file)).toEqual(expected.map((pem) => loadCertificate(pem).der));
  });

  it("is empty for an empty file", () => {
    expect(loadCertificateChain(Buffer.from("\n"))).toEqual([]);
  });

  it.each([
    [
      "another kind of block",
      `${rsa.certificatePem}${rsa.privateKeyPem}`,
      /a PRIVATE KEY block stands among/,
    ],
    ["six certificates", rsa.certificatePem.repeat(6), /holds 6 certificates .* at most 5/],
    ["text without certificates", Buffer.from("hello"), /holds no CERTIFICATE block/],
  ])("refuses %s", (_title, source, message) => {
    expect(() => loadCertificateChain(source)).toThrow(
      expect.objectContaining({ code: "ERR_SIGNER_CHAIN_INVALID", message: expect.stringMatching(message) }),
    );
  });
});

describe("loadPrivateKey", () => {
  const forms: readonly (readonly [title: string, pem: () => string, type: string])[] = [
    ["PKCS#8 RSA", () => rsa.privateKeyPem, "rsa"],
    ["PKCS#1 RSA", () => openssl(["rsa", "-traditional"], rsa.privateKeyPem).toString(), "rsa"],
    ["SEC1 EC", () => ecdsa.privateKeyPem, "ec"],
    [
      "SEC1 EC after its EC PARAMETERS",
      () => openssl(["ecparam", "-name", "secp384r1", "-genkey"]).toString(),
      "ec",
    ],
    ...(Object.keys(KEY_ALGORITHMS) as KeyAlgorithm[]).map(
      (algorithm) =>
        [
          `OpenSSL's ${algorithm}`,
          () => openssl(["genpkey", ...KEY_ALGORITHMS[algorithm]]).toString(),
          algorithm.startsWith("RSA") ? "rsa" : "ec",
        ] as const,
    ),
  ];

  it.each(forms)("reads %s", (_title, pem, type) => {
    expect(loadPrivateKey(pem()).asymmetricKeyType).toBe(type);
  });

  it.each([
    ["no block", Buffer.from("hello"), "ERR_SIGNER_KEY_INVALID", /holds no PEM block/],
    ["only a certificate", rsa.certificatePem, "ERR_SIGNER_KEY_INVALID", /holds only CERTIFICATE/],
    [
      "a damaged key",
      rsa.privateKeyPem.replace("MII", "AAA"),
      "ERR_SIGNER_KEY_INVALID",
      /unable to parse private key/,
    ],
    [
      "a TPM-wrapped key",
      "-----BEGIN TSS2 PRIVATE KEY-----\nAAAA\n-----END TSS2 PRIVATE KEY-----\n",
      "ERR_SIGNER_KEY_UNSUPPORTED",
      /TPM-wrapped/,
    ],
  ])("refuses %s without quoting it", (_title, source, code, message) => {
    expect(() => loadPrivateKey(source)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
    expect(() => loadPrivateKey(source)).not.toThrow(/AAA/);
  });

  const pkcs8 = (...flags: readonly string[]): string =>
    openssl(["pkcs8", "-topk8", "-passout", "pass:p w", ...flags], ecdsa.privateKeyPem).toString();

  const ciphers = ["aes-128-cbc", "aes-192-cbc", "aes-256-cbc"];
  const derivations = ["hmacWithSHA1", "hmacWithSHA256", "hmacWithSHA384", "hmacWithSHA512"].map(
    (prf) => [`PBKDF2 ${prf}`, ["-v2prf", prf]] as const,
  );
  const scrypt = ["scrypt", ["-scrypt", "-scrypt_N", "1024"]] as const;
  const pbes2 = ciphers.flatMap((cipher) =>
    [...derivations, scrypt].map(
      ([title, args]) => [`with ${cipher}, ${title}`, ["-v2", cipher, ...args]] as const,
    ),
  );

  it.each<readonly [string, readonly string[]]>([
    ["as OpenSSL does by itself", []],
    ["with scrypt as OpenSSL uses it", ["-scrypt"]],
    ...pbes2,
    ["with PBES2 Triple DES", ["-v2", "des3"]],
    ["with Triple DES of PKCS#12", ["-v1", "PBE-SHA1-3DES"]],
    ["with Triple DES of PKCS#12, two keys", ["-v1", "PBE-SHA1-2DES"]],
  ])("reads a key encrypted %s", (_title, args) => {
    const encrypted = pkcs8(...args);
    expect(loadPrivateKey(encrypted, "p w").equals(createPrivateKey(ecdsa.privateKeyPem))).toBe(true);
    expect(() => loadPrivateKey(encrypted, "wrong")).toThrow(
      expect.objectContaining({
        code: "ERR_SIGNER_PASSWORD_WRONG",
        message: expect.stringContaining("incorrect PKCS#8 private key password"),
      }),
    );
    expect(() => loadPrivateKey(encrypted)).toThrow(
      expect.objectContaining({
        code: "ERR_SIGNER_PASSWORD_MISSING",
        message: expect.stringContaining("encrypted; give its password"),
      }),
    );
  });

  it.each(["-aes128", "-aes256", "-des3"])("reads a key encrypted in the legacy form with %s", (cipher) => {
    const encrypted = openssl(["ec", cipher, "-passout", "pass:p w"], ecdsa.privateKeyPem).toString();
    expect(encrypted).toContain("Proc-Type: 4,ENCRYPTED");
    expect(loadPrivateKey(encrypted, "p w").equals(createPrivateKey(ecdsa.privateKeyPem))).toBe(true);
    expect(() => loadPrivateKey(encrypted, "wrong")).toThrow(/incorrect PKCS#8 private key password/);
    expect(() => loadPrivateKey(encrypted)).toThrow(/encrypted; give its password/);
  });

  it.each([["PBE-MD5-DES"], ["PBE-SHA1-RC2-40"], ["PBE-SHA1-RC4-128"]])(
    "says that %s, which is not read, is to be replaced",
    (cipher) => {
      const encrypted = pkcs8("-v1", cipher, "-provider", "legacy", "-provider", "default");
      expect(() => loadPrivateKey(encrypted, "p w")).toThrow(
        expect.objectContaining({
          code: "ERR_SIGNER_KEY_UNSUPPORTED",
          message: expect.stringMatching(
            /cipher that this Node\.js does not know; encrypt it anew: openssl pkcs8/,
          ),
        }),
      );
    },
  );

  it("never takes a wrong password for right, nor for anything else", () => {
    const encrypted = pkcs8("-iter", "1");
    // One in 256 gives a padding that looks right.
    for (let attempt = 0; attempt < 1000; attempt += 1) {
      expect(() => loadPrivateKey(encrypted, `wrong ${attempt}`)).toThrow(
        expect.objectContaining({ code: "ERR_SIGNER_PASSWORD_WRONG" }),
      );
    }
  });

  it("refuses a password for a key that is not encrypted, as the helper does", () => {
    expect(() => loadPrivateKey(ecdsa.privateKeyPem, "hunter2")).toThrow(
      expect.objectContaining({
        code: "ERR_SIGNER_KEY_INVALID",
        message: expect.stringMatching(/^(?!.*hunter2).*unable to parse private key.*leave it out/),
      }),
    );
  });

  it("is found in the file of the certificate when none is named", () => {
    const certificate = `${ecdsa.privateKeyPem}${ecdsa.certificatePem}`;
    expect(loadIdentity({ certificate })).toMatchObject({ signer: { algorithm: "AWS4-X509-ECDSA-SHA256" } });
  });

  const mlDsa = readVector("mldsa44").privateKeyPem;

  // Seed and expanded key; AlgorithmIdentifier is the same in each form (RFC 9881 §6).
  it.runIf(hasMlDsa)("reads ML-DSA keys as seed, as expanded key and as both", () => {
    const both = Buffer.from(mlDsa.replaceAll(/-----.*-----/g, ""), "base64");
    const [algorithm, seed, expanded] = [both.subarray(7, 20), both.subarray(30, 62), both.subarray(66)];
    const inPem = (key: Buffer): string => {
      const text = sequence(integer(0), algorithm, octetString(key)).toString("base64");
      return `-----BEGIN PRIVATE KEY-----\n${text}\n-----END PRIVATE KEY-----\n`;
    };
    for (const form of [
      sequence(octetString(seed), octetString(expanded)),
      der(0x80, seed),
      octetString(expanded),
    ]) {
      const message = Buffer.from("message");
      const signature = sign(null, message, loadPrivateKey(inPem(form)));
      expect(verify(null, message, createPublicKey(mlDsa), signature)).toBe(true);
    }
  });

  describe("from files of which the key is that of another certificate", () => {
    /** Loads an identity from files; `renew` is called each time after the certificate was read and before the key is. */
    function loadWhile(
      folder: TemporaryFolder,
      certificatePem: string,
      renew: (write: (name: "certificate" | "key", pem: string) => void) => void,
    ): ReturnType<typeof loadIdentity> {
      const write = (name: string, pem: string): void =>
        writeFileSync(folder.join(name), pem, { mode: 0o600 });
      write("certificate", certificatePem);
      write("key", rsa.privateKeyPem);
      return loadIdentity({
        certificate: folder.join("certificate"),
        privateKey: folder.join("key"),
        get intermediates() {
          renew(write);
          return undefined;
        },
      });
    }

    it("reads both once more when they were replaced after the certificate was read", () => {
      using folder = temporaryFolder();
      const identity = loadWhile(folder, rsa.certificatePem, (write) => {
        write("certificate", ecdsa.certificatePem);
        write("key", ecdsa.privateKeyPem);
      });
      expect(identity.certificate.x509.raw).toEqual(loadCertificate(ecdsa.certificatePem).x509.raw);
      expect(identity.signer.algorithm).toBe("AWS4-X509-ECDSA-SHA256");
    });

    it("reads both once more when the key was replaced after it was read", () => {
      using folder = temporaryFolder();
      let reads = 0;
      const { signer } = loadWhile(folder, ecdsa.certificatePem, (write) => {
        reads += 1;
        if (reads > 1) write("key", ecdsa.privateKeyPem);
      });
      expect(signer.algorithm).toBe("AWS4-X509-ECDSA-SHA256");
    });

    it("keeps what it has read when the files cannot be read again", () => {
      using folder = temporaryFolder();
      let reads = 0;
      const { certificate, privateKey } = loadWhile(folder, ecdsa.certificatePem, (write) => {
        reads += 1;
        if (reads > 1) write("key", "");
      });
      expect(() => checkIdentity(certificate, privateKey, new Date(certificate.x509.validFrom))).toThrow(
        expect.objectContaining({ code: "ERR_SIGNER_KEY_MISMATCH" }),
      );
    });

    it("reads a named pipe once", () => {
      using folder = temporaryFolder();
      const pipe = folder.join("pipe");
      spawnSync("mkfifo", [pipe]);
      writeFileSync(folder.join("key"), rsa.privateKeyPem);
      writeFileSync(folder.join("certificate"), ecdsa.certificatePem);
      // What is read the second time is no key.
      const writer = spawn("sh", ["-c", 'cat "$0" > "$1"; echo > "$1"', folder.join("key"), pipe]);
      const { signer } = loadIdentity({ certificate: folder.join("certificate"), privateKey: pipe });
      writer.kill();
      expect(signer.algorithm).toBe("AWS4-X509-RSA-SHA256");
    });
  });

  it.each([
    null,
    {},
    { sign: "sha256" },
    generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.toCryptoKey(
      { name: "ECDSA", namedCurve: "P-256" },
      false,
      ["sign"],
    ),
  ])("refuses a private key that cannot sign: %o", (privateKey) => {
    const sources = { certificate: rsa.certificatePem, privateKey };
    // Callers in JavaScript give what they like.
    expect(() => loadIdentity(sources as unknown as IdentitySources)).toThrow(
      expect.objectContaining({ code: "ERR_SIGNER_KEY_INVALID" }),
    );
  });

  it.each(["ed25519", "x25519"] as const)("refuses the key type %s when it is to sign", (type) => {
    const privateKey = generateKeyPairSync(type as "ed25519").privateKey;
    expect(() => loadIdentity({ certificate: rsa.certificatePem, privateKey })).toThrow(
      expect.objectContaining({
        code: "ERR_SIGNER_KEY_UNSUPPORTED",
        message: expect.stringContaining(type),
      }),
    );
  });
});

describe("checkIdentity", () => {
  const certificate = loadCertificate(rsa.certificatePem);
  const key = createPrivateKey(rsa.privateKeyPem);
  const now = new Date("2026-06-01T00:00:00Z");
  let other: ReturnType<typeof createPrivateKey>;
  beforeAll(() => {
    other = createPrivateKey(makeIdentity("RSA-2048").privateKeyPem);
  });

  it.each([
    ["now", now],
    ["its first second", new Date("2020-01-01T00:00:00Z")],
    ["its last second", new Date("2049-12-31T23:59:59Z")],
  ])("accepts the certificate's own key at %s", (_title, moment) => {
    expect(() => checkIdentity(certificate, key, moment)).not.toThrow();
  });

  it("accepts a key that is elsewhere", () => {
    expect(() => checkIdentity(certificate, undefined, now)).not.toThrow();
  });

  it.each([
    [
      "a second too early",
      () => key,
      "2019-12-31T23:59:59Z",
      "ERR_SIGNER_CERTIFICATE_NOT_YET_VALID",
      /valid only from 2020-01-01T00:00:00Z/,
    ],
    [
      "a second too late",
      () => key,
      "2050-01-01T00:00:00Z",
      "ERR_SIGNER_CERTIFICATE_EXPIRED",
      /expired at 2049-12-31T23:59:59Z/,
    ],
    ["another key", () => other, "2026-06-01T00:00:00Z", "ERR_SIGNER_KEY_MISMATCH", /does not belong/],
    [
      "a key of another type",
      () => createPrivateKey(ecdsa.privateKeyPem),
      "2026-06-01T00:00:00Z",
      "ERR_SIGNER_KEY_MISMATCH",
      /does not belong/,
    ],
  ])("refuses %s", (_title, privateKey, moment, code, message) => {
    expect(() => checkIdentity(certificate, privateKey(), new Date(moment))).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
  });
});

describe("identityWarnings", () => {
  const certificate = loadCertificate(rsa.certificatePem);
  const day = loadCertificate(makeIdentity("P-256", ["20260101000000Z", "20260102000000Z"]).certificatePem);

  it.each([
    ["in mid-life", certificate, "2030-01-01T00:00:00Z", []],
    ["fifteen days before its end", certificate, "2049-12-16T00:00:00Z", []],
    ["ten days before its end", certificate, "2049-12-22T00:00:00Z", [/expires at 2049-12-31T23:59:59Z/]],
    ["when it lives one day, at noon", day, "2026-01-01T12:00:00Z", []],
    ["when it lives one day, in the evening", day, "2026-01-01T18:00:00Z", [/expires at 2026-01-02/]],
  ])("about a certificate %s", (_title, loaded, moment, expected) => {
    const warnings = identityWarnings(loaded, undefined, new Date(moment));
    expect(warnings).toEqual(expected.map((pattern) => expect.stringMatching(pattern)));
  });

  it.each([
    [0o600, []],
    [0o400, []],
    // A Secret of Kubernetes, in a pod that names its group in fsGroup.
    [0o440, []],
    [0o444, [/has mode 0444; .* chmod 600; .*Kubernetes .*fsGroup/]],
    [0o640, [/has mode 0640; .* chmod 600/]],
    [0o604, [/has mode 0604/]],
  ])("about a key file of mode %o", (mode, expected) => {
    using folder = temporaryFolder();
    const path = folder.join("key");
    writeFileSync(path, "");
    chmodSync(path, mode);
    const warnings = identityWarnings(certificate, path, new Date("2030-01-01"));
    expect(warnings).toEqual(expected.map((pattern) => expect.stringMatching(pattern)));
  });

  it.runIf(process.geteuid?.() === 0)("names fsGroup for a key of mode 0440 of another group", () => {
    using folder = temporaryFolder();
    const path = folder.join("key");
    writeFileSync(path, "");
    chownSync(path, 0, 12_345);
    chmodSync(path, 0o440);
    expect(identityWarnings(certificate, path, new Date("2030-01-01"))).toEqual([
      expect.stringMatching(/has mode 0440; .* chmod 600; for a Secret of Kubernetes .*fsGroup/),
    ]);
  });
});
