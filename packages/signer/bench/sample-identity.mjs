// Identities of the signing vectors, for services of our own.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Writes certificate and key into a folder.
 *
 * @param algorithm Of the key: `ecdsa` (P-256) or `rsa` (2048 bits).
 * @returns `options` as the provider takes them, and `flags` as the command does.
 */
export function writeSampleIdentity(folder, algorithm = "ecdsa") {
  const vector = JSON.parse(
    readFileSync(
      new URL(`../../testing/test-vectors/createsession-${algorithm}.json`, import.meta.url),
      "utf8",
    ),
  );
  const options = {
    certificate: join(folder, `${algorithm}.pem`),
    privateKey: join(folder, `${algorithm}.key`),
    trustAnchorArn: "arn:aws:rolesanywhere:us-east-1:123456789012:trust-anchor/1",
    profileArn: "arn:aws:rolesanywhere:us-east-1:123456789012:profile/2",
    roleArn: "arn:aws:iam::123456789012:role/Example",
  };
  writeFileSync(options.certificate, vector.certificatePem);
  writeFileSync(options.privateKey, vector.privateKeyPem, { mode: 0o600 });
  const flags = [
    ...["--certificate", options.certificate, "--private-key", options.privateKey],
    ...["--trust-anchor-arn", options.trustAnchorArn],
    ...["--profile-arn", options.profileArn],
    ...["--role-arn", options.roleArn],
  ];
  return { options, flags };
}
