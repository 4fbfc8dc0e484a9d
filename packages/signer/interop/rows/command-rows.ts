import { createHash, createPublicKey, verify, X509Certificate } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";

import { ALGORITHMS, CURVES, readKey } from "../material.ts";
import type { Identity, Material } from "../material.ts";
import type { Difference, Expectations, Observation, Row } from "../row.ts";
import { runProgram } from "../run-program.ts";
import type { ProgramResult } from "../run-program.ts";
import { WITHOUT_ML_DSA } from "./key-rows.ts";
import { identityFlags, logged, worded } from "./session-row.ts";

/** The commands that send nothing. */
export function commandRows(): readonly Row[] {
  return [...readCertificateDataRows(), ...signStringRows(), ...helpRows()];
}

interface CommandCase {
  readonly name: string;
  readonly words: (material: Material) => readonly string[];
  readonly expected?: Expectations;
  readonly difference?: Difference;
  readonly skipped?: string;
  /** What is compared. @default exit code and stdout; stderr when the texts are declared */
  readonly describe?: (result: ProgramResult, material: Material) => Observation;
}

function commandRow({ words, describe, ...row }: CommandCase): Row {
  const shows = row.difference !== undefined && "stderr" in row.difference.ours;
  return {
    ...row,
    async observe(program, { material, home }) {
      const result = await runProgram(program, words(material), { HOME: home });
      const seen = describe?.(result, material) ?? { stdout: result.stdout.toString("utf8") };
      return { exit: result.exit, ...seen, ...(shows ? { stderr: result.stderr } : {}) };
    },
  };
}

const FAILS: Expectations = { exit: "1", stdout: "" };

function readCertificateDataRows(): readonly Row[] {
  const read = (certificate: string): readonly string[] => [
    "read-certificate-data",
    "--certificate",
    certificate,
  ];
  /** Whether stdout is what can be read from the certificate without either program. */
  const asIs =
    (identity: (material: Material) => Identity, keyType: string, algorithms: readonly string[]) =>
    (result: ProgramResult, material: Material): Observation => {
      const x509 = new X509Certificate(readFileSync(identity(material).certificate));
      const facts = {
        keyType,
        certificateData: x509.raw.toString("base64"),
        serialNumber: BigInt(`0x${x509.serialNumber}`).toString(),
        supportedAlgorithms: algorithms,
      };
      const stdout = result.stdout.toString("utf8");
      return { stdout, "as in the certificate": String(stdout === JSON.stringify(facts)) };
    };
  const row = (
    name: string,
    identity: (material: Material) => Identity,
    keyType: string,
    algorithms = ["SHA256", "SHA384", "SHA512"].map((digest) => `${keyType}${digest}`),
  ): CommandCase => ({
    name: `read-certificate-data: ${name}`,
    words: (material) => read(identity(material).certificate),
    describe: asIs(identity, keyType, algorithms),
    expected: { exit: "0", "as in the certificate": "true" },
  });
  const fails = (name: string, words: CommandCase["words"], difference: Difference): Row =>
    commandRow({ name: `read-certificate-data: ${name}`, words, expected: FAILS, difference });
  return [
    commandRow(row("RSA-2048", ({ identities }) => identities["RSA-2048"], "RSA")),
    ...CURVES.map((curve) => commandRow(row(curve, ({ identities }) => identities[curve], "EC"))),
    commandRow({
      ...row("ML-DSA-44", ({ mldsa44 }) => mldsa44, "ML-DSA-44", ["ML-DSA-44"]),
      ...WITHOUT_ML_DSA,
    }),
    commandRow(row("Ed25519, a type that the service does not take", ({ ed25519 }) => ed25519, "")),
    fails(
      "no PEM",
      (material) => read(material.file("no.pem", "garbage\n")),
      worded(logged("could not parse PEM data"), /could not parse PEM data/),
    ),
    fails(
      "a damaged certificate",
      (material) =>
        read(material.file("half.pem", "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n")),
      worded(logged("could not parse certificate"), /could not parse certificate/),
    ),
    fails(
      "no such file",
      () => read("/nonexistent.pem"),
      worded(logged("could not parse PEM data"), /nonexistent/),
    ),
    fails(
      "no --certificate",
      () => ["read-certificate-data"],
      worded(logged("unable to use cert store signer on linux"), /--certificate is missing/),
    ),
    fails(
      "an unknown flag",
      () => ["read-certificate-data", "--private-key", "k.pem"],
      worded(/^Error: [\s\S]*^Usage:/m, /unknown flag/),
    ),
  ];
}

