import { PolicyError } from "./policy-grammar.ts";
import type { Effect, PolicyKind } from "./policy-grammar.ts";
import { describe, isObject, join, readStrings } from "./policy-json.ts";
import type { JsonObject } from "./policy-json.ts";
import { refuseVariables } from "./policy-variables.ts";
import type { Principal, PrincipalType } from "./request.ts";

/** A `Principal` or `NotPrincipal` element. */
export interface PrincipalElement {
  readonly negated: boolean;
  /** `"Principal": "*"`: everybody, services and anonymous callers included. */
  readonly everyone: boolean;
  readonly entries: readonly Principal[];
}

/**
 * Reads `Principal` or `NotPrincipal` of a statement.
 *
 * @throws {PolicyError} ERR_POLICY_PRINCIPAL_MISSING, _CONFLICT, _PROHIBITED or _INVALID
 */
export function parsePrincipal(
  statement: JsonObject,
  path: string,
  kind: PolicyKind | undefined,
): PrincipalElement | undefined {
  const negated = "NotPrincipal" in statement;
  if (negated && "Principal" in statement) {
    throw new PolicyError(
      "ERR_POLICY_PRINCIPAL_CONFLICT",
      path,
      "has both Principal and NotPrincipal; keep one",
    );
  }
  const elementPath = join(path, negated ? "NotPrincipal" : "Principal");
  const value = statement[negated ? "NotPrincipal" : "Principal"];
  if (value === undefined) {
    if (kind === "trust" || kind === "resource") {
      throw new PolicyError(
        "ERR_POLICY_PRINCIPAL_MISSING",
        elementPath,
        `is missing; a ${kind} policy must say for whom it is`,
      );
    }
    return undefined;
  }
  if (kind === "identity" || kind === "session") {
    throw new PolicyError(
      "ERR_POLICY_PRINCIPAL_PROHIBITED",
      elementPath,
      `a policy of this kind applies to whom it is attached to; remove it`,
    );
  }
  if (kind === "trust" && negated) {
    throw new PolicyError(
      "ERR_POLICY_PRINCIPAL_PROHIBITED",
      elementPath,
      "cannot stand in a trust policy; name who may assume the role in Principal",
    );
  }
  if (value === "*") return { negated, everyone: true, entries: [] };
  if (!isObject(value) || Object.keys(value).length === 0) {
    throw new PolicyError(
      "ERR_POLICY_PRINCIPAL_INVALID",
      elementPath,
      `expected "*" or an object such as {"Service": "rolesanywhere.amazonaws.com"}, got ${describe(value)}`,
    );
  }
  const entries = Object.entries(value).flatMap(([type, ids]) => parseEntries(type, ids, elementPath));
  return { negated, everyone: false, entries };
}

function parseEntries(type: string, ids: unknown, path: string): readonly Principal[] {
  const typePath = join(path, type);
  if (!isPrincipalType(type)) {
    throw new PolicyError(
      "ERR_POLICY_PRINCIPAL_INVALID",
      typePath,
      "is no kind of principal; write AWS, Service, Federated or CanonicalUser",
    );
  }
  return readStrings(ids, typePath).map((id) => {
    refuseVariables(id, typePath);
    if (!isPrincipalId(type, id)) {
      throw new PolicyError(
        "ERR_POLICY_PRINCIPAL_INVALID",
        typePath,
        type === "AWS"
          ? `"${id}" must be "*", an account id of 12 digits or a full ARN; a wildcard cannot stand for a part of it`
          : `"${id}" must be one full name without wildcards`,
      );
    }
    return { type, id };
  });
}

function isPrincipalType(type: string): type is PrincipalType {
  return type === "AWS" || type === "Service" || type === "Federated" || type === "CanonicalUser";
}

function isPrincipalId(type: PrincipalType, id: string): boolean {
  if (type !== "AWS") return /^[^*?\s]+$/u.test(id);
  // The last form is a unique id (AROA…, AIDA…), which a policy shows after its role or user was deleted.
  return id === "*" || /^(?:\d{12}|arn:[^*?]+|A[A-Z0-9]{15,127})$/u.test(id);
}

/**
 * How a statement covers the principal, the closest way first:
 *
 * - `direct`: it names the user, session, service or federated provider itself.
 * - `everyone`: it names `*`.
 * - `role`: it names the role of the session.
 * - `account`: it names the account, which only lets the account's administrators decide.
 * - `exception`: its `NotPrincipal` does not name the principal.
 * - `boundary`: it is a Deny with `NotPrincipal`, and the principal has a permissions boundary.
 */
export type PrincipalMatch = "direct" | "everyone" | "role" | "account" | "exception" | "boundary";

const CLOSEST_FIRST: readonly PrincipalMatch[] = ["direct", "everyone", "role", "account", "exception"];

/**
 * Finds out whether and how a `Principal` or `NotPrincipal` element covers a principal.
 *
 * @param hasBoundary whether the principal has a permissions boundary: "The `NotPrincipal` element with a `Deny` effect
 *   will always deny any IAM principal that has a permissions boundary policy attached, regardless of the values
 *   specified in the `NotPrincipal` element."
 * @returns `undefined` when the element does not cover the principal
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
 */
