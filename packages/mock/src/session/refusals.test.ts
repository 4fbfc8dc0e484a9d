import { generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { ReasonCode } from "../errors/refusal.ts";
import type { ReceivedRequest } from "../request/received-request.ts";
import {
  bits,
  boolean,
  ecKeys,
  extension,
  makeAuthority,
  makeCertificate,
  makeCrl,
  distinguishedName,
  integer,
  nothing,
  octets,
  oid,
  pemOf,
  rsaKeys,
  sequence,
  signatureAlgorithm,
  signDer,
  signedRequest,
  time,
  tlv,
  withHeader,
} from "@roles-anywhere/testing";
import type { CertificateSpec, Issued, SigningSpec } from "@roles-anywhere/testing";
import { children, encoded, readDer } from "../trust/der.ts";
import { TRUST_POLICY } from "../../test/support/fake-aws.ts";
import { crlRecord } from "../../test/support/crl-record.ts";
import {
  ACCOUNT,
  createWorld,
  NOW,
  PROFILE_ARN,
  ROLE_ARN,
  TRUST_ANCHOR_ARN,
} from "../../test/support/world.ts";
import type { World } from "../../test/support/world.ts";
import { AwsPortError } from "./aws.ts";
import { handleCreateSession } from "../../test/support/handle-create-session.ts";

const DENIED = { status: 403, errorType: "AccessDeniedException" } as const;
const INVALID = { status: 400, errorType: "ValidationException" } as const;
const NOT_FOUND = { status: 404, errorType: "ResourceNotFoundException" } as const;

interface Row {
  readonly title: string;
  readonly reason: ReasonCode;
  /** Status and error type. @default 403 AccessDeniedException */
  readonly answer?: { readonly status: number; readonly errorType: string };
  /** Changes one thing of a call that would get a session. */
  readonly call: (world: World) => Partial<SigningSpec> | ReceivedRequest;
}

const UNKNOWN_ID = "99999999-9999-4999-8999-999999999999";

/** The parameters of a good call, with some of them changed. */
const body = (changes: Record<string, unknown>): string =>
  JSON.stringify({
    trustAnchorArn: TRUST_ANCHOR_ARN,
    profileArn: PROFILE_ARN,
    roleArn: ROLE_ARN,
    ...changes,
  });

const aliasArn = (type: string, name: string): string =>
  `arn:aws:rolesanywhere:us-east-1:${ACCOUNT}:alias/${type}/${name}`;

const minutes = (count: number): Date => new Date(NOW.getTime() + count * 60_000);

const issue = (world: World, spec: CertificateSpec): Partial<SigningSpec> => ({
  certificate: makeCertificate(spec, world.root),
});

const tampered = (change: (request: ReceivedRequest) => ReceivedRequest): Partial<SigningSpec> => ({
  tamper: change,
});

const header = (headerName: string, value: string | undefined): Partial<SigningSpec> =>
  tampered((request) => withHeader(request, headerName, value));

const editAuthorization = (edit: (value: string) => string): Partial<SigningSpec> =>
  tampered((request) => {
    const index = request.rawHeaders.indexOf("Authorization");
    return withHeader(request, "authorization", edit(request.rawHeaders[index + 1] ?? ""));
  });

const addHeader = (headerName: string, value: string): Partial<SigningSpec> =>
  tampered((request) => ({ ...request, rawHeaders: [...request.rawHeaders, headerName, value] }));

/** A client certificate below intermediates, each made by the one before it. */
function below(world: World, ...specs: readonly CertificateSpec[]): { chain: Issued[]; certificate: Issued } {
  let issuer = world.root;
  const chain = specs.map((spec, index) => {
    issuer = makeAuthority(
      { subject: [["CN", `Intermediate ${index + 1}`]], serialNumber: BigInt(index + 2), ...spec },
      issuer,
    );
    return issuer;
  });
  return { chain: chain.toReversed(), certificate: makeCertificate({}, issuer) };
}

function trust(world: World, statements: readonly unknown[]): Partial<SigningSpec> {
  world.aws.role = {
    roleArn: ROLE_ARN,
    trustPolicy: JSON.stringify({ Version: "2012-10-17", Statement: statements }),
    maxSessionDurationSeconds: 3600,
  };
  return {};
}

const [ALLOW] = TRUST_POLICY.Statement;

const requestRows: readonly Row[] = [
  {
    title: "no Authorization header",
    reason: "AUTHORIZATION_MISSING",
    call: () => header("authorization", undefined),
  },
  {
    title: "an empty Authorization header",
    reason: "AUTHORIZATION_MISSING",
    call: () => header("authorization", ""),
  },
  {
    title: "two Authorization headers",
    reason: "HEADER_DUPLICATED",
    call: () => addHeader("Authorization", "AWS4-X509-RSA-SHA256 x"),
  },
  {
    title: "ordinary SigV4",
    reason: "ALGORITHM_UNSUPPORTED",
    call: () => editAuthorization((value) => value.replace(/^\S+/, "AWS4-HMAC-SHA256")),
  },
  {
    title: "a token with another digest",
    reason: "ALGORITHM_UNSUPPORTED",
    call: () => ({ algorithm: "AWS4-X509-ECDSA-SHA384" }),
  },
  {
    title: "the token that the Python client makes of a certificate signed with SHA-384",
    reason: "ALGORITHM_UNSUPPORTED",
    call: (world) => {
      const certificate = makeCertificate({ keys: rsaKeys() }, world.root);
      return { certificate, algorithm: "AWS4-X509-RSA-SHA384" };
    },
  },
  {
    title: "the token of another key type",
    reason: "ALGORITHM_KEY_MISMATCH",
    call: () => ({ algorithm: "AWS4-X509-RSA-SHA256" }),
  },
  {
    title: "no Signature field",
    reason: "AUTHORIZATION_MALFORMED",
    call: () => editAuthorization((value) => value.replace(/, Signature=.*/, "")),
  },
  {
    title: "the Credential field twice",
    reason: "AUTHORIZATION_MALFORMED",
    call: () =>
      editAuthorization((value) => value.replace("Credential=", "Credential=1/2/3/4/5, Credential=")),
  },
  {
    title: "a field that does not exist",
    reason: "AUTHORIZATION_MALFORMED",
    call: () => editAuthorization((value) => `${value}, Extra=1`),
  },
  {
    title: "a no-break space for a space",
    reason: "AUTHORIZATION_MALFORMED",
    call: () => editAuthorization((value) => value.replace(", ", ",\u00a0")),
  },
  {
    title: "a credential scope of four parts",
    reason: "AUTHORIZATION_MALFORMED",
    call: () => editAuthorization((value) => value.replace("/rolesanywhere", "")),
  },
  {
    title: "signed headers out of order",
    reason: "AUTHORIZATION_MALFORMED",
    call: () => ({ sign: ["host", "content-type", "x-amz-date", "x-amz-x509"] }),
  },
  {
    title: "signed headers separated by commas",
    reason: "AUTHORIZATION_MALFORMED",
    call: () => editAuthorization((value) => value.replaceAll(";", ",")),
  },
  {
    title: "a signed header named in capitals",
    reason: "AUTHORIZATION_MALFORMED",
    call: () => editAuthorization((value) => value.replace("content-type", "Content-Type")),
  },
  {
    title: "a signature in base64",
    reason: "SIGNATURE_MALFORMED",
    call: () => editAuthorization((value) => value.replace(/Signature=.*/, "Signature=MEUCIQ+/==")),
  },
  {
    title: "a signature of an odd number of digits",
    reason: "SIGNATURE_MALFORMED",
    call: () => editAuthorization((value) => value.slice(0, -1)),
  },
  { title: "no X-Amz-Date", reason: "DATE_MISSING", call: () => header("x-amz-date", undefined) },
  {
    title: "an X-Amz-Date in extended format",
    reason: "DATE_MALFORMED",
    call: () => header("x-amz-date", "2026-06-15T12:00:00Z"),
  },
  {
    title: "an X-Amz-Date that does not exist",
    reason: "DATE_MALFORMED",
    call: () => header("x-amz-date", "20260631T120000Z"),
  },
  { title: "a scope of another day", reason: "SCOPE_DATE_MISMATCH", call: () => ({ scopeDate: "20260614" }) },
  {
    title: "a date five minutes and a second old",
    reason: "REQUEST_EXPIRED",
    call: () => ({ date: new Date(NOW.getTime() - 301_000) }),
  },
  {
    title: "a date five minutes and a second ahead",
    reason: "REQUEST_NOT_YET_VALID",
    call: () => ({ date: new Date(NOW.getTime() + 301_000) }),
  },
  {
    title: "a scope of another region",
    reason: "SCOPE_REGION_MISMATCH",
    call: () => ({ region: "eu-central-1" }),
  },
  { title: "a scope of another service", reason: "SCOPE_SERVICE_MISMATCH", call: () => ({ service: "sts" }) },
  {
    title: "a scope with another terminator",
    reason: "SCOPE_SERVICE_MISMATCH",
    call: () => ({ terminator: "aws4" }),
  },
  { title: "the serial number in hex", reason: "SERIAL_MISMATCH", call: () => ({ serial: "1234" }) },
  {
    title: "a serial number with a leading zero",
    reason: "SERIAL_MISMATCH",
    call: () => ({ serial: "04660" }),
  },
  {
    title: "host left unsigned",
    reason: "SIGNED_HEADER_MISSING",
    call: () => ({ sign: ["x-amz-date", "x-amz-x509"] }),
  },
  {
    title: "the certificate left unsigned",
    reason: "SIGNED_HEADER_MISSING",
    call: () => ({ sign: ["host", "x-amz-date"] }),
  },
  {
    title: "the chain left unsigned",
    reason: "SIGNED_HEADER_MISSING",
    call: (world) => ({ chain: [world.root], sign: ["host", "x-amz-date", "x-amz-x509"] }),
  },
  {
    title: "a signed header that was not sent",
    reason: "SIGNED_HEADER_MISSING",
    call: () => ({ sign: ["host", "x-amz-date", "x-amz-x509", "x-other"] }),
  },
  {
    title: "another key than the certificate's",
    reason: "SIGNATURE_MISMATCH",
    call: () => ({ privateKey: ecKeys().privateKey }),
  },
  {
    title: "another body than the signed one",
    reason: "SIGNATURE_MISMATCH",
    call: () => tampered((request) => ({ ...request, body: Buffer.from(body({ durationSeconds: 43_200 })) })),
  },
  {
    title: "another host than the signed one",
    reason: "SIGNATURE_MISMATCH",
    call: () => header("host", "127.0.0.1:1"),
  },
  {
    title: "another query than the signed one",
    reason: "SIGNATURE_MISMATCH",
    call: () => tampered((request) => ({ ...request, target: "/sessions?durationSeconds=900" })),
  },
  {
    title: "another path than the signed one",
    reason: "SIGNATURE_MISMATCH",
    call: () => tampered((request) => ({ ...request, target: "/sessions/" })),
  },
  {
    title: "another method than the signed one",
    reason: "SIGNATURE_MISMATCH",
    call: () => tampered((request) => ({ ...request, method: "PUT" })),
  },
  {
    title: "a query with a broken escape",
    reason: "SIGNATURE_MISMATCH",
    call: () => tampered((request) => ({ ...request, target: "/sessions?x=%E0%A4%A" })),
  },
];

const parameterRows: readonly Row[] = [
  {
    title: "no trustAnchorArn",
    reason: "PARAMETER_INVALID",
    answer: INVALID,
    call: () => ({ body: body({ trustAnchorArn: undefined }) }),
  },
  {
    title: "no profileArn",
    reason: "PARAMETER_INVALID",
    answer: INVALID,
    call: () => ({ body: body({ profileArn: undefined }) }),
  },
  {
    title: "an empty roleArn in the query and none in the body",
    reason: "PARAMETER_INVALID",
    answer: INVALID,
    call: () => ({ query: "roleArn=", body: body({ roleArn: undefined }) }),
  },
  {
    title: "a roleArn that is none",
    reason: "PARAMETER_INVALID",
    answer: INVALID,
    call: () => ({ body: body({ roleArn: "Example" }) }),
  },
  {
    title: "a role ARN for the profile",
    reason: "PARAMETER_INVALID",
    answer: INVALID,
    call: () => ({ body: body({ profileArn: ROLE_ARN }) }),
  },
  {
    title: "899 seconds",
    reason: "PARAMETER_INVALID",
    answer: INVALID,
    call: () => ({ body: body({ durationSeconds: 899 }) }),
  },
  {
    title: "43201 seconds",
    reason: "PARAMETER_INVALID",
    answer: INVALID,
    call: () => ({ body: body({ durationSeconds: 43_201 }) }),
  },
  {
    title: "a session name of one character",
    reason: "PARAMETER_INVALID",
    answer: INVALID,
    call: () => ({ body: body({ roleSessionName: "a" }) }),
  },
  {
    title: "a session name of 65 characters",
    reason: "PARAMETER_INVALID",
    answer: INVALID,
    call: () => ({ body: body({ roleSessionName: "a".repeat(65) }) }),
  },
  {
    title: "a session name with a space",
    reason: "PARAMETER_INVALID",
    answer: INVALID,
    call: () => ({ body: body({ roleSessionName: "my session" }) }),
  },
  {
    title: "51 instance properties",
    reason: "PARAMETER_INVALID",
    answer: INVALID,
    call: () => ({
      body: body({
        instanceProperties: Object.fromEntries(Array.from({ length: 51 }, (_, index) => [`k${index}`, "v"])),
      }),
    }),
  },
  {
    title: "an instance property of 201 characters",
    reason: "PARAMETER_INVALID",
    answer: INVALID,
    call: () => ({ body: body({ instanceProperties: { key: "v".repeat(201) } }) }),
  },
  {
    title: "different roles in query and body",
    reason: "PARAMETER_CONFLICT",
    answer: INVALID,
    call: () => ({ query: `roleArn=${encodeURIComponent(`${ROLE_ARN}2`)}` }),
  },
  {
    title: "a body that is not JSON",
    reason: "BODY_MALFORMED",
    answer: { status: 400, errorType: "SerializationException" },
    call: () => ({ body: "{" }),
  },
  {
    title: "a body that is not an object",
    reason: "BODY_MALFORMED",
    answer: { status: 400, errorType: "SerializationException" },
    call: () => ({ body: "[]" }),
  },
  {
    title: "a duration in quotes",
    reason: "BODY_MALFORMED",
    answer: { status: 400, errorType: "SerializationException" },
    call: () => ({ body: body({ durationSeconds: "900" }) }),
  },
  {
    title: "a body that is not UTF-8",
    reason: "BODY_MALFORMED",
    answer: { status: 400, errorType: "SerializationException" },
    call: () => ({ body: Buffer.from([0x7b, 0xff, 0x7d]) }),
  },
];

const certificateRows: readonly Row[] = [
  { title: "no certificate", reason: "CERTIFICATE_MISSING", call: () => header("x-amz-x509", undefined) },
  {
    title: "two certificate headers",
    reason: "HEADER_DUPLICATED",
    call: (world) => addHeader("X-Amz-X509", world.client.base64),
  },
  {
    title: "a certificate in PEM",
    reason: "CERTIFICATE_MALFORMED",
    call: (world) => header("x-amz-x509", world.client.certificatePem.replaceAll("\n", "")),
  },
  {
    title: "a certificate cut short",
    reason: "CERTIFICATE_MALFORMED",
    call: (world) => header("x-amz-x509", world.client.der.subarray(0, -3).toString("base64")),
  },
  {
    title: "bytes after the certificate",
    reason: "CERTIFICATE_MALFORMED",
    call: (world) =>
      header("x-amz-x509", Buffer.concat([world.client.der, Buffer.alloc(3)]).toString("base64")),
  },
  {
    title: "a chain of six",
    reason: "CHAIN_TOO_LONG",
    call: (world) => ({ chain: Array.from({ length: 6 }, () => world.root) }),
  },
  {
    title: "a chain with blanks after the commas",
    reason: "CHAIN_MALFORMED",
    call: (world) => ({
      chain: [world.root, world.root],
      ...header("x-amz-x509-chain", `${world.root.base64}, ${world.root.base64}`),
    }),
  },
  {
    title: "an expired certificate",
    reason: "CERTIFICATE_EXPIRED",
    call: (world) => issue(world, { notAfter: minutes(-1) }),
  },
  {
    title: "a certificate of the future",
    reason: "CERTIFICATE_NOT_YET_VALID",
    call: (world) => issue(world, { notBefore: minutes(1) }),
  },
  {
    title: "a version 1 certificate",
    reason: "CERTIFICATE_VERSION_UNSUPPORTED",
    call: (world) => issue(world, { version: 1 }),
  },
  {
    title: "an empty subject",
    reason: "SUBJECT_EMPTY",
    call: (world) => issue(world, { subject: [], dns: ["a.example.com"] }),
  },
  {
    title: "a CA certificate as end entity",
    reason: "CERTIFICATE_IS_CA",
    call: (world) =>
      issue(world, { basicConstraints: { ca: true }, keyUsage: ["digitalSignature", "keyCertSign"] }),
  },
  { title: "no key usage", reason: "KEY_USAGE_MISSING", call: (world) => issue(world, { keyUsage: null }) },
  {
    title: "a key usage without digitalSignature",
    reason: "KEY_USAGE_MISSING",
    call: (world) => issue(world, { keyUsage: ["keyEncipherment"] }),
  },
  {
    title: "a server's extended key usage",
    reason: "EXTENDED_KEY_USAGE_UNSUITABLE",
    call: (world) => issue(world, { extendedKeyUsage: ["1.3.6.1.5.5.7.3.1"] }),
  },
  {
    title: "a secp256k1 key",
    reason: "KEY_TYPE_UNSUPPORTED",
    call: (world) => issue(world, { keys: ecKeys("secp256k1") }),
  },
  {
    title: "a certificate signed with SHA-1",
    reason: "SIGNATURE_HASH_WEAK",
    call: (world) => issue(world, { hash: "sha1" }),
  },
  {
    title: "a certificate signed with SHA-224",
    reason: "SIGNATURE_HASH_WEAK",
    call: (world) => issue(world, { hash: "sha224" }),
  },
  {
    title: "a critical extension that nobody knows",
    reason: "CRITICAL_EXTENSION_UNKNOWN",
    call: (world) =>
      issue(world, { extra: [extension("1.3.6.1.4.1.99999.1", true, octets(Buffer.from([1])))] }),
  },
  {
    title: "an extension twice",
    reason: "EXTENSION_DUPLICATED",
    call: (world) => issue(world, { extra: [extension("2.5.29.15", true, bits(Buffer.from([0x80]), 7))] }),
  },
  {
    title: "a certificate of another CA",
    reason: "CHAIN_UNTRUSTED",
    call: () => ({ certificate: makeCertificate({}, makeAuthority({ subject: [["CN", "Other"]] })) }),
  },
  {
    title: "a CA of the same name but another key",
    reason: "CHAIN_UNTRUSTED",
    call: () => ({ certificate: makeCertificate({}, makeAuthority()) }),
  },
  {
    title: "a forged certificate: the right names and key identifiers, the wrong signature",
    reason: "CHAIN_UNTRUSTED",
    call: (world) => ({
      certificate: makeCertificate({ authorityKeyIdentifier: world.root.keyIdentifier }, makeAuthority()),
    }),
  },
  {
    title: "an authority key identifier of another key",
    reason: "CHAIN_UNTRUSTED",
    call: (world) => issue(world, { authorityKeyIdentifier: "00".repeat(20) }),
  },
  {
    title: "a self-signed certificate",
    reason: "CHAIN_UNTRUSTED",
    call: () => ({ certificate: makeCertificate() }),
  },
  {
    title: "an intermediate that was not sent",
    reason: "CHAIN_UNTRUSTED",
    call: (world) => ({ certificate: below(world, {}).certificate }),
  },
  {
    title: "the upper of two intermediates not sent",
    reason: "CHAIN_UNTRUSTED",
    call: (world) => {
      const { chain, certificate } = below(world, {}, {});
      return { certificate, chain: chain.slice(0, 1) };
    },
  },
  {
    title: "an expired intermediate",
    reason: "CERTIFICATE_EXPIRED",
    call: (world) => below(world, { notAfter: minutes(-1) }),
  },
  {
    title: "an intermediate that is no CA",
    reason: "ISSUER_NOT_CA",
    call: (world) => below(world, { basicConstraints: { ca: false } }),
  },
  {
    title: "an intermediate without basicConstraints",
    reason: "ISSUER_NOT_CA",
    call: (world) => below(world, { basicConstraints: null }),
  },
  {
    title: "a version 1 intermediate",
    reason: "ISSUER_NOT_CA",
    call: (world) => below(world, { version: 1 }),
  },
  {
    title: "an intermediate that must not sign certificates",
    reason: "ISSUER_KEY_USAGE_MISSING",
    call: (world) => below(world, { keyUsage: ["cRLSign"] }),
  },
  {
    title: "an intermediate below one with pathlen 0",
    reason: "PATH_LENGTH_EXCEEDED",
    call: (world) => below(world, { basicConstraints: { ca: true, pathLength: 0 } }, {}),
  },
  {
    title: "an intermediate signed with SHA-1",
    reason: "SIGNATURE_HASH_WEAK",
    call: (world) => below(world, { hash: "sha1" }),
  },
  {
    title: "a DNS name outside the intermediate's permitted ones",
    reason: "NAME_CONSTRAINT_VIOLATED",
    call: (world) => {
      const constraints = sequence(tlv(0xa0, sequence(tlv(0x82, Buffer.from("example.com")))));
      const issuer = makeAuthority(
        { subject: [["CN", "Constrained"]], extra: [extension("2.5.29.30", true, constraints)] },
        world.root,
      );
      return { chain: [issuer], certificate: makeCertificate({ dns: ["host.example.org"] }, issuer) };
    },
  },
  {
    title: "a subject among the intermediate's excluded ones",
    reason: "NAME_CONSTRAINT_VIOLATED",
    call: (world) => {
      const constraints = sequence(tlv(0xa1, sequence(tlv(0xa4, distinguishedName([["O", "Forbidden"]])))));
      const issuer = makeAuthority(
        { subject: [["CN", "Constrained"]], extra: [extension("2.5.29.30", true, constraints)] },
        world.root,
      );
      const subject = [
        ["O", "forbidden"],
        ["CN", "client"],
      ] as const;
      return { chain: [issuer], certificate: makeCertificate({ subject }, issuer) };
    },
  },
  {
    title: "an intermediate with critical policy constraints",
    reason: "CRITICAL_EXTENSION_UNKNOWN",
    call: (world) =>
      below(world, { extra: [extension("2.5.29.36", true, sequence(tlv(0x80, Buffer.from([0]))))] }),
  },
  {
    title: "a revoked certificate",
    reason: "CRL_REVOKED",
    call: (world) => addCrl(world, makeCrl(world.root, { revoked: [7n, world.client.serialNumber] })),
  },
  {
    title: "a certificate revoked by a CRL that has run out",
    reason: "CRL_REVOKED",
    call: (world) =>
      addCrl(world, makeCrl(world.root, { revoked: [world.client.serialNumber], nextUpdate: minutes(-60) })),
  },
  {
    title: "a revoked intermediate",
    reason: "CRL_REVOKED",
    call: (world) => ({
      ...below(world, { serialNumber: 77n }),
      ...addCrl(world, makeCrl(world.root, { revoked: [77n] })),
    }),
  },
  {
    title: "a CRL with a forged signature",
    reason: "CRL_INVALID",
    call: (world) => addCrl(world, makeCrl(world.root, { signer: makeAuthority() })),
  },
  {
    title: "a CRL that is no CRL",
    reason: "CRL_INVALID",
    call: (world) => addCrl(world, Buffer.from("no PEM")),
  },
];

function addCrl(world: World, crlData: Uint8Array): Partial<SigningSpec> {
  const record = crlRecord(crlData);
  world.context.state.crls.set(record.crlId, record);
  return {};
}

const EXPLICIT_EC = { paramEncoding: "explicit", namedCurve: "P-256" } as const;
const POLICIES = "2.5.29.32";
const policy = (...qualifiers: readonly Buffer[]): Buffer => sequence(oid("1.2.3"), ...qualifiers);

/** A client certificate with one more extension, or with one in place of the usual one. */
const extended = (world: World, extra: Buffer, spec: CertificateSpec = {}): Partial<SigningSpec> =>
  issue(world, { ...spec, extra: [extra] });

/** A certificate from its parts: what a maker that follows the rules does not write. */
function assembled(world: World, change: (parts: Buffer[]) => readonly Buffer[]): Partial<SigningSpec> {
  const { client, root } = world;
  const certificate = changeParts(client.der, root, change);
  return { certificate: { ...client, der: certificate, base64: certificate.toString("base64") } };
}

/** A CRL of the root, some of whose parts were changed before it was signed. */
function assembledCrl(world: World, change: (parts: Buffer[]) => readonly Buffer[]): Partial<SigningSpec> {
  const pem = makeCrl(world.root)
    .toString()
    .replaceAll(/-----[^-]+-----|\n/g, "");
  return addCrl(
    world,
    Buffer.from(pemOf(changeParts(Buffer.from(pem, "base64"), world.root, change), "X509 CRL")),
  );
}

/** Changes the parts of the signed body, and signs it again. */
function changeParts(der: Buffer, signer: Issued, change: (parts: Buffer[]) => readonly Buffer[]): Buffer {
  const [body, algorithm] = partsOf(der);
  const changed = sequence(...change(partsOf(body ?? der)));
  return sequence(
    changed,
    algorithm ?? signatureAlgorithm(signer.keys.privateKey, "sha256"),
    bits(signDer(changed, signer.keys.privateKey, "sha256")),
  );
}

const partsOf = (der: Buffer): Buffer[] => children(readDer(der)).map((part) => Buffer.from(encoded(part)));

/** What RFC 5280, RFC 5480 and DER forbid, and a lenient reader takes. */
const strictRows: readonly Row[] = [
  {
    title: "a key with its curve written out",
    reason: "CERTIFICATE_MALFORMED",
    call: (world) => issue(world, { keys: generateKeyPairSync("ec", EXPLICIT_EC) }),
  },
  {
    title: "an intermediate's key with its curve written out",
    reason: "CHAIN_MALFORMED",
    call: (world) => below(world, { keys: generateKeyPairSync("ec", EXPLICIT_EC) }),
  },
  ...(
    [
      ["certificate policies that are none", octets(Buffer.from("garbage"))],
      ["no policy in the certificate policies", sequence()],
      ["a policy that repeats", sequence(policy(), policy())],
      ["a policy with a third part", sequence(policy(sequence(sequence(oid("1.2"), nothing)), nothing))],
      ["a policy with an empty list of qualifiers", sequence(policy(sequence()))],
      ["a policy qualifier of one part", sequence(policy(sequence(sequence(oid("1.2")))))],
    ] as const
  ).map(([title, value]): Row => ({
    title,
    reason: "CERTIFICATE_MALFORMED",
    call: (world) => extended(world, extension(POLICIES, true, value)),
  })),
  {
    title: "an unknown qualifier of a critical policy",
    reason: "CRITICAL_EXTENSION_UNKNOWN",
    call: (world) =>
      extended(
        world,
        extension(POLICIES, true, sequence(policy(sequence(sequence(oid("1.2.3.4"), nothing))))),
      ),
  },
  {
    title: "keyCertSign without CA:true",
    reason: "EXTENSION_INVALID",
    call: (world) => issue(world, { keyUsage: ["digitalSignature", "keyCertSign"] }),
  },
  {
    title: "keyCertSign without basicConstraints",
    reason: "EXTENSION_INVALID",
    call: (world) => issue(world, { keyUsage: ["digitalSignature", "keyCertSign"], basicConstraints: null }),
  },
  {
    title: "a path length without CA:true",
    reason: "CERTIFICATE_MALFORMED",
    call: (world) => issue(world, { basicConstraints: { ca: false, pathLength: 0 } }),
  },
  ...(
    [
      ["a path length with CA:false written out", "2.5.29.19", sequence(boolean(false), integer(0))],
      ["CA:false written out", "2.5.29.19", sequence(boolean(false))],
      ["a key usage that ends with a zero bit", "2.5.29.15", bits(Buffer.from([0x80]), 0)],
      ["a key usage of no bits", "2.5.29.15", bits(Buffer.alloc(0), 0)],
      ["a key usage with unused bits that are set", "2.5.29.15", bits(Buffer.from([0x81]), 7)],
      ["no alternative name in the alternative names", "2.5.29.17", sequence()],
      ["no purpose in the extended key usage", "2.5.29.37", sequence()],
      ["no subtree in the name constraints", "2.5.29.30", sequence()],
      ["a third part of the name constraints", "2.5.29.30", sequence(tlv(0xa0), tlv(0xa1), tlv(0xa2))],
    ] as const
  ).map(([title, identifier, value]): Row => ({
    title,
    reason: "CERTIFICATE_MALFORMED",
    call: (world) =>
      extended(world, extension(identifier, true, value), {
        basicConstraints: identifier === "2.5.29.19" ? null : undefined,
        keyUsage: identifier === "2.5.29.15" ? null : undefined,
      }),
  })),
  {
    title: "an extension whose criticality is written out as false",
    reason: "CERTIFICATE_MALFORMED",
    call: (world) => extended(world, sequence(oid("1.2.3.4"), boolean(false), octets(nothing))),
  },
  {
    title: "version 1 written out",
    reason: "CERTIFICATE_MALFORMED",
    call: (world) => assembled(world, ([, ...parts]) => [tlv(0xa0, integer(0)), ...parts.slice(0, -1)]),
  },
  {
    title: "unique identifiers in the wrong order",
    reason: "CERTIFICATE_MALFORMED",
    call: (world) =>
      assembled(world, (parts) => [
        ...parts.slice(0, -1),
        tlv(0x82, Buffer.from([0])),
        tlv(0x81, Buffer.from([0])),
        ...parts.slice(-1),
      ]),
  },
  {
    title: "no extension in the extensions",
    reason: "CERTIFICATE_MALFORMED",
    call: (world) => assembled(world, (parts) => [...parts.slice(0, -1), tlv(0xa3, sequence())]),
  },
  {
    title: "a serial number of 21 octets",
    reason: "CERTIFICATE_MALFORMED",
    call: (world) => issue(world, { serialNumber: 1n << 160n }),
  },
  {
    title: "1001 alternative names",
    reason: "CERTIFICATE_MALFORMED",
    call: (world) => issue(world, { dns: Array.from({ length: 1001 }, (_, index) => `h${index}.example`) }),
  },
  {
    title: "an object identifier of 85000 octets",
    reason: "CERTIFICATE_MALFORMED",
    call: (world) =>
      extended(world, sequence(tlv(0x06, Buffer.alloc(85_000, 0x81), Buffer.from([1])), octets(nothing))),
  },
  {
    title: "a CRL with a field at its end",
    reason: "CRL_INVALID",
    call: (world) => assembledCrl(world, (parts) => [...parts, nothing]),
  },
  {
    title: "a CRL of version 1 with extensions",
    reason: "CRL_INVALID",
    call: (world) => assembledCrl(world, ([, ...parts]) => parts),
  },
  {
    title: "a CRL with an unknown critical extension",
    reason: "CRL_INVALID",
    call: (world) =>
      assembledCrl(world, (parts) => [
        ...parts.slice(0, -1),
        tlv(0xa0, sequence(extension("1.2.3.4", true, nothing))),
      ]),
  },
  {
    title: "a CRL of changes since another one",
    reason: "CRL_INVALID",
    call: (world) =>
      assembledCrl(world, (parts) => [
        ...parts.slice(0, -1),
        tlv(0xa0, sequence(extension("2.5.29.27", true, integer(1)))),
      ]),
  },
  {
    title: "a CRL that repeats an extension",
    reason: "CRL_INVALID",
    call: (world) => {
      const number = extension("2.5.29.20", false, integer(1));
      return assembledCrl(world, (parts) => [...parts.slice(0, -1), tlv(0xa0, sequence(number, number))]);
    },
  },
  {
    title: "a CRL entry with an unknown critical extension",
    reason: "CRL_INVALID",
    call: (world) => {
      const entry = sequence(
        integer(7),
        time(minutes(-60)),
        sequence(extension("2.5.29.29", true, sequence())),
      );
      return assembledCrl(world, (parts) => [...parts.slice(0, -1), sequence(entry), ...parts.slice(-1)]);
    },
  },
  {
    title: "a CRL of a CA whose keyUsage lacks cRLSign",
    reason: "CRL_INVALID",
    call: (world) => {
      const chain = [makeAuthority({ subject: [["CN", "No CRLs"]], keyUsage: ["keyCertSign"] }, world.root)];
      const [issuer = world.root] = chain;
      addCrl(world, makeCrl(issuer));
      return { chain, certificate: makeCertificate({}, issuer) };
    },
  },
];

const resourceRows: readonly Row[] = [
  {
    title: "a trust anchor that does not exist",
    reason: "TRUST_ANCHOR_UNKNOWN",
    answer: NOT_FOUND,
    call: () => ({ body: body({ trustAnchorArn: TRUST_ANCHOR_ARN.replace(/[^/]+$/, UNKNOWN_ID) }) }),
  },
  {
    title: "an alias that no trust anchor has",
    reason: "TRUST_ANCHOR_UNKNOWN",
    answer: NOT_FOUND,
    call: () => ({ body: body({ trustAnchorArn: aliasArn("trust-anchor", "other") }) }),
  },
  {
    title: "an alias without a name",
    reason: "TRUST_ANCHOR_UNKNOWN",
    answer: NOT_FOUND,
    call: () => ({ body: body({ trustAnchorArn: aliasArn("trust-anchor", "") }) }),
  },
  {
    title: "a trust anchor's alias in another letter case",
    reason: "TRUST_ANCHOR_UNKNOWN",
    answer: NOT_FOUND,
    call: (world) => {
      world.trustAnchor.aliasName = "Production";
      return { body: body({ trustAnchorArn: aliasArn("trust-anchor", "production") }) };
    },
  },
  {
    title: "an alias of another region",
    reason: "REGION_MISMATCH",
    answer: NOT_FOUND,
    call: (world) => {
      world.profile.aliasName = "production";
      const profileArn = aliasArn("profile", "production").replace("us-east-1", "eu-west-1");
      return { body: body({ profileArn }) };
    },
  },
  {
    title: "a trust anchor's alias for the profile",
    reason: "PARAMETER_INVALID",
    answer: INVALID,
    call: (world) => {
      world.trustAnchor.aliasName = "production";
      return { body: body({ profileArn: aliasArn("trust-anchor", "production") }) };
    },
  },
  {
    title: "a trust anchor of another account",
    reason: "ACCOUNT_MISMATCH",
    answer: NOT_FOUND,
    call: () => ({ body: body({ trustAnchorArn: TRUST_ANCHOR_ARN.replace(ACCOUNT, "210987654321") }) }),
  },
  {
    title: "a trust anchor of another region",
    reason: "REGION_MISMATCH",
    answer: NOT_FOUND,
    call: () => ({ body: body({ trustAnchorArn: TRUST_ANCHOR_ARN.replace("us-east-1", "eu-west-1") }) }),
  },
  {
    title: "a trust anchor of another partition",
    reason: "REGION_MISMATCH",
    answer: NOT_FOUND,
    call: () => ({ body: body({ trustAnchorArn: TRUST_ANCHOR_ARN.replace("arn:aws:", "arn:aws-cn:") }) }),
  },
  {
    title: "a profile that does not exist",
    reason: "PROFILE_UNKNOWN",
    answer: NOT_FOUND,
    call: () => ({ body: body({ profileArn: PROFILE_ARN.replace(/[^/]+$/, UNKNOWN_ID) }) }),
  },
  {
    title: "a profile of another region",
    reason: "REGION_MISMATCH",
    answer: NOT_FOUND,
    call: () => ({ body: body({ profileArn: PROFILE_ARN.replace("us-east-1", "eu-west-1") }) }),
  },
  {
    title: "a disabled trust anchor",
    reason: "TRUST_ANCHOR_DISABLED",
    call: (world) => {
      world.trustAnchor.enabled = false;
      return {};
    },
  },
  {
    title: "a disabled profile",
    reason: "PROFILE_DISABLED",
    call: (world) => {
      world.profile.enabled = false;
      return {};
    },
  },
  {
    title: "a trust anchor of a private CA service",
    reason: "TRUST_ANCHOR_UNSUPPORTED",
    call: (world) => {
      const acmPcaArn = `arn:aws:acm-pca:us-east-1:${ACCOUNT}:certificate-authority/${UNKNOWN_ID}`;
      world.trustAnchor.source = { sourceType: "AWS_ACM_PCA", sourceData: { acmPcaArn } };
      return {};
    },
  },
  {
    title: "an expired trust anchor",
    reason: "CERTIFICATE_EXPIRED",
    call: (world) => {
      const { keys } = world.root;
      world.trustAnchor.source.sourceData.x509CertificateData = makeAuthority({
        keys,
        notAfter: minutes(-1),
      }).certificatePem;
      return {};
    },
  },
  {
    title: "a trust anchor that must not sign certificates",
    reason: "ISSUER_KEY_USAGE_MISSING",
    call: (world) => {
      const { keys } = world.root;
      world.trustAnchor.source.sourceData.x509CertificateData = makeAuthority({
        keys,
        keyUsage: ["cRLSign"],
      }).certificatePem;
      return {};
    },
  },
  {
    title: "a role that the profile does not list",
    reason: "ROLE_NOT_IN_PROFILE",
    call: () => ({ body: body({ roleArn: `arn:aws:iam::${ACCOUNT}:role/Other` }) }),
  },
  {
    title: "a role of another account",
    reason: "ACCOUNT_MISMATCH",
    call: (world) => {
      const foreign = "arn:aws:iam::210987654321:role/Example";
      world.profile.roleArns = [foreign];
      return { body: body({ roleArn: foreign }) };
    },
  },
];

const sessionRows: readonly Row[] = [
  {
    title: "a session name that the profile does not accept",
    reason: "ROLE_SESSION_NAME_NOT_ACCEPTED",
    call: () => ({ body: body({ roleSessionName: "my-session" }) }),
  },
  {
    title: "a common name that cannot be a source identity",
    reason: "SOURCE_IDENTITY_INVALID",
    call: (world) => issue(world, { subject: [["CN", "John Smith (1234)"]] }),
  },
  {
    title: "a role that does not exist",
    reason: "ROLE_UNKNOWN",
    call: (world) => {
      world.aws.role = undefined;
      return {};
    },
  },
  {
    title: "a role named without its path",
    reason: "ROLE_UNKNOWN",
    call: (world) => {
      world.aws.role = {
        roleArn: `arn:aws:iam::${ACCOUNT}:role/path/Example`,
        trustPolicy: JSON.stringify(TRUST_POLICY),
        maxSessionDurationSeconds: 3600,
      };
      return {};
    },
  },
  {
    title: "a trust policy without sts:AssumeRole",
    reason: "TRUST_POLICY_DENIED",
    call: (world) => trust(world, [{ ...ALLOW, Action: ["sts:TagSession", "sts:SetSourceIdentity"] }]),
  },
  {
    title: "a trust policy without sts:TagSession",
    reason: "TRUST_POLICY_DENIED",
    call: (world) => trust(world, [{ ...ALLOW, Action: ["sts:AssumeRole", "sts:SetSourceIdentity"] }]),
  },
  {
    title: "a trust policy without sts:SetSourceIdentity",
    reason: "TRUST_POLICY_DENIED",
    call: (world) => trust(world, [{ ...ALLOW, Action: ["sts:AssumeRole", "sts:TagSession"] }]),
  },
  {
    title: "a trust policy for another service",
    reason: "TRUST_POLICY_DENIED",
    call: (world) => trust(world, [{ ...ALLOW, Principal: { Service: "ec2.amazonaws.com" } }]),
  },
  {
    title: "a trust policy for another trust anchor",
    reason: "TRUST_POLICY_DENIED",
    call: (world) =>
      trust(world, [
        {
          ...ALLOW,
          Condition: { ArnEquals: { "aws:SourceArn": TRUST_ANCHOR_ARN.replace(/[^/]+$/, UNKNOWN_ID) } },
        },
      ]),
  },
  {
    title: "a trust policy for another account",
    reason: "TRUST_POLICY_DENIED",
    call: (world) =>
      trust(world, [{ ...ALLOW, Condition: { StringEquals: { "aws:SourceAccount": "210987654321" } } }]),
  },
  {
    title: "a trust policy for another common name",
    reason: "TRUST_POLICY_DENIED",
    call: (world) =>
      trust(world, [
        { ...ALLOW, Condition: { StringEquals: { "aws:PrincipalTag/x509Subject/CN": "other" } } },
      ]),
  },
  {
    title: "a trust policy for another source identity",
    reason: "TRUST_POLICY_DENIED",
    call: (world) =>
      trust(world, [{ ...ALLOW, Condition: { StringEquals: { "sts:SourceIdentity": "CN=other" } } }]),
  },
  {
    title: "a trust policy that denies what it allows",
    reason: "TRUST_POLICY_DENIED",
    call: (world) => trust(world, [ALLOW, { ...ALLOW, Effect: "Deny" }]),
  },
  {
    title: "a trust policy that is not JSON",
    reason: "TRUST_POLICY_MALFORMED",
    call: (world) => {
      world.aws.role = { roleArn: ROLE_ARN, trustPolicy: "{", maxSessionDurationSeconds: 3600 };
      return {};
    },
  },
  {
    title: "a trust policy with an action that is not STS's",
    reason: "TRUST_POLICY_MALFORMED",
    call: (world) => trust(world, [{ ...ALLOW, Action: ["sts:AssumeRole", "s3:GetObject"] }]),
  },
  {
    title: "a trust policy with a resource",
    reason: "TRUST_POLICY_MALFORMED",
    call: (world) => trust(world, [{ ...ALLOW, Resource: "*" }]),
  },
  {
    title: "a trust policy without a principal",
    reason: "TRUST_POLICY_MALFORMED",
    call: (world) => trust(world, [{ ...ALLOW, Principal: undefined }]),
  },
  {
    title: "a session longer than the role allows",
    reason: "MAX_SESSION_DURATION_EXCEEDED",
    call: (world) => {
      world.profile.durationSeconds = 43_200;
      return { body: body({ durationSeconds: 3601 }) };
    },
  },
  {
    title: "a profile longer than the role allows, with no duration in the request",
    reason: "MAX_SESSION_DURATION_EXCEEDED",
    call: (world) => {
      world.profile.durationSeconds = 7200;
      return {};
    },
  },
  {
    title: "what STS refuses",
    reason: "ASSUME_ROLE_REFUSED",
    call: (world) => {
      world.aws.assume = async () => {
        throw new AwsPortError("refused", "STS AssumeRole: PackedPolicyTooLarge: too large");
      };
      return {};
    },
  },
  {
    title: "an STS that does not answer",
    reason: "STS_UNAVAILABLE",
    answer: { status: 503, errorType: "ServiceUnavailableException" },
    call: (world) => {
      world.aws.assume = async () => {
        throw new AwsPortError("unavailable", "STS AssumeRole: connect ECONNREFUSED");
      };
      return {};
    },
  },
];

const strictMappingRow: Row = {
  title: "a value that cannot become a session tag, where the lab is strict",
  reason: "ATTRIBUTE_MAPPING_FAILED",
  call: (world) => {
    Object.assign(world.context, { strictAttributeMapping: true });
    return issue(world, {
      subject: [
        ["O", "R&D, Inc."],
        ["CN", "client"],
      ],
    });
  },
};

const rows = [
  strictMappingRow,
  ...requestRows,
  ...parameterRows,
  ...certificateRows,
  ...strictRows,
  ...resourceRows,
  ...sessionRows,
];

describe("CreateSession refuses", () => {
  it.each(rows)("$title: $reason", async ({ reason, answer = DENIED, call }) => {
    const world = createWorld();
    const changed = call(world);
    const request = "rawHeaders" in changed ? changed : signedRequest(world.call(changed));
    const given = await handleCreateSession(world.context, request);
    const [record] = world.context.audit.list();
    expect({ ...given, reason: record?._mock.reason }).toMatchObject({ ...answer, reason });
    expect(record).toMatchObject({
      errorCode: answer.errorType,
      _mock: { verdict: "refused", status: answer.status },
    });
    expect(world.aws.requests).toHaveLength(
      reason === "ASSUME_ROLE_REFUSED" || reason === "STS_UNAVAILABLE" ? 1 : 0,
    );
  });

  it("nothing of the call that every row changes", async () => {
    const world = createWorld();
    const answer = await handleCreateSession(world.context, signedRequest(world.call()));
    expect(answer).toMatchObject({ status: 201 });
  });

  it("for each reason that a request can bring about", () => {
    expect(new Set(rows.map(({ reason }) => reason)).size).toBeGreaterThanOrEqual(50);
  });
});

describe("the messages that AWS is known to send", () => {
  it.each<[message: string, call: Row["call"]]>([
    ["Untrusted Signing Certificate", () => ({ certificate: makeCertificate() })],
    ["Untrusted certificate. Insufficient certificate", (world) => issue(world, { keyUsage: null })],
    ["Invalid signature", () => ({ privateKey: ecKeys().privateKey })],
    ["Not authorized to set roleSessionName.", () => ({ body: body({ roleSessionName: "my-session" }) })],
    [`Unable to assume role for ${ROLE_ARN}.`, (world) => trust(world, [{ ...ALLOW, Effect: "Deny" }])],
    [
      `Unable to assume role for ${ROLE_ARN}. Some attributes failed to be mapped into session tags. Issuer: [  ]; Subject: [  ]; SAN: [ DNS/2 ]`,
      (world) => {
        trust(world, [{ ...ALLOW, Effect: "Deny" }]);
        return issue(world, { dns: ["a.example.com", "*.example.com"] });
      },
    ],
    [
      `Unable to assume role for ${ROLE_ARN}. Some attributes failed to be mapped into session tags. Issuer: [ O ]; Subject: [ OU ]; SAN: [ DNS/2 ]`,
      (world) => {
        Object.assign(world.context, { strictAttributeMapping: true });
        const issuer = makeAuthority({ subject: [["O", "Acme, Inc."]] }, world.root);
        const subject = [
          ["OU", "R&D"],
          ["CN", "client"],
        ] as const;
        return {
          chain: [issuer],
          certificate: makeCertificate({ subject, dns: ["a.example.com", "*.example.com"] }, issuer),
        };
      },
    ],
    [
      `Unable to assume role for ${ROLE_ARN}. The requested DurationSeconds exceeds the MaxSessionDuration set for this role.`,
      (world) => {
        world.profile.durationSeconds = 7200;
        return {};
      },
    ],
    [
      "1 validation error detected: Value '43201' at 'durationSeconds' failed to satisfy constraint: Member must have value less than or equal to 43200",
      () => ({ body: body({ durationSeconds: 43_201 }) }),
    ],
    [
      "2 validation errors detected: Value null at 'profileArn' failed to satisfy constraint: Member must not be null; Value null at 'roleArn' failed to satisfy constraint: Member must not be null",
      () => ({ body: JSON.stringify({ trustAnchorArn: TRUST_ANCHOR_ARN }) }),
    ],
  ])("%s", async (message, call) => {
    const world = createWorld();
    const changed = call(world);
    if ("rawHeaders" in changed) throw new Error("a row of this table changes what is signed");
    const answer = await handleCreateSession(world.context, signedRequest(world.call(changed)));
    expect(answer.body).toEqual({ message });
  });

  it("carry the reason only where the mock was asked to explain", async () => {
    const world = createWorld({ context: { explain: true } });
    const answer = await handleCreateSession(
      world.context,
      signedRequest(world.call(issue(world, { keys: rsaKeys(), keyUsage: null }))),
    );
    expect(answer.body).toEqual({
      message:
        "Untrusted certificate. Insufficient certificate [KEY_USAGE_MISSING: expected keyUsage with digitalSignature; received no keyUsage extension; remedy: issue the certificate with keyUsage = critical, digitalSignature]",
    });
  });
});
