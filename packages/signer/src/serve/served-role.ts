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
 * The roles to serve, the one of `--role-arn` first.
 *
 * @param roleArn Value of `--role-arn`.
 * @param profileArn Value of `--profile-arn`, which counts for each role that names no other.
 * @param also Values of `--also-role-arn`: a role's ARN, or that, a comma and a profile's ARN.
 * @throws {SignerError} ERR_SIGNER_ARN_INVALID for what is no ARN of a role or profile; ERR_SIGNER_USAGE for two roles of one
 *   name: their paths would be the same. (In one account no two roles have one name, whatever their paths are.)
 */
export function servedRoles(
  roleArn: string,
  profileArn: string,
  also: readonly string[],
): readonly [first: ServedRole, ...others: ServedRole[]] {
  const first: ServedRole = { name: roleNameOf(roleArn), roleArn, profileArn };
  const others = also.map((value) => {
    const [role, profile = profileArn] = splitPair(value);
    return { name: roleNameOf(role), roleArn: role, profileArn: profile };
  });
  const seen = new Map([[first.name, first]]);
  for (const role of others) {
    const twin = seen.get(role.name);
    if (twin !== undefined) throw sameName(twin, role);
    seen.set(role.name, role);
  }
  return [first, ...others];
}

/** The last part of a role's ARN, without its path. */
function roleNameOf(roleArn: string): string {
  const { resource } = parseArnOf(roleArn, "role");
  const name = resource.split("/").at(-1) ?? "";
  if (name !== "") return name;
  throw new SignerError(
    "ERR_SIGNER_ARN_INVALID",
    `role arn "${roleArn}" names no role; it must end with a name`,
  );
}

/** A comma alone does not separate: names of roles may have one. */
function splitPair(value: string): readonly [roleArn: string, profileArn?: string] {
  const comma = value.lastIndexOf(",arn:");
  if (comma === -1) return [value];
  const profileArn = value.slice(comma + 1);
  const { service, resource } = parseArn(profileArn, "profile");
  const { service: expected, prefix } = ARN_KINDS.profile;
  if (service === expected && resource.startsWith(prefix)) return [value.slice(0, comma), profileArn];
  throw new SignerError(
    "ERR_SIGNER_ARN_INVALID",
    `what follows the comma must be the ARN of a profile, got "${profileArn}"; give each role an --also-role-arn of its own`,
  );
}

function sameName(a: ServedRole, b: ServedRole): SignerError {
  return new SignerError(
    "ERR_SIGNER_USAGE",
    `"${a.roleArn}" and "${b.roleArn}" have one name, "${a.name}", and would be served at one path; serve one of them with another ra-signer serve`,
  );
}

/**
 * Where AWS_CONTAINER_CREDENTIALS_FULL_URI has to point.
 *
 * @param roleName Name of the role; undefined for the first one.
 */
export function containerPath(roleName?: string): string {
  return `/container/credentials${roleName === undefined ? "" : `/${encodeURIComponent(roleName)}`}`;
}

/**
 * What to set so that an SDK asks the server: lines that can be pasted into a shell, and comments.
 *
 * @param port Port on the loopback address.
 * @param roles The role of the metadata service, then those that container clients get as well.
 * @param tokenFile File of the container clients' token; undefined when there is no container endpoint.
 */
export function clientSettings(
  port: number,
  [first, ...others]: readonly [ServedRole, ...ServedRole[]],
  tokenFile?: string,
): readonly string[] {
  const base = `http://127.0.0.1:${port}`;
  const instance = `export AWS_EC2_METADATA_SERVICE_ENDPOINT=${base}`;
  if (tokenFile === undefined) return [instance];
  const token = `export AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE='${tokenFile.replaceAll("'", String.raw`'\''`)}'`;
  const container = (path: string): string => `export AWS_CONTAINER_CREDENTIALS_FULL_URI=${base}${path}`;
  if (others.length === 0) {
    return [instance, "or, as container credentials:", token, container(containerPath())];
  }
  return [
    instance,
    `which gives ${first.name} alone; or, as container credentials, any of the roles:`,
    token,
    ...[first, ...others].flatMap(({ name, roleArn }) => [`# ${roleArn}`, container(containerPath(name))]),
  ];
}
