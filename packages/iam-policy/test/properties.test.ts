import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { evaluatePolicies, evaluatePolicy, explainPolicies, parsePolicy } from "../src/index.ts";
import type { PolicyDocument, PolicyRequest } from "../src/index.ts";

const effects = fc.constantFrom("Allow", "Deny");
const names = fc.constantFrom("s3:GetObject", "s3:PutObject", "S3:getobject", "sqs:SendMessage");
const actionPatterns = fc.oneof(names, fc.constantFrom("*", "s3:*", "s3:Get*", "*:*Object", "s3:?etObject"));
const arns = fc.constantFrom(
  "arn:aws:s3:::a/x",
  "arn:aws:s3:::a/y",
  "arn:aws:s3:::b/x",
  "arn:aws:sqs:us-east-1:111122223333:q",
);
const resourcePatterns = fc.oneof(
  arns,
  fc.constantFrom("*", "arn:aws:s3:::a/*", "arn:aws:s3:::*/x", "arn:aws:s3:::${x:a}/*", "arn:aws:sqs"),
);
const keys = fc.constantFrom("x:a", "x:b", "X:A", "x:list");
const words = fc.constantFrom("a", "b", "A", "", "1", "2", "true", "false", "2020-01-01", "203.0.113.7");
const someOf = <T>(one: fc.Arbitrary<T>) => fc.oneof(one, fc.array(one, { minLength: 1, maxLength: 3 }));

const operands = new Map<string, fc.Arbitrary<string>>([
  ["StringEquals", words],
  ["StringNotEquals", words],
  ["StringEqualsIgnoreCase", words],
  ["StringNotEqualsIgnoreCase", words],
  ["StringLike", fc.oneof(words, fc.constantFrom("*", "?", "a*", "${x:b}"))],
  ["StringNotLike", fc.oneof(words, fc.constantFrom("*", "?", "a*", "${x:b}"))],
  ["NumericEquals", fc.constantFrom("1", "2.0")],
  ["NumericNotEquals", fc.constantFrom("1", "2.0")],
  ["NumericLessThan", fc.constantFrom("1", "2.0")],
  ["DateGreaterThanEquals", fc.constantFrom("2020-01-01", "1577836800")],
  ["DateNotEquals", fc.constantFrom("2020-01-01", "1577836800")],
  ["Bool", fc.constantFrom("true", "false")],
  ["IpAddress", fc.constantFrom("203.0.113.0/24", "::/0")],
  ["NotIpAddress", fc.constantFrom("203.0.113.0/24", "::/0")],
  ["ArnLike", fc.constantFrom("arn:aws:s3:::a/*", "arn:aws:s3:::${x:b}")],
  ["ArnNotLike", fc.constantFrom("arn:aws:s3:::a/*", "arn:aws:s3:::${x:b}")],
]);

interface OneCondition {
  readonly operator: string;
  readonly key: string;
  readonly values: string | readonly string[];
}

/** An operator without `IfExists`, with or without a set qualifier, and values of its type. */
const plainConditions: fc.Arbitrary<OneCondition> = fc
  .constantFrom(...operands.entries())
  .chain(([operator, values]) =>
    fc.record({
      operator: fc.constantFrom("", "ForAllValues:", "ForAnyValue:").map((prefix) => prefix + operator),
      key: keys,
      values: someOf(values),
    }),
  );
const conditions: fc.Arbitrary<object> = fc
  .option(fc.tuple(plainConditions, fc.constantFrom("", "IfExists")), { nil: undefined })
  .map((one) => (one === undefined ? {} : block(one[0], one[1])));

function block({ operator, key, values }: OneCondition, suffix = ""): object {
  return { Condition: { [operator + suffix]: { [key]: values } } };
}

const statements = fc
  .tuple(
    effects,
    fc.constantFrom("Action", "NotAction"),
    someOf(actionPatterns),
    fc.constantFrom("Resource", "NotResource"),
    someOf(resourcePatterns),
    conditions,
  )
  .map(([Effect, action, actions, resource, resources, condition]) =>
    Object.assign({ Effect, [action]: actions, [resource]: resources }, condition),
  );
const documents = fc.array(statements, { minLength: 1, maxLength: 4 });

const contexts = fc.dictionary(keys, fc.oneof(words, fc.array(words, { maxLength: 3 })), {
  maxKeys: 3,
  noNullPrototype: true,
});
const requests: fc.Arbitrary<PolicyRequest> = fc.record(
  { action: names, resource: arns, context: contexts },
  { requiredKeys: ["action", "context"] },
);

