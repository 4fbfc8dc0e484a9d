export { SignerError } from "./errors.ts";
export type { SignerErrorCode, SignerErrorDetails } from "./errors.ts";
export type { HttpRequest, HttpResponse, HttpSend } from "./http/send.ts";
export { checkIdentity, loadIdentity } from "./keys/identity.ts";
export { loadCertificate, loadCertificateChain } from "./keys/certificate.ts";
export type { EndEntityCertificate } from "./keys/certificate.ts";
export type { CertificateSelector, IdentitySources, SigningIdentity, TokenOptions } from "./keys/identity.ts";
export { loadPrivateKey } from "./keys/private-key.ts";
export type { PemSource } from "./keys/pem.ts";
export { loadTokenIdentity } from "./pkcs11/load.ts";
export { fromRolesAnywhere } from "./provider/from-roles-anywhere.ts";
export type {
  RolesAnywhereCredentials,
  RolesAnywhereInit,
  RolesAnywhereProvider,
} from "./provider/from-roles-anywhere.ts";
export { createSession } from "./session/create-session.ts";
export type { CreateSessionInit, CreateSessionOptions } from "./session/create-session.ts";
export type { CredentialSet } from "./session/credential-set.ts";
export type { EndpointOptions } from "./session/endpoint.ts";
export { checkSessionParameters } from "./session/session-parameters.ts";
export type { SessionParameters } from "./session/session-parameters.ts";
export { signCreateSessionRequest } from "./session/sign-create-session-request.ts";
export type { AttemptOptions, SignedCreateSessionRequest } from "./session/sign-create-session-request.ts";
export type { X509Algorithm } from "./sigv4-x509/constants.ts";
export type { RequestSigner } from "./sigv4-x509/sign-request.ts";
export { VERSION } from "./version.ts";
