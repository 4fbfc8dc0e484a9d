import { parseConditions } from "./condition.ts";
import { PolicyError } from "./policy-grammar.ts";
import type { Effect, PolicyKind, PolicyVersion } from "./policy-grammar.ts";
import {
  describe,
  isObject,
  join,
  readItems,
  readPolicyJson,
  readString,
  readStrings,
  refuseUnknownKeys,
} from "./policy-json.ts";
import type { JsonObject } from "./policy-json.ts";
import { parseTemplate, refuseVariables } from "./policy-variables.ts";
import type { TemplatePiece } from "./policy-variables.ts";
import { parsePrincipal } from "./principal.ts";
import { compileAction, compileResourcePattern } from "./statement.ts";
import type { ActionElement, ResourceElement, ResourcePattern, Statement } from "./statement.ts";

/** A parsed policy, ready to be evaluated any number of times. Only {@link parsePolicy} makes one. */
export interface PolicyDocument {
  /** `2008-10-17` when the document has no `Version`. */
  readonly version: PolicyVersion;
  readonly id: string | undefined;
  /** The `kind` of {@link ParseOptions}. */
  readonly kind: PolicyKind | undefined;
  readonly statements: readonly Statement[];
}

/** Options of {@link parsePolicy}. */
export interface ParseOptions {
  /**
   * What the policy is attached to. Identity and session policies must have resources and no principal; trust policies
   * must have a principal, STS actions and no resource; resource policies must have a principal.
   *
   * @default undefined: none of these rules is checked
   */
  readonly kind?: PolicyKind | undefined;
}

const POLICY_ELEMENTS = new Set(["Version", "Id", "Statement"]);
const STATEMENT_ELEMENTS = new Set([
  "Sid",
  "Effect",
  "Principal",
  "NotPrincipal",
  "Action",
  "NotAction",
  "Resource",
  "NotResource",
  "Condition",
]);

/**
 * Reads a policy and prepares it for evaluation: parse once, evaluate many times.
 *
 * @param document JSON text, or the object that a template or a program already holds. IAM's API returns URL-encoded text:
 *   decode it with `decodeURIComponent` first. An element that appears twice is found in text only, not in an object
 * @throws {PolicyError} with the code and the path of the first bad element
 * @example
 * const policy = parsePolicy(
 *   { Version: "2012-10-17", Statement: { Effect: "Allow", Action: "s3:GetObject", Resource: "*" } },
 *   { kind: "identity" },
 * );
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
 */
export function parsePolicy(document: string | object, options: ParseOptions = {}): PolicyDocument {
  const { kind } = options;
  const policy = readPolicyJson(document);
  refuseUnknownKeys(policy, POLICY_ELEMENTS, "");
  const version = parseVersion(policy["Version"]);
  const statements = parseStatements(policy["Statement"], version, kind);
  refuseRepeatedSids(statements, kind);
  const id = policy["Id"] === undefined ? undefined : readString(policy["Id"], "Id");
  return { version, id, kind, statements };
}

/** Without a `Version` element the version is 2008-10-17. */
function parseVersion(value: unknown): PolicyVersion {
  if (value === undefined || value === "2008-10-17") return "2008-10-17";
  if (value === "2012-10-17") return value;
  throw new PolicyError(
    "ERR_POLICY_VERSION",
    "Version",
    `${describe(value)} is no version of the policy language; write "2012-10-17"`,
  );
}

function parseStatements(
  value: unknown,
  version: PolicyVersion,
  kind: PolicyKind | undefined,
): readonly Statement[] {
  if (value === undefined || (Array.isArray(value) && value.length === 0)) {
    throw new PolicyError(
      "ERR_POLICY_STATEMENT_MISSING",
      "Statement",
      "is missing or empty; write at least one",
    );
  }
  return readItems(value, "Statement").map(({ item, itemPath }, index) => {
    if (!isObject(item)) {
      throw new PolicyError("ERR_POLICY_DATA_TYPE", itemPath, `expected an object, got ${describe(item)}`);
    }
    return parseStatement(item, index, itemPath, version, kind);
  });
}

function parseStatement(
  statement: JsonObject,
  index: number,
  path: string,
  version: PolicyVersion,
  kind: PolicyKind | undefined,
): Statement {
  refuseUnknownKeys(statement, STATEMENT_ELEMENTS, path);
  const sid = parseSid(statement["Sid"], join(path, "Sid"), kind);
  const effect = parseEffect(statement["Effect"], join(path, "Effect"));
  const principal = parsePrincipal(statement, path, kind);
  const action = parseAction(statement, path, kind);
  const resource = parseResource(statement, path, version, kind);
  const conditions = parseConditions(statement["Condition"], join(path, "Condition"), version);
  return { index, sid, effect, principal, action, resource, conditions };
}

/** IAM takes letters and digits only; other services allow more in their resource policies. */
function parseSid(value: unknown, path: string, kind: PolicyKind | undefined): string | undefined {
  if (value === undefined) return undefined;
  const sid = readString(value, path);
  if (kind !== undefined && kind !== "resource" && !/^[A-Za-z0-9]*$/u.test(sid)) {
    throw new PolicyError("ERR_POLICY_SID_INVALID", path, `"${sid}" may have letters and digits only`);
  }
  return sid;
}

