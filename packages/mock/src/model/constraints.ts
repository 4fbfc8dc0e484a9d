import { z } from "zod";

/** The constraint traits of a string in the service model. */
export interface TextRule {
  readonly min?: number;
  readonly max?: number;
  /** As the model writes it; it has to match the whole value. */
  readonly pattern?: string;
  /** The model's `sensitive` trait: messages leave the value out. */
  readonly sensitive?: boolean;
}

/** The constraint traits of a list in the service model. */
export interface ListRule {
  readonly min?: number;
  readonly max?: number;
}

/** A string member. */
export function text(rule: TextRule = {}) {
  return z.string().check((context) => {
    for (const constraint of brokenByText(context.value, rule)) {
      context.issues.push(issue(constraint, context.value, rule.sensitive));
    }
  });
}

/** A string that keeps the rule unless it matches `exempt`. */
export function textExcept(exempt: RegExp, rule: TextRule) {
  return z.string().check((context) => {
    if (exempt.test(context.value)) return;
    for (const constraint of brokenByText(context.value, rule)) {
      context.issues.push(issue(constraint, context.value));
    }
  });
}

/**
 * A list of strings. AWS reports a bad element on the list itself, with all the constraints of the element type.
 */
export function textList(listRule: ListRule, memberRule: TextRule) {
  return z.array(z.string()).check((context) => {
    for (const constraint of brokenByLength(context.value.length, listRule)) {
      context.issues.push(issue(constraint, context.value, memberRule.sensitive));
    }
    if (context.value.some((member) => brokenByText(member, memberRule).length > 0)) {
      const constraint = `Member must satisfy constraint: [${describeText(memberRule).join(", ")}]`;
      context.issues.push(issue(constraint, context.value, memberRule.sensitive));
    }
  });
}

/** A list of structures. */
export function list<T extends z.ZodType>(rule: ListRule, member: T) {
  return z.array(member).check((context) => {
    for (const constraint of brokenByLength(context.value.length, rule)) {
      context.issues.push(issue(constraint, context.value));
    }
  });
}

/** A map of strings; a bad key or value is reported on the map itself. */
export function textMap(mapRule: ListRule, keyRule: TextRule, valueRule: TextRule) {
  return z.record(z.string(), z.string()).check((context) => {
    const entries = Object.entries(context.value);
    for (const constraint of brokenByLength(entries.length, mapRule)) {
      context.issues.push(issue(constraint, context.value, true));
    }
    for (const [what, rule, broken] of [
      ["keys", keyRule, entries.some(([key]) => brokenByText(key, keyRule).length > 0)],
      ["value", valueRule, entries.some(([, value]) => brokenByText(value, valueRule).length > 0)],
    ] as const) {
      if (!broken) continue;
      const constraint = `Map ${what} must satisfy constraint: [${describeText(rule).join(", ")}]`;
      context.issues.push(issue(constraint, context.value, true));
    }
  });
}

/** An integer member. */
export function integer(rule: { readonly min?: number; readonly max?: number } = {}) {
  return z.int().check((context) => {
    if (rule.max !== undefined && context.value > rule.max) {
      context.issues.push(issue(`Member must have value less than or equal to ${rule.max}`, context.value));
    }
    if (rule.min !== undefined && context.value < rule.min) {
      context.issues.push(
        issue(`Member must have value greater than or equal to ${rule.min}`, context.value),
      );
    }
  });
}

/** A string with an enumeration of values. */
export function oneOf<const T extends string>(values: readonly T[]) {
  return z.string().transform((value, context) => {
    const found = values.find((candidate) => candidate === value);
    if (found !== undefined) return found;
    context.issues.push(issue(`Member must satisfy enum value set: [${values.join(", ")}]`, value));
    return z.NEVER;
  });
}

/** A blob: base64 in JSON, bytes in the program; length limits count bytes. */
export function blob(rule: ListRule) {
  return z.string().transform((value, context): Uint8Array => {
    if (!/^[A-Za-z0-9+/]*={0,2}$/.test(value)) {
      context.issues.push({ code: "custom", input: value, params: { notBase64: true } });
      return z.NEVER;
    }
    const bytes = Buffer.from(value, "base64");
    for (const constraint of brokenByLength(bytes.length, rule)) {
      context.issues.push(issue(constraint, value, true));
    }
    return bytes;
  });
}

function brokenByText(value: string, rule: TextRule): string[] {
  const broken = brokenByLength(value.length, rule);
  // Patterns run only on values of legal length: some of them take quadratic time.
  const tooLong = rule.max !== undefined && value.length > rule.max;
  if (rule.pattern !== undefined && !tooLong && !wholeMatch(rule.pattern).test(value)) {
    broken.push(`Member must satisfy regular expression pattern: ${rule.pattern}`);
  }
  return broken;
}

function brokenByLength(length: number, rule: ListRule): string[] {
  const broken: string[] = [];
  if (rule.max !== undefined && length > rule.max) {
    broken.push(`Member must have length less than or equal to ${rule.max}`);
  }
  if (rule.min !== undefined && length < rule.min) {
    broken.push(`Member must have length greater than or equal to ${rule.min}`);
  }
  return broken;
}

function describeText(rule: TextRule): string[] {
  const constraints: string[] = [];
  if (rule.max !== undefined) constraints.push(`Member must have length less than or equal to ${rule.max}`);
  if (rule.min !== undefined)
    constraints.push(`Member must have length greater than or equal to ${rule.min}`);
  if (rule.pattern !== undefined) {
    constraints.push(`Member must satisfy regular expression pattern: ${rule.pattern}`);
  }
  return constraints;
}

const compiled = new Map<string, RegExp>();

function wholeMatch(pattern: string): RegExp {
  const known = compiled.get(pattern);
  if (known !== undefined) return known;
  const expression = new RegExp(`^(?:${pattern})$`);
  compiled.set(pattern, expression);
  return expression;
}

/** `value` is what the message shows of the input: nothing for sensitive members. */
function issue(constraint: string, input: unknown, sensitive = false) {
  return {
    code: "custom" as const,
    message: constraint,
    input,
    params: { value: sensitive ? undefined : input },
  };
}
