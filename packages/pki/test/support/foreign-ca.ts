import { generateKeyPairSync } from "node:crypto";
import { writeFileSync } from "node:fs";
import { openssl, temporaryFolder } from "@roles-anywhere/testing";
import type { TestIdentity } from "@roles-anywhere/testing";

/** A certificate that the `openssl` command issued. */
export interface ForeignIdentity extends TestIdentity {
  readonly subject: readonly string[];
}

/** What `openssl` is told. The defaults make an end-entity certificate that Roles Anywhere accepts. */
export interface ForeignSpec {
  /** Lines of a section `distinguished_name`, without prompts. */
  readonly subject?: readonly string[] | undefined;
  /** Lines of a section of extensions, and of the sections that they refer to. None at all: version 1. */
  readonly extensions?: readonly string[] | undefined;
  /** `string_mask` of the configuration. */
  readonly stringMask?: string | undefined;
  /** The private key, PKCS#8 PEM. @default a P-256 key that all share */
  readonly privateKeyPem?: string | undefined;
  readonly issuer?: ForeignIdentity | undefined;
  readonly serialNumber?: string | undefined;
  readonly days?: number | undefined;
  /** Further arguments, for example `-sha1`. */
  readonly arguments?: readonly string[] | undefined;
}

export const CLIENT_EXTENSIONS = [
  "basicConstraints = critical, CA:FALSE",
  "keyUsage = critical, digitalSignature",
  "extendedKeyUsage = clientAuth",
  "subjectKeyIdentifier = hash",
  "authorityKeyIdentifier = keyid",
] as const;

export const CA_EXTENSIONS = [
  "basicConstraints = critical, CA:TRUE",
  "keyUsage = critical, keyCertSign, cRLSign",
  "subjectKeyIdentifier = hash",
] as const;

/** The extensions of a client, with some lines replaced or added by the name before the equals sign. */
export function clientExtensions(...changes: readonly string[]): string[] {
  const nameOf = (line: string): string => line.split(" = ")[0] ?? "";
  const changed = new Set(changes.map(nameOf));
  return [...CLIENT_EXTENSIONS.filter((line) => !changed.has(nameOf(line))), ...changes].filter(
    (line) => !line.endsWith(" = none"),
  );
}

function p256Key(): string {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return privateKey.export({ format: "pem", type: "pkcs8" }).toString();
}

const clientKeyPem = p256Key();
const authorityKeyPem = p256Key();

/** Makes a self-signed CA with `openssl`. */
export function foreignAuthority(spec: ForeignSpec = {}): ForeignIdentity {
  const {
    subject = ["CN = Foreign Root"],
    extensions = CA_EXTENSIONS,
    privateKeyPem = authorityKeyPem,
  } = spec;
  using folder = temporaryFolder();
  const [configuration, key] = [folder.join("ca.cnf"), folder.join("ca.key")];
  writeFileSync(configuration, configurationOf(subject, extensions, spec.stringMask));
  writeFileSync(key, privateKeyPem, { mode: 0o600 });
  const certificatePem = openssl([
    ...["req", "-x509", "-new", "-key", key, "-config", configuration, "-extensions", "extensions"],
    ...["-days", String(spec.days ?? 3650), ...(spec.arguments ?? ["-sha256"])],
  ]);
  return { certificatePem, privateKeyPem, subject };
}

/** Issues a certificate with `openssl`, of a client or of an intermediate CA. */
export function foreignCertificate(
  spec: ForeignSpec & { readonly issuer: ForeignIdentity },
): ForeignIdentity {
  const { subject = ["CN = foreign-client"], privateKeyPem = clientKeyPem, issuer } = spec;
  const extensions = spec.extensions ?? CLIENT_EXTENSIONS;
  using folder = temporaryFolder();
  const files = {
    configuration: folder.join("client.cnf"),
    key: folder.join("client.key"),
    request: folder.join("client.csr"),
    issuer: folder.join("ca.pem"),
    issuerKey: folder.join("ca.key"),
  };
  writeFileSync(files.configuration, configurationOf(subject, extensions, spec.stringMask));
  writeFileSync(files.key, privateKeyPem, { mode: 0o600 });
  writeFileSync(files.issuer, issuer.certificatePem);
  writeFileSync(files.issuerKey, issuer.privateKeyPem, { mode: 0o600 });
  const emptySubject = subject.length === 0 ? ["-subj", "/"] : [];
  openssl([
    ...["req", "-new", "-key", files.key, "-config", files.configuration, "-out", files.request],
    ...emptySubject,
  ]);
  const certificatePem = openssl([
    ...["x509", "-req", "-in", files.request, "-CA", files.issuer, "-CAkey", files.issuerKey],
    ...["-set_serial", spec.serialNumber ?? "0x1F2E3D4C", "-days", String(spec.days ?? 365)],
    ...(extensions.length === 0 ? [] : ["-extfile", files.configuration, "-extensions", "extensions"]),
    ...(spec.arguments ?? ["-sha256"]),
  ]);
  return { certificatePem, privateKeyPem, subject };
}

function configurationOf(
  subject: readonly string[],
  extensions: readonly string[],
  stringMask = "utf8only",
): string {
  return [
    "[req]",
    "prompt = no",
    "utf8 = yes",
    `string_mask = ${stringMask}`,
    "distinguished_name = subject",
    "[subject]",
    ...(subject.length === 0 ? ["CN = replaced by -subj"] : subject),
    "[extensions]",
    ...extensions,
    "",
  ].join("\n");
}
