import "reflect-metadata";
import { AsnConvert } from "@peculiar/asn1-schema";
import {
  AttributeTypeAndValue,
  AttributeValue,
  AuthorityKeyIdentifier,
  Certificate,
  GeneralName,
  GeneralSubtree,
  GeneralSubtrees,
  id_ce_authorityKeyIdentifier,
  id_ce_nameConstraints,
  id_ce_subjectAltName,
  id_ce_subjectKeyIdentifier,
  KeyIdentifier,
  Name,
  NameConstraints,
  RelativeDistinguishedName,
  SubjectAlternativeName,
  SubjectKeyIdentifier,
} from "@peculiar/asn1-x509";
import {
  BasicConstraintsExtension,
  Extension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  Name as DistinguishedName,
  X509CertificateGenerator,
} from "@peculiar/x509";
import type { CertificateDescription } from "../../src/certificate/description.ts";
import type { NameConstraint } from "../../src/certificate/name-constraints.ts";
import type { SubjectAlternativeName as AlternativeName } from "../../src/certificate/subject-alternative-name.ts";
import type { SignatureAlgorithm } from "../../src/keys/signature-algorithm.ts";

const ALGORITHMS: Readonly<Record<SignatureAlgorithm, { name: string; hash?: string; namedCurve?: string }>> =
  {
    sha256WithRSAEncryption: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
    "ecdsa-with-SHA256": { name: "ECDSA", hash: "SHA-256", namedCurve: "P-256" },
    "ecdsa-with-SHA384": { name: "ECDSA", hash: "SHA-384", namedCurve: "P-384" },
    "ecdsa-with-SHA512": { name: "ECDSA", hash: "SHA-512", namedCurve: "P-521" },
    "id-ml-dsa-44": { name: "ML-DSA-44" },
    "id-ml-dsa-65": { name: "ML-DSA-65" },
    "id-ml-dsa-87": { name: "ML-DSA-87" },
  };

/** TBSCertificate of the same description, encoded by `@peculiar/x509`. */
export async function encodeWithPeculiar(
  description: CertificateDescription,
  algorithm: SignatureAlgorithm,
): Promise<Buffer> {
  const certificate = await X509CertificateGenerator.create({
    serialNumber: Buffer.from(description.serialNumber).toString("hex"),
    issuer: new DistinguishedName(description.issuer),
    subject: new DistinguishedName(description.subject),
    notBefore: description.notBefore,
    notAfter: description.notAfter,
    publicKey: description.publicKey,
    signingAlgorithm: ALGORITHMS[algorithm],
    signature: new Uint8Array(132),
    extensions: extensionsOf(description),
  });
  const { tbsCertificate } = AsnConvert.parse(certificate.rawData, Certificate);
  return Buffer.from(AsnConvert.serialize(tbsCertificate));
}

function extensionsOf({ extensions }: CertificateDescription): Extension[] {
  const { basicConstraints, keyUsage, extendedKeyUsage, nameConstraints } = extensions;
  const { subjectKeyIdentifier, authorityKeyIdentifier, subjectAlternativeNames = [] } = extensions;
  const encoded: Extension[] = [
    new BasicConstraintsExtension(
      basicConstraints.authority,
      basicConstraints.pathLength,
      basicConstraints.authority,
    ),
    new KeyUsagesExtension(
      keyUsage.reduce((sum, usage) => sum | KeyUsageFlags[usage], 0),
      true,
    ),
  ];
  if (extendedKeyUsage !== undefined) {
    encoded.push(new ExtendedKeyUsageExtension(extendedKeyUsage.map((purpose) => ExtendedKeyUsage[purpose])));
  }
  encoded.push(extension(id_ce_subjectKeyIdentifier, false, new SubjectKeyIdentifier(subjectKeyIdentifier)));
  if (authorityKeyIdentifier !== undefined) {
    const value = new AuthorityKeyIdentifier({ keyIdentifier: new KeyIdentifier(authorityKeyIdentifier) });
    encoded.push(extension(id_ce_authorityKeyIdentifier, false, value));
  }
  if (subjectAlternativeNames.length > 0) {
    const value = new SubjectAlternativeName(subjectAlternativeNames.map(generalNameOf));
    encoded.push(extension(id_ce_subjectAltName, false, value));
  }
  if (nameConstraints !== undefined) {
    const subtrees = (list: readonly NameConstraint[] | undefined) =>
      list === undefined || list.length === 0
        ? undefined
        : new GeneralSubtrees(list.map((entry) => new GeneralSubtree({ base: generalNameOf(entry) })));
    const [permitted, excluded] = [subtrees(nameConstraints.permitted), subtrees(nameConstraints.excluded)];
    const value = new NameConstraints();
    if (permitted !== undefined) value.permittedSubtrees = permitted;
    if (excluded !== undefined) value.excludedSubtrees = excluded;
    encoded.push(extension(id_ce_nameConstraints, true, value));
  }
  return encoded;
}

function extension(id: string, critical: boolean, value: unknown): Extension {
  return new Extension(id, critical, AsnConvert.serialize(value));
}

function generalNameOf({ type, value }: AlternativeName): GeneralName {
  switch (type) {
    case "dns":
      return new GeneralName({ dNSName: value });
    case "uri":
      return new GeneralName({ uniformResourceIdentifier: value });
    case "email":
      return new GeneralName({ rfc822Name: value });
    case "ip":
      return new GeneralName({ iPAddress: value });
    case "directory":
      return new GeneralName({ directoryName: nameOf(value) });
  }
}

const ATTRIBUTES: Readonly<Record<string, string>> = { CN: "2.5.4.3", O: "2.5.4.10", OU: "2.5.4.11" };

/** Reads `/O=Example/CN=server`, without escapes. */
function nameOf(text: string): Name {
  const names = text.slice(1).split("/");
  return new Name(
    names.map((part) => {
      const [type = "", value = ""] = part.split("=");
      const attribute = new AttributeTypeAndValue({
        type: ATTRIBUTES[type] ?? "",
        value: new AttributeValue({ utf8String: value }),
      });
      return new RelativeDistinguishedName([attribute]);
    }),
  );
}
