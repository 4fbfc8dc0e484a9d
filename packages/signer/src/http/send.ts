import type { Socket } from "node:net";

import { messageOf, SignerError } from "../errors.ts";
import { connect, isDistrusted } from "./connect.ts";
import type { ConnectOptions } from "./connect.ts";
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
  readonly signal?: AbortSignal;
}

/** A whole answer. */
export interface HttpResponse {
  readonly status: number;
  /** Value of a header, whatever its letter case. */
  header(name: string): string | undefined;
  readonly body: string;
}

/**
 * Sends one request and reads the whole answer.
 *
 * @throws {SignerError} ERR_SIGNER_CONNECTION_FAILED, ERR_SIGNER_SERVER_UNTRUSTED, ERR_SIGNER_TIMEOUT, ERR_SIGNER_ABORTED;
 *   ERR_SIGNER_RESPONSE_INVALID when the answer is not HTTP or larger than one mebibyte.
 */
export type HttpSend = (request: HttpRequest) => Promise<HttpResponse>;

/** Trust in servers, and proxy. */
export type HttpOptions = Omit<ConnectOptions, "onSocket">;

/** A sender that can begin before there is anything to send. */
export interface HttpSender extends HttpSend {
  /**
   * Begins the connection for the next request to this origin, and comes back without waiting for it. If nothing comes of it,
   * that request makes a connection of its own.
   */
  connectAhead(url: URL): Promise<void>;
}

/** A connection that may be on its way yet, and the sockets that it is made of. */
interface Connection {
  readonly origin: string;
  readonly made: ReturnType<typeof connect>;
  readonly sockets: readonly Socket[];
}

/**
 * An {@link HttpSend} over node:net and node:tls, one connection per request.
 *
 * @param options Trust and proxy. @default verified, direct
 */
export function createHttpSend(options: HttpOptions = {}): HttpSender {
  let ahead: Connection | undefined;

  const begin = (url: URL): Connection => {
    const sockets: Socket[] = [];
    const made = connect(url, { ...options, onSocket: (socket) => sockets.push(socket) });
    return { origin: url.origin, made, sockets };
  };

  const connectAhead = async (url: URL): Promise<void> => {
    ahead = begin(url);
    // Nobody else listens yet, and whoever sends hears of it.
    ahead.made.catch(() => {});
    for (const socket of ahead.sockets) socket.on("error", () => {});
    // A turn of the event loop, which brings the connection as far as it gets without waiting.
    await new Promise((resolve) => setImmediate(resolve));
  };

  const send: HttpSend = (request) => {
    const url = new URL(request.url);
    const known = ahead;
    ahead = undefined;
    const usable = known?.origin === url.origin && !known.sockets.some(({ destroyed }) => destroyed);
    const connection = usable ? known : begin(url);
    let timer: NodeJS.Timeout | undefined;
    let onAbort = (): void => {};
    const interrupted = new Promise<never>((_resolve, reject) => {
      // An answer that has arrived is read first: on a busy machine the timer may be looked at before the socket is.
      const giveUp = (): unknown => setImmediate(() => reject(timeout(url, request.timeoutMs)));
      timer = setTimeout(giveUp, request.timeoutMs);
      onAbort = () => reject(aborted(url));
    });
    if (request.signal?.aborted === true) onAbort();
    request.signal?.addEventListener("abort", onAbort, { once: true });
    return Promise.race([sendOver(connection, url, request), interrupted])
      .catch((error: unknown) => {
        if (error instanceof SignerError && error.url !== undefined) throw error;
        throw isDistrusted(connection.sockets, options) ? untrusted(error, url) : failure(error, url);
      })
      .finally(() => {
        clearTimeout(timer);
        request.signal?.removeEventListener("abort", onAbort);
        // Not at once: a command that exits with the answer in hand is spared the work.
        setImmediate(() => connection.sockets.forEach((socket) => socket.destroy()));
      });
  };
  return Object.assign(send, { connectAhead });
}

async function sendOver(connection: Connection, url: URL, request: HttpRequest): Promise<HttpResponse> {
  const { socket, absoluteForm, headers } = await connection.made;
  const response = await exchange(socket, {
    method: request.method,
    target: absoluteForm ? request.url : request.url.slice(url.origin.length),
    headers: { ...request.headers, ...headers, Connection: "close" },
    body: request.body,
  });
  return {
    status: response.status,
    header: (name) => response.headers.get(name.toLowerCase()),
    body: response.body.toString("utf8"),
  };
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

function untrusted(cause: unknown, url: URL): SignerError {
  return new SignerError(
    "ERR_SIGNER_SERVER_UNTRUSTED",
    `${url.origin} showed a certificate that is not trusted here: ${reasonOf(cause)}; check the endpoint's name and this machine's clock, or name the CA of a private endpoint or of a proxy that looks into TLS in AWS_CA_BUNDLE`,
    { cause, url: url.origin },
  );
}

function failure(cause: unknown, url: URL): unknown {
  if (cause instanceof TypeError && cause.message.startsWith("not sent")) return cause;
  const details = { cause, url: url.origin };
  if (cause instanceof SignerError && cause.code !== "ERR_SIGNER_CONNECTION_FAILED") {
    return new SignerError(cause.code, `${url.origin}: ${cause.message}`, details);
  }
  return new SignerError(
    "ERR_SIGNER_CONNECTION_FAILED",
    `cannot reach ${url.origin}: ${reasonOf(cause)}; check endpoint, network and proxy (--with-proxy uses HTTPS_PROXY)`,
    details,
  );
}

/** A connection to several addresses fails with an AggregateError that has no message of its own. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === "") return error.errors.map(messageOf).join(", ");
  return messageOf(error);
}
