import { PolicyError } from "./policy-grammar.ts";
import type { PolicyVersion } from "./policy-grammar.ts";
import type { RequestContext } from "./request.ts";
import type { GlobPiece } from "./wildcard.ts";

/** Part of a policy string: text as written, a character that stands for itself, or a variable. */
export type TemplatePiece =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "character"; readonly text: string }
  | { readonly kind: "variable"; readonly key: string; readonly fallback: string | undefined };

/** `aws:username`, `aws:PrincipalTag/x509Subject/CN`, and a default in quotes: `aws:username, 'anonymous'`. */
const VARIABLE = /^([^\s,'${}]+:[^,'${}]+)(?:,\s*'([^']*)')?$/u;

/**
 * Splits a policy string at its variables. Version 2008-10-17 has no variables: there `${aws:username}` is
 * literal text.
 *
 * @param path of the string in the policy
 * @throws {PolicyError} ERR_POLICY_VARIABLE_INVALID when a `${` has no `}`, or no key stands between the two
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
 */
export function parseTemplate(
  source: string,
  path: string,
  version: PolicyVersion,
): readonly TemplatePiece[] {
  if (version === "2008-10-17" || !source.includes("${")) return [{ kind: "text", text: source }];
  const pieces: TemplatePiece[] = [];
  let at = 0;
  while (at < source.length) {
    const open = source.indexOf("${", at);
    if (open === -1) break;
    const close = source.indexOf("}", open);
    if (close === -1) {
      throw new PolicyError("ERR_POLICY_VARIABLE_INVALID", path, `"\${" without "}" in "${source}"`);
    }
    if (open > at) pieces.push({ kind: "text", text: source.slice(at, open) });
    pieces.push(parseVariable(source.slice(open + 2, close), path));
    at = close + 1;
  }
  if (at < source.length) pieces.push({ kind: "text", text: source.slice(at) });
  return pieces;
}

function parseVariable(inner: string, path: string): TemplatePiece {
  if (inner === "*" || inner === "?" || inner === "$") return { kind: "character", text: inner };
  const [, key, fallback] = VARIABLE.exec(inner) ?? [];
  if (key === undefined) {
    throw new PolicyError(
      "ERR_POLICY_VARIABLE_INVALID",
      path,
      `"\${${inner}}" is not a policy variable; write "\${service:key}" or "\${service:key, 'default'}"`,
    );
  }
  return { kind: "variable", key, fallback };
}

/**
 * Refuses variables in an element where IAM takes none, in any version of the language.
 *
 * @throws {PolicyError} ERR_POLICY_VARIABLE_NOT_ALLOWED
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#policy-vars-wheretouse
 */
export function refuseVariables(source: string, path: string): void {
  if (!source.includes("${")) return;
  throw new PolicyError(
    "ERR_POLICY_VARIABLE_NOT_ALLOWED",
    path,
    `"${source}" has a policy variable; they can stand only in Resource and in conditions with string or ARN operators`,
  );
}

export function hasVariables(pieces: readonly TemplatePiece[]): boolean {
  return pieces.some((piece) => piece.kind === "variable");
}

/** The pieces of a string without variables. */
export function constantPieces(pieces: readonly TemplatePiece[]): readonly GlobPiece[] {
  return pieces.flatMap((piece) =>
    piece.kind === "variable" ? [] : [{ text: piece.text, literal: piece.kind === "character" }],
  );
}

/**
 * Why a policy string cannot be resolved for a request. `no value`: the request has no value for a variable without
 * default. Such a variable is "effectively null": it is neither equal to nor like anything. `several values`: the key of
 * the variable is multivalued, and IAM does not say what such a variable means.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#policy-vars-no-value
 */
type Unresolved = "no value" | "several values";

/**
 * Puts the request's values in place of the variables. A value of the request never acts as a wildcard: a user named `*`
 * must not match everybody. IAM does not document this case; matching less is safe.
 */
export function resolveTemplate(
  pieces: readonly TemplatePiece[],
  context: RequestContext,
): readonly GlobPiece[] | Unresolved {
  const resolved: GlobPiece[] = [];
  for (const piece of pieces) {
    if (piece.kind !== "variable") {
      resolved.push({ text: piece.text, literal: piece.kind === "character" });
      continue;
    }
    const found = context.get(piece.key);
    const hasValue = found !== undefined && found.values.length > 0;
    // A multivalued key cannot be a policy variable; a default does not make up for that.
    if (hasValue && !found.single) return "several values";
    const text = hasValue ? found.values[0] : piece.fallback;
    if (text === undefined) return "no value";
    resolved.push({ text, literal: true });
  }
  return resolved;
}