function refuseRepeatedSids(statements: readonly Statement[], kind: PolicyKind | undefined): void {
  if (kind === "resource") return;
  const seen = new Set<string>();
  for (const { sid, index } of statements) {
    if (sid === undefined || sid === "") continue;
    if (seen.has(sid)) {
      throw new PolicyError(
        "ERR_POLICY_SID_DUPLICATE",
        `Statement[${index}].Sid`,
        `"${sid}" names an earlier statement too; statement ids in a policy must be unique`,
      );
    }
    seen.add(sid);
  }
}

function parseEffect(value: unknown, path: string): Effect {
  if (value === "Allow" || value === "Deny") return value;
  if (value === undefined) {
    throw new PolicyError("ERR_POLICY_EFFECT_MISSING", path, `is missing; write "Allow" or "Deny"`);
  }
  throw new PolicyError(
    "ERR_POLICY_EFFECT_INVALID",
    path,
    `expected "Allow" or "Deny", got ${describe(value)}`,
  );
}

/** `*`, or a service prefix and a name with a colon between them. The prefix may be `*`; the name may have wildcards. */
const ACTION = /^(?:\*|(?:\*|[A-Za-z0-9.-]+):[^:\s]+)$/u;

function parseAction(statement: JsonObject, path: string, kind: PolicyKind | undefined): ActionElement {
  const negated = "NotAction" in statement;
  if (negated && "Action" in statement) {
    throw new PolicyError("ERR_POLICY_ACTION_CONFLICT", path, "has both Action and NotAction; keep one");
  }
  const elementPath = join(path, negated ? "NotAction" : "Action");
  const value = statement[negated ? "NotAction" : "Action"];
  if (value === undefined) {
    throw new PolicyError("ERR_POLICY_ACTION_MISSING", elementPath, "is missing; write Action or NotAction");
  }
  const actions = readStrings(value, elementPath);
  for (const action of actions) {
    refuseVariables(action, elementPath);
    if (!ACTION.test(action)) {
      throw new PolicyError(
        "ERR_POLICY_ACTION_INVALID",
        elementPath,
        `"${action}" is no action; write "service:Name" or "*"`,
      );
    }
    if (kind === "trust" && (negated || !/^sts:/iu.test(action))) {
      throw new PolicyError(
        "ERR_POLICY_ACTION_INVALID",
        elementPath,
        `"${action}" cannot stand in a trust policy; list STS actions in Action, such as "sts:AssumeRole"`,
      );
    }
  }
  return compileAction(actions, negated);
}

function parseResource(
  statement: JsonObject,
  path: string,
  version: PolicyVersion,
  kind: PolicyKind | undefined,
): ResourceElement | undefined {
  const negated = "NotResource" in statement;
  if (negated && "Resource" in statement) {
    throw new PolicyError(
      "ERR_POLICY_RESOURCE_CONFLICT",
      path,
      "has both Resource and NotResource; keep one",
    );
  }
  const elementPath = join(path, negated ? "NotResource" : "Resource");
  const value = statement[negated ? "NotResource" : "Resource"];
  if (value === undefined) {
    if (kind === "identity" || kind === "session") {
      throw new PolicyError(
        "ERR_POLICY_RESOURCE_MISSING",
        elementPath,
        "is missing; write Resource or NotResource",
      );
    }
    return undefined;
  }
  if (kind === "trust") {
    throw new PolicyError(
      "ERR_POLICY_RESOURCE_PROHIBITED",
      elementPath,
      "a trust policy has no resource: the role is the resource; remove it",
    );
  }
  const sources = readStrings(value, elementPath);
  return {
    negated,
    patterns: sources.map((source) => parseResourcePattern(source, elementPath, version, kind)),
  };
}

function parseResourcePattern(
  source: string,
  path: string,
  version: PolicyVersion,
  kind: PolicyKind | undefined,
): ResourcePattern {
  const fields = source.split(":");
  const [prefix, partition, service] = fields;
  const refuse = (rule: string): PolicyError =>
    new PolicyError("ERR_POLICY_RESOURCE_INVALID", path, `"${source}" ${rule}`);

  if (source === "*") return compileResourcePattern(source, parseTemplate(source, path, version));
  if (prefix !== "arn" || partition === undefined || partition === "") {
    throw refuse(`must be in ARN format or "*": write "arn:partition:service:region:account:resource"`);
  }
  if (service === undefined || service === "" || /[*?]/u.test(service)) {
    throw refuse("must name its service in full, without wildcards");
  }
  const missing = 6 - fields.length;
  const completes = (kind === undefined || kind === "identity") && !source.includes("::");
  if (missing > 0 && !completes) {
    throw refuse('has fewer than the six fields of an ARN; write "*" for those that do not matter');
  }
  // In an identity-based policy, `arn:aws:sqs` is the same as `arn:aws:sqs:*:*:*`.
  const template = parseTemplate(source + ":*".repeat(Math.max(0, missing)), path, version);
  refuseEarlyVariables(template, source, path);
  return compileResourcePattern(source, template);
}

/**
 * A variable can stand only after the fifth colon of an ARN.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#policy-vars-resourceelement
 */
function refuseEarlyVariables(template: readonly TemplatePiece[], source: string, path: string): void {
  let colons = 0;
  for (const piece of template) {
    if (piece.kind === "variable" && colons < 5) {
      throw new PolicyError(
        "ERR_POLICY_VARIABLE_NOT_ALLOWED",
        path,
        `"${source}" has a policy variable before the fifth colon; variables can stand in the last part of an ARN only`,
      );
    }
    if (piece.kind === "text") colons += piece.text.split(":").length - 1;
  }
}
