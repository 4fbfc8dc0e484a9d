import { SignerError } from "../errors.ts";
import type { Environment } from "./environment.ts";

/**
 * Chooses the proxy for a URL from HTTPS_PROXY, HTTP_PROXY and NO_PROXY (either letter case). Loopback is never proxied.
 *
 * @param environment Usually process.env.
 * @returns A function that gives the proxy, or undefined for a direct connection.
 * @throws {SignerError} ERR_SIGNER_ENDPOINT_INVALID, from that function, when the variable is no http or https URL.
 */
export function proxyFromEnvironment(environment: Environment): (url: URL) => URL | undefined {
  return (url) => {
    const name = url.protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY";
    const value = read(environment, name);
    if (value === "" || isLoopback(url.hostname)) return undefined;
    if (isExcluded(url, read(environment, "NO_PROXY"))) return undefined;
    return parseProxy(value, name);
  };
}

function read(environment: Environment, name: string): string {
  return environment[name] || environment[name.toLowerCase()] || "";
}

/**
 * Parses the URL of a proxy; its scheme may be left out.
 *
 * @param value The URL.
 * @param name Where it came from, for messages, which never quote it.
 */
export function parseProxy(value: string, name: string): URL {
  let proxy: URL | undefined;
  try {
    proxy = new URL(value.includes("://") ? value : `http://${value}`);
  } catch {
    proxy = undefined;
  }
  if (proxy === undefined || (proxy.protocol !== "http:" && proxy.protocol !== "https:")) {
    // The value is not shown: it may hold a password.
    throw new SignerError(
      "ERR_SIGNER_ENDPOINT_INVALID",
      `${name} is not a usable proxy; give an http or https URL, such as http://proxy.example:3128`,
    );
  }
  return proxy;
}

function isExcluded(url: URL, list: string): boolean {
  return list
    .split(/[\s,]+/)
    .filter((entry) => entry !== "")
    .some((entry) => matches(url, entry.toLowerCase()));
}

function matches(url: URL, entry: string): boolean {
  if (entry === "*") return true;
  const [, name = "", port] = /^(.*?)(?::(\d+))?$/.exec(entry) ?? [];
  if (port !== undefined && port !== (url.port || (url.protocol === "https:" ? "443" : "80"))) return false;
  const suffix = name.replace(/^\*?\.?/, "");
  return suffix !== "" && (url.hostname === suffix || url.hostname.endsWith(`.${suffix}`));
}

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || hostname.startsWith("127.");
}
