import { z } from "zod";
import { Refusal } from "../errors/refusal.ts";
import type { QueryParameter } from "./query.ts";
import { type Violation, validationRefusal } from "./validation.ts";

/** The input of CreateSession, wherever each member was sent. */
export interface CreateSessionParameters {
  readonly trustAnchorArn: string;
  readonly profileArn: string;
  readonly roleArn: string;
  readonly durationSeconds?: number;
  readonly roleSessionName?: string;
  readonly instanceProperties?: Readonly<Record<string, string>>;
}

/** The service model's patterns; that for trust anchors and profiles also lets aliases through, as the service does. */
const ARN_PATTERNS = {
  trustAnchorArn: /^arn:aws(-[^:]+)?:rolesanywhere(:.*){2}(:(alias\/)?trust-anchor.*)$/,
  profileArn: /^arn:aws(-[^:]+)?:rolesanywhere(:.*){2}(:(alias\/)?profile.*)$/,
  roleArn: /^arn:aws(-[^:]+)?:iam(:.*){2}(:role.*)$/,
} as const;

const UTF_8 = new TextDecoder("utf-8", { fatal: true });

const ROLE_SESSION_NAME = /^[\w+=,.@-]*$/;

/** The shortest session that AWS grants, in seconds. */
export const MIN_DURATION_SECONDS = 900;
/** The longest session that AWS grants, in seconds. */
export const MAX_DURATION_SECONDS = 43_200;

/** Members of the body by type; what is not listed, such as the deprecated `sessionName`, is ignored. */
const Body = z.object({
  trustAnchorArn: z.string().nullish(),
  profileArn: z.string().nullish(),
  roleArn: z.string().nullish(),
  durationSeconds: z.number().int().nullish(),
  roleSessionName: z.string().nullish(),
  instanceProperties: z.record(z.string(), z.string()).nullish(),
});

/**
 * Gathers the parameters from query and body. An empty query value (`roleArn=`, which the official helper sends when
 * it has no role) counts as absent.
 *
 * @param minDurationSeconds lower than 900 only when the lab allows short sessions
 * @throws {Refusal} BODY_MALFORMED, PARAMETER_CONFLICT, PARAMETER_INVALID
 */
export function readParameters(
  query: readonly QueryParameter[],
  body: Uint8Array,
  minDurationSeconds = MIN_DURATION_SECONDS,
): CreateSessionParameters {
  const sent = readBody(body);
  const merged = {
    trustAnchorArn: pick("trustAnchorArn", query, sent.trustAnchorArn),
    profileArn: pick("profileArn", query, sent.profileArn),
    roleArn: pick("roleArn", query, sent.roleArn),
    roleSessionName: pick("roleSessionName", query, sent.roleSessionName),
    durationSeconds: readDuration(pick("durationSeconds", query, sent.durationSeconds?.toString())),
  };
  const { trustAnchorArn, profileArn, roleArn, roleSessionName, durationSeconds } = merged;
  const instanceProperties = sent.instanceProperties ?? undefined;
  const violations = [
    ...arnViolations("profileArn", profileArn),
    ...arnViolations("roleArn", roleArn),
    ...arnViolations("trustAnchorArn", trustAnchorArn),
    ...durationViolations(durationSeconds, minDurationSeconds),
    ...sessionNameViolations(roleSessionName),
    ...instancePropertyViolations(instanceProperties),
  ];
  if (
    violations.length > 0 ||
    trustAnchorArn === undefined ||
    profileArn === undefined ||
    roleArn === undefined ||
    typeof durationSeconds === "string"
  ) {
    throw validationRefusal(violations);
  }
  return {
    trustAnchorArn,
    profileArn,
    roleArn,
    ...(durationSeconds === undefined ? {} : { durationSeconds }),
    ...(roleSessionName === undefined ? {} : { roleSessionName }),
    ...(instanceProperties === undefined ? {} : { instanceProperties }),
  };
}

