import { createHash, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";

import { messageOf, SignerError } from "../errors.ts";
import { isoSeconds } from "../keys/identity.ts";
import { parseArn } from "../session/arn.ts";
import type { CredentialSet } from "../session/credential-set.ts";
import type { ServedRole } from "./served-role.ts";
import type { SessionHolder } from "./session-holder.ts";
import type { TokenStore } from "./tokens.ts";

/** A role and its session. */
export interface EndpointRole extends ServedRole {
  readonly session: SessionHolder;
}

/** What the endpoint needs to answer. */
export interface EndpointOptions {
  /** The role of the metadata service, which container clients get who name none; then those that they get by name. */
  readonly roles: readonly [EndpointRole, ...EndpointRole[]];
  readonly tokens: TokenStore;
  /** Token that container clients have to send; undefined when there is no container endpoint. */
  readonly containerToken: () => string | undefined;
}

/** What accepts connections. */
export interface Endpoint {
  readonly port: number;
  /** Accepts no more, and ends when all requests are answered, or after the grace time. */
  stop(): Promise<void>;
}

const LOOPBACK = "127.0.0.1";
const GRACE_MS = 5000;

const TOKEN_PATH = ["latest", "api", "token"];
const CREDENTIALS_PATH = ["latest", "meta-data", "iam", "security-credentials"];
const CONTAINER_PATH = ["container", "credentials"];

/** Clients that think that they talk to a proxy send the whole URL (RFC 9112 §3.2.2). */
const ABSOLUTE_FORM = /^https?:\/\/([^/?#]*)(.*)$/i;

const TOKEN_HEADER = "x-aws-ec2-metadata-token";
const TTL_HEADER = "x-aws-ec2-metadata-token-ttl-seconds";
const MAX_TTL_SECONDS = 21_600;

/** Status, text or what becomes JSON, and headers beside a Content-Type of plain text. */
type Reply = readonly [status: number, body?: string | object, headers?: Readonly<Record<string, string>>];

const NOT_FOUND: Reply = [404, "404 page not found\n"];
const JSON_TYPE = { "Content-Type": "application/json" };

/**
 * Answers on the loopback address, and there only, as the instance metadata service (version 2) and the container credentials
 * endpoint do.
 *
 * @param port 0 for any free one.
 * @throws {SignerError} ERR_SIGNER_LISTEN_FAILED when the port is taken or not allowed.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-security-credentials.html
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
 */
export async function startEndpoint(port: number, options: EndpointOptions): Promise<Endpoint> {
  const server = createServer({ requestTimeout: 10_000, keepAliveTimeout: 5000 }, (request, response) => {
    request.resume();
    replyTo(request, options).then(
      ([status, body = "", headers = {}]) => {
        response.statusCode = status;
        response.setHeader("Content-Type", "text/plain; charset=utf-8");
        for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
        response.end(typeof body === "string" ? body : `${JSON.stringify(body)}\n`);
      },
      () => response.writeHead(500).end(),
    );
  });
  // Such as EMFILE for one connection: without a listener it would end the process. The next connection is accepted.
  server.on("error", () => {});
  try {
    await once(server.listen(port, LOOPBACK), "listening");
  } catch (cause) {
    throw new SignerError(
      "ERR_SIGNER_LISTEN_FAILED",
      `cannot listen on ${LOOPBACK}:${port}: ${messageOf(cause)}; choose another --port, 0 for any free one`,
      { cause },
    );
  }
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : port,
    async stop() {
      const timer = setTimeout(() => server.closeAllConnections(), GRACE_MS);
      await once(server.close(), "close");
      clearTimeout(timer);
    },
  };
}

async function replyTo(request: IncomingMessage, options: EndpointOptions): Promise<Reply> {
  const { url: target = "", headers, method } = request;
  const [, authority = "localhost", path = target] = ABSOLUTE_FORM.exec(target) ?? [];
  // A web page may make its own name resolve to this machine; the SDKs use an address.
  if (!isLocalName(headers.host ?? "") || !isLocalName(authority)) {
    return [400, "unable to process requests with this Host header"];
  }
  const segments = pathSegments(path);
  if (below(segments, TOKEN_PATH)?.length === 0) return issueToken(request, options.tokens);
  const container = below(segments, CONTAINER_PATH);
  if (container !== undefined) return containerCredentials(request, options, container);
  const names = below(segments, CREDENTIALS_PATH);
  if (names === undefined) return NOT_FOUND;
  if (method !== "GET") return [405];
  const token = headers[TOKEN_HEADER];
  if (typeof token !== "string" || token === "") return [401, "no token provided"];
  const secondsLeft = options.tokens.secondsLeft(token);
  if (secondsLeft === undefined) return [401, "invalid token provided"];
  const [{ name, session }] = options.roles;
  if (names.length === 1 && names[0] === name) return instanceCredentials(session);
  return [200, name, { [TTL_HEADER]: String(secondsLeft) }];
}

function issueToken({ method, headers }: IncomingMessage, tokens: TokenStore): Reply {
  if (method !== "PUT") return [405];
  if (headers["x-forwarded-for"]) return [400, "unable to process requests with X-Forwarded-For header"];
  const asked = headers[TTL_HEADER] || String(MAX_TTL_SECONDS);
  const ttlSeconds = typeof asked === "string" && /^\+?\d+$/.test(asked) ? Number(asked) : 0;
  if (ttlSeconds < 1 || ttlSeconds > MAX_TTL_SECONDS) return [400, "invalid token TTL"];
  return [200, tokens.issue(ttlSeconds), { [TTL_HEADER]: String(asked) }];
}

async function instanceCredentials(session: SessionHolder): Promise<Reply> {
  try {
    const { credentials, lastUpdated } = await session.current();
    const { Expiration, ...keys } = membersOf(credentials);
    const LastUpdated = lastUpdated.toISOString();
    return [200, { ...keys, Code: "Success", Type: "AWS-HMAC", Expiration, LastUpdated }];
  } catch (error) {
    // An SDK takes any 200 for credentials; a 503 makes it try again or ask its next source.
    return [503, { Code: "Failed", Message: messageOf(error), LastUpdated: isoSeconds(new Date()) }];
  }
}

async function containerCredentials(
  { method, headers }: IncomingMessage,
  { roles, containerToken }: EndpointOptions,
  [wanted = roles[0].name, ...deeper]: readonly string[],
): Promise<Reply> {
  try {
    const expected = containerToken();
    if (expected === undefined) return NOT_FOUND;
    if (method !== "GET") return [405, "", JSON_TYPE];
    if (!sameText(headers.authorization ?? "", expected)) {
      const message = "the Authorization header is not the content of --container-token-file";
      return [401, { code: "InvalidAuthorizationToken", message }, JSON_TYPE];
    }
    const role = roles.find(({ name }) => name === wanted && deeper.length === 0);
    if (role === undefined) {
      const names = roles.map(({ name }) => name).join(" ");
      const message = `no role of that name is served here; there are: ${names}`;
      return [404, { code: "RoleNotFound", message }, JSON_TYPE];
    }
    const { roleArn: RoleArn, session } = role;
    const { credentials } = await session.current();
    const AccountId = parseArn(RoleArn, "role").account;
    return [200, { ...membersOf(credentials), RoleArn, AccountId }, JSON_TYPE];
  } catch (error) {
    const code = error instanceof SignerError ? error.code : "InternalError";
    return [503, { code, message: messageOf(error) }, JSON_TYPE];
  }
}

function membersOf(credentials: CredentialSet): Readonly<Record<string, string>> {
  const { accessKeyId, secretAccessKey, sessionToken, expiration } = credentials;
  return {
    AccessKeyId: accessKeyId,
    SecretAccessKey: secretAccessKey,
    Token: sessionToken,
    Expiration: isoSeconds(new Date(expiration)),
  };
}

/**
 * The segments of a path, decoded. Equivalent spellings of a path give the same segments: percent-encoded characters, doubled
 * and trailing slashes, `.` and `..` (RFC 3986 §6.2.2).
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
  const isBelow = known.every((segment, index) => segment === segments[index]);
  return isBelow ? segments.slice(known.length) : undefined;
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function isLocalName(host: string): boolean {
  const name = host.replace(/:\d*$/, "").toLowerCase();
  return name === "localhost" || isIP(name.replace(/^\[(.*)\]$/, "$1")) !== 0;
}

/** Compares without telling by its duration how much was right. */
function sameText(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
