import type { Effect } from "./effect.ts";

export type PrincipalType = "Service" | "AWS" | "Federated" | "CanonicalUser";

/**
 * Who makes the request. For `AWS` the id is the ARN of a user, of an assumed-role or federated-user session,
 * of a role, of an account's root, or a twelve-digit account id.
 */
export interface Principal {
  readonly type: PrincipalType;
  readonly id: string;
}

/** A `Principal` or `NotPrincipal` element. */
export interface PrincipalElement {
  readonly negated: boolean;
  /** `"Principal": "*"`: everybody, services and anonymous callers included. */
  readonly everyone: boolean;
  readonly entries: readonly Principal[];
}

/**
 * How a statement names the principal, from the closest down. `direct`: the very user, session, service or
 * federated provider; `everyone`: `*`; `role`: the role of a session; `account`: the account, which only
 * delegates to its administrators; `exception`: by not being in `NotPrincipal`.
 */
export type PrincipalMatch = "direct" | "everyone" | "role" | "account" | "exception";

const CLOSEST_FIRST: readonly PrincipalMatch[] = ["direct", "everyone", "role", "account", "exception"];

/**
 * Whether and how a statement applies to a principal.
 *
 * @returns `undefined` when it does not
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
 */
export function matchPrincipal(
  element: PrincipalElement,
  principal: Principal | undefined,
  effect: Effect,
): PrincipalMatch | undefined {
  if (element.negated) return isException(element, principal, effect) ? undefined : "exception";
  if (element.everyone) return "everyone";
  const found = new Set(element.entries.map((entry) => matchEntry(entry, principal, effect)));
  return CLOSEST_FIRST.find((match) => found.has(match));
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
  // A session's ARN has no path, and no two roles of an account share a name whatever their paths.
  return entry.kind === "role" && principal.kind === "assumed-role" && entry.name === principal.name
    ? "role"
    : undefined;
}

/**
 * Whether `NotPrincipal` spares the principal. AWS "might validate the account first, then the role, and then
 * the assumed-role user", so a Deny spares only whom it names at every level, and an Allow leaves out
 * everybody whom it names at any level.
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

export interface AwsPrincipal {
  readonly partition?: string;
  readonly account: string;
  readonly kind: "root" | "user" | "role" | "assumed-role" | "federated-user";
  /** Without path; for a session the role's name. */
  readonly name: string;
}

const AWS_PRINCIPAL =
  /^arn:(?<partition>[a-z0-9-]+):(?:iam|sts)::(?<account>\d{12}):(?:(?<root>root)|(?<kind>user|role|assumed-role|federated-user)\/(?<path>.+))$/u;

/** Reads an account id or a principal's ARN; `undefined` for anything else, such as the id of a deleted role. */
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
