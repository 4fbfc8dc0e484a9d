import { AWS_MESSAGE, denied, type Refusal } from "../errors/refusal.ts";
import type { Certificate } from "./certificate.ts";
import { attributeValues, type DistinguishedName, formatName } from "./distinguished-name.ts";
import type { GeneralName } from "./extensions.ts";

/**
 * Applies the name constraints of every issuer of a path to the certificates below it (RFC 5280 §4.2.1.10, §6.1.4);
 * those of the trust anchor count too (RFC 5937).
 *
 * @param path the end-entity certificate first
 * @returns `undefined` when all names are allowed
 */
export function nameConstraintFailure(path: readonly Certificate[]): Refusal | undefined {
  for (const [depth, issuer] of path.entries()) {
    const constraints = issuer.extensions.nameConstraints;
    if (depth === 0 || constraints === undefined) continue;
    for (const [below, certificate] of path.slice(0, depth).entries()) {
      // Self-issued intermediates are exempt, the end-entity certificate never is (RFC 5280 §6.1.3 b).
      if (below > 0 && certificate.issuer.comparisonKey === certificate.subject.comparisonKey) continue;
      const offender = namesOf(certificate).find((name) => !isAllowed(name, constraints));
      if (offender !== undefined) return violation(certificate, offender, issuer);
    }
  }
  return undefined;
}

interface Subtrees {
  readonly permitted: readonly GeneralName[];
  readonly excluded: readonly GeneralName[];
}

function isAllowed(name: GeneralName, { permitted, excluded }: Subtrees): boolean {
  if (excluded.some((subtree) => isSameForm(name, subtree) && isWithin(name, subtree, true))) return false;
  const relevant = permitted.filter((subtree) => isSameForm(name, subtree));
  return relevant.length === 0 || relevant.some((subtree) => isWithin(name, subtree, false));
}

function isSameForm(name: GeneralName, subtree: GeneralName): boolean {
  return (
    name.kind === subtree.kind &&
    (name.kind !== "other" || subtree.kind !== "other" || name.tag === subtree.tag)
  );
}

/** @param unknown the answer for forms that cannot be compared: whichever of the two refuses */
function isWithin(name: GeneralName, subtree: GeneralName, unknown: boolean): boolean {
  if (name.kind === "dns" && subtree.kind === "dns") return isHostWithin(name.value, subtree.value, true);
  if (name.kind === "email" && subtree.kind === "email") return isMailboxWithin(name.value, subtree.value);
  if (name.kind === "uri" && subtree.kind === "uri") {
    const host = /^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#@]*@)?([^/?#:[\]]+)/i.exec(name.value)?.[1];
    return host === undefined ? unknown : isHostWithin(host, subtree.value, false);
  }
  if (name.kind === "ip" && subtree.kind === "ip") return isAddressWithin(name.value, subtree.value);
  if (name.kind === "directory" && subtree.kind === "directory")
    return isNameWithin(name.value, subtree.value);
  return unknown;
}

/** @param bareIncludesSubdomains true for DNS names; a URI's bare host means that host alone */
function isHostWithin(host: string, subtree: string, bareIncludesSubdomains: boolean): boolean {
  const [name, base] = [host.toLowerCase().replace(/\.$/, ""), subtree.toLowerCase()];
  if (base === "") return true;
  if (base.startsWith(".")) return name.endsWith(base) && name.length > base.length;
  return name === base || (bareIncludesSubdomains && name.endsWith(`.${base}`));
}

function isMailboxWithin(mailbox: string, subtree: string): boolean {
  const at = mailbox.lastIndexOf("@");
  const host = mailbox.slice(at + 1);
  const subtreeAt = subtree.lastIndexOf("@");
  if (subtreeAt < 0) return isHostWithin(host, subtree, false);
  return (
    mailbox.slice(0, at) === subtree.slice(0, subtreeAt) &&
    host.toLowerCase() === subtree.slice(subtreeAt + 1).toLowerCase()
  );
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

function violation(certificate: Certificate, name: GeneralName, issuer: Certificate): Refusal {
  return denied("NAME_CONSTRAINT_VIOLATED", AWS_MESSAGE.untrusted, {
    expected: `names within the name constraints of ${formatName(issuer.subject)}`,
    received: `${describe(name)} in ${formatName(certificate.subject)}`,
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
