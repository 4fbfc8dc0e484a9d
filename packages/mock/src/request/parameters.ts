import { z } from "zod";
import { printable } from "../errors/printable.ts";
import { Refusal, requireThat } from "../errors/refusal.ts";
import { ServiceError } from "../errors/service-error.ts";
import { integer, text, textMap } from "../model/constraints.ts";
import { parseJsonObject } from "../model/json.ts";
import { readMembers } from "../model/read-members.ts";
import type { QueryParameter } from "./received-request.ts";

/** The shortest session that AWS grants, in seconds. */
export const MIN_DURATION_SECONDS = 900;
/** The longest session that AWS grants, in seconds. */
export const MAX_DURATION_SECONDS = 43_200;

const arn = (pattern: string) => text({ min: 1, max: 1011, pattern });
const property = { min: 1, max: 200 };

/**
 * The input structure of CreateSession in the service model. The patterns of trust anchor and profile also let aliases
 * through, as the service does; what is not listed, such as the deprecated `sessionName`, is ignored.
 */
const inputOf = (minDurationSeconds: number) =>
  z.object({
    profileArn: arn("arn:aws(-[^:]+)?:rolesanywhere(:.*){2}(:(alias/)?profile.*)"),
    roleArn: arn("arn:aws(-[^:]+)?:iam(:.*){2}(:role.*)"),
    trustAnchorArn: arn("arn:aws(-[^:]+)?:rolesanywhere(:.*){2}(:(alias/)?trust-anchor.*)"),
    durationSeconds: integer({ min: minDurationSeconds, max: MAX_DURATION_SECONDS }).optional(),
    roleSessionName: text({ min: 2, max: 64, pattern: String.raw`[\w+=,.@-]*` }).optional(),
    instanceProperties: textMap({ max: 50 }, property, property).optional(),
  });

const Input = inputOf(MIN_DURATION_SECONDS);

/** The input of CreateSession, wherever each member was sent. */
export type CreateSessionParameters = Readonly<z.infer<typeof Input>>;

/**
 * Gathers the parameters from query and body. An empty query value (`roleArn=`, which the official helper sends when
 * it has no role) counts as absent.
 *
 * @param minDurationSeconds lower than 900 only when the lab allows short sessions
 */
export function readParameters(
  query: readonly QueryParameter[],
  body: Uint8Array,
  minDurationSeconds = MIN_DURATION_SECONDS,
): CreateSessionParameters {
  const input = minDurationSeconds === MIN_DURATION_SECONDS ? Input : inputOf(minDurationSeconds);
  try {
    return readMembers(input, merge(query, parseJsonObject(body)));
  } catch (error) {
    if (error instanceof Refusal || !(error instanceof ServiceError)) throw error;
    const reason = error.type === "ValidationException" ? "PARAMETER_INVALID" : "BODY_MALFORMED";
    const { type, message } = error;
    const expected = "the parameters of CreateSession, each once, of the right type and within its limits";
    throw new Refusal(reason, { type, message, expected, received: printable(message) });
  }
}

/** One value for each member; two different ones are refused rather than guessed at. */
function merge(query: readonly QueryParameter[], body: Record<string, unknown>): Record<string, unknown> {
  const merged = { ...body };
  for (const [name, sent] of query) {
    if (sent === "" || !Object.hasOwn(Input.shape, name)) continue;
    const value = name === "durationSeconds" && /^-?\d{1,9}$/.test(sent) ? Number(sent) : sent;
    const known = merged[name] ?? value;
    requireThat(known === value, "PARAMETER_CONFLICT", () => ({
      type: "ValidationException",
      message: `Conflicting values for ${name}`,
      expected: `one value for ${name}`,
      received: printable(`${String(known)} and ${value}`, 400),
    }));
    merged[name] = value;
  }
  return merged;
}
