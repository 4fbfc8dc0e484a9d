import type { ClientRequest, IncomingMessage, RequestOptions } from "node:http";
import type { Socket } from "node:net";

import { messageOf, SignerError } from "../errors.ts";

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

export interface HttpResponse {
  readonly status: number;
  /** Value of a header, whatever its letter case. */
  header(name: string): string | undefined;
  readonly body: string;
}

/**
 * Sends one request and reads the whole answer.
 *
 * @throws {SignerError} ERR_SIGNER_CONNECTION_FAILED, ERR_SIGNER_TIMEOUT, ERR_SIGNER_ABORTED; ERR_SIGNER_RESPONSE_INVALID
 *   when the answer is larger than one mebibyte.
 */
export type HttpSend = (request: HttpRequest) => Promise<HttpResponse>;

export interface HttpOptions {
  /** Check the server's certificate. @default true */
  readonly verifySsl?: boolean;
  /** Proxy for a URL, or undefined for a direct connection. @default always direct */
  readonly proxyFor?: (url: URL) => URL | undefined;
}

const MAX_RESPONSE_BYTES = 1024 * 1024;

/**
 * An {@link HttpSend} on node:http and node:https, one connection per request.
 *
 * @param options TLS verification and proxy.
 */
export function createHttpSend(options: HttpOptions = {}): HttpSend {
  return async (request) => {
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(), request.timeoutMs);
    const signal =
      request.signal === undefined ? deadline.signal : AbortSignal.any([request.signal, deadline.signal]);
    const { origin } = new URL(request.url);
    try {
      return await exchange(request, options, signal);
    } catch (error) {
      if (error instanceof SignerError) throw error;
      throw failure(error, origin, request, deadline.signal.aborted);
    } finally {
      clearTimeout(timer);
    }
  };
}

async function exchange(
  request: HttpRequest,
  options: HttpOptions,
  signal: AbortSignal,
): Promise<HttpResponse> {
  const url = new URL(request.url);
  const secure = url.protocol === "https:";
  const common: RequestOptions = {
    method: request.method,
    headers: { ...request.headers, "Content-Length": String(Buffer.byteLength(request.body)) },
    signal,
    agent: false,
  };
  const tls = { rejectUnauthorized: options.verifySsl ?? true };
  const target = { host: hostname(url), port: url.port === "" ? (secure ? 443 : 80) : Number(url.port) };
  const path = request.url.slice(url.origin.length);
  const proxy = options.proxyFor?.(url);
  let outgoing: ClientRequest;
  // getBuiltinModule and not import(): importing node:http as an ES module also loads what it exports lazily (fetch).
  if (secure) {
    const https = process.getBuiltinModule("node:https");
    const socket = proxy === undefined ? undefined : await openTunnel(proxy, target, signal, tls);
    outgoing = https.request({
      ...common,
      ...tls,
      ...target,
      path,
      ...(socket === undefined ? {} : { socket }),
    });
  } else {
    const http = process.getBuiltinModule("node:http");
    outgoing =
      proxy === undefined
        ? http.request({ ...common, ...target, path })
        : http.request({
            ...common,
            ...proxyTarget(proxy),
            headers: { ...common.headers, ...proxyHeaders(proxy) },
            path: request.url,
          });
  }
  outgoing.end(request.body);
  const response = await responseOf(outgoing);
  return {
    status: response.statusCode ?? 0,
    header: (name) => [response.headers[name.toLowerCase()]].flat()[0],
    body: await bodyOf(response),
  };
}

function responseOf(outgoing: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    outgoing.once("error", reject);
    outgoing.once("response", resolve);
  });
}

async function bodyOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > MAX_RESPONSE_BYTES) {
      response.destroy();
      throw new SignerError(
        "ERR_SIGNER_RESPONSE_INVALID",
        "the answer is larger than one mebibyte; check that the endpoint is Roles Anywhere",
      );
    }
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** Asks an HTTP proxy for a tunnel (RFC 9110 §9.3.6). */
function openTunnel(
  proxy: URL,
  target: { readonly host: string; readonly port: number },
  signal: AbortSignal,
  tls: { readonly rejectUnauthorized: boolean },
): Promise<Socket> {
  const transport = process.getBuiltinModule(proxy.protocol === "https:" ? "node:https" : "node:http");
  const authority = `${target.host.includes(":") ? `[${target.host}]` : target.host}:${target.port}`;
  return new Promise((resolve, reject) => {
    const connect = transport.request({
      ...tls,
      ...proxyTarget(proxy),
      method: "CONNECT",
      path: authority,
      headers: { Host: authority, ...proxyHeaders(proxy) },
      agent: false,
      signal,
    });
    connect.once("connect", (response, socket: Socket) => {
      if (response.statusCode === 200) return resolve(socket);
      socket.destroy();
      reject(
        new Error(`the proxy ${proxy.host} answered ${response.statusCode ?? 0} to CONNECT ${authority}`),
      );
    });
    connect.once("error", reject);
    connect.end();
  });
}

function proxyTarget(proxy: URL): { readonly host: string; readonly port: number } {
  const port = proxy.protocol === "https:" ? 443 : 80;
  return { host: hostname(proxy), port: proxy.port === "" ? port : Number(proxy.port) };
}

function proxyHeaders(proxy: URL): Record<string, string> {
  if (proxy.username === "") return {};
  const credentials = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  return { "Proxy-Authorization": `Basic ${Buffer.from(credentials).toString("base64")}` };
}

/** Host without the brackets of an IPv6 literal. */
function hostname(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, "$1");
}

function failure(error: unknown, origin: string, request: HttpRequest, timedOut: boolean): SignerError {
  if (timedOut) {
    return new SignerError(
      "ERR_SIGNER_TIMEOUT",
      `no complete answer from ${origin} within ${request.timeoutMs} ms; check that the endpoint is reachable from here`,
      { cause: error, url: origin },
    );
  }
  if (request.signal?.aborted === true) {
    return new SignerError("ERR_SIGNER_ABORTED", `the request to ${origin} was aborted`, {
      cause: error,
      url: origin,
    });
  }
  return new SignerError(
    "ERR_SIGNER_CONNECTION_FAILED",
    `cannot reach ${origin}: ${reasonOf(error)}; check endpoint, network and proxy (--with-proxy uses HTTPS_PROXY)`,
    { cause: error, url: origin },
  );
}

/** A connection to several addresses fails with an AggregateError that has no message of its own. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === "") return error.errors.map(messageOf).join(", ");
  return messageOf(error);
}
