import { fileURLToPath } from "node:url";

/** The last release of LocalStack that starts without an auth token. */
export const LOCALSTACK_VERSION = "4.14.0";

/** The CloudFormation hook that comes with the mock. */
export const hookFileName = "roles_anywhere.py";

/** Path of the hook inside the installed mock package. */
export function hookPath(): string {
  return fileURLToPath(new URL(`../localstack/${hookFileName}`, import.meta.resolve("@roles-anywhere/mock")));
}

/**
 * LocalStack's own settings, the same in a container and as a process.
 *
 * @param rolesAnywhereEndpoint the mock, as LocalStack sees it
 * @see https://docs.localstack.cloud/references/configuration/
 */
export function localstackSettings(rolesAnywhereEndpoint: string, region: string): Record<string, string> {
  return {
    SERVICES: "s3,sts,iam,cloudformation,ssm",
    // The default reports types that LocalStack lacks as created: only real resources count here.
    CFN_IGNORE_UNSUPPORTED_RESOURCE_TYPES: "0",
    PARITY_AWS_ACCESS_KEY_ID: "1",
    DISABLE_EVENTS: "1",
    SKIP_SSL_CERT_DOWNLOAD: "1",
    AWS_DEFAULT_REGION: region,
    AWS_ENDPOINT_URL_ROLESANYWHERE: rolesAnywhereEndpoint,
  };
}
