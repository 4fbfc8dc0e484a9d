import { mapAttributes, SOURCE_IDENTITY, sourceIdentityOf } from "../roles-anywhere/session-attributes.ts";
import type { NameAttribute, SessionTag } from "../roles-anywhere/session-attributes.ts";
import { PolicyTestError } from "./policy-test-error.ts";
import type { ProfileUnderTest } from "./role-under-test.ts";

/** The attributes of a subject or issuer by their short names: `{ O: "Example", OU: ["a", "b"], CN: "server-a" }`. */
export type NameDescription = Readonly<Record<string, string | readonly string[]>>;

/** What a test says about a certificate. It is taken to be valid: issued by the CA, neither expired nor revoked. */
export interface CertificateDescription {
  readonly subject: NameDescription;
  /** @default - a name without attributes */
  readonly issuer?: NameDescription | undefined;
  /** The alternative names, each kind in the order of the certificate; `name` is a directory name. @default - none */
  readonly san?:
    | {
        readonly dns?: string | readonly string[] | undefined;
        readonly uri?: string | readonly string[] | undefined;
        readonly name?: NameDescription | undefined;
      }
    | undefined;
  /** In hex, two digits a byte. It becomes the session's name. @default "01" */
  readonly serialNumber?: string | undefined;
  /** The name that the caller asks for, which only a profile with `AcceptRoleSessionName` grants. @default - none */
  readonly roleSessionName?: string | undefined;
}

/** What a session of a certificate is called, and the tags that it has. */
export interface DescribedSession {
  readonly sessionName: string;
  readonly sourceIdentity: string;
  readonly tags: readonly SessionTag[];
  /** Why there is no such session, whatever the policies say. */
  readonly problem?: string | undefined;
}

/**
 * The session that a certificate gets through a profile.
 *
 * @param profile without it, the attribute mappings of a new profile
 * @throws {PolicyTestError} ERR_POLICY_TEST_ARGUMENT for a serial number that is not in hex
 */
export function describeSession(
  certificate: CertificateDescription,
  profile: ProfileUnderTest | undefined,
): DescribedSession {
  const { subject, issuer = {}, san = {}, serialNumber = "01", roleSessionName } = certificate;
  if (!/^(?:[0-9a-f]{2})+$/iu.test(serialNumber)) {
    const problem = `serialNumber is ${JSON.stringify(serialNumber)}; give it in hex, two digits a byte`;
    throw new PolicyTestError("ERR_POLICY_TEST_ARGUMENT", "", problem);
  }
  const serial = serialNumber.toLowerCase();
  const names = attributesOf(subject);
  const sourceIdentity = sourceIdentityOf(names, serial);
  const { tags } = mapAttributes(
    {
      subject: names,
      issuer: attributesOf(issuer),
      dns: [san.dns ?? []].flat(),
      uri: [san.uri ?? []].flat(),
      directoryName: san.name === undefined ? undefined : attributesOf(san.name),
    },
    profile?.mappings,
  );
  return { sessionName: roleSessionName ?? serial, sourceIdentity, tags, problem: problem() };

  function problem(): string | undefined {
    if (names.length === 0) return "Roles Anywhere refuses a certificate with an empty subject";
    if (!SOURCE_IDENTITY.test(sourceIdentity)) {
      return `STS refuses the source identity ${JSON.stringify(sourceIdentity)}, which the common name becomes`;
    }
    if (roleSessionName === undefined || profile?.acceptRoleSessionName === true) return undefined;
    const what =
      profile === undefined ? "without a profile that has" : `the profile ${profile.name} is without`;
    return `${what} AcceptRoleSessionName, so that no caller may name the session`;
  }
}

function attributesOf(name: NameDescription): NameAttribute[] {
  return Object.entries(name).flatMap(([type, values]) => [values].flat().map((value) => ({ type, value })));
}
