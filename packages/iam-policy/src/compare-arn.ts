import { compileGlob, matchGlob } from "./glob.ts";
import type { GlobPiece } from "./glob.ts";

const COMPONENTS = 6;

/**
 * Compares ARNs as `ArnEquals` and `ArnLike` do: each of the six components by itself, so a wildcard never
 * reaches over a colon, except in the last component, which is the rest of the ARN.
 *
 * @returns a comparison that answers `undefined` when one side has fewer than six components
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_ARN
 */
export function compileArnComparison(pieces: readonly GlobPiece[]): (arn: string) => boolean | undefined {
  const globs = splitPieces(pieces).map((component) => compileGlob(component));
  return (arn) => {
    const components = splitArn(arn);
    if (globs.length !== COMPONENTS || components.length !== COMPONENTS) return undefined;
    return globs.every((glob, index) => matchGlob(glob, components[index] ?? ""));
  };
}

function splitArn(arn: string): readonly string[] {
  const parts = arn.split(":");
  return parts.length <= COMPONENTS
    ? parts
    : [...parts.slice(0, COMPONENTS - 1), parts.slice(COMPONENTS - 1).join(":")];
}

/** A colon that came out of a variable is part of its component, not the end of one. */
function splitPieces(pieces: readonly GlobPiece[]): readonly GlobPiece[][] {
  let last: GlobPiece[] = [];
  const components = [last];
  for (const piece of pieces) {
    if (piece.literal) {
      last.push(piece);
      continue;
    }
    let rest = piece.text;
    while (components.length < COMPONENTS && rest.includes(":")) {
      const colon = rest.indexOf(":");
      last.push({ text: rest.slice(0, colon), literal: false });
      last = [];
      components.push(last);
      rest = rest.slice(colon + 1);
    }
    last.push({ text: rest, literal: false });
  }
  return components;
}
