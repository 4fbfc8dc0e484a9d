import { createPrivateKey, X509Certificate } from "node:crypto";
import { writeFileSync } from "node:fs";

import { describe, expect, it } from "vitest";

import { CA_EXTENSIONS, makeCertificate } from "../../../test/support/chain.ts";
import { SignerError } from "../../errors.ts";
import { makeIdentity } from "../../../test/support/identities.ts";
import { openssl, opensslBytes, temporaryFolder } from "@roles-anywhere/testing";
import type { KeyAlgorithm, TestIdentity } from "@roles-anywhere/testing";
import {
  authenticatedSafe,
  bag,
  der,
  explicit,
  exportPkcs12,
  integer,
  objectIdentifier,
  octetString,
  pfx,
  sequence,
} from "../../../test/support/pkcs12.ts";
import { checkIdentity, loadIdentity } from "../identity.ts";
import { loadCertificate } from "../certificate.ts";
import { loadPrivateKey } from "../private-key.ts";
import { isPkcs12 } from "./pkcs12.ts";

const rsa = makeIdentity("RSA-2048");
const ec = makeIdentity("P-256");
const root = makeCertificate({ subject: "/CN=root", extensions: CA_EXTENSIONS });
const middle = makeCertificate({ subject: "/CN=middle", extensions: CA_EXTENSIONS, issuer: root });
const leaf = makeCertificate({ subject: "/CN=leaf", issuer: middle });

const derOf = (pem: string): Buffer => new X509Certificate(pem).raw;
const pkcs8Of = (pem: string, ...args: readonly string[]): Buffer =>
  opensslBytes(["pkcs8", "-topk8", "-outform", "DER", ...(args.length === 0 ? ["-nocrypt"] : args)], pem);

/** What a file gives. */
function loaded(file: Uint8Array, passphrase?: string): { certificate: Buffer; key: Buffer | undefined } {
  const { certificate, privateKey } = loadIdentity({
    certificate: file,
    ...(passphrase === undefined ? {} : { passphrase }),
  });
  return {
    certificate: Buffer.from(certificate.der),
    key: privateKey?.export({ type: "pkcs8", format: "der" }),
  };
}

/** What went into it. */
const contentsOf = ({ certificatePem, privateKeyPem }: TestIdentity): ReturnType<typeof loaded> => ({
  certificate: derOf(certificatePem),
  key: createPrivateKey(privateKeyPem).export({ type: "pkcs8", format: "der" }),
});

/** The error of a file that is refused. */
const refusal = (code: string, message: RegExp): unknown =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });

const encryptions: readonly (readonly [title: string, ...args: readonly string[]])[] = [
  ["as OpenSSL 3 does by itself (PBES2 AES-256, PBKDF2, SHA-256 MAC)"],
  ["-legacy (RC2-40, Triple DES, SHA-1 MAC)", "-legacy"],
  ["-legacy with Triple DES for all", "-legacy", "-descert"],
  ["RC2-128", "-legacy", "-certpbe", "PBE-SHA1-RC2-128", "-keypbe", "PBE-SHA1-RC2-128"],
  ["Triple DES with two keys", "-legacy", "-certpbe", "PBE-SHA1-2DES", "-keypbe", "PBE-SHA1-2DES"],
  ["AES-128", "-certpbe", "AES-128-CBC", "-keypbe", "AES-128-CBC"],
  ["AES-192", "-certpbe", "AES-192-CBC", "-keypbe", "AES-192-CBC"],
  ["PBES2 with Triple DES", "-certpbe", "DES-EDE3-CBC", "-keypbe", "DES-EDE3-CBC"],
  ["certificates in the clear", "-certpbe", "NONE"],
  ["nothing encrypted", "-certpbe", "NONE", "-keypbe", "NONE"],
  ["SHA-1 MAC", "-macalg", "sha1"],
  ["SHA-384 MAC", "-macalg", "sha384"],
  ["SHA-512 MAC", "-macalg", "sha512"],
  ["one iteration", "-noiter", "-nomaciter"],
  ["10000 iterations", "-iter", "10000"],
  ["no MAC", "-nomac"],
  ["no MAC, -legacy", "-nomac", "-legacy"],
];

