import { SignerError } from "../errors.ts";
import { ARN_KINDS, parseArn, parseArnOf } from "../session/arn.ts";

/** A role that is served, and the profile that lists it. */
export interface ServedRole {
  /** The last part of its ARN, which is unique among the roles that are served. */
  readonly name: string;
  readonly roleArn: string;
  readonly profileArn: string;
}

/**
 * The roles to serve: that of `--role-arn`, then those of `--also-role-arn`, each with the profile of `--profile-arn` unless a
 * comma and another profile's ARN follow.
 *
 * @throws {SignerError} ERR_SIGNER_ARN_INVALID for what is no ARN of a role or profile; ERR_SIGNER_USAGE for two roles of one
 *   name: their paths would be the same. (In one account no two roles have one name, whatever their paths are.)
 */
export function servedRoles(
  roleArn: string,
  profileArn: string,
  also: readonly string[],
): readonly [first: ServedRole, ...others: ServedRole[]] {
  const roles: [ServedRole, ...ServedRole[]] = [servedRole(roleArn, profileArn)];
  for (const value of also) {
    const role = servedRole(...splitPair(value, profileArn));
    const twin = roles.find(({ name }) => name === role.name);
    if (twin !== undefined) {
      throw new SignerError(
        "ERR_SIGNER_USAGE",
        `"${twin.roleArn}" and "${role.roleArn}" have one name, "${role.name}", and would be served at one path; serve one of them with another ra-signer serve`,
      );
    }
    roles.push(role);
  }
  return roles;
}

function servedRole(roleArn: string, profileArn: string): ServedRole {
  const name = parseArnOf(roleArn, "role").resource.split("/").at(-1);
  if (name) return { name, roleArn, profileArn };
  throw new SignerError(
    "ERR_SIGNER_ARN_INVALID",
    `role arn "${roleArn}" names no role; it must end with a name`,
  );
}

/** A comma alone does not separate: names of roles may have one. */
function splitPair(value: string, otherwise: string): [roleArn: string, profileArn: string] {
  const comma = value.lastIndexOf(",arn:");
  if (comma === -1) return [value, otherwise];
  const profileArn = value.slice(comma + 1);
  const { service, resource } = parseArn(profileArn, "profile");
  const { service: expected, prefix } = ARN_KINDS.profile;
  if (service === expected && resource.startsWith(prefix)) return [value.slice(0, comma), profileArn];
  throw new SignerError(
    "ERR_SIGNER_ARN_INVALID",
    `what follows the comma must be the ARN of a profile, got "${profileArn}"; give each role an --also-role-arn of its own`,
  );
}

/**
 * What to set so that an SDK asks the server: lines that can be pasted into a shell, and comments. There is a container
 * endpoint when there is a token file.
 */
export function clientSettings(
  port: number,
  roles: readonly [ServedRole, ...ServedRole[]],
  tokenFile?: string,
): readonly string[] {
  const base = `http://127.0.0.1:${port}`;
  const instance = `export AWS_EC2_METADATA_SERVICE_ENDPOINT=${base}`;
  if (tokenFile === undefined) return [instance];
  const token = `export AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE='${tokenFile.replaceAll("'", String.raw`'\''`)}'`;
  const container = `export AWS_CONTAINER_CREDENTIALS_FULL_URI=${base}/container/credentials`;
  if (roles.length === 1) return [instance, "or, as container credentials:", token, container];
  return [
    instance,
    `which gives ${roles[0].name} alone; or, as container credentials, any of the roles:`,
    token,
    ...roles.flatMap(({ name, roleArn }) => [`# ${roleArn}`, `${container}/${encodeURIComponent(name)}`]),
  ];
}