export function matchPrincipal(
  element: PrincipalElement,
  principal: Principal | undefined,
  effect: Effect,
  hasBoundary: boolean,
): PrincipalMatch | undefined {
  if (element.negated && effect === "Deny" && hasBoundary) return "boundary";
  if (element.negated) return isException(element, principal, effect) ? undefined : "exception";
  if (element.everyone) return "everyone";
  let closest: PrincipalMatch | undefined;
  for (const entry of element.entries) {
    const match = matchEntry(entry, principal, effect);
    if (closest === undefined || (match !== undefined && isCloser(match, closest))) closest = match;
  }
  return closest;
}

function isCloser(one: PrincipalMatch, other: PrincipalMatch): boolean {
  return CLOSEST_FIRST.indexOf(one) < CLOSEST_FIRST.indexOf(other);
}

function matchEntry(
  entry: Principal,
  principal: Principal | undefined,
  effect: Effect,
): PrincipalMatch | undefined {
  if (entry.type === "AWS" && entry.id === "*") {
    // The guide calls {"AWS": "*"} the same as "*" for anonymous users and is silent on services.
    const covered = principal === undefined || principal.type === "AWS" || principal.type === "CanonicalUser";
    return covered || effect === "Deny" ? "everyone" : undefined;
  }
  if (principal === undefined || entry.type !== principal.type) return undefined;
  if (entry.type !== "AWS") return entry.id === principal.id ? "direct" : undefined;
  return matchAwsEntry(entry.id, principal.id);
}

function matchAwsEntry(entryId: string, principalId: string): PrincipalMatch | undefined {
  const principal = readAwsPrincipal(principalId);
  const entry = readAwsPrincipal(entryId);
  if (principal === undefined || entry === undefined) return undefined;
  if (entry.account !== principal.account || !samePartition(entry, principal)) return undefined;
  if (entry.kind === "root") return principal.kind === "root" ? "direct" : "account";
  if (entry.kind === "role" && principal.kind === "role") {
    return entryId === principalId ? "role" : undefined;
  }
  if (entryId === principalId) return "direct";
  // The ARN of a session does not have the role's path. A role's name is unique in its account, whatever its path.
  return entry.kind === "role" && principal.kind === "assumed-role" && entry.name === principal.name
    ? "role"
    : undefined;
}

/**
 * Whether `NotPrincipal` excepts the principal from its statement. AWS "might validate the account first, then the role,
 * and then the assumed-role user", so a Deny excepts only a principal that it names at every level, and an Allow excepts
 * every principal that it names at any level.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
 */
function isException(element: PrincipalElement, principal: Principal | undefined, effect: Effect): boolean {
  if (element.everyone) return true;
  const doubt = effect === "Allow" ? "Deny" : "Allow";
  const matches = new Set(element.entries.map((entry) => matchEntry(entry, principal, doubt)));
  matches.delete(undefined);
  if (effect === "Allow" || matches.has("everyone")) return matches.size > 0;
  const needed = principal?.type === "AWS" ? levelsOf(principal.id) : (["direct"] as const);
  return needed.every((level) => matches.has(level));
}

function levelsOf(id: string): readonly PrincipalMatch[] {
  switch (readAwsPrincipal(id)?.kind) {
    case "assumed-role":
      return ["direct", "role", "account"];
    case "role":
      return ["role", "account"];
    case "root":
      return ["direct"];
    default:
      return ["direct", "account"];
  }
}

interface AwsPrincipal {
  readonly partition?: string;
  readonly account: string;
  readonly kind: "root" | "user" | "role" | "assumed-role" | "federated-user";
  /** Name of the user or role, without its path. For a session, the name of its role. */
  readonly name: string;
}

const AWS_PRINCIPAL =
  /^arn:(?<partition>[a-z0-9-]+):(?:iam|sts)::(?<account>\d{12}):(?:(?<root>root)|(?<kind>user|role|assumed-role|federated-user)\/(?<path>.+))$/u;

/** Reads an account id or the ARN of a principal; `undefined` for other text, such as the unique id of a deleted role. */
export function readAwsPrincipal(id: string): AwsPrincipal | undefined {
  if (/^\d{12}$/u.test(id)) return { account: id, kind: "root", name: "root" };
  const groups = AWS_PRINCIPAL.exec(id)?.groups;
  const partition = groups?.["partition"];
  const account = groups?.["account"];
  if (partition === undefined || account === undefined) return undefined;
  if (groups?.["root"] !== undefined) return { partition, account, kind: "root", name: "root" };
  const kind = groups?.["kind"];
  const names = (groups?.["path"] ?? "").split("/");
  if (kind === "assumed-role") return { partition, account, kind, name: names[0] ?? "" };
  if (kind === "user" || kind === "role" || kind === "federated-user") {
    return { partition, account, kind, name: names.at(-1) ?? "" };
  }
  return undefined;
}

function samePartition(a: AwsPrincipal, b: AwsPrincipal): boolean {
  return a.partition === undefined || b.partition === undefined || a.partition === b.partition;
}
