import { execFile } from "node:child_process";
import { promisify } from "node:util";

const PROGRAM = `
import json, boto3
found = boto3.Session().get_credentials()
frozen = found.get_frozen_credentials()
print(json.dumps({"method": found.method, "accessKeyId": frozen.access_key, "secretAccessKey": frozen.secret_key,
  "sessionToken": frozen.token}))
`;

/**
 * The credentials that boto3 finds by itself, and how it found them.
 *
 * @param python A Python with boto3.
 * @param environment All that boto3 has to go by: there are no configuration files.
 */
export async function boto3Credentials(
  python: string,
  environment: Readonly<Record<string, string>>,
): Promise<unknown> {
  const { stdout } = await promisify(execFile)(python, ["-c", PROGRAM], {
    env: {
      PATH: process.env["PATH"] ?? "",
      HOME: "/nonexistent",
      // One second unless told otherwise, which a busy machine may need for itself.
      AWS_METADATA_SERVICE_TIMEOUT: "20",
      ...environment,
    },
  });
  const credentials: unknown = JSON.parse(stdout);
  return credentials;
}
