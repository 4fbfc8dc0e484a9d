import type { Socket } from "node:net";

import { messageOf, SignerError } from "../errors.ts";
import { exchange } from "./exchange.ts";

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
  /** Value of a header, whatever its letter case. */
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

/**
 * An {@link HttpSend} over node:net and node:tls, one connection per request. It follows no redirect.
 *
 * @param options Trust and proxy. @default verified, direct
 */
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
    const known = ahead;
    ahead = undefined;
    const usable = known?.origin === url.origin && !known.sockets.some(({ destroyed }) => destroyed);
    const connection = usable ? known : connectTo(url, options);
    let timer: NodeJS.Timeout | undefined;
    let onAbort = (): void => {};
    const interrupted = new Promise<never>((_resolve, reject) => {
      // A response that has arrived is read first: on a busy machine the timer may be looked at before the socket is.
      const giveUp = (): unknown => setImmediate(() => reject(timeout(url, request.timeoutMs)));
      timer = setTimeout(giveUp, request.timeoutMs);
      onAbort = () => reject(aborted(url));
    });
    if (request.signal?.aborted === true) onAbort();
    request.signal?.addEventListener("abort", onAbort, { once: true });
    try {
      return await Promise.race([sendOver(connection, url, request), interrupted]);
    } catch (error) {
      throw explain(error, url, options.verifySsl === false ? [] : connection.sockets);
    } finally {
      clearTimeout(timer);
      request.signal?.removeEventListener("abort", onAbort);
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
function openSocket(server: URL, { verifySsl = true, caBundle }: HttpOptions, tunnel?: Socket): Socket {
  const host = hostname(server);
  const port = Number(server.port || (server.protocol === "https:" ? 443 : 80));
  // getBuiltinModule and not import: TLS is loaded only where it is needed, and costs half of what starting Node.js does.
  const net = process.getBuiltinModule("node:net");
  if (server.protocol === "http:") return net.connect({ host, port });
  return process.getBuiltinModule("node:tls").connect({
    host,
    port,
    servername: net.isIP(host) === 0 ? host : "",
    ALPNProtocols: ["http/1.1"],
    minVersion: "TLSv1.2",
    rejectUnauthorized: verifySsl,
    ...(verifySsl && caBundle !== undefined ? { ca: caBundle() } : {}),
    ...(tunnel === undefined ? {} : { socket: tunnel }),
  });
}

/** Asks an HTTP proxy for a tunnel (RFC 9110 §9.3.6). */
async function openTunnel(toProxy: Socket, proxy: URL, url: URL): Promise<Socket> {
  const authority = `${url.hostname}:${url.port || "443"}`;
  const { status } = await exchange(toProxy, {
    method: "CONNECT",
    target: authority,
    headers: { Host: authority, ...proxyAuthorization(proxy) },
  });
  if (status === 200) return toProxy;
  throw new Error(`the proxy ${proxy.host} answered ${status} to CONNECT ${authority}`);
}

async function sendOver(
  { opened, forwarder }: Connection,
  url: URL,
  { method, url: target, headers, body }: HttpRequest,
): Promise<HttpResponse> {
  const response = await exchange(await opened, {
    method,
    target: forwarder === undefined ? target.slice(url.origin.length) : target,
    headers: {
      ...headers,
      ...(forwarder === undefined ? {} : proxyAuthorization(forwarder)),
      Connection: "close",
    },
    body,
  });
  return {
    status: response.status,
    header: (name) => response.headers.get(name.toLowerCase())?.[0],
    body: response.body.toString("utf8"),
  };
}

function proxyAuthorization({ username, password }: URL): Record<string, string> {
  if (username === "" && password === "") return {};
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { "Proxy-Authorization": `Basic ${Buffer.from(credentials).toString("base64")}` };
}

/** Host without the brackets of an IPv6 literal. */
function hostname(url: URL): string {
  return url.hostname.startsWith("[") ? url.hostname.slice(1, -1) : url.hostname;
}

/** What is thrown for the error of a connection. */
function explain(cause: unknown, url: URL, sockets: readonly Socket[]): unknown {
  // A header or path with characters that HTTP does not have: nothing was sent.
  if (cause instanceof TypeError || (cause instanceof SignerError && cause.url !== undefined)) return cause;
  const details = { cause, url: url.origin };
  if (cause instanceof SignerError) {
    return new SignerError(cause.code, `${url.origin}: ${cause.message}`, details);
  }
  if (sockets.some((socket) => "authorizationError" in socket && Boolean(socket.authorizationError))) {
    return new SignerError(
      "ERR_SIGNER_SERVER_UNTRUSTED",
      `${url.origin} showed a certificate that is not trusted here: ${reasonOf(cause)}; check the endpoint's name and this machine's clock, or name the CA of a private endpoint or of a proxy that looks into TLS in AWS_CA_BUNDLE`,
      details,
    );
  }
  return new SignerError(
    "ERR_SIGNER_CONNECTION_FAILED",
    `cannot reach ${url.origin}: ${reasonOf(cause)}; check endpoint, network and proxy (--with-proxy uses HTTPS_PROXY)`,
    details,
  );
}

function reasonOf(error: unknown): string {
  // A connection to several addresses fails with an AggregateError that has no message of its own.
  if (error instanceof AggregateError && error.message === "") return error.errors.map(messageOf).join(", ");
  return messageOf(error);
}

function timeout(url: URL, timeoutMs: number): SignerError {
  return new SignerError(
    "ERR_SIGNER_TIMEOUT",
    `no complete answer from ${url.origin} within ${timeoutMs} ms; check that the endpoint is reachable from here`,
    { url: url.origin },
  );
}

function aborted(url: URL): SignerError {
  return new SignerError("ERR_SIGNER_ABORTED", `the request to ${url.origin} was aborted`, {
    url: url.origin,
  });
}
