import { z } from "zod";

/** The length traits of a string or list in the service model. */
export interface LengthRule {
  readonly min?: number | undefined;
  readonly max?: number | undefined;
}

/** The constraint traits of a string in the service model. */
export interface TextRule extends LengthRule {
  /** As the model writes it; it has to match the whole value. */
  readonly pattern?: string;
  /** Values that need not keep the rule. */
  readonly except?: RegExp;
  /** The model's `sensitive` trait: messages leave the value out. */
  readonly sensitive?: boolean;
}

/** A constraint in AWS's words, and whether a value satisfies it. */
type Constraint<T> = readonly [constraint: string, isSatisfiedBy: (value: T) => boolean];

/** A string member. */
export function text(rule: TextRule = {}) {
  const check = satisfies(textConstraints(rule), rule.sensitive);
  return z.string().check((context) => {
    if (rule.except?.test(context.value) !== true) check(context);
  });
}

/** A list of strings. AWS reports a bad element on the list itself, with all the constraints of the element type. */
export function textList(listRule: LengthRule, memberRule: TextRule) {
  const constraints = [...lengthConstraints(listRule), everyOne("Member", memberRule)];
  return z.array(z.string()).check(satisfies<string[]>(constraints, memberRule.sensitive));
}

/** A list of structures. */
export function list<T extends z.ZodType>(rule: LengthRule, member: T) {
  return z.array(member).check(satisfies(lengthConstraints(rule)));
}

/** A map of strings. AWS reports a bad key or value on the map itself. */
export function textMap(mapRule: LengthRule, keyRule: TextRule, valueRule: TextRule) {
  type Texts = Record<string, string>;
  const constraints = [
    ...on((map: Texts) => Object.keys(map), [...lengthConstraints(mapRule), everyOne("Map keys", keyRule)]),
    ...on((map: Texts) => Object.values(map), [everyOne("Map value", valueRule)]),
  ];
  return z.record(z.string(), z.string()).check(satisfies(constraints, true));
}

/** An integer member. */
export function integer({ min, max }: LengthRule = {}) {
  return z.int().check(satisfies(boundConstraints("value", { min, max })));
}

/** A blob: base64 in JSON, bytes in the program; length limits count bytes. */
export function blob(rule: LengthRule) {
  return z.string().transform((value, context): Uint8Array => {
    if (!/^[A-Za-z0-9+/]*={0,2}$/.test(value)) {
      context.issues.push({ code: "custom", input: value, params: { notBase64: true } });
      return z.NEVER;
    }
    const bytes = Buffer.from(value, "base64");
    satisfies(lengthConstraints(rule), true)({ value: bytes, issues: context.issues });
    return bytes;
  });
}

function boundConstraints(what: "length" | "value", { min, max }: LengthRule): Constraint<number>[] {
  const constraints: Constraint<number>[] = [];
  if (max !== undefined) {
    constraints.push([`Member must have ${what} less than or equal to ${max}`, (value) => value <= max]);
  }
  if (min !== undefined) {
    constraints.push([`Member must have ${what} greater than or equal to ${min}`, (value) => value >= min]);
  }
  return constraints;
}

function lengthConstraints(rule: LengthRule): Constraint<{ readonly length: number }>[] {
  return on(({ length }) => length, boundConstraints("length", rule));
}

function textConstraints(rule: TextRule): Constraint<string>[] {
  const { pattern, max = Infinity } = rule;
  if (pattern === undefined) return lengthConstraints(rule);
  const wholeValue = new RegExp(`^(?:${pattern})$`);
  return [
    ...lengthConstraints(rule),
    [
      `Member must satisfy regular expression pattern: ${pattern}`,
      // Patterns run only on values of legal length: some of them take quadratic time.
      (value) => value.length > max || wholeValue.test(value),
    ],
  ];
}

/** The constraint that every string of a list satisfies a rule. Its text names all constraints of the rule. */
function everyOne(what: string, rule: TextRule): Constraint<readonly string[]> {
  const constraints = textConstraints(rule);
  return [
    `${what} must satisfy constraint: [${constraints.map(([constraint]) => constraint).join(", ")}]`,
    (values) => values.every((value) => constraints.every(([, isSatisfiedBy]) => isSatisfiedBy(value))),
  ];
}

/** Constraints of a part, as constraints of the whole that has it. */
function on<Whole, Part>(
  partOf: (whole: Whole) => Part,
  constraints: readonly Constraint<Part>[],
): Constraint<Whole>[] {
  return constraints.map(([text, isSatisfiedBy]) => [text, (whole) => isSatisfiedBy(partOf(whole))]);
}

/** The check that reports each constraint that a value breaks. Messages show nothing of a sensitive value. */
function satisfies<T>(constraints: readonly Constraint<T>[], sensitive = false) {
  return ({ value, issues }: z.core.ParsePayload<T>): void => {
    const params = { value: sensitive ? undefined : value };
    for (const [message, isSatisfiedBy] of constraints) {
      if (!isSatisfiedBy(value)) issues.push({ code: "custom", message, input: value, params });
    }
  };
}
