import type { Socket } from "node:net";

import { exchange } from "./exchange.ts";

/** Which servers are trusted. */
export interface HttpTrust {
  /** Check the server's certificate. @default true */
  readonly verifySsl?: boolean;
  /** Gives the certificate authorities to trust, in PEM, when a TLS connection begins. @default those of Node.js */
  readonly caBundle?: (() => string) | undefined;
}

/** How a connection is made. */
export interface ConnectOptions extends HttpTrust {
  /** Proxy for a URL, or undefined for a direct connection. @default always direct */
  readonly proxyFor?: (url: URL) => URL | undefined;
  /** Receives every socket as soon as it exists, so that the caller can end it. */
  readonly onSocket: (socket: Socket) => void;
}

/**
 * Opens a connection over which a request for `url` can be written.
 *
 * @returns The socket (writing may begin at once), and what the request line has to name: the path, or the whole URL when
 *   a proxy forwards plain HTTP.
 */
export async function connect(
  url: URL,
  options: ConnectOptions,
): Promise<{
  readonly socket: Socket;
  readonly absoluteForm: boolean;
  readonly headers: Record<string, string>;
}> {
  const proxy = options.proxyFor?.(url);
  if (proxy === undefined) return { socket: open(url, options), absoluteForm: false, headers: {} };
  const toProxy = open(proxy, options);
  if (url.protocol === "http:") return { socket: toProxy, absoluteForm: true, headers: proxyHeaders(proxy) };
  await tunnel(toProxy, proxy, url);
  return { socket: encrypt(url, options, toProxy), absoluteForm: false, headers: {} };
}

function open(url: URL, options: ConnectOptions): Socket {
  if (url.protocol === "https:") return encrypt(url, options);
  // getBuiltinModule and not import: only what the path needs is loaded, and without reading all of its exports.
  const socket = process.getBuiltinModule("node:net").connect({ host: hostname(url), port: portOf(url) });
  options.onSocket(socket);
  return socket;
}

function encrypt(
  url: URL,
  { verifySsl = true, caBundle, onSocket }: ConnectOptions,
  socket?: Socket,
): Socket {
  const host = hostname(url);
  const isName = process.getBuiltinModule("node:net").isIP(host) === 0;
  const encrypted = process.getBuiltinModule("node:tls").connect({
    host,
    port: portOf(url),
    ...(isName ? { servername: host } : {}),
    ALPNProtocols: ["http/1.1"],
    minVersion: "TLSv1.2",
    rejectUnauthorized: verifySsl,
    ...(verifySsl && caBundle !== undefined ? { ca: caBundle() } : {}),
    ...(socket === undefined ? {} : { socket }),
  });
  onSocket(encrypted);
  return encrypted;
}

/** Whether a connection failed because a server's certificate was not accepted. */
export function isDistrusted(sockets: readonly Socket[], { verifySsl = true }: HttpTrust): boolean {
  return (
    verifySsl &&
    sockets.some((socket) => "authorizationError" in socket && Boolean(socket.authorizationError))
  );
}

/** Asks an HTTP proxy for a tunnel (RFC 9110 §9.3.6). */
async function tunnel(socket: Socket, proxy: URL, url: URL): Promise<void> {
  const host = hostname(url);
  const authority = `${host.includes(":") ? `[${host}]` : host}:${portOf(url)}`;
  const { status } = await exchange(socket, {
    method: "CONNECT",
    target: authority,
    headers: { Host: authority, ...proxyHeaders(proxy) },
  });
  if (status !== 200) throw new Error(`the proxy ${proxy.host} answered ${status} to CONNECT ${authority}`);
}

function proxyHeaders(proxy: URL): Record<string, string> {
  if (proxy.username === "") return {};
  const credentials = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  return { "Proxy-Authorization": `Basic ${Buffer.from(credentials).toString("base64")}` };
}

function portOf(url: URL): number {
  if (url.port !== "") return Number(url.port);
  return url.protocol === "https:" ? 443 : 80;
}

/** Host without the brackets of an IPv6 literal. */
function hostname(url: URL): string {
  return url.hostname.startsWith("[") ? url.hostname.slice(1, -1) : url.hostname;
}
