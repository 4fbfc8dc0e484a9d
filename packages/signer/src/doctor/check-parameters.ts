import { messageOf, quoted } from "../errors.ts";
import { ARN_KINDS, parseArnOf } from "../session/arn.ts";
import type { Arn } from "../session/arn.ts";
import type { SessionParameters } from "../session/session-parameters.ts";
import { fail, ok, warn } from "./finding.ts";
import type { Finding } from "./finding.ts";

const MIN_DURATION_SECONDS = 900;
const MAX_DURATION_SECONDS = 43_200;

const ACCOUNT_ID = /^\d{12}$/;

const EXPECTED = [
  ["trust anchor", "trustAnchorArn"],
  ["profile", "profileArn"],
  ["role", "roleArn"],
] as const;

const FLAGS = { "trust anchor": "--trust-anchor-arn", profile: "--profile-arn", role: "--role-arn" } as const;

/** Whether the ARNs are what they should be and fit together, and the duration is one that the service takes. */
export function checkParameters(parameters: SessionParameters): readonly Finding[] {
  const findings: Finding[] = [];
  const arns: Arn[] = [];
  for (const [kind, name] of EXPECTED) {
    const text = parameters[name];
    try {
      arns.push(parseArnOf(text, kind));
      findings.push(ok(`${kind} ARN`, text));
    } catch (error) {
      const { service, prefix } = ARN_KINDS[kind];
      const form = `arn:aws:${service}:…:${prefix}…`;
      const remedy = `give the ARN of the ${kind} with ${FLAGS[kind]}: ${form}`;
      findings.push(fail(`${kind} ARN`, messageOf(error), remedy));
    }
  }
  const [trustAnchor, profile, role] = arns;
  if (trustAnchor !== undefined && profile !== undefined && role !== undefined) {
    findings.push(...checkTogether(trustAnchor, profile, role, parameters.region));
  }
  const { durationSeconds } = parameters;
  if (durationSeconds !== undefined) {
    const usable = durationSeconds >= MIN_DURATION_SECONDS && durationSeconds <= MAX_DURATION_SECONDS;
    const range = `give ${MIN_DURATION_SECONDS} to ${MAX_DURATION_SECONDS} seconds`;
    findings.push(
      usable
        ? ok("session duration", `${durationSeconds} s, less if the profile says so`)
        : fail("session duration", `${durationSeconds} s`, range),
    );
  }
  return findings;
}

function checkTogether(
  trustAnchor: Arn,
  profile: Arn,
  role: Arn,
  region: string | undefined,
): readonly Finding[] {
  const findings: Finding[] = [];
  for (const part of ["partition", "account"] as const) {
    const values = [trustAnchor, profile, role].map((arn) => arn[part]);
    const [first = ""] = values;
    if (new Set(values).size > 1) {
      const message = `trust anchor, profile and role are in ${values.join(", ")}`;
      findings.push(fail(part, message, `all three have to be in one ${part}`));
    } else if (part === "account" && !ACCOUNT_ID.test(first)) {
      findings.push(fail(part, `"${first}" is not the id of an account`, "give ARNs with twelve digits"));
    } else findings.push(ok(part, first));
  }
  if (trustAnchor.region === "" || trustAnchor.region !== profile.region) {
    findings.push(
      fail(
        "region",
        `trust anchor and profile are in "${trustAnchor.region}" and "${profile.region}"`,
        "both have to be in one region",
      ),
    );
  } else if (region !== undefined && region !== trustAnchor.region) {
    findings.push(
      warn(
        "region",
        `requests go to ${quoted(region)}, the trust anchor is in ${trustAnchor.region}`,
        "leave --region out",
      ),
    );
  } else findings.push(ok("region", trustAnchor.region));
  return findings;
}
