import { messageOf, quoted } from "../errors.ts";
import { ARN_KINDS, parseArnOf, SESSION_ARNS } from "../session/arn.ts";
import type { Arn } from "../session/arn.ts";
import type { SessionParameters } from "../session/session-parameters.ts";
import { fail, judge, ok, warn } from "./finding.ts";
import type { Finding } from "./finding.ts";

const MIN_DURATION_SECONDS = 900;
const MAX_DURATION_SECONDS = 43_200;

/** Whether the ARNs are what they should be and fit together, and the duration is one that the service takes. */
export function checkParameters(parameters: SessionParameters): readonly Finding[] {
  const findings: Finding[] = [];
  const arns: Arn[] = [];
  for (const { kind, option, flag } of SESSION_ARNS) {
    try {
      arns.push(parseArnOf(parameters[option], kind));
      findings.push(ok(`${kind} ARN`, parameters[option]));
    } catch (error) {
      const { service, prefix } = ARN_KINDS[kind];
      const remedy = `give the ARN of the ${kind} with ${flag}-arn: arn:aws:${service}:…:${prefix}…`;
      findings.push(fail(`${kind} ARN`, messageOf(error), remedy));
    }
  }
  const [trustAnchor, profile, role] = arns;
  if (trustAnchor !== undefined && profile !== undefined && role !== undefined) {
    findings.push(...(["partition", "account"] as const).map((part) => checkEqual(part, arns)));
    findings.push(checkRegion(trustAnchor.region, profile.region, parameters.region));
  }
  const { durationSeconds: seconds } = parameters;
  if (seconds !== undefined) {
    const isUsable = seconds >= MIN_DURATION_SECONDS && seconds <= MAX_DURATION_SECONDS;
    findings.push(
      judge("session duration", isUsable, `${seconds} s${isUsable ? ", less if the profile says so" : ""}`),
    );
  }
  return findings;
}

function checkEqual(part: "partition" | "account", arns: readonly Arn[]): Finding {
  const values = arns.map((arn) => arn[part]);
  const [first = ""] = values;
  if (new Set(values).size > 1) {
    const message = `trust anchor, profile and role are in ${values.join(", ")}`;
    return fail(part, message, `all three have to be in one ${part}`);
  }
  if (part === "partition" || /^\d{12}$/.test(first)) return ok(part, first);
  return fail(part, `"${first}" is not the id of an account`, "give ARNs with twelve digits");
}

function checkRegion(trustAnchor: string, profile: string, asked: string | undefined): Finding {
  if (trustAnchor === "" || trustAnchor !== profile) {
    const message = `trust anchor and profile are in "${trustAnchor}" and "${profile}"`;
    return fail("region", message, "both have to be in one region");
  }
  if (asked === undefined || asked === trustAnchor) return ok("region", trustAnchor);
  const message = `requests go to ${quoted(asked)}, the trust anchor is in ${trustAnchor}`;
  return warn("region", message, "leave --region out");
}
