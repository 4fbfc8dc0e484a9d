import { ALLOW, DENY, IMPLICIT, PAGES, policy } from "./policy-case.ts";
import type { PolicyCase } from "./policy-case.ts";
import type { ContextRecord } from "../src/index.ts";

const bob = { "aws:username": "Bob" };
const home = (suffix: string): object =>
  policy({ Effect: "Allow", Action: "s3:*", Resource: `arn:aws:s3:::bucket/${suffix}` });
const when = (operator: string, key: string, value: string): object =>
  policy({ Effect: "Allow", Action: "*", Resource: "*", Condition: { [operator]: { [key]: value } } });
const except = (effect: string, suffix: string): object =>
  policy(
    { Effect: "Allow", Action: "*", Resource: effect === "Allow" ? "arn:aws:s3:::none" : "*" },
    { Effect: effect, Action: "s3:*", NotResource: `arn:aws:s3:::bucket/${suffix}` },
  );
const old = (document: object): object => ({ ...document, Version: "2008-10-17" });
const cn = "aws:PrincipalTag/x509Subject/CN";
const user = "${aws:username}";

/** One row: name, source, document, key of the object in `bucket`, context, expected effect. */
type Row = readonly [string, string, object, string, ContextRecord, PolicyCase["expected"]];

const vars = PAGES.variables;
const rows: readonly Row[] = [
  ["a variable in a resource", vars, home(`${user}/*`), "Bob/x", bob, ALLOW],
  ["another user's folder", vars, home(`${user}/*`), "Ann/x", bob, IMPLICIT],
  ["the case of the variable's name is ignored", vars, home("${AWS:UserName}/*"), "Bob/x", bob, ALLOW],
  ["the case of its value is not", vars, home(`${user}/*`), "bob/x", bob, IMPLICIT],
  ["a variable without value matches nothing", vars, home(`${user}/*`), "/x", {}, IMPLICIT],
  ["a variable without value is not its own text", vars, home(user), user, {}, IMPLICIT],
  [
    "a tag as variable",
    vars,
    home("${aws:PrincipalTag/department}"),
    "hr",
    { "aws:PrincipalTag/department": "hr" },
    ALLOW,
  ],
  [
    "a certificate's common name as variable",
    PAGES.trust,
    home(`\${${cn}}/*`),
    "client/x",
    { [cn]: "client" },
    ALLOW,
  ],
  [
    "another certificate's folder",
    PAGES.trust,
    home(`\${${cn}}/*`),
    "client2/x",
    { [cn]: "client" },
    IMPLICIT,
  ],
  ["two variables", vars, home(`${user}/\${aws:userid}`), "Bob/7", { ...bob, "aws:userid": "7" }, ALLOW],
  ["one of two without value", vars, home(`${user}/\${aws:userid}`), "Bob/7", bob, IMPLICIT],
  ["an empty value is a value", vars, home(`${user}x`), "x", { "aws:username": "" }, ALLOW],
  ["a default for a missing value", vars, home("${aws:userid, 'anonymous'}"), "anonymous", {}, ALLOW],
  [
    "a default does not replace a value",
    vars,
    home("${aws:userid, 'anonymous'}"),
    "anonymous",
    { "aws:userid": "7" },
    IMPLICIT,
  ],
  [
    "the value comes before the default",
    vars,
    home("${aws:userid, 'anonymous'}"),
    "7",
    { "aws:userid": "7" },
    ALLOW,
  ],
  ["an empty default", vars, home("x${aws:userid, ''}"), "x", {}, ALLOW],
  [
    "a default with wildcards is text",
    PAGES.undocumented,
    home("${aws:userid, '*'}"),
    "anything",
    {},
    IMPLICIT,
  ],
  ["${*} is an asterisk", vars, home("a${*}"), "a*", {}, ALLOW],
  ["${*} is no wildcard", vars, home("a${*}"), "abc", {}, IMPLICIT],
  ["${?} is a question mark", vars, home("a${?}"), "a?", {}, ALLOW],
  ["${?} is no wildcard", vars, home("a${?}"), "ab", {}, IMPLICIT],
  ["${$} is a dollar sign", vars, home("a${$}{aws:username}"), "a${aws:username}", bob, ALLOW],
  ["${*} beside a wildcard", vars, home("*${*}*"), "a*b", {}, ALLOW],
  ["${*} beside a wildcard still asks for it", vars, home("*${*}*"), "ab", {}, IMPLICIT],
  [
    "a value with a wildcard does not act as one",
    PAGES.undocumented,
    home(`${user}/*`),
    "Ann/x",
    { "aws:username": "*" },
    IMPLICIT,
  ],
  [
    "a value with a wildcard matches itself",
    PAGES.undocumented,
    home(`${user}/*`),
    "*/x",
    { "aws:username": "*" },
    ALLOW,
  ],
  [
    "a key with several values is no variable",
    PAGES.multivaluedKeys,
    home("${aws:TagKeys}"),
    "a",
    { "aws:TagKeys": ["a"] },
    IMPLICIT,
  ],
  [
    "a key without values takes the default",
    vars,
    home("${aws:TagKeys, 'a'}"),
    "a",
    { "aws:TagKeys": [] },
    ALLOW,
  ],
  [
    "nor does its default count",
    PAGES.undocumented,
    home("${aws:TagKeys, 'a'}"),
    "a",
    { "aws:TagKeys": ["a", "b"] },
    IMPLICIT,
  ],
  ["NotResource with a variable, own folder", vars, except("Allow", `${user}/*`), "Bob/x", bob, IMPLICIT],
  ["NotResource with a variable, another folder", vars, except("Allow", `${user}/*`), "Ann/x", bob, ALLOW],
  [
    "NotResource with a variable without value does not allow",
    PAGES.undocumented,
    except("Allow", `${user}/*`),
    "Ann/x",
    {},
    IMPLICIT,
  ],
  [
    "NotResource with a variable without value denies",
    PAGES.undocumented,
    except("Deny", `${user}/*`),
    "Ann/x",
    {},
    DENY,
  ],

  [
    "StringEquals takes variables",
    vars,
    when("StringEquals", "aws:ResourceTag/owner", user),
    "x",
    { ...bob, "aws:ResourceTag/owner": "Bob" },
    ALLOW,
  ],
  [
    "StringEquals with another value",
    vars,
    when("StringEquals", "aws:ResourceTag/owner", user),
    "x",
    { ...bob, "aws:ResourceTag/owner": "Ann" },
    IMPLICIT,
  ],
  [
    "StringEquals with a variable without value",
    vars,
    when("StringEquals", "aws:ResourceTag/owner", user),
    "x",
    { "aws:ResourceTag/owner": user },
    IMPLICIT,
  ],
  [
    "StringLike takes variables",
    vars,
    when("StringLike", "s3:prefix", `${user}/*`),
    "x",
    { ...bob, "s3:prefix": "Bob/a" },
    ALLOW,
  ],
  [
    "StringLike: the value is no pattern",
    PAGES.undocumented,
    when("StringLike", "s3:prefix", `${user}/*`),
    "x",
    { "aws:username": "*", "s3:prefix": "Ann/a" },
    IMPLICIT,
  ],
  [
    "StringNotLike takes variables",
    vars,
    when("StringNotLike", "s3:prefix", `${user}/*`),
    "x",
    { ...bob, "s3:prefix": "Bob/a" },
    IMPLICIT,
  ],
  [
    "StringEqualsIgnoreCase takes variables",
    vars,
    when("StringEqualsIgnoreCase", "x:a", user),
    "x",
    { ...bob, "x:a": "BOB" },
    ALLOW,
  ],
  [
    "ArnLike takes variables",
    vars,
    when("ArnLike", "aws:SourceArn", `arn:aws:iam::111122223333:user/${user}`),
    "x",
    { ...bob, "aws:SourceArn": "arn:aws:iam::111122223333:user/Bob" },
    ALLOW,
  ],
  [
    "ArnEquals with a variable in the account",
    vars,
    when("ArnEquals", "aws:SourceArn", "arn:aws:sns:*:${aws:PrincipalAccount}:t"),
    "x",
    { "aws:PrincipalAccount": "111122223333", "aws:SourceArn": "arn:aws:sns:us-east-1:111122223333:t" },
    ALLOW,
  ],
  [
    "a colon in a value does not move the components of an ARN",
    PAGES.undocumented,
    when("ArnLike", "aws:SourceArn", "arn:aws:sns:${x:a}:t"),
    "x",
    { "x:a": "us-east-1:111122223333", "aws:SourceArn": "arn:aws:sns:us-east-1:111122223333:t" },
    IMPLICIT,
  ],

  ["2008-10-17 has no variables", PAGES.version, old(home(`${user}/*`)), "Bob/x", bob, IMPLICIT],
  ["there the text stands for itself", PAGES.version, old(home(`${user}/*`)), `${user}/x`, bob, ALLOW],
  ["there ${*} is text with a wildcard in it", PAGES.version, old(home("a${*}")), "a${zz}", {}, ALLOW],
  [
    "without Version it is 2008-10-17",
    PAGES.version,
    { Statement: [{ Effect: "Allow", Action: "s3:*", Resource: `arn:aws:s3:::bucket/${user}` }] },
    "Bob",
    bob,
    IMPLICIT,
  ],
  [
    "conditions of 2008-10-17 have none either",
    PAGES.version,
    old(when("StringEquals", "x:a", user)),
    "x",
    { ...bob, "x:a": user },
    ALLOW,
  ],
];

export const variableCases: readonly PolicyCase[] = rows.map(
  ([name, source, document, key, context, expected]) => ({
    name,
    source,
    kind: "identity",
    policy: document,
    request: { action: "s3:GetObject", resource: `arn:aws:s3:::bucket/${key}`, context },
    expected,
  }),
);
