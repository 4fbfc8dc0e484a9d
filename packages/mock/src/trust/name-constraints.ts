import { Refusal } from "../errors/refusal.ts";
import { isSelfIssued } from "./certificate.ts";
import type { Certificate } from "./certificate.ts";
import type { GeneralName, NameConstraints } from "./extensions.ts";

/** The largest number of comparisons, as in Go's crypto/x509. */
const MAX_COMPARISONS = 250_000;

/**
 * Applies the name constraints of every issuer of a path to the certificates below it (RFC 5280 §4.2.1.10, §6.1.4);
 * those of the trust anchor count too (RFC 5937). Names of wrong syntax, and constraints that cannot be processed,
 * refuse the certificate: a forbidden name passes where two programs can read it in two ways.
 *
 * @param path the end-entity certificate first
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
  const isOfKind = ({ kind }: GeneralName): boolean => kind === name.kind;
  const [within, without] = [permitted.filter(isOfKind), excluded.filter(isOfKind)];
  if (within.length === 0 && without.length === 0) return true;
  if (!isName(name) || without.some((subtree) => reaches(name, subtree))) return false;
  return within.length === 0 || within.some((subtree) => isWithin(name, subtree));
}

/** How names and constraints of one kind are written (RFC 5280 §4.2.1.6, §4.2.1.10), and which names a subtree has. */
interface Form {
  isName(value: string): boolean;
  isConstraint(value: string): boolean;
  isWithin(value: string, subtree: string): boolean;
}

const FORMS: Readonly<Record<string, Form>> = {
  dns: {
    isName: (value) => isHost(value.replace(/^\*\./, "")),
    isConstraint: isDomain,
    isWithin: (value, subtree) => isHostWithin(value, subtree, true),
  },
  email: {
    isName: (value) => mailboxOf(value) !== undefined,
    isConstraint: (value) => isDomain(value) || mailboxOf(value) !== undefined,
    isWithin: isMailboxWithin,
  },
  uri: {
    isName: (value) => hostOfUri(value) !== undefined,
    isConstraint: isDomain,
    isWithin: (value, subtree) => isHostWithin(hostOfUri(value) ?? "", subtree, false),
  },
  // Octets in hex: an address; as a constraint, an address and a mask of ones, then zeros (RFC 4632 §5.1).
  ip: {
    isName: (value) => value.length === 8 || value.length === 32,
    isConstraint: (value) => /^(?:.{8}(?=.{8}$)|.{32}(?=.{32}$))f*[8ce]?0*$/.test(value),
    isWithin: isAddressWithin,
  },
};

/** Whether a name has the syntax of its form, and one that can be compared. */
function isName({ kind, value }: GeneralName): boolean {
  return kind === "directory" || FORMS[kind]?.isName(value) === true;
}

/** Whether a subtree has the syntax of its form. A form that is not known is refused where a name has it. */
function isConstraint({ kind, value }: GeneralName): boolean {
  return kind === "directory" || FORMS[kind]?.isConstraint(value) !== false;
}

/** Whether an excluded subtree hits the name: a wildcard stands for names that may be in it. */
function reaches(name: GeneralName, subtree: GeneralName): boolean {
  if (isWithin(name, subtree)) return true;
  if (name.kind !== "dns" || subtree.kind !== "dns" || !name.value.startsWith("*.")) return false;
  return subtree.value.replace(/^\.?[^.]*\./, "*.").toLowerCase() === name.value.toLowerCase();
}

/** Whether a subtree of the same kind has the name. */
function isWithin(name: GeneralName, subtree: GeneralName): boolean {
  if (name.kind !== "directory" && subtree.kind !== "directory") {
    return FORMS[name.kind]?.isWithin(name.value, subtree.value) === true;
  }
  if (name.kind !== "directory" || subtree.kind !== "directory") return false;
  return subtree.value.rdnKeys.every((key, index) => name.value.rdnKeys[index] === key);
}

