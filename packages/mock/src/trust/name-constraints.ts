import { AWS_MESSAGE, denied } from "../errors/refusal.ts";
import type { Refusal } from "../errors/refusal.ts";
import { isSelfIssued } from "./certificate.ts";
import type { Certificate } from "./certificate.ts";
import { attributeValues, formatName } from "./distinguished-name.ts";
import type { DistinguishedName } from "./distinguished-name.ts";
import type { GeneralName, NameConstraints } from "./extensions.ts";

/** The largest number of comparisons, as in Go's crypto/x509. */
const MAX_COMPARISONS = 250_000;

/**
 * Applies the name constraints of every issuer of a path to the certificates below it (RFC 5280 §4.2.1.10, §6.1.4);
 * those of the trust anchor count too (RFC 5937). Names of wrong syntax, and constraints that cannot be processed,
 * refuse the certificate: a forbidden name passes where two programs can read it in two ways.
 *
 * @param path the end-entity certificate first
 * @throws {Refusal} NAME_CONSTRAINT_VIOLATED
 */
export function checkNameConstraints(path: readonly Certificate[]): void {
  let comparisons = 0;
  for (const [depth, issuer] of path.entries()) {
    const constraints = issuer.extensions.nameConstraints;
    if (depth === 0 || constraints === undefined) continue;
    const subtrees = [...constraints.permitted, ...constraints.excluded];
    const malformed = subtrees.find((subtree) => !isConstraint(subtree));
    for (const [below, certificate] of path.slice(0, depth).entries()) {
      // Self-issued intermediates are exempt, the end-entity certificate never is (RFC 5280 §6.1.3 b).
      if (below > 0 && isSelfIssued(certificate)) continue;
      if (malformed !== undefined) throw violation(certificate, malformed, issuer, "a constraint");
      const names = namesOf(certificate);
      comparisons += names.length * subtrees.length;
      const offender =
        comparisons > MAX_COMPARISONS ? names[0] : names.find((name) => !isAllowed(name, constraints));
      if (offender !== undefined) throw violation(certificate, offender, issuer, "a name");
    }
  }
}

function isAllowed(name: GeneralName, { permitted, excluded }: NameConstraints): boolean {
  const isOfForm = (subtree: GeneralName): boolean =>
    name.kind === subtree.kind &&
    (name.kind !== "other" || subtree.kind !== "other" || name.tag === subtree.tag);
  const [within, without] = [permitted.filter(isOfForm), excluded.filter(isOfForm)];
  if (within.length === 0 && without.length === 0) return true;
  if (!isName(name) || without.some((subtree) => reaches(name, subtree))) return false;
  return within.length === 0 || within.some((subtree) => isWithin(name, subtree));
}

/** Whether a name has the syntax of its form (RFC 5280 §4.2.1.6), and one that can be compared. */
function isName(name: GeneralName): boolean {
  switch (name.kind) {
    case "dns":
      return isHost(name.value.replace(/^\*\./, ""));
    case "email":
      return mailboxOf(name.value) !== undefined;
    case "uri":
      return hostOfUri(name.value) !== undefined;
    case "ip":
      return name.value.length === 4 || name.value.length === 16;
    default:
      return name.kind === "directory";
  }
}

/** Whether a subtree has the syntax of RFC 5280 §4.2.1.10. A form that is not known is refused where a name has it. */
function isConstraint(subtree: GeneralName): boolean {
  switch (subtree.kind) {
    case "dns":
    case "uri":
      return isDomain(subtree.value);
    case "email":
      return isDomain(subtree.value) || mailboxOf(subtree.value) !== undefined;
    case "ip":
      return (
        [8, 32].includes(subtree.value.length) && isMask(subtree.value.subarray(subtree.value.length / 2))
      );
    default:
      return true;
  }
}

/** A host, a domain with a leading dot, or nothing, which stands for all. */
function isDomain(value: string): boolean {
  return value === "" || isHost(value.replace(/^\./, ""));
}

/** The preferred name syntax of RFC 1034 §3.5 and RFC 1123 §2.1, and the underscores that are in use. */
function isHost(value: string): boolean {
  return (
    value.length <= 253 &&
    value.split(".").every((label) => /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/i.test(label))
  );
}

