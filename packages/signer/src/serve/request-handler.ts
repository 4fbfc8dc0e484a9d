import { timingSafeEqual, createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { isIP } from "node:net";

import { messageOf, SignerError } from "../errors.ts";
import { isoSeconds } from "../keys/identity.ts";
import { parseArn } from "../session/arn.ts";
import type { ServedRole } from "./served-role.ts";
import type { HeldSession, SessionHolder } from "./session-holder.ts";
import type { TokenStore } from "./tokens.ts";

/** A role and its session. */
export interface EndpointRole extends ServedRole {
  readonly session: SessionHolder;
}

/** What the endpoint needs to answer. */
export interface EndpointOptions {
  /** The one role of the metadata service, and the one that container clients get who name none. */
  readonly firstRole: EndpointRole;
  /** Roles that container clients get by name only. */
  readonly otherRoles: readonly EndpointRole[];
  readonly tokens: TokenStore;
  /** Token that container clients have to send; undefined when there is no container endpoint. */
  readonly containerToken: () => string | undefined;
}

const TOKEN_PATH = ["latest", "api", "token"];
const CREDENTIALS_PATH = ["latest", "meta-data", "iam", "security-credentials"];
const CONTAINER_PATH = ["container", "credentials"];

/** Clients that think that they talk to a proxy send the whole URL (RFC 9112 §3.2.2). */
const ABSOLUTE_FORM = /^https?:\/\/([^/?#]*)(.*)$/i;

const TOKEN_HEADER = "x-aws-ec2-metadata-token";
const TTL_HEADER = "x-aws-ec2-metadata-token-ttl-seconds";
const MAX_TTL_SECONDS = 21_600;

/**
 * Answers requests as the instance metadata service (version 2) and the container credentials endpoint do.
 *
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-security-credentials.html
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
 */
export function createRequestHandler(
  options: EndpointOptions,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const { name: roleName } = options.firstRole;
  return async (request, response) => {
    const [, authority, path = ""] = ABSOLUTE_FORM.exec(request.url ?? "") ?? [
      undefined,
      undefined,
      request.url,
    ];
    const segments = pathSegments(path);
    response.setHeader("Content-Type", "text/plain; charset=utf-8");
    // A web page may make its own name resolve to this machine; the SDKs use an address.
    if (!isLocalName(request.headers.host) || !isLocalName(authority ?? "localhost"))
      return end(response, 400, "unable to process requests with this Host header");
    if (below(segments, TOKEN_PATH)?.length === 0) return issueToken(request, response, options.tokens);
    const container = below(segments, CONTAINER_PATH);
    if (container !== undefined) return containerCredentials(request, response, options, container);
    const names = below(segments, CREDENTIALS_PATH);
    if (names === undefined) return end(response, 404, "404 page not found\n");
    if (request.method !== "GET") return end(response, 405);
    const token = request.headers[TOKEN_HEADER];
    if (typeof token !== "string" || token === "") return end(response, 401, "no token provided");
    const secondsLeft = options.tokens.secondsLeft(token);
    if (secondsLeft === undefined) return end(response, 401, "invalid token provided");
    if (names.length === 1 && names[0] === roleName) return instanceCredentials(response, options.firstRole);
    response.setHeader(TTL_HEADER, String(secondsLeft));
    end(response, 200, roleName);
  };
}

function issueToken(request: IncomingMessage, response: ServerResponse, tokens: TokenStore): void {
  if (request.method !== "PUT") return end(response, 405);
  if (request.headers["x-forwarded-for"]) {
    return end(response, 400, "unable to process requests with X-Forwarded-For header");
  }
  const asked = request.headers[TTL_HEADER] || String(MAX_TTL_SECONDS);
  const ttlSeconds = typeof asked === "string" && /^\+?\d+$/.test(asked) ? Number(asked) : 0;
  if (ttlSeconds < 1 || ttlSeconds > MAX_TTL_SECONDS) return end(response, 400, "invalid token TTL");
  response.setHeader(TTL_HEADER, asked);
  end(response, 200, tokens.issue(ttlSeconds));
}

async function instanceCredentials(response: ServerResponse, role: EndpointRole): Promise<void> {
  let session: HeldSession;
  try {
    session = await role.session.current();
  } catch (error) {
    // An SDK takes any 200 for credentials; a 503 makes it try again or ask its next source.
    return endJson(response, 503, {
      Code: "Failed",
      Message: messageOf(error),
      LastUpdated: isoSeconds(new Date()),
    });
  }
  const { accessKeyId, secretAccessKey, sessionToken, expiration } = session.credentials;
  endJson(response, 200, {
    AccessKeyId: accessKeyId,
    SecretAccessKey: secretAccessKey,
    Token: sessionToken,
    Code: "Success",
    Type: "AWS-HMAC",
    Expiration: isoSeconds(new Date(expiration)),
    LastUpdated: session.lastUpdated.toISOString(),
  });
}

async function containerCredentials(
  request: IncomingMessage,
  response: ServerResponse,
  options: EndpointOptions,
  names: readonly string[],
): Promise<void> {
  const role = roleAt(names, options);
  let session: HeldSession;
  try {
    const expected = options.containerToken();
    if (expected === undefined) return end(response, 404, "404 page not found\n");
    response.setHeader("Content-Type", "application/json");
    if (request.method !== "GET") return end(response, 405);
    if (!sameText(request.headers.authorization ?? "", expected)) {
      return endJson(response, 401, {
        code: "InvalidAuthorizationToken",
        message: "the Authorization header is not the content of --container-token-file",
      });
    }
    if (role === undefined) {
      const names = [options.firstRole, ...options.otherRoles].map(({ name }) => name);
      return endJson(response, 404, {
        code: "RoleNotFound",
        message: `no role of that name is served here; there are: ${names.join(" ")}`,
      });
    }
    session = await role.session.current();
  } catch (error) {
    response.setHeader("Content-Type", "application/json");
    const code = error instanceof SignerError ? error.code : "InternalError";
    return endJson(response, 503, { code, message: messageOf(error) });
  }
  const { accessKeyId, secretAccessKey, sessionToken, expiration } = session.credentials;
  endJson(response, 200, {
    AccessKeyId: accessKeyId,
    SecretAccessKey: secretAccessKey,
    Token: sessionToken,
    Expiration: isoSeconds(new Date(expiration)),
    RoleArn: role.roleArn,
    AccountId: parseArn(role.roleArn, "role").account,
  });
}

/** The role that a container client names. */
function roleAt(
  [wanted, ...deeper]: readonly string[],
  { firstRole, otherRoles }: EndpointOptions,
): EndpointRole | undefined {
  if (wanted === undefined) return firstRole;
  if (deeper.length > 0) return undefined;
  return [firstRole, ...otherRoles].find(({ name }) => name === wanted);
}

/**
 * The segments of a path, decoded. Equivalent spellings of a path give the same segments: percent-encoded characters, doubled
 * and trailing slashes, `.` and `..`.
 *
 * @see RFC 3986 §6.2.2
 */
function pathSegments(target: string): readonly string[] {
  const [path = ""] = target.split(/[?#]/, 1);
  const segments: string[] = [];
  for (const segment of path.split("/").map(percentDecoded)) {
    if (segment === "..") segments.pop();
    else if (segment !== "" && segment !== ".") segments.push(segment);
  }
  return segments;
}

/** What follows a known path; undefined when the segments are those of another one. */
function below(segments: readonly string[], known: readonly string[]): readonly string[] | undefined {
  return known.every((segment, index) => segment === segments[index])
    ? segments.slice(known.length)
    : undefined;
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function isLocalName(host: string | undefined): boolean {
  const name = (host ?? "").replace(/:\d*$/, "").toLowerCase();
  return name === "localhost" || isIP(name.replace(/^\[(.*)\]$/, "$1")) !== 0;
}

/** Compares without telling by its duration how much was right. */
function sameText(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

function end(response: ServerResponse, status: number, text = ""): void {
  response.statusCode = status;
  response.end(text);
}

function endJson(response: ServerResponse, status: number, body: unknown): void {
  end(response, status, `${JSON.stringify(body)}\n`);
}
