import type { IncomingMessage, ServerResponse } from "node:http";
import { isIP } from "node:net";
import helmet, { contentSecurityPolicy } from "helmet";
import { problem, sendProblem } from "./problems.ts";
import type { Problem } from "./problems.ts";

/** A page of this server may load its own files and call its own API, and nothing else but what is added here. */
const policy = (added: { readonly styleSrc?: string[]; readonly imgSrc: string[] }) => ({
  useDefaults: false,
  directives: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'", ...(added.styleSrc ?? [])],
    imgSrc: ["'self'", ...added.imgSrc],
    connectSrc: ["'self'"],
    baseUri: ["'none'"],
    formAction: ["'none'"],
    frameAncestors: ["'none'"],
  },
});

/**
 * The headers of every response. No referrer is sent, so that other sites do not see a presigned link in one.
 *
 * @param linkOrigin - Where presigned links lead: the page shows images from there.
 */
export function securityHeaders(linkOrigin: string) {
  return helmet({
    contentSecurityPolicy: policy({ imgSrc: [linkOrigin] }),
    // The proxy that has the certificate decides about HTTPS.
    strictTransportSecurity: false,
  });
}

/** Swagger UI has styles in its page and images in its style sheet. This replaces the policy of {@link securityHeaders}. */
export const docsHeaders = contentSecurityPolicy(
  policy({ styleSrc: ["'unsafe-inline'"], imgSrc: ["data:"] }),
);

/**
 * Refuses requests that pages of other sites make in a visitor's browser.
 *
 * @param allowedHosts - Host names in lower case, beside the local ones: see {@link isOwnHost}.
 */
export function refuseOtherSites(allowedHosts: readonly string[]) {
  return (request: IncomingMessage, response: ServerResponse, next: () => void): void => {
    const refused = refusal(request, allowedHosts);
    if (refused === undefined) next();
    else sendProblem(request, response, refused);
  };
}

function refusal({ headers }: IncomingMessage, allowedHosts: readonly string[]): Problem | undefined {
  const { host } = headers;
  if (host !== undefined && !isOwnHost(host, allowedHosts)) {
    return problem(
      "HOST_REFUSED",
      "this server is not known under the host name of the request; if it shall be, add the name to ALLOWED_HOSTS",
    );
  }
  if (isForeign(headers)) {
    return problem(
      "ORIGIN_REFUSED",
      "a web page of another site made this request; this server answers its own page and other programs",
    );
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