function readBody(body: Uint8Array): z.infer<typeof Body> {
  if (body.length === 0) return {};
  let json: unknown;
  try {
    json = JSON.parse(UTF_8.decode(body));
  } catch {
    throw malformedBody("bytes that are not JSON in UTF-8");
  }
  const parsed = Body.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = issue?.path.join(".") ?? "";
  throw malformedBody(path === "" ? "JSON that is not an object" : `${path}: ${issue?.message ?? ""}`);
}

function malformedBody(received: string): Refusal {
  return new Refusal("BODY_MALFORMED", "SerializationException", "The request body could not be read", {
    expected: "a JSON object with members of the right types",
    received,
    remedy: "send a JSON object, or no body at all",
  });
}

/** One value from query and body; two different ones are refused rather than guessed at. */
function pick(
  name: string,
  query: readonly QueryParameter[],
  inBody: string | null | undefined,
): string | undefined {
  const values = new Set(
    query.filter(([key, value]) => key === name && value !== "").map(([, value]) => value),
  );
  if (inBody !== undefined && inBody !== null) values.add(inBody);
  if (values.size > 1) {
    throw new Refusal("PARAMETER_CONFLICT", "ValidationException", `Conflicting values for ${name}`, {
      expected: `one value for ${name}`,
      received: [...values].join(" and ").slice(0, 400),
      remedy: "send each parameter once, in the query or in the body",
    });
  }
  const [value] = values;
  return value;
}

/** The number, or the text that is not one. */
function readDuration(text: string | undefined): number | string | undefined {
  return text !== undefined && /^-?\d{1,9}$/.test(text) ? Number(text) : text;
}

function arnViolations(parameter: keyof typeof ARN_PATTERNS, value: string | undefined): Violation[] {
  const violation = (constraint: string): Violation => ({ parameter, value: clip(value), constraint });
  if (value === undefined) return [violation("Member must not be null")];
  if (value.length > 1011) return [violation("Member must have length less than or equal to 1011")];
  const pattern = ARN_PATTERNS[parameter];
  if (!pattern.test(value)) {
    return [violation(`Member must satisfy regular expression pattern: ${pattern.source.slice(1, -1)}`)];
  }
  return [];
}

function durationViolations(value: number | string | undefined, minimum: number): Violation[] {
  if (value === undefined) return [];
  const violation = (constraint: string): Violation[] => [
    { parameter: "durationSeconds", value: clip(String(value)), constraint },
  ];
  if (typeof value === "string" || value > MAX_DURATION_SECONDS) {
    return violation(`Member must have value less than or equal to ${MAX_DURATION_SECONDS}`);
  }
  return value < minimum ? violation(`Member must have value greater than or equal to ${minimum}`) : [];
}

function sessionNameViolations(value: string | undefined): Violation[] {
  if (value === undefined) return [];
  const violation = (constraint: string): Violation[] => [
    { parameter: "roleSessionName", value: clip(value), constraint },
  ];
  if (value.length < 2) return violation("Member must have length greater than or equal to 2");
  if (value.length > 64) return violation("Member must have length less than or equal to 64");
  if (!ROLE_SESSION_NAME.test(value)) {
    return violation(String.raw`Member must satisfy regular expression pattern: [\w+=,.@-]*`);
  }
  return [];
}

function instancePropertyViolations(properties: Readonly<Record<string, string>> | undefined): Violation[] {
  if (properties === undefined) return [];
  const entries = Object.entries(properties);
  const fits = (text: string): boolean => text.length >= 1 && text.length <= 200;
  const constraint =
    entries.length > 50
      ? "Map must have no more than 50 entries"
      : entries.every(([key, value]) => fits(key) && fits(value))
        ? undefined
        : "Map keys and values must have length between 1 and 200";
  return constraint === undefined
    ? []
    : [{ parameter: "instanceProperties", value: `${entries.length} entries`, constraint }];
}

function clip(value: string | undefined): string | undefined {
  return value !== undefined && value.length > 200 ? `${value.slice(0, 200)}…` : value;
}
