/** What a `Credential` says: `<access key id>/<yyyymmdd>/<region>/<service>/aws4_request`. */
export interface CredentialScope {
  readonly accessKeyId: string;
  /** `yyyymmdd` */
  readonly scopeDate: string;
  readonly region: string;
  /** Signing name of the service, such as `s3` or `monitoring`. */
  readonly service: string;
  /** `aws4_request` when right. */
  readonly terminator: string;
}

/** What an `Authorization` header says. Nothing of it is verified. */
export interface AuthorizationClaim extends CredentialScope {
  /** Names as sent, in lower case by the rules of SigV4. */
  readonly signedHeaders: readonly string[];
  /** Hex of 64 digits when right. */
  readonly signature: string;
}

/** What a request claims about its signature. Nothing of it is verified. */
export interface SignatureClaim extends AuthorizationClaim {
  /** Whether the signature is in the query. */
  readonly presigned: boolean;
  /** `X-Amz-Date` as sent. */
  readonly amzDate: string;
  /** The time of `amzDate`; absent when it is none. */
  readonly signedAt?: Date | undefined;
  /** `X-Amz-Expires` of a presigned request; NaN when it is no number. */
  readonly expiresInSeconds?: number | undefined;
  /** `X-Amz-Security-Token`, from the query of a presigned request, else from the headers. */
  readonly sessionToken?: string | undefined;
}

/** Reads a `Credential`; `undefined` when it does not have these five parts. An access key id holds no slash. */
export function readCredential(credential: string): CredentialScope | undefined {
  const [accessKeyId, scopeDate, region, service, terminator, ...more] = credential.split("/");
  if (!accessKeyId || !scopeDate || !region || !service || !terminator || more.length > 0) return undefined;
  return { accessKeyId, scopeDate, region, service, terminator };
}

/** What a credential scope has to say. A member that is absent may be anything. */
export interface ExpectedScope {
  readonly region?: string | undefined;
  /** Signing name of the service. */
  readonly service?: string | undefined;
}

/** Signing names whose requests are signed by the rules of S3: the path is encoded once, the payload may be unsigned. */
export const S3_SIGNING_NAMES: ReadonlySet<string> = new Set([
  "s3",
  "s3express",
  "s3-object-lambda",
  "s3-outposts",
]);

const S3_SERVICES: ReadonlySet<string> = new Set(["s3", "s3control"]);

/** Services whose signing name is their own, and is expected without being asked for. */
const OWN_NAME: ReadonlySet<string> = new Set(["sts", "iam", "cloudformation"]);

/** @returns what is wrong with the scope of a request to this service, in AWS's words */
export function faultOfScope(
  requestService: string,
  { scopeDate, region, service, terminator }: CredentialScope,
  expected: ExpectedScope = {},
): string | undefined {
  const isS3 = S3_SERVICES.has(requestService);
  const wanted =
    expected.service ?? (isS3 ? "s3" : OWN_NAME.has(requestService) ? requestService : undefined);
  const isAnyS3 = S3_SIGNING_NAMES.has(service);
  // A service that is not S3 must not be signed by the rules of S3, even when nobody knows its signing name.
  const isRightService = wanted === undefined ? !isAnyS3 : wanted === "s3" ? isAnyS3 : service === wanted;
  const checks: readonly (readonly [isRight: boolean, message: string])[] = [
    [/^\d{8}$/u.test(scopeDate), "Date in Credential scope does not have the form yyyymmdd."],
    [
      region === (expected.region ?? region),
      `Credential should be scoped to a valid region, not '${region}'.`,
    ],
    [isRightService, `Credential should be scoped to correct service: '${wanted ?? requestService}'.`],
    [terminator === "aws4_request", "Credential should be scoped with a valid terminator: 'aws4_request'."],
  ];
  return checks.find(([isRight]) => !isRight)?.[1];
}
