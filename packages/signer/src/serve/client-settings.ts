import { containerPath } from "./request-handler.ts";
import type { ServedRole } from "./served-role.ts";

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
