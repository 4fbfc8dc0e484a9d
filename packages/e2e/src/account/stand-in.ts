import { isIP } from "node:net";
import { StoryError } from "../story/programs.ts";

/**
 * The variable that lets programs of this machine answer in the role of AWS. Only tests set it: the URL of LocalStack, a
 * space, and the URL of the mock of Roles Anywhere.
 */
export const STAND_IN_VARIABLE = "RA_TEST_ONLY_AWS_STAND_IN";

/** What answers in the role of AWS. */
export interface StandIn {
  readonly endpointUrl: string;
  readonly rolesAnywhereEndpoint: string;
}

/**
 * Reads the test switch.
 *
 * @returns undefined without it: then the account is one of AWS
 * @throws {StoryError} unless both URLs are of this machine, and the access key is one that AWS does not have: so a run
 *   with the switch reaches no account, and a run that a person means for an account is not answered by something else
 */
export function readStandIn(environment: Readonly<Record<string, string | undefined>>): StandIn | undefined {
  const value = environment[STAND_IN_VARIABLE];
  if (value === undefined) return undefined;
  const urls = value.split(" ");
  const [endpointUrl, rolesAnywhereEndpoint] = urls;
  if (
    endpointUrl === undefined ||
    rolesAnywhereEndpoint === undefined ||
    urls.length !== 2 ||
    !urls.every(isOfThisMachine)
  ) {
    throw new StoryError(
      `${STAND_IN_VARIABLE} is ${JSON.stringify(value)}; it is for tests, which give two URLs at 127.0.0.1. Unset it to work with AWS`,
    );
  }
  if (!/^\d{12}$/.test(environment["AWS_ACCESS_KEY_ID"] ?? "")) {
    throw new StoryError(
      `${STAND_IN_VARIABLE} is set, so AWS_ACCESS_KEY_ID must be an account id, as LocalStack takes it. Unset ${STAND_IN_VARIABLE} to work with AWS`,
    );
  }
  return { endpointUrl, rolesAnywhereEndpoint };
}

function isOfThisMachine(text: string): boolean {
  const url = URL.parse(text);
  return url?.protocol === "http:" && isIP(url.hostname) === 4 && url.hostname.startsWith("127.");
}
