import { messageOf, printable, SignerError } from "../errors.ts";
import type { HttpResponse, HttpSend } from "../http/send.ts";
import { parseArn } from "../session/arn.ts";
import type { CredentialSet } from "../session/credential-set.ts";
import { parseEndpoint } from "../session/endpoint.ts";
import { regionOf } from "../session/session-parameters.ts";
import type { SessionParameters } from "../session/session-parameters.ts";
import { signWithSecretKey } from "../sigv4-hmac/sign-with-secret-key.ts";
import { encodeRfc3986 } from "../sigv4-x509/canonical-request.ts";
import { TIMEOUT_MS } from "./check-service.ts";
import { fail, ok, warn } from "./finding.ts";
import type { Finding } from "./finding.ts";

const CHECK = "caller identity";
const BODY = "Action=GetCallerIdentity&Version=2011-06-15";
const LONGEST_MESSAGE = 200;

/** How the request to STS is sent. */
export interface CallerIdentityOptions {
  readonly send: HttpSend;
  readonly now: () => Date;
  /** URL of STS; undefined when none is known that goes with the endpoint of CreateSession. */
  readonly endpoint: string | undefined;
  /** Receives lines for people who debug; never a secret. */
  readonly trace?: ((line: string) => void) | undefined;
}

/** Asks STS (GetCallerIdentity) whose credentials these are, and compares the answer with the role of the request. */
export async function checkCallerIdentity(
  credentials: CredentialSet,
  parameters: SessionParameters,
  options: CallerIdentityOptions,
): Promise<Finding> {
  const { endpoint, trace } = options;
  if (endpoint === undefined) {
    const service = parameters.endpoint ?? "another service";
    const message = `STS was not asked: CreateSession went to ${service}, and AWS does not know its credentials`;
    return warn(CHECK, message, "set AWS_ENDPOINT_URL_STS to the STS that knows them");
  }
  try {
    const url = parseEndpoint(endpoint);
    const response = await ask(url, credentials, parameters, options);
    const id = printable(response.header("x-amzn-requestid") ?? "none", LONGEST_MESSAGE);
    trace?.(`answer ${response.status}, request id ${id}`);
    return judge(response, url.origin, credentials, parameters.roleArn);
  } catch (error) {
    if (!(error instanceof SignerError)) throw error;
    if (error.code === "ERR_SIGNER_ENDPOINT_INVALID") {
      const message = "the endpoint that is configured for STS is not a usable URL";
      const form = "scheme and host, such as https://sts.us-east-1.amazonaws.com";
      return fail(CHECK, message, `set AWS_ENDPOINT_URL_STS to ${form}`);
    }
    const remedy = "let STS through, if the application calls it; other services may work";
    return warn(CHECK, messageOf(error), remedy);
  }
}

function ask(
  url: URL,
  credentials: CredentialSet,
  parameters: SessionParameters,
  { send, now, trace }: CallerIdentityOptions,
): Promise<HttpResponse> {
  const path = url.pathname.replace(/\/*$/, "/");
  const headers = { Host: url.host, "Content-Type": "application/x-www-form-urlencoded; charset=utf-8" };
  const signature = signWithSecretKey(
    // Every service but S3 signs the path with its escapes escaped once more.
    { method: "POST", path: path.split("/").map(encodeRfc3986).join("/"), query: {}, headers, body: BODY },
    { ...credentials, service: "sts", region: regionOf(parameters), moment: now() },
  );
  const target = `${url.origin}${path}`;
  trace?.(`POST ${target} ${BODY}`);
  const all = { ...headers, ...signature };
  return send({ method: "POST", url: target, headers: all, body: BODY, timeoutMs: TIMEOUT_MS });
}

function judge(response: HttpResponse, origin: string, credentials: CredentialSet, roleArn: string): Finding {
  const { status, body } = response;
  const arn = element(body, "Arn");
  if (status >= 200 && status < 300 && arn !== "") {
    if (isOfRole(arn, roleArn)) return ok(CHECK, `${arn}, says ${origin}`);
    const known = "that AWS_ENDPOINT_URL_STS is the STS that knows these credentials";
    const message = `${origin} says "${withoutSecrets(arn, credentials)}", which is no session of ${roleArn}`;
    return fail(CHECK, message, `check --role-arn, and ${known}`);
  }
  const code = element(body, "Code");
  if (code === "") return warn(CHECK, `${origin} answered ${status}, and not as STS does`);
  // When STS refuses a signature, further lines of its message hold the string to sign with the session token.
  const [firstLine = ""] = withoutSecrets(element(body, "Message"), credentials).split(/[\r\n]/);
  const words = `${origin} answered ${status} ${code}: ${firstLine.slice(0, LONGEST_MESSAGE)}`;
  if (status === 429 || status >= 500 || code === "Throttling") {
    return warn(CHECK, words, "run doctor again later");
  }
  const settings = "AWS_ENDPOINT_URL_STS, AWS_ENDPOINT_URL or the profile's endpoint_url";
  return fail(CHECK, words, `check that ${settings} name the STS that knows these credentials`);
}

/** `arn:aws:sts::<account>:assumed-role/<name>/<session>` for `arn:aws:iam::<account>:role/<path>/<name>`. */
function isOfRole(caller: string, roleArn: string): boolean {
  const role = parseArn(roleArn, "role");
  const name = role.resource.slice(role.resource.lastIndexOf("/") + 1);
  return caller.startsWith(`arn:${role.partition}:sts::${role.account}:assumed-role/${name}/`);
}

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

/** The text of the first element of a name; an empty text when there is none. */
function element(xml: string, name: string): string {
  const [, text = ""] = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml) ?? [];
  return text.replaceAll(/&(?:#(\d+)|#x([\da-f]+)|(\w+));/gi, (all, decimal, hex, named) => {
    if (named !== undefined) return ENTITIES[String(named)] ?? all;
    const point = hex === undefined ? Number(decimal) : Number.parseInt(String(hex), 16);
    return point <= 0x10_ff_ff ? String.fromCodePoint(point) : all;
  });
}

function withoutSecrets(text: string, { secretAccessKey, sessionToken }: CredentialSet): string {
  return text.replaceAll(secretAccessKey, "***").replaceAll(sessionToken, "***");
}