describe("a PKCS#12 file of OpenSSL", () => {
  describe.each(encryptions)("%s", (_title, ...args) => {
    it.each([
      ["RSA", "no password", rsa, ""],
      ["RSA", "a password", rsa, "p w"],
      ["EC", "no password", ec, ""],
      ["EC", "a password beyond ASCII", ec, "pä€ß 😀"],
    ])("is read with an %s key and %s", (_key, _password, identity, password) => {
      expect(loaded(exportPkcs12(identity, password, args), password || undefined)).toEqual(
        contentsOf(identity),
      );
    });
  });

  it.each(["P-384", "P-521"] as const satisfies readonly KeyAlgorithm[])(
    "is read with a %s key",
    (algorithm) => {
      const identity = makeIdentity(algorithm);
      expect(loaded(exportPkcs12(identity, "x"), "x")).toEqual(contentsOf(identity));
    },
  );

  it("is read from a path of any name, anew each time", () => {
    using folder = temporaryFolder();
    const path = folder.join("client.pem");
    writeFileSync(path, exportPkcs12(rsa));
    expect(loadIdentity({ certificate: path })).toMatchObject({
      certificate: { name: `"${path}"` },
      signer: { algorithm: "AWS4-X509-RSA-SHA256" },
    });
    writeFileSync(path, exportPkcs12(ec));
    expect(loadIdentity({ certificate: path }).signer.algorithm).toBe("AWS4-X509-ECDSA-SHA256");
  });

  it.each([
    ["in the order of the chain", [middle, root]],
    ["upside down", [root, middle]],
    ["with one that is not on the path", [ec, root, middle]],
  ])("gives the path above the end-entity certificate as intermediates, from a file %s", (_title, others) => {
    const file = exportPkcs12({ ...leaf, others: others.map(({ certificatePem }) => certificatePem) });
    const identity = loadIdentity({ certificate: file });
    expect(Buffer.from(identity.certificate.der)).toEqual(derOf(leaf.certificatePem));
    expect(identity.intermediates).toEqual([middle, root].map(({ certificatePem }) => derOf(certificatePem)));
    expect(() => checkIdentity(identity.certificate, identity.privateKey, new Date())).not.toThrow();
  });

  it.each([
    ["RC4", ["-legacy", "-keypbe", "PBE-SHA1-RC4-128"], /encryption 1\.2\.840\.113549\.1\.12\.1\.1;/],
    ["Camellia", ["-keypbe", "CAMELLIA-256-CBC"], /cipher 1\.2\.392\.200011\.61\.1\.1\.1\.4;/],
    ["an MD5 MAC", ["-macalg", "md5"], /MAC 1\.2\.840\.113549\.2\.5;/],
  ])("is refused with %s, and how to convert it is said", (_title, args, what) => {
    expect(() => loadIdentity({ certificate: exportPkcs12(ec, "x", args), passphrase: "x" })).toThrow(
      refusal("ERR_SIGNER_PKCS12_UNSUPPORTED", what),
    );
    expect(() => loadIdentity({ certificate: exportPkcs12(ec, "x", args), passphrase: "x" })).toThrow(
      /convert it: openssl pkcs12 -in FILE -nodes/,
    );
  });

  it("has no intermediates when there is one certificate", () => {
    expect(loadIdentity({ certificate: exportPkcs12(ec) }).intermediates).toEqual([]);
  });

  it("gives its end-entity certificate without a key", () => {
    using folder = temporaryFolder();
    const path = folder.join("certificates.p12");
    const chain = folder.join("chain.pem");
    writeFileSync(chain, [root, leaf, middle].map(({ certificatePem }) => certificatePem).join(""));
    openssl(["pkcs12", "-export", "-nokeys", "-in", chain, "-passout", "pass:x", "-out", path]);
    expect(Buffer.from(loadCertificate(path, "x").der)).toEqual(derOf(leaf.certificatePem));
    expect(() => loadIdentity({ certificate: path, passphrase: "x" })).toThrow(
      refusal("ERR_SIGNER_KEY_INVALID", /certificates only; export it together with its key/),
    );
  });
});

