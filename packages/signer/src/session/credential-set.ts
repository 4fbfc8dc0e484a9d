import { SignerError } from "../errors.ts";

/** Temporary credentials and where they came from. */
export interface CredentialSet {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  /** RFC 3339, exactly as the service sent it. */
  readonly expiration: string;
  /** ARN of the role that was assumed. */
  readonly roleArn?: string;
  /** ARN of the session: `arn:aws:sts::<account>:assumed-role/<role>/<session name>`. */
  readonly assumedRoleArn?: string;
  /** ARN of the Subject that Roles Anywhere keeps for this certificate. */
  readonly subjectArn?: string;
}

/**
 * Reads the body of a successful CreateSession. Anything that is not a full set of credentials is an error: an empty
 * success must never reach an SDK.
 *
 * @throws {SignerError} ERR_SIGNER_RESPONSE_INVALID naming the member that is missing; never quoting the body.
 */
export function parseCredentialSet(body: string): CredentialSet {
  let response: unknown;
  try {
    response = JSON.parse(body);
  } catch {
    throw invalid("the body is not JSON");
  }
  if (!isRecord(response)) throw invalid("the body is not a JSON object");
  const { credentialSet: sets, subjectArn } = response;
  if (!Array.isArray(sets)) throw invalid("credentialSet is missing");
  const [first]: readonly unknown[] = sets;
  if (first === undefined) throw invalid("credentialSet is empty");
  const { credentials, roleArn, assumedRoleUser } = isRecord(first) ? first : {};
  if (!isRecord(credentials)) throw invalid("credentialSet[0].credentials is missing");
  const textOf = (name: string): string => {
    const text = nonEmpty(credentials[name]);
    if (text === undefined) throw invalid(`credentialSet[0].credentials.${name} is missing`);
    return text;
  };
  const arns = {
    roleArn: nonEmpty(roleArn),
    assumedRoleArn: isRecord(assumedRoleUser) ? nonEmpty(assumedRoleUser["arn"]) : undefined,
    subjectArn: nonEmpty(subjectArn),
  };
  const set: CredentialSet = {
    accessKeyId: textOf("accessKeyId"),
    secretAccessKey: textOf("secretAccessKey"),
    sessionToken: textOf("sessionToken"),
    expiration: textOf("expiration"),
    ...Object.fromEntries(Object.entries(arns).filter(([, arn]) => arn !== undefined)),
  };
  if (Number.isNaN(Date.parse(set.expiration))) {
    throw invalid("credentialSet[0].credentials.expiration is not a date");
  }
  return concealSecrets(set);
}

function nonEmpty(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function invalid(reason: string): SignerError {
  return new SignerError(
    "ERR_SIGNER_RESPONSE_INVALID",
    `unable to obtain temporary security credentials from CreateSession: ${reason}; check that the endpoint is Roles Anywhere and no proxy answers in its place`,
  );
}

/**
 * Keeps secrets out of `console.log`, `util.inspect` and `JSON.stringify` of an object; its members stay as they are. A
 * copy made by spreading shows them again.
 *
 * @param credentials A fresh object; it is changed and returned.
 */
export function concealSecrets<Credentials extends object>(credentials: Credentials): Credentials {
  const masked = (): object => ({ ...credentials, secretAccessKey: "***", sessionToken: "***" });
  return Object.defineProperties(credentials, {
    toJSON: { value: masked, enumerable: false },
    // The registered symbol, so that node:util need not be loaded.
    [Symbol.for("nodejs.util.inspect.custom")]: { value: masked, enumerable: false },
  });
}