function signStringRows(): readonly Row[] {
  const formats = ["json", "text", "bin"] as const;
  const digests = ["SHA256", "SHA384", "SHA512"] as const;
  const row = (
    name: string,
    identity: (material: Material) => Identity,
    format: (typeof formats)[number] = "json",
    digest: (typeof digests)[number] = "SHA256",
    words: readonly string[] = [],
  ): CommandCase => ({
    name: `sign-string: ${name}`,
    words: (material) => ["sign-string", ...identityFlags(identity(material)), ...words],
    expected: { exit: "0", signature: `valid, as ${format}` },
    describe: ({ stdout }, material) =>
      describeSignature(stdout, readKey(identity(material).privateKey), format, digest),
  });
  const fails = (name: string, words: CommandCase["words"], difference: Difference): Row =>
    commandRow({ name: `sign-string: ${name}`, words, expected: FAILS, difference });
  const usage = /^Error: [\s\S]*^Usage:/m;
  return [
    ...(["RSA-2048", "P-256"] as const).flatMap((algorithm) =>
      digests.flatMap((digest) =>
        formats.map((format) =>
          commandRow(
            row(
              `${algorithm}, ${digest}, ${format}`,
              ({ identities }) => identities[algorithm],
              format,
              digest,
              [...["--digest", digest, "--format", format]],
            ),
          ),
        ),
      ),
    ),
    ...ALGORITHMS.map((algorithm) =>
      commandRow(row(`${algorithm}, without further flags`, ({ identities }) => identities[algorithm])),
    ),
    commandRow({ ...row("ML-DSA-44", ({ mldsa44 }) => mldsa44), ...WITHOUT_ML_DSA }),
    commandRow({
      ...row("ML-DSA-44, --digest has no effect", ({ mldsa44 }) => mldsa44, "text", "SHA256", [
        ...["--digest", "SHA512", "--format", "text"],
      ]),
      ...WITHOUT_ML_DSA,
    }),
    fails(
      "an unknown --digest",
      ({ identities }) => ["sign-string", ...identityFlags(identities["P-256"]), "--digest", "MD5"],
      worded(usage, /invalid argument "MD5" for "--digest"/),
    ),
    fails(
      "an unknown --format",
      ({ identities }) => ["sign-string", ...identityFlags(identities["P-256"]), "--format", "xml"],
      worded(usage, /invalid argument "xml" for "--format"/),
    ),
    fails(
      "--private-key without --certificate",
      ({ identities }) => ["sign-string", "--private-key", identities["P-256"].privateKey],
      worded(/./, /--certificate is missing/),
    ),
    fails(
      "--no-tpm-key-password and --reuse-pin",
      ({ identities }) => [
        ...["sign-string", ...identityFlags(identities["P-256"])],
        ...["--no-tpm-key-password", "--reuse-pin"],
      ],
      worded(usage),
    ),
  ];
}

/** Bytes that may vary are verified, those that may not (RSA) are compared as well. */
function describeSignature(
  stdout: Buffer,
  privateKey: KeyObject,
  format: "json" | "text" | "bin",
  digest: string,
): Observation {
  const text = stdout.toString("latin1");
  const pattern = format === "json" ? /^"((?:[0-9a-f]{2})+)"$/ : /^((?:[0-9a-f]{2})+)$/;
  const signature = format === "bin" ? stdout : Buffer.from(pattern.exec(text)?.[1] ?? "", "hex");
  const publicKey = createPublicKey(privateKey);
  const message = signedMessage(publicKey);
  const type: string | undefined = publicKey.asymmetricKeyType;
  const algorithm = type?.startsWith("ml-dsa") === true ? null : digest;
  const valid = signature.length > 0 && verify(algorithm, message, publicKey, signature);
  return {
    signature: valid ? `valid, as ${format}` : `not valid, or not ${format}`,
    ...(type === "rsa" ? { stdout: text } : {}),
  };
}

function signedMessage(publicKey: KeyObject): Buffer {
  const fixed = Buffer.from("AWS Roles Anywhere Credential Helper Signing Test1");
  const bytes = publicKeyBytes(publicKey);
  if (bytes === undefined) return fixed;
  return Buffer.concat([fixed, createHash("sha256").update("IAM RA").update(bytes).digest()]);
}

/** PKCS#1 DER, or the uncompressed point, which is what SubjectPublicKeyInfo ends with. */
function publicKeyBytes(publicKey: KeyObject): Buffer | undefined {
  if (publicKey.asymmetricKeyType === "rsa") return publicKey.export({ type: "pkcs1", format: "der" });
  if (publicKey.asymmetricKeyType !== "ec") return undefined;
  const lengths: Readonly<Record<string, number>> = { prime256v1: 65, secp384r1: 97, secp521r1: 133 };
  const length = lengths[publicKey.asymmetricKeyDetails?.namedCurve ?? ""] ?? 0;
  return publicKey.export({ type: "spki", format: "der" }).subarray(-length);
}

function helpRows(): readonly Row[] {
  /** Every program explains itself in its own words, on stdout. */
  const spoken = ({ stdout }: ProgramResult): Observation => ({
    stdout: stdout.length === 0 ? "nothing" : "words for people",
  });
  const helps = (name: string, words: readonly string[]): Row =>
    commandRow({
      name: `help: ${name}`,
      words: () => words,
      expected: { exit: "0", stdout: "words for people" },
      describe: spoken,
    });
  const fails = (name: string, words: readonly string[]): Row =>
    commandRow({ name: `help: ${name}`, words: () => words, expected: FAILS });
  const commands = [
    "credential-process",
    "update",
    "serve",
    "read-certificate-data",
    "sign-string",
    "version",
  ];
  return [
    helps("no command", []),
    helps("help", ["help"]),
    helps("--help", ["--help"]),
    helps("-h", ["-h"]),
    ...commands.map((command) => helps(`${command} --help`, [command, "--help"])),
    ...commands.map((command) => helps(`help ${command}`, ["help", command])),
    fails("an unknown command", ["nonsense"]),
    fails("--version", ["--version"]),
    commandRow({
      name: "help: version",
      words: () => ["version"],
      describe: ({ stdout }) => ({
        stdout: stdout.toString("utf8").replace(/^\d+\.\d+\.\d+\n$/, "<version>\n"),
      }),
      expected: { exit: "0", stdout: "<version>\n" },
    }),
    commandRow({
      name: "help: completion",
      words: () => ["completion", "bash"],
      describe: spoken,
      difference: {
        reason: "there are no completion scripts here",
        helper: { exit: "0", stdout: "words for people" },
        ours: { exit: "1", stdout: "nothing" },
      },
    }),
  ];
}
