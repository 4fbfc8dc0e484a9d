import type { Socket } from "node:net";

import { messageOf, SignerError } from "../errors.ts";
import type { SignerErrorCode } from "../errors.ts";
import { exchange } from "./exchange.ts";
import { hostOf, portOf } from "./proxy.ts";

/** A request to send once. */
export interface HttpRequest {
  readonly method: string;
  /** Absolute; its path and query go on the wire as written. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Bound on the whole exchange, from connect to the last byte, in milliseconds. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** A whole response. */
export interface HttpResponse {
  readonly status: number;
  /** Value of a header, whatever its letter case; the first of several. */
  header(name: string): string | undefined;
  readonly body: string;
}

/**
 * Sends one request and reads the whole response.
 *
 * @throws {SignerError} ERR_SIGNER_CONNECTION_FAILED, ERR_SIGNER_SERVER_UNTRUSTED, ERR_SIGNER_TIMEOUT, ERR_SIGNER_ABORTED;
 *   ERR_SIGNER_RESPONSE_INVALID when the response is not HTTP or larger than one mebibyte.
 */
export type HttpSend = (request: HttpRequest) => Promise<HttpResponse>;

/** Which servers are trusted, and which proxy is used. */
export interface HttpOptions {
  /** Check the server's certificate. @default true */
  readonly verifySsl?: boolean | undefined;
  /** Gives the certificate authorities to trust, in PEM, when a TLS connection begins. @default those of Node.js */
  readonly caBundle?: (() => string) | undefined;
  /** Proxy for a URL, or undefined for a direct connection. @default always direct */
  readonly proxyFor?: ((url: URL) => URL | undefined) | undefined;
}

/** A sender that can begin before there is anything to send. */
export interface HttpSender extends HttpSend {
  /**
   * Begins the connection for the next request to this origin, and does not wait for it. If the connection fails, that
   * request makes one of its own.
   */
  connectAhead(url: URL): Promise<void>;
}

/** The way to a server: it may not be open yet, and a tunnel through a proxy has two sockets. */
interface Connection {
  readonly origin: string;
  /** Proxy that forwards the request itself. */
  readonly forwarder: URL | undefined;
  readonly opened: Promise<Socket>;
  readonly sockets: readonly Socket[];
}

/** An {@link HttpSend} over node:net and node:tls, one connection per request. It follows no redirect. */
export function createHttpSend(options: HttpOptions = {}): HttpSender {
  let ahead: Connection | undefined;

  const connectAhead = async (url: URL): Promise<void> => {
    ahead = connectTo(url, options);
    // The request that uses the connection reports its failure.
    ahead.opened.catch(() => {});
    // One turn of the event loop, so that the connection goes as far as it can without waiting.
    await new Promise((resolve) => setImmediate(resolve));
  };

  const send: HttpSend = async (request) => {
    const url = new URL(request.url);
    const { origin } = url;
    const known = ahead;
    ahead = undefined;
    const isUsable = known?.origin === origin && !known.sockets.some(({ destroyed }) => destroyed);
    const connection = isUsable ? known : connectTo(url, options);
    try {
      return await withinTime(sendOver(connection, request), request, {
        timedOut: `no complete answer from ${origin} within ${request.timeoutMs} ms; check that the endpoint is reachable from here`,
        aborted: `the request to ${origin} was aborted`,
        url: origin,
      });
    } catch (error) {
      throw explain(error, origin, options.verifySsl === false ? [] : connection.sockets);
    } finally {
      // Not at once: a command that exits with the response in hand is spared the work.
      setImmediate(() => connection.sockets.forEach((socket) => socket.destroy()));
    }
  };
  return Object.assign(send, { connectAhead });
}

function connectTo(url: URL, options: HttpOptions): Connection {
  const sockets: Socket[] = [];
  const open = (server: URL, tunnel?: Socket): Socket => {
    const socket = openSocket(server, options, tunnel);
    // The request reports errors; without a listener a later one would end the process.
    sockets.push(socket.on("error", () => {}));
    return socket;
  };
  let forwarder: URL | undefined;
  const connect = async (): Promise<Socket> => {
    const proxy = options.proxyFor?.(url);
    if (proxy === undefined) return open(url);
    // A proxy forwards plain HTTP itself (RFC 9112 §3.2.2), and opens a tunnel for TLS.
    if (url.protocol === "https:") return open(url, await openTunnel(open(proxy), proxy, url));
    forwarder = proxy;
    return open(proxy);
  };
  // An async function runs up to its first await, so the forwarder is known.
  const opened = connect();
  return { origin: url.origin, forwarder, opened, sockets };
}

/** AWS_CA_BUNDLE counts for a https proxy as well. */
function openSocket(server: URL, { verifySsl = true, caBundle }: HttpOptions, socket?: Socket): Socket {
  // getBuiltinModule and not import: TLS is loaded only where it is needed, and costs half of what starting Node.js does.
  const net = process.getBuiltinModule("node:net");
  const [host, port] = [hostOf(server), portOf(server)];
  if (server.protocol === "http:") return net.connect({ host, port });
  return process.getBuiltinModule("node:tls").connect({
    host,
    port,
    servername: net.isIP(host) === 0 ? host : "",
    ALPNProtocols: ["http/1.1"],
    minVersion: "TLSv1.2",
    rejectUnauthorized: verifySsl,
    ...(verifySsl && caBundle !== undefined ? { ca: caBundle() } : {}),
    ...(socket === undefined ? {} : { socket }),
  });
}

/** Asks an HTTP proxy for a tunnel (RFC 9110 §9.3.6). */
async function openTunnel(toProxy: Socket, proxy: URL, url: URL): Promise<Socket> {
  const target = `${url.hostname}:${portOf(url)}`;
  const headers = { Host: target, ...proxyAuthorization(proxy) };
  const { status } = await exchange(toProxy, { method: "CONNECT", target, headers });
  if (status === 200) return toProxy;
  throw new Error(`the proxy ${proxy.host} answered ${status} to CONNECT ${target}`);
}

async function sendOver(
  { opened, forwarder, origin }: Connection,
  { method, url, headers, body }: HttpRequest,
): Promise<HttpResponse> {
  const response = await exchange(await opened, {
    method,
    target: forwarder === undefined ? url.slice(origin.length) : url,
    headers: { ...headers, ...proxyAuthorization(forwarder), Connection: "close" },
    body,
  });
  return {
    status: response.status,
    header: (name) => response.headers.get(name.toLowerCase()),
    body: response.body.toString("utf8"),
  };
}

function proxyAuthorization(proxy: URL | undefined): Record<string, string> {
  if (proxy === undefined || (proxy.username === "" && proxy.password === "")) return {};
  const credentials = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  return { "Proxy-Authorization": `Basic ${Buffer.from(credentials).toString("base64")}` };
}

/** What is thrown for the error of a connection. */
function explain(cause: unknown, origin: string, sockets: readonly Socket[]): unknown {
  // A header or path with characters that HTTP does not have: nothing was sent.
  if (cause instanceof TypeError || (cause instanceof SignerError && cause.url !== undefined)) return cause;
  // A connection to several addresses fails with an AggregateError that has no message of its own.
  const errors = cause instanceof AggregateError && cause.message === "" ? cause.errors : [cause];
  const reason = errors.map(messageOf).join(", ");
  const fail = (code: SignerErrorCode, message: string): SignerError =>
    new SignerError(code, message, { cause, url: origin });
  if (cause instanceof SignerError) return fail(cause.code, `${origin}: ${reason}`);
  if (sockets.some((socket) => "authorizationError" in socket && Boolean(socket.authorizationError))) {
    return fail(
      "ERR_SIGNER_SERVER_UNTRUSTED",
      `${origin} showed a certificate that is not trusted here: ${reason}; check the endpoint's name and this machine's clock, or name the CA of a private endpoint or of a proxy that looks into TLS in AWS_CA_BUNDLE`,
    );
  }
  return fail(
    "ERR_SIGNER_CONNECTION_FAILED",
    `cannot reach ${origin}: ${reason}; check endpoint, network and proxy (--with-proxy uses HTTPS_PROXY)`,
  );
}

/**
 * Waits for a result no longer than a time limit, and than the caller wants.
 *
 * @param messages Of the errors, with the URL that they are about.
 * @throws {SignerError} ERR_SIGNER_TIMEOUT, ERR_SIGNER_ABORTED.
 */
export async function withinTime<Result>(
  result: Promise<Result>,
  { timeoutMs, signal }: Pick<HttpRequest, "timeoutMs" | "signal">,
  messages: { readonly timedOut: string; readonly aborted: string; readonly url?: string },
): Promise<Result> {
  const { timedOut, aborted, url } = messages;
  let timer: NodeJS.Timeout | undefined;
  let onAbort = (): void => {};
  const interrupted = new Promise<never>((_resolve, reject) => {
    const giveUp = (): void => reject(new SignerError("ERR_SIGNER_TIMEOUT", timedOut, { url }));
    // What has arrived is read first: on a busy machine the timer may be looked at before the socket is.
    timer = setTimeout(() => setImmediate(giveUp), timeoutMs);
    onAbort = () => reject(new SignerError("ERR_SIGNER_ABORTED", aborted, { url }));
    if (signal?.aborted === true) onAbort();
    signal?.addEventListener("abort", onAbort, { once: true });
  });
  return Promise.race([result, interrupted]).finally(() => {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  });
}
