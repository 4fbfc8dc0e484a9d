import { quoted, SignerError } from "../errors.ts";

/** Variants of the regional endpoint. */
export interface EndpointOptions {
  /** Use the FIPS 140 endpoint. @default false */
  readonly useFipsEndpoint?: boolean | undefined;
  /** Use the IPv4 and IPv6 endpoint. @default false */
  readonly useDualstackEndpoint?: boolean | undefined;
}

interface DnsSuffixes {
  readonly ipv4: string;
  readonly dualstack: string;
}

const COMMERCIAL: DnsSuffixes = { ipv4: "amazonaws.com", dualstack: "api.aws" };

/** By the start of the region's name; the first that fits. */
const SUFFIXES: readonly (readonly [prefix: string, suffixes: DnsSuffixes])[] = [
  ["cn-", { ipv4: "amazonaws.com.cn", dualstack: "api.amazonwebservices.com.cn" }],
  ["eusc-", { ipv4: "amazonaws.eu", dualstack: "api.amazonwebservices.eu" }],
  ["us-isob-", { ipv4: "sc2s.sgov.gov", dualstack: "api.aws.scloud" }],
  ["us-isof-", { ipv4: "csp.hci.ic.gov", dualstack: "api.aws.hci.ic.gov" }],
  ["eu-isoe-", { ipv4: "cloud.adc-e.uk", dualstack: "api.cloud-aws.adc-e.uk" }],
  ["us-iso-", { ipv4: "c2s.ic.gov", dualstack: "api.aws.ic.gov" }],
];

/**
 * The regional endpoint of Roles Anywhere.
 *
 * @param region For example `eu-central-1`.
 * @param options FIPS and dual stack.
 * @see https://docs.aws.amazon.com/general/latest/gr/rolesanywhere.html
 */
export function regionalEndpoint(region: string, options: EndpointOptions = {}): string {
  const service = options.useFipsEndpoint === true ? "rolesanywhere-fips" : "rolesanywhere";
  return `https://${service}.${region}.${dnsSuffix(region, options)}`;
}

/** How the host names of a region's endpoints end: `amazonaws.com`. */
export function dnsSuffix(region: string, options: Pick<EndpointOptions, "useDualstackEndpoint">): string {
  const suffixes = SUFFIXES.find(([prefix]) => region.startsWith(prefix))?.[1] ?? COMMERCIAL;
  return options.useDualstackEndpoint === true ? suffixes.dualstack : suffixes.ipv4;
}

/**
 * Parses an endpoint given by the user.
 *
 * @param endpoint Absolute http or https URL; its path is put before `/sessions`.
 * @throws {SignerError} ERR_SIGNER_ENDPOINT_INVALID when it has no scheme, another scheme, a query or a user name.
 */
export function parseEndpoint(endpoint: string): URL {
  let url: URL | undefined;
  try {
    url = new URL(endpoint);
  } catch {
    url = undefined;
  }
  const usable =
    url !== undefined &&
    (url.protocol === "https:" || url.protocol === "http:") &&
    url.search === "" &&
    url.hash === "" &&
    url.username === "" &&
    url.password === "";
  if (url === undefined || !usable) {
    throw new SignerError(
      "ERR_SIGNER_ENDPOINT_INVALID",
      `endpoint ${endpoint.includes("@") ? "" : `${quoted(endpoint)} `}is not usable; give a URL with scheme and host only, such as https://rolesanywhere.us-east-1.amazonaws.com`,
    );
  }
  return url;
}