function parse(list: readonly object[]): PolicyDocument {
  return parsePolicy(JSON.stringify({ Version: "2012-10-17", Statement: list }), {
    kind: "identity",
  });
}

const effectOf = (list: readonly object[], request: PolicyRequest): string =>
  evaluatePolicy(parse(list), request).effect;

const implies = (premise: boolean, conclusion: boolean): boolean => !premise || conclusion;

const runs = { numRuns: 700 };

describe("any policy", () => {
  it("allows no more after a Deny is added", () => {
    fc.assert(
      fc.property(documents, statements, requests, (list, more, request) => {
        const before = effectOf(list, request);
        const after = effectOf([...list, { ...more, Effect: "Deny" }], request);
        expect([before, "ExplicitDeny"]).toContain(after);
      }),
      runs,
    );
  });

  it("allows no less after an Allow is added", () => {
    fc.assert(
      fc.property(documents, statements, requests, (list, more, request) => {
        const before = effectOf(list, request);
        const after = effectOf([...list, { ...more, Effect: "Allow" }], request);
        expect(after).toBe(before === "ImplicitDeny" ? after : before);
        expect(after === "ExplicitDeny").toBe(before === "ExplicitDeny");
      }),
      runs,
    );
  });

  it("decides the same in every order of its statements", () => {
    fc.assert(
      fc.property(
        documents.chain((list) =>
          fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
        ),
        requests,
        ([list, shuffled], request) => {
          expect(effectOf(shuffled, request)).toBe(effectOf(list, request));
        },
      ),
      runs,
    );
  });

  it("decides the same as a document and as its statements apart", () => {
    fc.assert(
      fc.property(documents, requests, (list, request) => {
        const apart = list.map((statement) => parse([statement]));
        expect(evaluatePolicies({ identityPolicies: apart }, request).effect).toBe(effectOf(list, request));
      }),
      runs,
    );
  });

  it("decides the same whatever the case of the request's keys and action", () => {
    fc.assert(
      fc.property(documents, requests, (list, request) => {
        const context = Object.fromEntries(
          Object.entries(request.context).map(([key, value]) => [key.replace("x:", "X:"), value]),
        );
        fc.pre(Object.keys(context).length === Object.keys(request.context).length);
        const same = { ...request, action: request.action.toUpperCase(), context };
        expect(effectOf(list, same)).toBe(effectOf(list, request));
      }),
      runs,
    );
  });

  it("gives the statement and a reason for every decision", () => {
    fc.assert(
      fc.property(documents, requests, (list, request) => {
        const decision = evaluatePolicy(parse(list), request);
        expect(decision.reason).toContain(request.action);
        expect(decision.statement !== undefined).toBe(decision.effect !== "ImplicitDeny");
      }),
      runs,
    );
  });
});

describe("any Allow", () => {
  const allow = (more: object): object => ({ Effect: "Allow", Action: "*", Resource: "*", ...more });

  it("allows no less when an element becomes *", () => {
    fc.assert(
      fc.property(statements, requests, (statement, request) => {
        const { Condition } = { Condition: {}, ...statement };
        const narrow = effectOf([{ ...statement, Effect: "Allow" }], request);
        const wide = effectOf([allow({ Condition })], request);
        expect(implies(narrow === "Allow", wide === "Allow")).toBe(true);
      }),
      runs,
    );
  });

  it("allows no less with IfExists, and the same when the key is present", () => {
    fc.assert(
      fc.property(plainConditions, requests, (condition, request) => {
        const strict = effectOf([allow(block(condition))], request);
        const lenient = effectOf([allow(block(condition, "IfExists"))], request);
        const present = Object.entries(request.context).some(
          ([key, value = []]) => key.toLowerCase() === condition.key.toLowerCase() && value.length > 0,
        );
        expect(implies(strict === "Allow" || present, lenient === strict)).toBe(true);
      }),
      runs,
    );
  });

  it("allows with two conditions what it allows with each of them", () => {
    fc.assert(
      fc.property(plainConditions, plainConditions, requests, (one, two, request) => {
        fc.pre(one.operator !== two.operator);
        const Condition = {
          [one.operator]: { [one.key]: one.values },
          [two.operator]: { [two.key]: two.values },
        };
        const together = effectOf([allow({ Condition })], request);
        const apart = [one, two].map((condition) => effectOf([allow(block(condition))], request));
        expect(together === "Allow").toBe(apart.every((effect) => effect === "Allow"));
      }),
      runs,
    );
  });
});

