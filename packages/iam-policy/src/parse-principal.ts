import type { Principal, PrincipalElement, PrincipalType } from "./match-principal.ts";
import { refuseVariables } from "./parse-template.ts";
import type { PolicyKind } from "./policy-document.ts";
import { PolicyError } from "./policy-error.ts";
import { describe, isObject, join, readStrings } from "./read-json.ts";
import type { JsonObject } from "./read-json.ts";

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
