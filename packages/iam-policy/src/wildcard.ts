/**
 * Matches IAM's wildcards: `*` matches any number of characters, `?` matches one.
 *
 * The matcher follows all possible positions in the pattern at once (Thompson's simulation of a
 * nondeterministic automaton) and never goes back, so a match never takes more than
 * (length of the value) × (length of the pattern + 1) steps.
 */

/** Part of a pattern. In a `literal` piece, `*` and `?` are ordinary characters. */
export interface GlobPiece {
  readonly text: string;
  readonly literal: boolean;
}

const ANY_RUN = 0;
const ANY_ONE = 1;
/** Like the two above, but these match no colon: wildcards within one of the first five segments of an ARN. */
const SEGMENT_RUN = 2;
const SEGMENT_ONE = 3;

/** One character of text, or one of the wildcard marks. */
type Token = string | typeof ANY_RUN | typeof ANY_ONE | typeof SEGMENT_RUN | typeof SEGMENT_ONE;

export type Glob =
  | { readonly kind: "exact"; readonly text: string }
  | { readonly kind: "prefix"; readonly text: string }
  | { readonly kind: "tokens"; readonly tokens: readonly Token[] };

interface GlobRun {
  readonly matched: boolean;
  /** Comparisons made; 0 for patterns without wildcards, or with one at the end only. */
  readonly steps: number;
}

/** A pattern in which every wildcard may match anything, colons and slashes included. */
export function compileGlob(pieces: readonly GlobPiece[]): Glob {
  return simplify(tokenize(pieces));
}

/**
 * A pattern for ARNs in `Resource` elements. In the first five segments a wildcard matches no colon, except a `*` at the
 * end of a segment. In the sixth segment a wildcard matches anything.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
 *   ("Using wildcards in resource ARNs")
 */
export function compileArnGlob(pieces: readonly GlobPiece[]): Glob {
  const tokens = tokenize(pieces);
  let colons = 0;
  return simplify(
    tokens.map((token, index): Token => {
      if (token === ":") colons += 1;
      if (colons >= 5) return token;
      if (token === ANY_ONE) return SEGMENT_ONE;
      const next = tokens[index + 1];
      const endsSegment = next === undefined || next === ":";
      return token === ANY_RUN && !endsSegment ? SEGMENT_RUN : token;
    }),
  );
}

export function matchGlob(glob: Glob, value: string): boolean {
  return runGlob(glob, value).matched;
}

/** Like {@link matchGlob}, and counts the comparisons. */
export function runGlob(glob: Glob, value: string): GlobRun {
  switch (glob.kind) {
    case "exact":
      return { matched: value === glob.text, steps: 0 };
    case "prefix":
      return { matched: value.startsWith(glob.text), steps: 0 };
    case "tokens":
      return simulate(glob.tokens, value);
  }
}

function tokenize(pieces: readonly GlobPiece[]): Token[] {
  const tokens: Token[] = [];
  for (const piece of pieces) {
    for (const character of piece.text) {
      const token = piece.literal ? character : wildcardOf(character);
      // Several `*` in a row match what one matches.
      if (token === ANY_RUN && tokens.at(-1) === ANY_RUN) continue;
      tokens.push(token);
    }
  }
  return tokens;
}

function wildcardOf(character: string): Token {
  if (character === "*") return ANY_RUN;
  return character === "?" ? ANY_ONE : character;
}

function simplify(tokens: readonly Token[]): Glob {
  const firstWildcard = tokens.findIndex((token) => typeof token !== "string");
  if (firstWildcard === -1) return { kind: "exact", text: tokens.join("") };
  if (firstWildcard === tokens.length - 1 && tokens[firstWildcard] === ANY_RUN) {
    return { kind: "prefix", text: tokens.slice(0, -1).join("") };
  }
  return { kind: "tokens", tokens };
}

function simulate(tokens: readonly Token[], value: string): GlobRun {
  const end = tokens.length;
  // For each position, the last character at which it was entered: no position is entered twice for one character.
  const entered = new Int32Array(end + 1).fill(-1);
  let steps = 0;
  let time = 0;
  let current = enter([], 0);

  for (const character of value) {
    time += 1;
    const next: number[] = [];
    for (const position of current) {
      steps += 1;
      const token = tokens[position];
      if (token === ANY_RUN && position === end - 1) return { matched: true, steps };
      if (token === ANY_RUN || (token === SEGMENT_RUN && character !== ":")) enter(next, position);
      else if (token === ANY_ONE || (token === SEGMENT_ONE && character !== ":") || token === character) {
        enter(next, position + 1);
      }
    }
    if (next.length === 0) return { matched: false, steps };
    current = next;
  }
  return { matched: entered[end] === time, steps };

  /** Adds a position, and the positions that follow it without a character, since `*` can match nothing. */
  function enter(positions: number[], start: number): number[] {
    for (let position = start; entered[position] !== time; position += 1) {
      entered[position] = time;
      positions.push(position);
      const token = tokens[position];
      if (token !== ANY_RUN && token !== SEGMENT_RUN) break;
    }
    return positions;
  }
}
