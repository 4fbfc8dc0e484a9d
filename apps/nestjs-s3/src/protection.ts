import type { IncomingMessage, ServerResponse } from "node:http";
import { isIP } from "node:net";
import { sendProblem } from "./problems.ts";
import type { Problem } from "./problems.ts";

const HEADERS: Readonly<Record<string, string>> = {
  "Content-Security-Policy": [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; "),
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  // Other sites must not see a presigned link in a Referer header.
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
};

/**
 * The first middleware. It adds the security headers to every response, and refuses requests that pages of other sites make
 * in a visitor's browser. The page of this server may load its own files and call its own API, and nothing else.
 *
 * @param allowedHosts - Host names in lower case, beside the local ones: see {@link isOwnHost}.
 */
export function protection(allowedHosts: readonly string[]) {
  return (request: IncomingMessage, response: ServerResponse, next: () => void): void => {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
    const problem = refusal(request, allowedHosts);
    if (problem === undefined) next();
    else sendProblem(response, problem);
  };
}

function refusal({ headers }: IncomingMessage, allowedHosts: readonly string[]): Problem | undefined {
  const { host } = headers;
  if (host !== undefined && !isOwnHost(host, allowedHosts)) {
    return {
      title: "Unknown host name",
      status: 403,
      code: "HOST_REFUSED",
      detail:
        "this server is not known under the host name of the request; if it shall be, add the name to ALLOWED_HOSTS",
    };
  }
  if (isForeign(headers)) {
    return {
      title: "Request of another site",
      status: 403,
      code: "ORIGIN_REFUSED",
      detail:
        "a web page of another site made this request; this server answers its own page and other programs",
    };
  }
  return undefined;
}

/**
 * Whether a Host header names this server: `localhost` and names below it, an IP address, a name of a single label (as
 * Docker Compose and Kubernetes use), or one of the allowed names; with any port.
 *
 * Anybody can make a domain name of theirs resolve to 127.0.0.1. A browser then takes this server for a part of their site
 * (DNS rebinding). Nobody can register one of the local names.
 */
export function isOwnHost(host: string, allowedHosts: readonly string[]): boolean {
  const [, name = ""] = /^(\[[\da-f:.]+\]|[^:]*)(?::\d*)?$/i.exec(host.toLowerCase()) ?? [];
  if (name.startsWith("[")) return isIP(name.slice(1, -1)) === 6;
  const hostName = name.replace(/\.$/, "");
  return (
    isIP(hostName) === 4 ||
    /^[\w-]+$/.test(hostName) ||
    /^[\w.-]+\.localhost$/.test(hostName) ||
    allowedHosts.includes(hostName)
  );
}

/** True when a browser says that another site's page makes the request. A link that leads to this server may be followed. */
function isForeign(headers: IncomingMessage["headers"]): boolean {
  const { origin, host = "" } = headers;
  if (origin !== undefined && hostOf(origin) !== host.toLowerCase()) return true;
  const site = headers["sec-fetch-site"];
  return (site === "cross-site" || site === "same-site") && headers["sec-fetch-dest"] !== "document";
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
