export {
  createIntermediateCertificateAuthority,
  type IntermediateCertificateAuthorityOptions,
} from "./authority/create-intermediate-certificate-authority.ts";
export {
  type AuthorityLimits,
  createRootCertificateAuthority,
  type RootCertificateAuthorityOptions,
} from "./authority/create-root-certificate-authority.ts";
export {
  type ClientCertificateOptions,
  issueClientCertificate,
} from "./authority/issue-client-certificate.ts";
export {
  renewCertificate,
  type RenewedCertificate,
  type RenewOptions,
} from "./authority/renew-certificate.ts";
export {
  type CertificateRequest,
  type CertificateRequestOptions,
  type CertificateRequestWishes,
  createCertificateRequest,
  readCertificateRequest,
  type RequestedCertificate,
  signCertificateRequest,
  type SignRequestOptions,
} from "./authority/sign-certificate-request.ts";
export type { CertificateAuthority } from "./authority/read-certificate-authority.ts";
export type { IssuedCertificate, SignedCertificate } from "./certificate/issued-certificate.ts";
export type { NameConstraint, NameConstraints } from "./certificate/name-constraints.ts";
export type {
  SubjectAlternativeName,
  SubjectAlternativeNameType,
} from "./certificate/subject-alternative-name.ts";
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
export { KEY_TYPES, type KeyType } from "./keys/key-type.ts";
export type { SignatureAlgorithm } from "./keys/signature-algorithm.ts";
export {
  type CertificateKind,
  type Fate,
  type IssuedRecord,
  type LogEntry,
  readIssuanceLog,
  type RevokedRecord,
} from "./storage/issuance-log.ts";
export { createPkcs12, type Pkcs12Options } from "./export/create-pkcs12.ts";
export {
  type CertificateInspection,
  type CertificateInspectionOptions,
  inspectCertificate,
} from "./inspection/inspect-certificate.ts";
export {
  verifyCertificate,
  type Verification,
  type VerificationOptions,
  type VerificationProblem,
} from "./inspection/verify-certificate.ts";
export type { PredictedSession } from "./inspection/predict-session.ts";
export type { InspectionProblem, InspectionProblemCode } from "./inspection/problem.ts";
export {
  createRevocationList,
  type RevocationList,
  type RevocationListOptions,
  type RevokedCertificate,
} from "./revocation/create-revocation-list.ts";
export { type RevocationReason, REVOCATION_REASONS } from "./revocation/revocation-reason.ts";
export { type CertificatePaths } from "./storage/layout.ts";
export {
  loadCertificateAuthority,
  type LoadedCertificateAuthority,
  type LoadOptions,
  type Passphrase,
} from "./storage/load-certificate-authority.ts";
export {
  type SigningOptions,
  type StorageOptions,
  storeClientCertificate,
  type StoredCertificate,
  storeIntermediateCertificateAuthority,
  storeRootCertificateAuthority,
} from "./storage/store-certificate.ts";
export {
  type FolderStatus,
  folderStatus,
  type StatusEntry,
  type StatusOptions,
} from "./storage/folder-status.ts";
export {
  type RevocationOptions,
  revokeCertificate,
  type StoredRevocation,
} from "./storage/revoke-certificate.ts";
export {
  type RevocationListStorageOptions,
  type StoredRevocationList,
  storeRevocationList,
} from "./storage/store-revocation-list.ts";
export { type Pkcs12StorageOptions, storePkcs12 } from "./storage/store-pkcs12.ts";
export {
  storeClientCertificates,
  type StoredList,
  type StoreListOptions,
} from "./storage/store-client-certificates.ts";
export {
  storeRenewedCertificate,
  type StoredRenewedCertificate,
  type StoreRenewedOptions,
} from "./storage/store-renewed-certificate.ts";
export {
  storeCertificateRequest,
  type StoredRequest,
  type StoredRequestedCertificate,
  storeSignedRequest,
} from "./storage/store-request.ts";
