import { isIP } from "node:net";
import type { MiddlewareHandler } from "hono";
import { invalidOption } from "../errors/mock-error.ts";
import { ServiceError } from "../errors/service-error.ts";

/** The names of the service's own endpoints. Clients send one when their hosts file maps it to the mock. */
const AWS_ENDPOINT =
  /^rolesanywhere(-fips)?\.[a-z0-9-]+\.(amazonaws\.com(\.cn)?|api\.aws|api\.amazonwebservices\.com\.cn)$/;

/** A DNS name with at least two labels, or `*.` and such a name. */
const CONFIGURABLE = /^(\*\.)?([a-z0-9_]([a-z0-9_-]*[a-z0-9_])?\.)+[a-z0-9]([a-z0-9-]*[a-z0-9])?$/i;

/**
 * Refuses the requests of web pages. A page on any site can send requests to a server on the loopback address of its
 * reader's machine; a browser marks them with `Origin` or `Sec-Fetch-Site`. When the DNS name of the page itself was
 * changed to the loopback address (DNS rebinding), the browser takes the mock for the same site and marks nothing: then
 * the `Host` header shows the page's name. No client of AWS sends any of these.
 *
 * CreateSession takes any `Host`: the certificate's key signs the request, with the name that the client uses.
 *
 * @param allowedHosts names that the mock answers to besides those of {@link isLocalHost}
 * @see https://fetch.spec.whatwg.org/#origin-header
 * @see https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header
 */
export function refuseWebPages(allowedHosts: readonly string[]): MiddlewareHandler {
  return async (c, next) => {
    const isCreateSession = c.req.method === "POST" && c.req.path === "/sessions";
    checkSender((name) => c.req.header(name), isCreateSession ? undefined : allowedHosts);
    return await next();
  };
}

/**
 * Checks that a request does not come from a web page.
 *
 * @param header gives a header by its lower-case name
 * @param allowedHosts `undefined` for a request that may have any `Host`
 * @throws {ServiceError} 403
 */
export function checkSender(
  header: (name: string) => string | undefined,
  allowedHosts: readonly string[] | undefined,
): void {
  const site = header("sec-fetch-site");
  // Browsers send "none" when a person typed the address.
  if (header("origin") !== undefined || (site !== undefined && !/^(same-origin|none)$/.test(site))) {
    throw new ServiceError("AccessDeniedException", "The mock takes no requests from web pages");
  }
  const host = header("host");
  if (host === undefined || allowedHosts === undefined) return;
  if (isLocalHost(host) || isListed(host, allowedHosts)) return;
  const message = `The mock does not answer to the host ${JSON.stringify(host.slice(0, 255))}: use a loopback name, an address or a name without dots, or start the mock with --allowed-host`;
  throw new ServiceError("AccessDeniedException", message);
}

/**
 * Whether a `Host` header has a name that no web page can have: a loopback name, an address, a name without dots (of a
 * compose service, for example), a name that public DNS cannot have (`host.docker.internal`), or an endpoint of the
 * service.
 *
 * @param host with or without a port
 * @see https://www.iana.org/assignments/special-use-domain-names
 */
export function isLocalHost(host: string): boolean {
  const name = nameOf(host);
  return (
    isIP(name) !== 0 ||
    /^[a-z0-9_-]+$/.test(name) ||
    /\.(localhost|internal)$/.test(name) ||
    AWS_ENDPOINT.test(name)
  );
}

/** Checks the values of `--allowed-host`. */
export function checkAllowedHosts(allowedHosts: readonly string[]): void {
  for (const name of allowedHosts) {
    if (CONFIGURABLE.test(name) || isLocalHost(name)) continue;
    throw invalidOption(
      `${JSON.stringify(name)} is not a host name; give one without a port, such as localhost.localstack.cloud or *.localhost.localstack.cloud`,
    );
  }
}

function isListed(host: string, allowedHosts: readonly string[]): boolean {
  const name = nameOf(host);
  return allowedHosts.some((allowed) => {
    const wanted = allowed.toLowerCase();
    return wanted.startsWith("*.") ? name.endsWith(wanted.slice(1)) : name === wanted;
  });
}

/** The name of a `Host` header in lower case, without port, brackets and the dot of the DNS root. */
function nameOf(host: string): string {
  const [, address, name = ""] = /^(?:\[([^\]]*)\]|([^:]*))(?::\d*)?$/.exec(host.trim()) ?? [];
  return (address ?? name.replace(/\.$/, "")).toLowerCase();
}
