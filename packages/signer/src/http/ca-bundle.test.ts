import { writeFileSync } from "node:fs";

import { afterAll, describe, expect, it } from "vitest";

import { fromRolesAnywhere } from "../provider/from-roles-anywhere.ts";
import { CREDENTIALS, startTlsFakeService, success } from "../../test/support/fake-service.ts";
import { makeServerIdentity } from "@roles-anywhere/testing";
import { runCli } from "../../test/support/run-cli.ts";
import type { CliResult } from "../../test/support/run-cli.ts";
import { folderWithIdentity, sessionWords } from "../../test/support/served.ts";
import { caBundleFromEnvironment } from "./ca-bundle.ts";

const folder = folderWithIdentity();
afterAll(() => folder[Symbol.dispose]());

const server = makeServerIdentity();
const bundle = folder.join("bundle.pem");
writeFileSync(bundle, `# some authorities\n${makeServerIdentity().certificatePem}${server.certificatePem}`);
const others = folder.join("others.pem");
writeFileSync(others, makeServerIdentity().certificatePem);
const key = folder.join("client.key");

describe("caBundleFromEnvironment", () => {
  it.each([{}, { AWS_CA_BUNDLE: "" }])("is nothing for %j", (environment) => {
    expect(caBundleFromEnvironment(environment)).toBeUndefined();
  });

  it("reads the file each time", () => {
    const path = folder.join("changing.pem");
    const read = caBundleFromEnvironment({ AWS_CA_BUNDLE: path });
    expect(read).toThrow(expect.objectContaining({ code: "ERR_SIGNER_FILE_UNREADABLE", path }));
    writeFileSync(path, server.certificatePem);
    expect(read?.()).toBe(server.certificatePem);
  });

  it("refuses a file without certificates", () => {
    const read = caBundleFromEnvironment({ AWS_CA_BUNDLE: key });
    expect(read).toThrow(expect.objectContaining({ code: "ERR_SIGNER_CERTIFICATE_INVALID", path: key }));
  });
});

describe("AWS_CA_BUNDLE", () => {
  it("is what the provider trusts", async () => {
    await using service = await startTlsFakeService(server, success());
    const provider = (environment: Readonly<Record<string, string>>) =>
      fromRolesAnywhere({
        certificate: folder.join("client.pem"),
        privateKey: key,
        trustAnchorArn: "arn:aws:rolesanywhere:us-east-1:123456789012:trust-anchor/1",
        profileArn: "arn:aws:rolesanywhere:us-east-1:123456789012:profile/2",
        roleArn: "arn:aws:iam::123456789012:role/Example",
        endpoint: service.url,
        environment,
      });
    const { accessKeyId } = CREDENTIALS;
    await expect(provider({ AWS_CA_BUNDLE: bundle })()).resolves.toMatchObject({ accessKeyId });
    await expect(provider({})()).rejects.toMatchObject({ code: "ERR_SIGNER_SERVER_UNTRUSTED" });
  });

  it.each<readonly [string, Readonly<Record<string, string>>, Partial<CliResult>]>([
    ["with it", { AWS_CA_BUNDLE: bundle }, { code: 0, stderr: "" }],
    ["without it", {}, { code: 1, stderr: expect.stringContaining("not trusted here") }],
    ["with others", { AWS_CA_BUNDLE: others }, { code: 1, stderr: expect.stringContaining("AWS_CA_BUNDLE") }],
    [
      "with a file that is not there",
      { AWS_CA_BUNDLE: folder.join("none") },
      { code: 1, stderr: expect.stringMatching(/cannot read ".*none", which AWS_CA_BUNDLE names: ENOENT/) },
    ],
    [
      "with a key",
      { AWS_CA_BUNDLE: key },
      { code: 1, stderr: expect.stringContaining("holds no certificate") },
    ],
  ])(
    "decides whether credential-process gets a session, at once: %s",
    async (_title, environment, expected) => {
      await using service = await startTlsFakeService(server, success());
      const result = await runCli(["credential-process", ...sessionWords(folder, service.url)], environment);
      expect(result).toMatchObject(expected);
      // It would not get better by trying again.
      expect(result.stderr).not.toContain("attempts");
      expect(service.requests).toHaveLength(expected.code === 0 ? 1 : 0);
    },
  );

  it("is what doctor advises", async () => {
    await using service = await startTlsFakeService(server, success());
    const result = await runCli(["doctor", ...sessionWords(folder, service.url)]);
    expect(result.stdout).toMatch(
      /^fail {2}endpoint .* not trusted here: .* -> name the CA .* in AWS_CA_BUNDLE$/m,
    );
  });
});
