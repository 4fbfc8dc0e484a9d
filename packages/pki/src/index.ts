export {
  createRootCertificateAuthority,
  type RootCertificateAuthorityOptions,
} from "./authority/create-root-certificate-authority.ts";
export {
  type ClientCertificateOptions,
  issueClientCertificate,
} from "./authority/issue-client-certificate.ts";
export type { CertificateAuthority } from "./authority/read-certificate-authority.ts";
export type { IssuedCertificate } from "./certificate/issued-certificate.ts";
export type { SubjectAlternativeName } from "./certificate/subject-alternative-name.ts";
export type { SubjectAttribute, SubjectAttributeType } from "./certificate/subject.ts";
export type { Validity, ValidityOptions } from "./certificate/validity.ts";
export type { PkiDependencies } from "./dependencies.ts";
export {
  PkiError,
  type PkiErrorCode,
  type PkiErrorOptions,
  type PkiWarning,
  type PkiWarningCode,
} from "./errors.ts";
export type { KeyPair } from "./keys/generate-key-pair.ts";
export { type CertificatePaths } from "./storage/layout.ts";
export {
  loadCertificateAuthority,
  type LoadedCertificateAuthority,
} from "./storage/load-certificate-authority.ts";
export {
  type StorageOptions,
  storeClientCertificate,
  type StoredCertificate,
  storeRootCertificateAuthority,
} from "./storage/store-certificate.ts";
