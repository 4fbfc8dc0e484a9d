import { isNameBelow, isSameName, valuesOf } from "./distinguished-name.ts";
import type { DistinguishedName } from "./distinguished-name.ts";
import type { ParsedCertificate } from "./parse-certificate.ts";
import { label } from "./problem.ts";
import type { InspectionProblem } from "./problem.ts";
import type { GeneralName, NameConstraints } from "./read-extensions.ts";

/**
 * Finds the names that the name constraints of an issuer do not allow in the certificates below it. A name or constraint
 * that is not of the syntax of its form counts as not allowed: it could be read in two ways.
 *
 * @see RFC 5280 §4.2.1.10 and §6.1.3 (b), (c)
 */
export function nameConstraintProblems(path: readonly ParsedCertificate[]): InspectionProblem[] {
  return path.flatMap((issuer, depth) => {
    const constraints = issuer.extensions.nameConstraints;
    if (constraints === undefined) return [];
    return path.slice(0, depth).flatMap((certificate, index) => {
      const { subject, extensions } = certificate;
      // An intermediate that a CA issued to itself is exempt; the end-entity certificate never is.
      if (index > 0 && isSameName(certificate.subject, certificate.issuer)) return [];
      const names = { subject, alternativeNames: extensions.alternativeNames };
      return offendersOf(names, constraints).map((offender): InspectionProblem => ({
        code: "NAME_CONSTRAINT_VIOLATED",
        message:
          `${label(issuer)} may not certify ${describe(offender)} (nameConstraints), which ${label(certificate)} has; ` +
          "issue the certificate without that name, or from another CA",
      }));
    });
  });
}

/** The names of a certificate that constraints are about. */
export interface CertifiedNames {
  readonly subject: DistinguishedName;
  readonly alternativeNames: readonly GeneralName[];
}

/** The names that constraints do not allow, as messages have them: `the DNS "example.com"`. */
export function forbiddenNames(names: CertifiedNames, constraints: NameConstraints): string[] {
  return offendersOf(names, constraints).map(describe);
}

function offendersOf(certified: CertifiedNames, { permitted, excluded }: NameConstraints): GeneralName[] {
  const names = constrainedNames(certified);
  // With a constraint that cannot be understood, no name is known to be allowed.
  if ([...permitted, ...excluded].some((subtree) => matcherOf(subtree) === undefined))
    return names.slice(0, 1);
  return names.filter((name) => {
    const forbidden = excluded.filter((subtree) => isSameForm(name, subtree));
    const allowed = permitted.filter((subtree) => isSameForm(name, subtree));
    if (forbidden.length + allowed.length === 0) return false;
    if (!isWellFormed(name) || forbidden.some((subtree) => isHit(name, subtree))) return true;
    return allowed.length > 0 && !allowed.some((subtree) => matcherOf(subtree)?.(name));
  });
}

/** The alternative names, the subject, and the e-mail addresses in it when no alternative name is one. */
function constrainedNames({ alternativeNames, subject }: CertifiedNames): GeneralName[] {
  const names: GeneralName[] = [...alternativeNames];
  if (subject.relativeNames.length > 0) names.push({ kind: "directory", name: subject });
  if (!alternativeNames.some(({ kind }) => kind === "email")) {
    names.push(...valuesOf(subject, "emailAddress").map((text): GeneralName => ({ kind: "email", text })));
  }
  return names;
}

function isSameForm(one: GeneralName, other: GeneralName): boolean {
  return (
    one.kind === other.kind && (one.kind !== "other" || (other.kind === "other" && one.tag === other.tag))
  );
}

/** Whether an excluded subtree hits a name. A DNS name with a wildcard stands for hosts that may be in it. */
function isHit(name: GeneralName, subtree: GeneralName): boolean {
  if (matcherOf(subtree)?.(name) === true) return true;
  if (name.kind !== "dns" || subtree.kind !== "dns" || !name.text.startsWith("*.")) return false;
  const [, ...parent] = subtree.text.replace(/^\./, "").toLowerCase().split(".");
  return parent.length > 0 && name.text.slice(2).toLowerCase() === parent.join(".");
}

type Matcher = (name: GeneralName) => boolean;