/** A mailbox without quoting or comments, taken apart; RFC 5280 §4.2.1.6 allows no display name. */
function mailboxOf(value: string): { local: string; host: string } | undefined {
  const [local = "", host, ...rest] = value.split("@");
  return host !== undefined && rest.length === 0 && isHost(host) && /^[\w!#$%&'*+/=?^`{|}~.-]+$/.test(local)
    ? { local, host }
    : undefined;
}

/** The host of a URI by the grammar of RFC 3986 §3.2; RFC 5280 wants a name, so that an address has none. */
function hostOfUri(value: string): string | undefined {
  const [, host] =
    /^[a-z][a-z0-9+.-]*:\/\/(?:[\w.~!$&'()*+,;=:%-]*@)?([\w.-]+)(?::\d*)?(?:[/?#]|$)/i.exec(value) ?? [];
  return host !== undefined && isHost(host) && !/(?:^|\.)\d+$/.test(host) ? host : undefined;
}

/** Ones, then zeros (RFC 4632 §5.1). */
function isMask(mask: Uint8Array): boolean {
  const bits = [...mask].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  return /^1*0*$/.test(bits);
}

/** Whether an excluded subtree hits the name: a wildcard stands for names that may be in it. */
function reaches(name: GeneralName, subtree: GeneralName): boolean {
  if (isWithin(name, subtree)) return true;
  if (name.kind !== "dns" || subtree.kind !== "dns" || !name.value.startsWith("*.")) return false;
  return subtree.value.replace(/^\.?[^.]*\./, "*.").toLowerCase() === name.value.toLowerCase();
}

function isWithin(name: GeneralName, subtree: GeneralName): boolean {
  if (name.kind === "dns" && subtree.kind === "dns") return isHostWithin(name.value, subtree.value, true);
  if (name.kind === "email" && subtree.kind === "email") return isMailboxWithin(name.value, subtree.value);
  if (name.kind === "uri" && subtree.kind === "uri") {
    return isHostWithin(hostOfUri(name.value) ?? "", subtree.value, false);
  }
  if (name.kind === "ip" && subtree.kind === "ip") return isAddressWithin(name.value, subtree.value);
  return name.kind === "directory" && subtree.kind === "directory" && isNameWithin(name.value, subtree.value);
}

/** @param bareIncludesSubdomains true for DNS names; a URI's bare host means that host alone */
function isHostWithin(host: string, subtree: string, bareIncludesSubdomains: boolean): boolean {
  const [name, base] = [host.toLowerCase(), subtree.toLowerCase()];
  if (base === "") return true;
  if (base.startsWith(".")) return name.endsWith(base) && name.length > base.length;
  return name === base || (bareIncludesSubdomains && name.endsWith(`.${base}`));
}

function isMailboxWithin(value: string, subtree: string): boolean {
  const mailbox = mailboxOf(value);
  const wanted = mailboxOf(subtree);
  if (mailbox === undefined) return false;
  if (wanted === undefined) return isHostWithin(mailbox.host, subtree, false);
  return mailbox.local === wanted.local && mailbox.host.toLowerCase() === wanted.host.toLowerCase();
}

function isAddressWithin(address: Uint8Array, subtree: Uint8Array): boolean {
  if (subtree.length !== address.length * 2) return false;
  return address.every((byte, index) => {
    const mask = subtree[address.length + index] ?? 0;
    return (byte & mask) === ((subtree[index] ?? 0) & mask);
  });
}

function isNameWithin(name: DistinguishedName, subtree: DistinguishedName): boolean {
  return subtree.rdnKeys.every((key, index) => name.rdnKeys[index] === key);
}

/** Every name of a certificate that constraints speak about. */
function namesOf(certificate: Certificate): GeneralName[] {
  const { subject, extensions } = certificate;
  const names = [...extensions.subjectAltNames];
  if (subject.rdns.length > 0) names.push({ kind: "directory", value: subject });
  // RFC 5280 §4.2.1.10: the e-mail attribute of the subject counts when there is no alternative name of that form.
  if (!names.some(({ kind }) => kind === "email")) {
    names.push(
      ...attributeValues(subject, "emailAddress").map((value): GeneralName => ({ kind: "email", value })),
    );
  }
  return names;
}

function violation(
  certificate: Certificate,
  offender: GeneralName,
  issuer: Certificate,
  what: "a name" | "a constraint",
): Refusal {
  const [issuerName, name] = [formatName(issuer.subject), formatName(certificate.subject)];
  return denied("NAME_CONSTRAINT_VIOLATED", AWS_MESSAGE.untrusted, {
    expected: `names within the name constraints of ${issuerName}, all of the syntax of their form`,
    received:
      what === "a name"
        ? `${describe(offender)} in ${name}`
        : `${describe(offender)} as a constraint of ${issuerName}`,
    remedy: "issue the certificate for names that its CA may certify",
  });
}

function describe(name: GeneralName): string {
  switch (name.kind) {
    case "directory":
      return `directory name ${formatName(name.value)}`;
    case "ip":
      return `IP address ${Buffer.from(name.value).toString("hex")}`;
    case "other":
      return `a name of form 0x${name.tag.toString(16)}`;
    default:
      return `${name.kind} ${name.value}`;
  }
}
