export {
  ecKeys,
  extension,
  makeAuthority,
  makeCertificate,
  makeCrl,
  makeServerIdentity,
  ML_DSA,
  mlDsaKeys,
  distinguishedName,
  pemOf,
  rsaKeys,
  signatureAlgorithm,
  signDer,
} from "./certificates.ts";
export type {
  CertificateSpec,
  CrlSpec,
  Issued,
  KeyPair,
  MlDsaParameterSet,
  Rdn,
  TestIdentity,
} from "./certificates.ts";
export { bits, boolean, integer, nothing, octets, oid, sequence, set, time, tlv, utf8 } from "./der.ts";
export { KEY_ALGORITHMS, openssl, opensslBytes } from "./openssl.ts";
export type { KeyAlgorithm } from "./openssl.ts";
export { findPython, runPythonChecks } from "./python.ts";
export type { PythonCheck } from "./python.ts";
export { createRandom } from "./random.ts";
export type { Random } from "./random.ts";
export { reportBench } from "./report-bench.ts";
export type { BenchResult } from "./report-bench.ts";
export { send } from "./send.ts";
export type { WireAnswer, WireRequest } from "./send.ts";
export { signedRequest, withHeader } from "./sign-request.ts";
export type { SigningSpec } from "./sign-request.ts";
export { temporaryFolder } from "./temporary-folder.ts";
export type { TemporaryFolder } from "./temporary-folder.ts";
export { readVector } from "./vectors.ts";
export type { Vector, VectorName } from "./vectors.ts";
