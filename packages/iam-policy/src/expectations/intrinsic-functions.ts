import { describe, isObject, join } from "../policy-json.ts";
import type { JsonObject } from "../policy-json.ts";
import { unresolved } from "./policy-test-error.ts";
import type { Place } from "./resource-kinds.ts";

/** What the intrinsic functions of a template need to know of it. */
export interface TemplateSource {
  readonly place: Place;
  /** What the caller says about values that only a deployment knows, by name. */
  readonly values: Readonly<Record<string, unknown>>;
  /** A part of the template, such as `Parameters`; empty when the template does not have it. */
  section(name: string): JsonObject;
  /** What `Ref` returns for a resource. */
  refOf(id: string, path: string): string;
  /** What `Fn::GetAtt` returns. */
  attributeOf(id: string, attribute: string, path: string): string;
}

/**
 * A value with all intrinsic functions resolved. Members that are `AWS::NoValue` are left out.
 *
 * @throws {PolicyTestError} ERR_POLICY_TEST_UNRESOLVED for what only a deployment knows
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
 */
export function resolve(source: TemplateSource, value: unknown, path: string): unknown {
  if (Array.isArray(value)) {
    const items = value.map((item, index) => resolve(source, item, `${path}[${index}]`));
    return items.filter((item) => item !== undefined);
  }
  if (!isObject(value)) return value;
  const [[name, argument] = ["", undefined], ...others] = Object.entries(value);
  if (others.length === 0 && (name === "Ref" || name.startsWith("Fn::"))) {
    return call(source, name, argument, join(path, name));
  }
  const members = Object.entries(value).map(
    ([key, member]) => [key, resolve(source, member, join(path, key))] as const,
  );
  return Object.fromEntries(members.filter(([, member]) => member !== undefined));
}

/** A resolved value that has to be a text. Numbers and Booleans are written as one. */
export function resolveText(source: TemplateSource, value: unknown, path: string): string {
  const resolved = resolve(source, value, path);
  if (["string", "number", "boolean"].includes(typeof resolved)) return String(resolved);
  throw unresolved(path, `expected a text, got ${describe(resolved)}`);
}

/** A resolved value that has to be a list; empty when it is absent. */
export function resolveList(source: TemplateSource, value: unknown, path: string): readonly unknown[] {
  const resolved = resolve(source, value, path);
  if (resolved === undefined) return [];
  if (Array.isArray(resolved)) return resolved;
  throw unresolved(path, `expected a list, got ${describe(resolved)}`);
}

function call(source: TemplateSource, name: string, argument: unknown, path: string): unknown {
  const parts: readonly unknown[] = Array.isArray(argument) ? argument : [];
  const text = (index: number): string => resolveText(source, parts[index], `${path}[${index}]`);
  const list = (index: number) => resolveList(source, parts[index], `${path}[${index}]`);
  switch (name) {
    case "Ref":
      return ref(source, resolveText(source, argument, path), path);
    case "Fn::GetAtt": {
      const [id = "", ...attribute] = typeof argument === "string" ? argument.split(".") : [text(0), text(1)];
      return attributeOf(source, id, attribute.join("."), path);
    }
    case "Fn::Sub":
      return substitute(source, argument, path);
    case "Fn::Join":
      return list(1)
        .map((item, index) => resolveText(source, item, `${path}[1][${index}]`))
        .join(text(0));
    case "Fn::Split":
      return text(1).split(text(0));
    case "Fn::Select": {
      const item = list(1)[Number(text(0))];
      if (item !== undefined) return item;
      throw unresolved(path, `the list has no item ${text(0)}`);
    }
    case "Fn::If":
      return resolve(source, parts[holds(source, { Condition: parts[0] }, path) ? 1 : 2], path);
    case "Fn::FindInMap": {
      const [map, key, name] = [text(0), text(1), text(2)];
      const found = objectIn(objectIn(source.section("Mappings"), map), key)[name];
      if (found !== undefined) return found;
      throw unresolved(path, `the template has no mapping ${map}, ${key}, ${name}`);
    }
    case "Fn::ToJsonString":
      return JSON.stringify(resolve(source, argument, path));
    case "Fn::ImportValue": {
      const exported = resolveText(source, argument, path);
      if (source.values[exported] !== undefined) return source.values[exported];
      throw unresolved(path, `${JSON.stringify(exported)} is the export of another stack`, exported);
    }
    default:
      throw unresolved(path, `${name} needs a deployment; write its result into the template`);
  }
}

function ref(source: TemplateSource, name: string, path: string): unknown {
  if (name === "AWS::NoValue") return undefined;
  if (source.values[name] !== undefined) return source.values[name];
  const { partition, region, account } = source.place;
  const pseudo: Readonly<Record<string, string>> = {
    "AWS::Partition": partition,
    "AWS::Region": region,
    "AWS::AccountId": account,
    "AWS::URLSuffix": partition === "aws-cn" ? "amazonaws.com.cn" : "amazonaws.com",
  };
  if (pseudo[name] !== undefined) return pseudo[name];
  const parameter = source.section("Parameters")[name];
  if (!isObject(parameter)) return source.refOf(name, path);
  const { Type: type, Default: byDefault } = parameter;
  // The default of a parameter of such a type is the name of another parameter, in Systems Manager.
  if (byDefault === undefined || String(type).startsWith("AWS::SSM::")) {
    throw unresolved(path, `the parameter ${name} has no value`, name);
  }
  return /^(?:CommaDelimitedList|List<)/u.test(String(type)) ? String(byDefault).split(",") : byDefault;
}

function attributeOf(source: TemplateSource, id: string, attribute: string, path: string): unknown {
  return source.values[`${id}.${attribute}`] ?? source.attributeOf(id, attribute, path);
}

function substitute(source: TemplateSource, argument: unknown, path: string): string {
  const [text, variables]: readonly unknown[] = Array.isArray(argument) ? argument : [argument];
  const own = isObject(variables) ? variables : {};
  if (typeof text !== "string") throw unresolved(path, `expected a text, got ${describe(text)}`);
  return text.replaceAll(/\$\{(!?)([^}]*)\}/gu, (_, literal: string, variable: string) => {
    if (literal !== "") return `\${${variable}}`;
    const name = variable.trim();
    if (own[name] !== undefined) return resolveText(source, own[name], join(path, name));
    const [id = "", ...attribute] = name.split(".");
    const value =
      attribute.length === 0 ? ref(source, id, path) : attributeOf(source, id, attribute.join("."), path);
    return resolveText(source, value, path);
  });
}

/** Whether a condition of the template holds. */
export function holds(source: TemplateSource, condition: unknown, path: string): boolean {
  const [[name, argument] = ["", undefined]] = isObject(condition) ? Object.entries(condition) : [];
  const parts: readonly unknown[] = Array.isArray(argument) ? argument : [];
  switch (name) {
    case "Condition": {
      const named = source.section("Conditions")[String(argument)];
      if (named !== undefined) return holds(source, named, `Conditions.${String(argument)}`);
      throw unresolved(path, `the template has no condition ${String(argument)}`);
    }
    case "Fn::Equals":
      return resolveText(source, parts[0], path) === resolveText(source, parts[1], path);
    case "Fn::Not":
      return !holds(source, parts[0], path);
    case "Fn::And":
      return parts.every((part) => holds(source, part, path));
    case "Fn::Or":
      return parts.some((part) => holds(source, part, path));
    default:
      throw unresolved(path, `${name || describe(condition)} is no function for conditions`);
  }
}

function objectIn(object: JsonObject, key: string): JsonObject {
  const member = object[key];
  return isObject(member) ? member : {};
}
