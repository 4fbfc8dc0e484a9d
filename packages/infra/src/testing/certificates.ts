import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Certificates for the tests, in PEM, made by the `openssl` command. */
export interface TestCertificates {
  readonly rootCa: string;
  readonly otherRootCa: string;
  readonly thirdRootCa: string;
  readonly endEntity: string;
  /** Says CA:TRUE, but its keyUsage lacks keyCertSign. */
  readonly caThatCannotSign: string;
  /** Self-signed and without any extension. */
  readonly withoutExtensions: string;
  readonly privateKey: string;
  /** The end of the CAs' validity is this many days from now. */
  readonly validityDays: number;
}

const CA_EXTENSIONS = [
  "basicConstraints=critical,CA:TRUE",
  "keyUsage=critical,digitalSignature,cRLSign,keyCertSign",
];

/** Makes fresh certificates; the files that takes are removed again. */
export function makeTestCertificates(): TestCertificates {
  const folder = mkdtempSync(join(tmpdir(), "infra-certificates-"));
  const validityDays = 30;
  const selfSigned = (commonName: string, extensions: readonly string[], algorithm = "ec") => {
    const file = join(folder, `${commonName}.pem`);
    execFileSync(
      "openssl",
      [
        ...["req", "-x509", "-sha256", "-nodes", "-days", String(validityDays), "-subj", `/CN=${commonName}`],
        ...["-config", "/dev/null", "-keyout", join(folder, `${commonName}.key`), "-out", file],
        ...(algorithm === "rsa"
          ? ["-newkey", "rsa:2048"]
          : ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]),
        ...extensions.flatMap((extension) => ["-addext", extension]),
      ],
      { stdio: "pipe" },
    );
    return readFileSync(file, "utf8");
  };
  try {
    return {
      rootCa: selfSigned("MyRootCA", CA_EXTENSIONS, "rsa"),
      otherRootCa: selfSigned("NextRootCA", CA_EXTENSIONS),
      thirdRootCa: selfSigned("ThirdRootCA", CA_EXTENSIONS),
      endEntity: selfSigned("server", ["basicConstraints=CA:FALSE", "keyUsage=critical,digitalSignature"]),
      caThatCannotSign: selfSigned("CrlOnlyCA", [
        "basicConstraints=critical,CA:TRUE",
        "keyUsage=critical,cRLSign",
      ]),
      withoutExtensions: selfSigned("Plain", []),
      privateKey: readFileSync(join(folder, "MyRootCA.key"), "utf8"),
      validityDays,
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