/** A host, a domain with a leading dot, or nothing, which stands for all. */
function isDomain(value: string): boolean {
  return value === "" || isHost(value.replace(/^\./, ""));
}

/** The preferred name syntax of RFC 1034 §3.5 and RFC 1123 §2.1, and the underscores that are in use. */
function isHost(value: string): boolean {
  const isLabel = (label: string): boolean => /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/i.test(label);
  return value.length <= 253 && value.split(".").every(isLabel);
}

/** A mailbox without quoting or comments, taken apart; RFC 5280 §4.2.1.6 allows no display name. */
function mailboxOf(value: string): { local: string; host: string } | undefined {
  const [, local, host] = /^([\w!#$%&'*+/=?^`{|}~.-]+)@([^@]*)$/.exec(value) ?? [];
  return local !== undefined && host !== undefined && isHost(host) ? { local, host } : undefined;
}

/** The host of a URI by the grammar of RFC 3986 §3.2; RFC 5280 wants a name, so that an address has none. */
function hostOfUri(value: string): string | undefined {
  const [, host] =
    /^[a-z][a-z0-9+.-]*:\/\/(?:[\w.~!$&'()*+,;=:%-]*@)?([\w.-]+)(?::\d*)?(?:[/?#]|$)/i.exec(value) ?? [];
  return host !== undefined && isHost(host) && !/(?:^|\.)\d+$/.test(host) ? host : undefined;
}

/** @param bareIncludesSubdomains true for DNS names; a URI's bare host means that host alone */
function isHostWithin(host: string, subtree: string, bareIncludesSubdomains: boolean): boolean {
  const [name, base] = [host.toLowerCase(), subtree.toLowerCase()];
  if (base === "") return true;
  if (base.startsWith(".")) return name.endsWith(base) && name.length > base.length;
  return name === base || (bareIncludesSubdomains && name.endsWith(`.${base}`));
}

function isMailboxWithin(value: string, subtree: string): boolean {
  const [mailbox, wanted] = [mailboxOf(value), mailboxOf(subtree)];
  if (mailbox === undefined) return false;
  if (wanted === undefined) return isHostWithin(mailbox.host, subtree, false);
  return mailbox.local === wanted.local && mailbox.host.toLowerCase() === wanted.host.toLowerCase();
}

function isAddressWithin(address: string, subtree: string): boolean {
  const { length } = address;
  if (subtree.length !== 2 * length) return false;
  const [value, base, mask] = [address, subtree.slice(0, length), subtree.slice(length)].map((hex) =>
    BigInt(`0x${hex}`),
  );
  return value !== undefined && base !== undefined && mask !== undefined && (value & mask) === (base & mask);
}

/** Every name of a certificate that constraints speak about. */
function namesOf({ subject, extensions }: Certificate): GeneralName[] {
  const names = [...extensions.subjectAltNames];
  if (subject.rdns.length > 0) names.push({ kind: "directory", value: subject });
  // RFC 5280 §4.2.1.10: the e-mail attribute of the subject counts when there is no alternative name of that form.
  if (names.some(({ kind }) => kind === "email")) return names;
  const addresses = subject.attributes.filter(({ type }) => type === "emailAddress");
  return [...names, ...addresses.map(({ value }) => ({ kind: "email", value }) as const)];
}

function violation(
  certificate: Certificate,
  offender: GeneralName,
  issuer: Certificate,
  what: "a name" | "a constraint",
): Refusal {
  const ca = issuer.subject.text;
  const where = what === "a name" ? `in ${certificate.subject.text}` : `as a constraint of ${ca}`;
  return new Refusal("NAME_CONSTRAINT_VIOLATED", {
    expected: `names within the name constraints of ${ca}, all of the syntax of their form`,
    received: `${describe(offender)} ${where}`,
  });
}

function describe(name: GeneralName): string {
  if (name.kind === "directory") return `directory name ${name.value.text}`;
  if (name.kind.startsWith("0x")) return `a name of form ${name.kind}`;
  return `${name.kind === "ip" ? "IP address" : name.kind} ${name.value}`;
}