describe("any set of policies", () => {
  it("allows a session no more than its identity policies do", () => {
    fc.assert(
      fc.property(documents, documents, documents, requests, (identity, session, boundary, request) => {
        const limited = evaluatePolicies(
          {
            identityPolicies: [parse(identity)],
            sessionPolicies: [parse(session)],
            permissionsBoundaries: [parse(boundary)],
          },
          request,
        ).effect;
        const separately = [identity, session, boundary].map((list) => effectOf(list, request));
        expect(limited === "Allow").toBe(separately.every((effect) => effect === "Allow"));
        expect(limited === "ExplicitDeny").toBe(separately.includes("ExplicitDeny"));
      }),
      runs,
    );
  });

  const caller = { type: "AWS", id: "arn:aws:sts::111122223333:assumed-role/r/s" } as const;
  const asResource = (list: readonly object[], Principal: unknown): PolicyDocument =>
    parsePolicy({
      Version: "2012-10-17",
      Statement: list.map((statement) => ({ ...statement, Principal })),
    });
  const principals = fc.constantFrom("*", { AWS: caller.id }, { AWS: "111122223333" });

  it("allows across accounts exactly what both sides allow", () => {
    fc.assert(
      fc.property(documents, documents, principals, requests, (identity, resource, named, request) => {
        const asked = { ...request, principal: caller, resourceAccount: "444455556666" };
        const resourcePolicy = asResource(resource, named);
        const together = evaluatePolicies(
          { identityPolicies: [parse(identity)], resourcePolicies: [resourcePolicy] },
          asked,
        ).effect;
        const sides = [effectOf(identity, request), evaluatePolicy(resourcePolicy, asked).effect];
        expect(together === "Allow").toBe(sides.every((effect) => effect === "Allow"));
        expect(together === "ExplicitDeny").toBe(sides.includes("ExplicitDeny"));
      }),
      runs,
    );
  });

  it("allows within an account what either side allows, when the resource policy names the session", () => {
    fc.assert(
      fc.property(documents, documents, requests, (identity, resource, request) => {
        const asked = { ...request, principal: caller, resourceAccount: "111122223333" };
        const resourcePolicy = asResource(resource, { AWS: caller.id });
        const together = evaluatePolicies(
          { identityPolicies: [parse(identity)], resourcePolicies: [resourcePolicy] },
          asked,
        ).effect;
        const sides = new Set([effectOf(identity, request), evaluatePolicy(resourcePolicy, asked).effect]);
        expect(together === "Allow").toBe(sides.has("Allow") && !sides.has("ExplicitDeny"));
      }),
      runs,
    );
  });

  it("explains what it decides, by the statements that apply", () => {
    fc.assert(
      fc.property(documents, documents, requests, (identity, session, request) => {
        const policies = { identityPolicies: [parse(identity)], sessionPolicies: [parse(session)] };
        const explanation = explainPolicies(policies, request);
        expect(explanation).toMatchObject(evaluatePolicies(policies, request));
        for (const { statements } of explanation.policies) {
          for (const { applies, obstacles } of statements) expect(obstacles.length === 0).toBe(applies);
        }
        expect(explanation.policies.map(({ effect }) => effect)).toEqual(
          [identity, session].map((list) => effectOf(list, request)),
        );
      }),
      runs,
    );
  });
});

describe("a negated operator", () => {
  const negated = fc.constantFrom("StringNotEquals", "StringNotEqualsIgnoreCase", "StringNotLike");
  const sets = fc.constantFrom("", "ForAnyValue:", "ForAllValues:");
  const suffixes = fc.constantFrom("", "IfExists");

  it("holds for whatever value when its only variable has no value, and its opposite does not", () => {
    fc.assert(
      fc.property(negated, sets, suffixes, words, words, (operator, set, suffix, around, actual) => {
        fc.pre(actual !== "");
        const effect = (name: string): string =>
          effectOf(
            [
              {
                Effect: "Allow",
                Action: "*",
                Resource: "*",
                Condition: { [set + name + suffix]: { "x:a": `${around}\${x:none}` } },
              },
            ],
            { action: "s3:GetObject", context: { "x:a": actual } },
          );
        expect(effect(operator)).toBe("Allow");
        expect(effect(operator.replace("Not", ""))).toBe("ImplicitDeny");
      }),
      runs,
    );
  });
});
