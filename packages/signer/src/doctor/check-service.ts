import { messageOf, SignerError } from "../errors.ts";
import type { HttpOptions, HttpSend } from "../http/send.ts";
import type { SigningIdentity } from "../keys/identity.ts";
import { createSession } from "../session/create-session.ts";
import type { CreateSessionOptions } from "../session/create-session.ts";
import type { CredentialSet } from "../session/credential-set.ts";
import { endpointOf } from "../session/session-parameters.ts";
import type { SessionParameters } from "../session/session-parameters.ts";
import { fail, ok, warn } from "./finding.ts";
import type { Finding } from "./finding.ts";

/** The service accepts a signature for five minutes; from half of that a warning is given. */
const MAX_OFFSET_SECONDS = 300;
const NOTICEABLE_OFFSET_SECONDS = 150;

/** How long a request of doctor's own may take. */
export const TIMEOUT_MS = 10_000;

/** How requests to the endpoint are sent, and the options that `send` was made with. */
export interface EndpointAccess extends Pick<HttpOptions, "proxyFor" | "verifySsl"> {
  readonly send: HttpSend;
  readonly now: () => Date;
}

/** Checks that the endpoint answers, that the connection is encrypted, and that its clock agrees with this one. */
export async function checkEndpoint(
  parameters: SessionParameters,
  { send, now, proxyFor, verifySsl = true }: EndpointAccess,
): Promise<readonly Finding[]> {
  try {
    const url = endpointOf(parameters);
    const headers = { Host: url.host };
    const request = { method: "GET", url: `${url.origin}/`, headers, body: "", timeoutMs: TIMEOUT_MS };
    const response = await send(request);
    // The host alone: a proxy's URL may hold a password.
    const proxy = proxyFor?.(url)?.host;
    return [
      ok("endpoint", `${url.origin} answers${proxy === undefined ? "" : ` through the proxy ${proxy}`}`),
      ...checkEncryption(url, verifySsl),
      checkClock(response.header("date"), now()),
    ];
  } catch (error) {
    const isUntrusted = error instanceof SignerError && error.code === "ERR_SIGNER_SERVER_UNTRUSTED";
    const name = "name the CA of a private endpoint or an inspecting proxy in AWS_CA_BUNDLE";
    return [fail("endpoint", messageOf(error), isUntrusted ? name : undefined)];
  }
}

/** Warns about a connection that is not encrypted or not verified, since the credentials come over it. */
function checkEncryption({ protocol, hostname, origin }: URL, verifySsl: boolean): readonly Finding[] {
  if (protocol === "https:") {
    if (verifySsl) return [];
    const remedy = "leave --no-verify-ssl out, and name a private CA in AWS_CA_BUNDLE";
    return [warn("encryption", `nobody checks that ${origin} is the service`, remedy)];
  }
  if (hostname === "localhost" || hostname === "[::1]" || hostname.startsWith("127.")) return [];
  return [warn("encryption", `credentials come from ${origin} in plain text`, "use https")];
}

function checkClock(date: string | undefined, moment: Date): Finding {
  const there = Date.parse(date ?? "");
  if (Number.isNaN(there)) return warn("clock", "the service does not say what time it is");
  const offset = Math.round((moment.getTime() - there) / 1000);
  const message = `${Math.abs(offset)} s ${offset < 0 ? "behind" : "ahead of"} the service's`;
  if (Math.abs(offset) < NOTICEABLE_OFFSET_SECONDS) return ok("clock", message);
  return (Math.abs(offset) < MAX_OFFSET_SECONDS ? warn : fail)("clock", message);
}

/** Checks that CreateSession returns credentials, and returns them. */
export async function checkCreateSession(
  identity: SigningIdentity,
  parameters: SessionParameters,
  options: CreateSessionOptions,
): Promise<{ readonly finding: Finding; readonly credentials?: CredentialSet }> {
  try {
    const credentials = await createSession({ ...identity, ...parameters, ...options });
    const message = `${credentials.assumedRoleArn ?? parameters.roleArn}, until ${credentials.expiration}`;
    return { finding: ok("CreateSession", message), credentials };
  } catch (error) {
    return { finding: fail("CreateSession", messageOf(error)) };
  }
}