/** Says whether a name is in a subtree. `undefined` when the subtree is not of the syntax of its form. */
function matcherOf(subtree: GeneralName): Matcher | undefined {
  switch (subtree.kind) {
    case "directory":
      return (name) => name.kind === "directory" && isNameBelow(name.name, subtree.name);
    case "ip":
      return addressMatcher(subtree.octets);
    case "dns":
      return hostMatcher(subtree.text, "with its subdomains", (name) =>
        name.kind === "dns" ? name.text : undefined,
      );
    case "uri":
      return hostMatcher(subtree.text, "alone", (name) =>
        name.kind === "uri" ? hostOfUri(name.text) : undefined,
      );
    case "email":
      return mailMatcher(subtree.text);
    default:
      // A form that cannot be compared: no name of it is inside, and `isWellFormed` refuses each one.
      return () => false;
  }
}

function hostMatcher(
  base: string,
  bare: "alone" | "with its subdomains",
  hostOf: (name: GeneralName) => string | undefined,
): Matcher | undefined {
  const domain = base.toLowerCase();
  if (domain !== "" && !isHost(domain.replace(/^\./, ""))) return undefined;
  return (name) => {
    const host = hostOf(name)?.toLowerCase();
    if (host === undefined || domain === "") return host !== undefined;
    if (domain.startsWith(".")) return host.endsWith(domain) && host !== domain;
    return host === domain || (bare === "with its subdomains" && host.endsWith(`.${domain}`));
  };
}

function mailMatcher(base: string): Matcher | undefined {
  const wanted = splitMailbox(base);
  if (wanted === undefined) {
    return hostMatcher(base, "alone", (name) =>
      name.kind === "email" ? splitMailbox(name.text)?.host : undefined,
    );
  }
  return (name) => {
    const mailbox = name.kind === "email" ? splitMailbox(name.text) : undefined;
    return mailbox?.local === wanted.local && mailbox.host.toLowerCase() === wanted.host.toLowerCase();
  };
}

/** An address and its mask, both of 4 or 16 octets (RFC 4632). */
function addressMatcher(subtree: Buffer): Matcher | undefined {
  const half = subtree.length / 2;
  const mask = subtree.subarray(half);
  const bitsOfMask = Array.from(mask, (octet) => octet.toString(2).padStart(8, "0")).join("");
  if ((half !== 4 && half !== 16) || bitsOfMask.includes("01")) return undefined;
  return (name) =>
    name.kind === "ip" &&
    name.octets.length === half &&
    name.octets.every((octet, index) => ((octet ^ (subtree[index] ?? 0)) & (mask[index] ?? 0)) === 0);
}

/** Whether a name has the syntax of its form, so that it can be compared. */
function isWellFormed(name: GeneralName): boolean {
  switch (name.kind) {
    case "directory":
      return true;
    case "ip":
      return name.octets.length === 4 || name.octets.length === 16;
    case "dns":
      return isHost(name.text.replace(/^\*\./, ""));
    case "uri":
      return hostOfUri(name.text) !== undefined;
    case "email":
      return splitMailbox(name.text) !== undefined;
    default:
      return false;
  }
}

/** RFC 1123 §2.1, with the underscores that are in use. */
function isHost(text: string): boolean {
  return text.length <= 253 && text.split(".").every((part) => /^(?!-)[\w-]{1,63}(?<!-)$/.test(part));
}

function splitMailbox(text: string): { local: string; host: string } | undefined {
  const [local = "", host = "", ...rest] = text.split("@");
  return rest.length === 0 && /^[\w!#$%&'*+/=?^`{|}~.-]+$/.test(local) && isHost(host)
    ? { local, host }
    : undefined;
}

/** The host of a URI that names one. An address is none (RFC 5280 §4.2.1.10). */
function hostOfUri(text: string): string | undefined {
  const host = /^[a-z][\w+.-]*:\/\/(?:[^/?#@]*@)?([^/?#@:]+)(?::\d*)?(?:[/?#]|$)/i.exec(text)?.[1];
  return host !== undefined && isHost(host) && !/(?:^|\.)\d+$/.test(host) ? host : undefined;
}

function describe(name: GeneralName): string {
  switch (name.kind) {
    case "directory":
      return `the name ${JSON.stringify(name.name.text)}`;
    case "ip":
      return `the address ${name.octets.length === 4 ? name.octets.join(".") : name.octets.toString("hex")}`;
    case "other":
      return `a name of the form [${name.tag}]`;
    default:
      return `the ${name.kind === "email" ? "e-mail address" : name.kind.toUpperCase()} ${JSON.stringify(name.text)}`;
  }
}
