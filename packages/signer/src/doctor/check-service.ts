import { messageOf } from "../errors.ts";
import type { HttpSend } from "../http/send.ts";
import type { SigningIdentity } from "../keys/load-identity.ts";
import { createSessionWithIdentity } from "../session/create-session.ts";
import { parseEndpoint, regionalEndpoint } from "../session/endpoint.ts";
import { regionOf } from "../session/session-parameters.ts";
import type { SessionParameters } from "../session/session-parameters.ts";
import { fail, ok, warn } from "./finding.ts";
import type { Finding } from "./finding.ts";

/** A signature is taken for five minutes; half of that is worth a word. */
const MAX_OFFSET_SECONDS = 300;
const NOTICEABLE_OFFSET_SECONDS = 150;
const TIMEOUT_MS = 10_000;

/** Whether the endpoint answers at all, and what time it is there. */
export async function checkEndpoint(
  parameters: SessionParameters,
  send: HttpSend,
  now: () => Date,
): Promise<readonly Finding[]> {
  try {
    const endpoint = parameters.endpoint ?? regionalEndpoint(regionOf(parameters), parameters);
    const url = parseEndpoint(endpoint);
    const response = await send({
      method: "GET",
      url: `${url.origin}/`,
      headers: { Host: url.host },
      body: "",
      timeoutMs: TIMEOUT_MS,
    });
    return [ok("endpoint", `${url.origin} answers`), ...checkClock(response.header("date"), now())];
  } catch (error) {
    const remedy = "check endpoint, DNS, firewall and proxy; --with-proxy uses HTTPS_PROXY and NO_PROXY";
    return [fail("endpoint", messageOf(error), remedy)];
  }
}

function checkClock(date: string | undefined, moment: Date): readonly Finding[] {
  const there = Date.parse(date ?? "");
  if (Number.isNaN(there)) return [];
  const offset = Math.round((moment.getTime() - there) / 1000);
  const message = `${Math.abs(offset)} s ${offset < 0 ? "behind" : "ahead of"} the service's`;
  if (Math.abs(offset) < NOTICEABLE_OFFSET_SECONDS) return [ok("clock", message)];
  const remedy = "set this machine's clock right, with NTP for example";
  return [
    Math.abs(offset) < MAX_OFFSET_SECONDS ? warn("clock", message, remedy) : fail("clock", message, remedy),
  ];
}

/** Asks for a session and drops it. */
export async function checkCreateSession(
  identity: SigningIdentity,
  parameters: SessionParameters,
  options: { readonly send: HttpSend; readonly trace?: (line: string) => void },
): Promise<Finding> {
  try {
    const { assumedRoleArn, expiration } = await createSessionWithIdentity(identity, parameters, options);
    return ok("CreateSession", `${assumedRoleArn ?? parameters.roleArn}, until ${expiration}`);
  } catch (error) {
    return fail("CreateSession", messageOf(error), "see the likely cause, and the checks that failed");
  }
}
