import { ecKeys, makeCertificate, rsaKeys } from "@roles-anywhere/testing";
import type { CertificateSpec } from "@roles-anywhere/testing";

/** Certificates for the tests, in PEM. */
export interface TestCertificates {
  readonly rootCa: string;
  readonly otherRootCa: string;
  readonly thirdRootCa: string;
  readonly endEntity: string;
  /** Says CA:TRUE, but its keyUsage lacks keyCertSign. */
  readonly caThatCannotSign: string;
  /** A CA whose name is empty. */
  readonly withoutSubject: string;
  /** Self-signed and without any extension. */
  readonly withoutExtensions: string;
  readonly privateKey: string;
  /** The end of the CAs' validity is this many days from now. */
  readonly validityDays: number;
}

/** Makes fresh certificates, each of them self-signed. */
export function makeTestCertificates(): TestCertificates {
  const validityDays = 30;
  const now = Date.now();
  const selfSigned = (commonName: string, spec: CertificateSpec) =>
    makeCertificate({
      subject: [["CN", commonName]],
      keys: ecKeys(),
      notBefore: new Date(now - 60_000),
      notAfter: new Date(now + validityDays * 86_400_000),
      ...spec,
    });
  const authority = {
    basicConstraints: { ca: true },
    keyUsage: ["digitalSignature", "cRLSign", "keyCertSign"],
  };
  const root = selfSigned("MyRootCA", { ...authority, keys: rsaKeys() });
  return {
    rootCa: root.certificatePem,
    otherRootCa: selfSigned("NextRootCA", authority).certificatePem,
    thirdRootCa: selfSigned("ThirdRootCA", authority).certificatePem,
    endEntity: selfSigned("server", {}).certificatePem,
    caThatCannotSign: selfSigned("CrlOnlyCA", { ...authority, keyUsage: ["cRLSign"] }).certificatePem,
    withoutSubject: selfSigned("", { ...authority, subject: [] }).certificatePem,
    withoutExtensions: selfSigned("Plain", {
      basicConstraints: null,
      keyUsage: null,
      subjectKeyIdentifier: null,
      authorityKeyIdentifier: null,
    }).certificatePem,
    privateKey: root.privateKeyPem,
    validityDays,
  };
}
