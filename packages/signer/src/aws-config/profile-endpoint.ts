import { parseConfig, profileSections, sectionsOf } from "./config-document.ts";
import type { ConfigDocument, Section } from "./config-document.ts";

/** What a profile says about the endpoint of a service. */
export interface ProfileEndpoint {
  /** From the profile's `services` section, else the profile's own `endpoint_url`. */
  readonly url?: string;
  /** `ignore_configured_endpoint_urls`, when it is there. */
  readonly ignored?: boolean;
}

/**
 * Finds the endpoint that a profile configures.
 *
 * @param document The config file.
 * @param profile Name of the profile.
 * @param service As a `services` section names it: `sts`.
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
 */
export function profileEndpoint(document: ConfigDocument, profile: string, service: string): ProfileEndpoint {
  const sections = profileSections(document, profile);
  const services = valueOf(sections, "services");
  const url =
    (services === undefined ? undefined : servicesEndpoint(document, services, service)) ??
    valueOf(sections, "endpoint_url");
  const ignored = valueOf(sections, "ignore_configured_endpoint_urls");
  return {
    ...(url === undefined ? {} : { url }),
    ...(ignored === undefined ? {} : { ignored: ignored.toLowerCase() === "true" }),
  };
}

/** `endpoint_url` in the nested block of a service. */
function servicesEndpoint(document: ConfigDocument, name: string, service: string): string | undefined {
  const block = sectionsOf(document)
    .filter((section) => section.name.split(/\s+/).join(" ") === `services ${name}`)
    .flatMap(({ settings }) => settings)
    .findLast(({ key }) => key === service);
  if (block === undefined) return undefined;
  const nested = document.lines.slice(block.line + 1, block.line + block.lineCount);
  // Read as a section of its own, without its indentation.
  return valueOf(
    sectionsOf(parseConfig(`[nested]\n${nested.map((line) => line.trimStart()).join("")}`)),
    "endpoint_url",
  );
}

/** The last value that is not empty. */
function valueOf(sections: readonly Section[], name: string): string | undefined {
  return sections
    .flatMap(({ settings }) => settings)
    .findLast(({ key, value }) => key === name && value !== "")?.value;
}