describe("a PKCS#12 file that OpenSSL does not write", () => {
  const key = bag(1, pkcs8Of(ec.privateKeyPem));
  const certificate = bag(3, derOf(ec.certificatePem));
  const plain = pfx(authenticatedSafe([key, certificate]));

  it("is read with bags inside a bag", () => {
    expect(loaded(pfx(authenticatedSafe([bag(6, sequence(key, certificate))])))).toEqual(contentsOf(ec));
  });

  it("is read with values of indefinite length and octet strings in pieces, as BER allows", () => {
    const safe = authenticatedSafe([key, certificate]);
    const pieces = Buffer.concat([
      Buffer.from([0x24, 0x80]),
      octetString(safe.subarray(0, 100)),
      octetString(safe.subarray(100)),
      Buffer.from([0, 0]),
    ]);
    const content = sequence(objectIdentifier("1.2.840.113549.1.7.1"), explicit(0, pieces));
    const file = Buffer.concat([Buffer.from([0x30, 0x80]), integer(3), content, Buffer.from([0, 0])]);
    expect(loaded(file)).toEqual(contentsOf(ec));
  });

  it.each<readonly [string, readonly string[]]>([
    ["scrypt", ["-scrypt", "-scrypt_N", "1024"]],
    ["scrypt as OpenSSL uses it", ["-scrypt"]],
    ...["hmacWithSHA1", "hmacWithSHA224", "hmacWithSHA384", "hmacWithSHA512"].map(
      (prf) => [`PBKDF2 ${prf}`, ["-v2", "aes-128-cbc", "-v2prf", prf]] as const,
    ),
  ])("is read with a key encrypted by %s", (_title, args) => {
    const encrypted = bag(2, pkcs8Of(ec.privateKeyPem, "-passout", "pass:p w", ...args));
    const file = pfx(authenticatedSafe([encrypted, certificate]));
    expect(loaded(file, "p w")).toEqual(contentsOf(ec));
    expect(() => loadIdentity({ certificate: file, passphrase: "wrong" })).toThrow(
      refusal("ERR_SIGNER_PASSWORD_WRONG", /incorrect PKCS#12 password/),
    );
    expect(() => loadIdentity({ certificate: file })).toThrow(
      refusal("ERR_SIGNER_PASSWORD_MISSING", /has a password; give it/),
    );
  });

  it.each([
    ["sha256", "1.2.840.113549.2.9", "sha512", "1.2.840.113549.2.11"],
    ["sha512", "1.2.840.113549.2.11", "sha256", "1.2.840.113549.2.9"],
  ])("is read with a PBMAC1 of HMAC %s, whose key and value OpenSSL made", (hash, hmac, prfHash, prf) => {
    const safe = authenticatedSafe([key, certificate]);
    const salt = Buffer.from("0123456789abcdef", "hex");
    const options = [`digest:${prfHash}`, "pass:p w", `hexsalt:${salt.toString("hex")}`, "iter:2048"];
    const words = options.flatMap((option) => ["-kdfopt", option]);
    const macKey = opensslBytes(["kdf", "-binary", "-keylen", "32", ...words, "PBKDF2"]).toString("hex");
    const value = opensslBytes(
      ["dgst", `-${hash}`, "-binary", "-mac", "HMAC", "-macopt", `hexkey:${macKey}`],
      safe,
    );
    const none = der(0x05);
    const kdf = sequence(
      objectIdentifier("1.2.840.113549.1.5.12"),
      sequence(octetString(salt), integer(2048), integer(32), sequence(objectIdentifier(prf), none)),
    );
    const scheme = sequence(
      objectIdentifier("1.2.840.113549.1.5.14"),
      sequence(kdf, sequence(objectIdentifier(hmac), none)),
    );
    const file = pfx(safe, sequence(sequence(scheme, octetString(value)), octetString(salt), integer(1)));
    expect(loaded(file, "p w")).toEqual(contentsOf(ec));
    expect(() => loadIdentity({ certificate: file, passphrase: "wrong" })).toThrow(
      refusal("ERR_SIGNER_PASSWORD_WRONG", /incorrect PKCS#12 password/),
    );
  });

  it.each([
    ["no bag", pfx(authenticatedSafe([])), "ERR_SIGNER_CERTIFICATE_INVALID", /holds no certificate/],
    ["a key alone", pfx(authenticatedSafe([key])), "ERR_SIGNER_CERTIFICATE_INVALID", /holds no certificate/],
    [
      "two keys",
      pfx(authenticatedSafe([key, bag(1, pkcs8Of(rsa.privateKeyPem)), certificate])),
      "ERR_SIGNER_KEY_INVALID",
      /holds 2 private keys/,
    ],
    [
      "two certificates, none of the key",
      pfx(authenticatedSafe([key, bag(3, derOf(rsa.certificatePem)), bag(3, derOf(root.certificatePem))])),
      "ERR_SIGNER_CERTIFICATE_INVALID",
      /holds 2 certificates, and none belongs to its key/,
    ],
    [
      "a damaged certificate",
      pfx(authenticatedSafe([key, bag(3, sequence(integer(1)))])),
      "ERR_SIGNER_CERTIFICATE_INVALID",
      /could not parse certificate/,
    ],
    [
      "a damaged key",
      pfx(authenticatedSafe([bag(1, sequence(integer(1))), certificate])),
      "ERR_SIGNER_KEY_INVALID",
      /unable to parse private key/,
    ],
    [
      "a signature in place of the MAC",
      sequence(integer(3), sequence(objectIdentifier("1.2.840.113549.1.7.2"), explicit(0, sequence()))),
      "ERR_SIGNER_PKCS12_UNSUPPORTED",
      /not supported: .*public key; convert it: openssl pkcs12/,
    ],
    ["nothing but its version", sequence(integer(3)), "ERR_SIGNER_PKCS12_INVALID", /it has no content/],
    ["a cut end", plain.subarray(0, -50), "ERR_SIGNER_PKCS12_INVALID", /could not parse PKCS#12: it is cut/],
  ])("is refused with %s", (_title, certificateFile, code, message) => {
    expect(() => loadIdentity({ certificate: certificateFile })).toThrow(refusal(code, message));
  });

  it("loads with the certificate of another key, which checkIdentity finds", () => {
    const file = pfx(authenticatedSafe([key, bag(3, derOf(rsa.certificatePem))]));
    const { certificate: loaded, privateKey } = loadIdentity({ certificate: file });
    expect(() => checkIdentity(loaded, privateKey, new Date("2026-01-01"))).toThrow(
      refusal("ERR_SIGNER_KEY_MISMATCH", /does not belong/),
    );
  });

  it("is refused with six certificates above the end-entity certificate", () => {
    const chain = [root];
    for (let level = 1; level < 6; level += 1) {
      const issuer = chain[0] ?? root;
      chain.unshift(makeCertificate({ subject: `/CN=${level}`, extensions: CA_EXTENSIONS, issuer }));
    }
    const issuer = chain[0] ?? root;
    const bottom = makeCertificate({ issuer });
    const others = chain.map(({ certificatePem }) => certificatePem);
    expect(() => loadIdentity({ certificate: exportPkcs12({ ...bottom, others }) })).toThrow(
      refusal("ERR_SIGNER_CHAIN_INVALID", /holds 6 certificates above .* at most 5/),
    );
    const five = { ...bottom, others: others.slice(0, 5) };
    expect(loadIdentity({ certificate: exportPkcs12(five) }).intermediates).toHaveLength(5);
  });
});

describe("a damaged PKCS#12 file", () => {
  const files = [[], ["-legacy"], ["-certpbe", "NONE", "-keypbe", "NONE"]].map((args) =>
    exportPkcs12(ec, "x", [...args, "-nomac", "-noiter"]),
  );

  it.each(files)("is refused wherever it is cut", (file) => {
    for (let length = 9; length < file.length; length += 1) {
      expect(() => loadIdentity({ certificate: file.subarray(0, length), passphrase: "x" })).toThrow(
        refusal("ERR_SIGNER_PKCS12_INVALID", /is the file complete\?/),
      );
    }
  });

  it.each(files)("gives nothing but a SignerError, whichever byte is wrong", (file) => {
    const surprises: unknown[] = [];
    for (let index = 0; index < file.length; index += 1) {
      const change = [0x01, 0x20, 0x80][index % 3] ?? 0;
      const certificate = Buffer.from(file.map((byte, at) => (at === index ? byte ^ change : byte)));
      try {
        loadIdentity({ certificate, passphrase: "x" });
      } catch (error) {
        if (!(error instanceof SignerError)) surprises.push(error);
      }
    }
    expect(surprises).toEqual([]);
  });
});

describe("the password of a PKCS#12 file", () => {
  it.each([[[]], [["-legacy"]], [["-nomac"]], [["-nomac", "-legacy"]]])(
    "is asked for and checked with %j",
    (args) => {
      const file = exportPkcs12(ec, "right", args);
      for (const load of [
        (passphrase: string | undefined) =>
          loadIdentity({ certificate: file, ...(passphrase === undefined ? {} : { passphrase }) }),
        (passphrase: string | undefined) => loadCertificate(file, passphrase),
      ]) {
        expect(() => load(undefined)).toThrow(refusal("ERR_SIGNER_PASSWORD_MISSING", /--pkcs8-password-env/));
        expect(() => load("hunter2")).toThrow(
          refusal("ERR_SIGNER_PASSWORD_WRONG", /^(?!.*hunter2).*incorrect PKCS#12 password/),
        );
      }
    },
  );

  it("does not fit a file that was changed", () => {
    const file = exportPkcs12(ec, "right");
    // In the middle of what is encrypted.
    file[200] = (file[200] ?? 0) ^ 1;
    expect(() => loadIdentity({ certificate: file, passphrase: "right" })).toThrow(
      refusal("ERR_SIGNER_PASSWORD_WRONG", /or the file is damaged/),
    );
  });

  it("is never found by chance in a file without a MAC", () => {
    const file = exportPkcs12(ec, "right", ["-nomac", "-legacy", "-noiter"]);
    for (let attempt = 0; attempt < 600; attempt += 1) {
      expect(() => loadIdentity({ certificate: file, passphrase: `wrong ${attempt}` })).toThrow(
        refusal("ERR_SIGNER_PASSWORD_WRONG", /incorrect/),
      );
    }
  });
});

describe("beside a PKCS#12 file", () => {
  const file = exportPkcs12(ec);

  it.each([
    [
      "a private key",
      { privateKey: ec.privateKeyPem },
      "ERR_SIGNER_KEY_INVALID",
      /its own private key; leave/,
    ],
    [
      "a sign function",
      {
        privateKey: { algorithm: "AWS4-X509-ECDSA-SHA256", sign: (message: Uint8Array) => message } as const,
      },
      "ERR_SIGNER_KEY_INVALID",
      /its own private key/,
    ],
    [
      "intermediates",
      { intermediates: root.certificatePem },
      "ERR_SIGNER_CHAIN_INVALID",
      /its own intermediates; leave --intermediates out/,
    ],
  ])("%s is refused", (_title, more, code, message) => {
    expect(() => loadIdentity({ certificate: file, ...more })).toThrow(refusal(code, message));
  });

  it("no certificate is needed: as a private key it is refused", () => {
    expect(() => loadPrivateKey(file)).toThrow(
      refusal("ERR_SIGNER_KEY_INVALID", /is a PKCS#12 file; give it as the certificate/),
    );
  });
});

describe("isPkcs12", () => {
  it.each([
    ["a DER certificate", derOf(ec.certificatePem)],
    ["a PKCS#8 key", pkcs8Of(ec.privateKeyPem)],
    ["PEM", Buffer.from(ec.certificatePem)],
    ["another version", sequence(integer(2))],
    ["nothing", Buffer.alloc(0)],
  ])("is false for %s", (_title, bytes) => {
    expect(isPkcs12(bytes.toString("latin1"))).toBe(false);
  });

  it.each([
    "3003020103",
    "308103020103",
    "30820003020103",
    "3083000003020103",
    "308400000003020103",
    "3080020103",
  ])("is true for a length written as in %s", (hex) => {
    expect(isPkcs12(Buffer.from(hex, "hex").toString("latin1"))).toBe(true);
  });
});
