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

/** What CreateSession answers, as far as it is used. */
interface CreateSessionResponse {
  readonly credentialSet: readonly {
    readonly credentials: {
      readonly accessKeyId: string;
      readonly secretAccessKey: string;
      readonly sessionToken: string;
      readonly expiration: string;
    };
    readonly roleArn?: unknown;
    readonly assumedRoleUser?: unknown;
  }[];
  readonly subjectArn?: unknown;
}

/**
 * Reads the body of a successful CreateSession. Anything that is not a full set of credentials is an error: an empty
 * success must never reach an SDK.
 *
 * @param body Text of the answer.
 * @throws {SignerError} ERR_SIGNER_RESPONSE_INVALID naming the member that is missing; never quoting the body.
 */
export function parseCredentialSet(body: string): CredentialSet {
  let response: unknown;
  try {
    response = JSON.parse(body);
  } catch {
    throw invalid("the body is not JSON");
  }
  const problem = problemWith(response);
  if (problem !== undefined) throw invalid(problem);
  if (!isCreateSessionResponse(response)) throw invalid("the body has another shape");
  return fromResponse(response);
}

function fromResponse(response: CreateSessionResponse): CredentialSet {
  const [first] = response.credentialSet;
  if (first === undefined) throw invalid("credentialSet is empty");
  const { accessKeyId, secretAccessKey, sessionToken, expiration } = first.credentials;
  return concealSecrets({
    accessKeyId,
    secretAccessKey,
    sessionToken,
    expiration,
    ...optional("roleArn", first.roleArn),
    ...optional("assumedRoleArn", isRecord(first.assumedRoleUser) ? first.assumedRoleUser["arn"] : undefined),
    ...optional("subjectArn", response.subjectArn),
  });
}

function isCreateSessionResponse(value: unknown): value is CreateSessionResponse {
  return problemWith(value) === undefined;
}

/** What is wrong with an answer, or undefined. */
function problemWith(value: unknown): string | undefined {
  if (!isRecord(value)) return "the body is not a JSON object";
  const sets: unknown = value["credentialSet"];
  if (!Array.isArray(sets)) return "credentialSet is missing";
  const first: unknown = sets[0];
  if (first === undefined) return "credentialSet is empty";
  const credentials = isRecord(first) ? first["credentials"] : undefined;
  if (!isRecord(credentials)) return "credentialSet[0].credentials is missing";
  for (const member of ["accessKeyId", "secretAccessKey", "sessionToken", "expiration"]) {
    const text = credentials[member];
    if (typeof text !== "string" || text === "") return `credentialSet[0].credentials.${member} is missing`;
  }
  const { expiration } = credentials;
  if (typeof expiration !== "string" || Number.isNaN(Date.parse(expiration))) {
    return "credentialSet[0].credentials.expiration is not a date";
  }
  return undefined;
}

function optional<Name extends string>(name: Name, value: unknown): Partial<Record<Name, string>> {
  const found: Partial<Record<Name, string>> = {};
  if (typeof value === "string" && value !== "") found[name] = value;
  return found;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function invalid(reason: string): SignerError {
  return new SignerError(
    "ERR_SIGNER_RESPONSE_INVALID",
    `unable to obtain temporary security credentials from CreateSession: ${reason}; check that the endpoint is Roles Anywhere and no proxy answers in its place`,
  );
}

/** Members whose values must not end up in a log. */
const SECRET_MEMBERS: ReadonlySet<string> = new Set(["secretAccessKey", "sessionToken"]);

/**
 * Keeps secrets out of `console.log`, `util.inspect` and `JSON.stringify` of an object; its members stay as they are. A
 * copy made by spreading shows them again.
 *
 * @param credentials A fresh object; it is changed and returned.
 */
export function concealSecrets<Credentials extends object>(credentials: Credentials): Credentials {
  const masked = (): object =>
    Object.fromEntries(
      Object.entries(credentials).map(([name, value]: [string, unknown]) => [
        name,
        SECRET_MEMBERS.has(name) ? "***" : value,
      ]),
    );
  return Object.defineProperties(credentials, {
    toJSON: { value: masked, enumerable: false },
    // The registered symbol, so that node:util need not be loaded.
    [Symbol.for("nodejs.util.inspect.custom")]: { value: masked, enumerable: false },
  });
}
