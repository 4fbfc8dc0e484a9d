import { domainToASCII } from "node:url";

import type { Environment } from "../config/environment.ts";
import { SignerError } from "../errors.ts";

/**
 * Chooses the proxy for a URL from HTTPS_PROXY, HTTP_PROXY and NO_PROXY (either letter case), by the rules of Go, which
 * `aws_signing_helper` follows.
 *
 * NO_PROXY is a list with commas: `example.com` covers that domain and the names below it, `.example.com` and
 * `*.example.com` only the names below it; `10.1.2.3` and `10.0.0.0/8` cover addresses, never names that resolve to them;
 * all but networks may have a port (`example.com:443`, `[fd00::1]:443`); `*` covers everything. Loopback is never proxied.
 *
 * @returns A function that gives the proxy, or undefined for a direct connection.
 * @throws {SignerError} ERR_SIGNER_ENDPOINT_INVALID, from that function, when the variable is no http or https URL, or when
 *   a CGI program (REQUEST_METHOD is set) would take HTTP_PROXY from a header of its client.
 * @see https://pkg.go.dev/golang.org/x/net/http/httpproxy
 */
export function proxyFromEnvironment(environment: Environment): (url: URL) => URL | undefined {
  return (url) => {
    const name = url.protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY";
    const value = read(environment, name);
    if (value === "") return undefined;
    if (name === "HTTP_PROXY" && environment["REQUEST_METHOD"]) {
      throw new SignerError(
        "ERR_SIGNER_ENDPOINT_INVALID",
        "HTTP_PROXY is not used in a CGI program (REQUEST_METHOD is set): the client may have set it; use an https endpoint",
      );
    }
    return isDirect(url, read(environment, "NO_PROXY")) ? undefined : parseProxy(value, name);
  };
}

function read(environment: Environment, name: string): string {
  return environment[name] || environment[name.toLowerCase()] || "";
}

/**
 * Parses the URL of a proxy; its scheme may be left out.
 *
 * @param name Where it came from, for messages, which never quote it.
 * @throws {SignerError} ERR_SIGNER_ENDPOINT_INVALID.
 */
export function parseProxy(value: string, name: string): URL {
  try {
    const proxy = new URL(value.includes("://") ? value : `http://${value}`);
    // Throws for a broken escape in user name or password.
    decodeURIComponent(`${proxy.username}${proxy.password}`);
    // A label of a host's name has at most 63 octets (RFC 1035 §2.3.4); a longer one may be a key in hexadecimal.
    const isHost = proxy.hostname.split(".").every((label) => label.length <= 63);
    if (isHost && (proxy.protocol === "http:" || proxy.protocol === "https:")) return proxy;
  } catch {
    // Told of below.
  }
  // The value is not shown: it may hold a password.
  throw new SignerError(
    "ERR_SIGNER_ENDPOINT_INVALID",
    `${name} is not a usable proxy; give an http or https URL, such as http://proxy.example:3128`,
  );
}

/** Host without the brackets of an IPv6 literal. */
export function hostOf({ hostname }: URL): string {
  return hostname.startsWith("[") ? hostname.slice(1, -1) : hostname;
}

export function portOf({ port, protocol }: URL): number {
  return Number(port || (protocol === "https:" ? 443 : 80));
}

function isDirect(url: URL, list: string): boolean {
  const host = hostOf(url);
  if (host === "localhost" || holds("127.0.0.0/8", host) || holds("::1/128", host)) return true;
  const port = String(portOf(url));
  const entries = list.split(",").map((entry) => entry.trim().toLowerCase());
  return entries.includes("*") || entries.some((entry) => covers(entry, host, port));
}

/** Whether an entry of NO_PROXY covers a host, which is an address or a name in ASCII. */
function covers(entry: string, host: string, port: string): boolean {
  if (holds(entry, host)) return true;
  // `host:port`, `[IPv6]:port`; what has another form is all name.
  const [, literal, plain, onlyPort = ""] = /^(?:\[([^[\]]*)\]|([^:[\]]*)):([^:[\]]*)$/.exec(entry) ?? [];
  const name = literal ?? plain ?? entry;
  if (name === "" || (onlyPort !== "" && onlyPort !== port)) return false;
  const family = familyOf(name);
  if (family !== undefined) return holds(`${name}/${BITS[family]}`, host);
  if (familyOf(host) !== undefined) return false;
  const domain = name.startsWith("*.") ? name.slice(1) : name;
  // A URL has its name in ASCII (RFC 3490); what cannot be written so covers nothing.
  const ascii = Buffer.byteLength(domain) === domain.length ? domain : domainToASCII(domain);
  if (ascii === "") return false;
  return ascii.startsWith(".") ? host.endsWith(ascii) : host === ascii || host.endsWith(`.${ascii}`);
}

const BITS = { ipv4: 32, ipv6: 128 } as const;

/** Whether a network such as `10.0.0.0/8` holds an address; false for what is no network or no address. */
function holds(network: string, host: string): boolean {
  const [, start = "", bits = ""] = /^([^/]+)\/(\d{1,3})$/.exec(network) ?? [];
  const [family, hostFamily] = [familyOf(start), familyOf(host)];
  if (family === undefined || hostFamily === undefined || Number(bits) > BITS[family]) return false;
  // BlockList counts IPv4 among the IPv6 addresses (::ffff:0:0/96), so that ::/0 would hold it.
  if (family === "ipv6" && hostFamily === "ipv4" && !start.startsWith("::ffff:")) return false;
  const list = new (process.getBuiltinModule("node:net").BlockList)();
  list.addSubnet(start, Number(bits), family);
  return list.check(host, hostFamily);
}

/** Undefined for what is no address; an address with a zone (`fe80::1%eth0`) is none in a URL. */
function familyOf(text: string): keyof typeof BITS | undefined {
  // getBuiltinModule and not import: who imports the library has not asked for a network.
  const version = text.includes("%") ? 0 : process.getBuiltinModule("node:net").isIP(text);
  return version === 0 ? undefined : version === 4 ? "ipv4" : "ipv6";
}
