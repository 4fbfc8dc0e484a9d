import { isObject, join } from "../policy-json.ts";
import type { JsonObject } from "../policy-json.ts";
import { holds, resolve, resolveList, resolveText } from "./intrinsic-functions.ts";
import type { TemplateSource } from "./intrinsic-functions.ts";
import { PolicyTestError, unresolved } from "./policy-test-error.ts";
import { arnOfResource, isArnAttribute, refOfResource } from "./resource-kinds.ts";
import type { NamedResource, Place } from "./resource-kinds.ts";

/** A resource of a template. */
export interface TemplateResource extends NamedResource {
  readonly properties: JsonObject;
  /** Where the properties stand: `Resources.Role1ABCC5F0.Properties`. */
  readonly path: string;
}

/** The hash that the AWS CDK appends to a logical id. */
const CDK_HASH = /[0-9A-F]{8}$/u;

/** A CloudFormation template, read without deploying it. */
export class CloudFormationTemplate implements TemplateSource {
  readonly place: Place;
  readonly values: Readonly<Record<string, unknown>>;
  readonly #template: JsonObject;
  /** The names that are being resolved: one that needs itself would never end. */
  readonly #naming = new Set<string>();

  /**
   * @param template the parsed template, or an object whose `toJSON()` returns it
   * @param values what the template leaves open, by name
   * @throws {PolicyTestError} ERR_POLICY_TEST_ARGUMENT when it is no template
   */
  constructor(template: object, values: Readonly<Record<string, unknown>>) {
    const json: unknown =
      "toJSON" in template && typeof template.toJSON === "function" ? template.toJSON() : template;
    if (!isObject(json) || !isObject(json["Resources"])) {
      const problem = "the first argument has no Resources; give a CloudFormation template";
      throw new PolicyTestError("ERR_POLICY_TEST_ARGUMENT", "", problem);
    }
    this.#template = json;
    this.values = values;
    const valueOf = (name: string, byDefault: string): string => String(values[name] ?? byDefault);
    this.place = {
      partition: valueOf("AWS::Partition", "aws"),
      region: valueOf("AWS::Region", "us-east-1"),
      account: valueOf("AWS::AccountId", "111122223333"),
    };
  }

  section(name: string): JsonObject {
    const section = this.#template[name];
    return isObject(section) ? section : {};
  }

  /** The resources of these types, or of all, without those that the template's conditions leave out. */
  resources(...types: readonly string[]): readonly TemplateResource[] {
    return Object.entries(this.section("Resources")).flatMap(([id, definition]) => {
      if (!isObject(definition)) return [];
      const { Type: type, Condition: condition } = definition;
      if (types.length > 0 && !types.includes(String(type))) return [];
      const exists =
        condition === undefined || holds(this, { Condition: condition }, `Resources.${id}.Condition`);
      return exists ? [this.#resource(id, definition)] : [];
    });
  }

  /**
   * Finds a resource by its logical id, or by what the logical id has before the hash of the AWS CDK.
   *
   * @throws {PolicyTestError} ERR_POLICY_TEST_NOT_FOUND when there is none, or more than one
   */
  find(name: string, ...types: readonly string[]): TemplateResource {
    const candidates = this.resources(...types);
    const exact = candidates.filter(({ id }) => id === name);
    const found = exact.length > 0 ? exact : candidates.filter(({ id }) => id.replace(CDK_HASH, "") === name);
    const [only] = found;
    if (only !== undefined && found.length === 1) return only;
    const ids = (found.length > 1 ? found : candidates).map(({ id }) => id).join(", ") || "none";
    const problem =
      found.length > 1
        ? `fits several resources; give one of ${ids}`
        : `is no ${types.join(" or ") || "resource"} of the template; there is ${ids}`;
    throw new PolicyTestError("ERR_POLICY_TEST_NOT_FOUND", "Resources", `${JSON.stringify(name)} ${problem}`);
  }

  /** @throws {PolicyTestError} ERR_POLICY_TEST_UNRESOLVED when nobody says what the ARNs of its type look like */
  arnOf(resource: TemplateResource): string {
    const { id, type } = resource;
    const arn = this.values[`${id}.Arn`] ?? arnOfResource(resource, this.place);
    if (arn !== undefined) return String(arn);
    throw unresolved(
      `Resources.${id}`,
      `the ARN of an ${type} is known after a deployment only`,
      `${id}.Arn`,
    );
  }

  refOf(id: string, path: string): string {
    const resource = this.#existing(id, path, id);
    const found = refOfResource(resource, this.place);
    if (found !== undefined) return found;
    throw unresolved(path, `Ref of an ${resource.type} is known after a deployment only`, id);
  }

  attributeOf(id: string, attribute: string, path: string): string {
    const key = `${id}.${attribute}`;
    const resource = this.#existing(id, path, key);
    if (isArnAttribute(resource, attribute)) return this.arnOf(resource);
    throw unresolved(path, `${attribute} of an ${resource.type} is known after a deployment only`, key);
  }

  resolve(value: unknown, path: string): unknown {
    return resolve(this, value, path);
  }

  /** The texts of a list, and where each of them stands; none when the list is absent. */
  texts(value: unknown, path: string): readonly { readonly text: string; readonly at: string }[] {
    return resolveList(this, value, path).map((item, index) => {
      const at = `${path}[${index}]`;
      return { text: resolveText(this, item, at), at };
    });
  }

  #existing(id: string, path: string, key: string): TemplateResource {
    const definition = this.section("Resources")[id];
    if (isObject(definition)) return this.#resource(id, definition);
    throw unresolved(path, `the template has no ${id}`, key);
  }

  #resource(id: string, definition: JsonObject): TemplateResource {
    const properties = isObject(definition["Properties"]) ? definition["Properties"] : {};
    const path = `Resources.${id}.Properties`;
    return {
      id,
      type: String(definition["Type"]),
      properties,
      path,
      givenRef: this.values[id],
      property: (name) =>
        properties[name] === undefined ? undefined : this.#text(properties[name], join(path, name)),
    };
  }

  #text(value: unknown, path: string): string {
    if (this.#naming.has(path)) throw unresolved(path, "this name needs itself");
    this.#naming.add(path);
    try {
      return resolveText(this, value, path);
    } finally {
      this.#naming.delete(path);
    }
  }
}
