// What boto3 makes of all that gives it credentials. Skipped without a Python that has boto3; RA_PYTHON names one.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { CREDENTIALS, startFakeService, success } from "./support/fake-service.ts";
import type { Answer } from "./support/fake-service.ts";
import { runCli } from "./support/run-cli.ts";
import { folderWithIdentity, sessionWords, startServe } from "./support/served.ts";
import type { Served } from "./support/served.ts";
import { boto3Credentials } from "./support/boto3-credentials.ts";
import { findPython } from "@roles-anywhere/testing";

const found = findPython(["boto3"]);
const python = "python" in found ? found.python : undefined;
const { accessKeyId, secretAccessKey, sessionToken } = CREDENTIALS;

let folder: ReturnType<typeof folderWithIdentity>;
beforeEach(() => {
  folder = folderWithIdentity();
});
afterEach(() => folder[Symbol.dispose]());

describe.runIf(python !== undefined)("boto3", () => {
  const ask = (environment: Readonly<Record<string, string>>): Promise<unknown> =>
    boto3Credentials(python ?? "", environment);

  describe("with a profile of ra-signer configure", () => {
    it.each([
      ["", []],
      [", the cache and its launcher", ["--cache"]],
    ])("gets a session%s", async (_title, more) => {
      await using service = await startFakeService(success());
      const config = folder.join("config");
      const configured = await runCli([
        ...["configure", "--profile", "web", "--config-file", config],
        ...sessionWords(folder, service.url),
        ...more,
      ]);
      expect(configured).toMatchObject({ code: 0 });
      const environment = {
        AWS_CONFIG_FILE: config,
        AWS_PROFILE: "web",
        RA_SIGNER_CACHE_DIR: folder.join("cache"),
      };
      const found = { method: "custom-process", accessKeyId, secretAccessKey, sessionToken };
      expect([await ask(environment), await ask(environment)]).toEqual([found, found]);
      expect(service.requests).toHaveLength(more.length === 0 ? 2 : 1);
    });

    it("finds files whatever their names are", async () => {
      await using service = await startFakeService(success());
      const odd = folder.join(`it's $HOME "or" not;#100%`);
      mkdirSync(odd);
      for (const name of ["client.pem", "client.key"]) {
        writeFileSync(`${odd}/${name}`, readFileSync(folder.join(name)), { mode: 0o600 });
      }
      const config = folder.join("config");
      const words = sessionWords(folder, service.url).map((word) => word.replace(folder.path, odd));
      const configured = await runCli(["configure", "--profile", "web", "--config-file", config, ...words]);
      expect(configured).toMatchObject({ code: 0 });
      expect(await ask({ AWS_CONFIG_FILE: config, AWS_PROFILE: "web" })).toMatchObject({ accessKeyId });
    });
  });

  it.each(["default", "web"])("reads what ra-signer update writes for profile %s", async (profile) => {
    await using service = await startFakeService(success());
    const file = folder.join("credentials");
    writeFileSync(file, "[other]\nregion=x", { mode: 0o600 });
    const words = [...sessionWords(folder, service.url), "--profile", profile];
    const updated = await runCli(["update", "--once", ...words], { AWS_SHARED_CREDENTIALS_FILE: file });
    expect(updated).toMatchObject({ code: 0 });
    expect(await ask({ AWS_SHARED_CREDENTIALS_FILE: file, AWS_PROFILE: profile })).toEqual({
      method: "shared-credentials-file",
      accessKeyId,
      secretAccessKey,
      sessionToken,
    });
  });

  describe("asking ra-signer serve", () => {
    const PATH = "/container/credentials";
    const byRole: Answer = (response, request) =>
      success({ accessKeyId: request.target.includes("Other") ? "OTHER" : "FIRST" })(response, request);
    const start = (): Promise<Served> => {
      writeFileSync(folder.join("token"), "my own token");
      return startServe(
        folder,
        [byRole],
        [
          ...["--container-token-file", folder.join("token")],
          ...["--also-role-arn", "arn:aws:iam::123456789012:role/Other"],
        ],
      );
    };
    const asContainer = ({ url }: Served, role: string): Promise<unknown> =>
      ask({
        AWS_CONTAINER_CREDENTIALS_FULL_URI: `${url}${PATH}/${role}`,
        AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: folder.join("token"),
      });

    it("gets two roles from one server", async () => {
      await using served = await start();
      expect(await Promise.all([asContainer(served, "Example"), asContainer(served, "Other")])).toEqual([
        { method: "container-role", accessKeyId: "FIRST", secretAccessKey, sessionToken },
        { method: "container-role", accessKeyId: "OTHER", secretAccessKey, sessionToken },
      ]);
    });

    it("is told why a role is not there", async () => {
      await using served = await start();
      await expect(asContainer(served, "Nobody")).rejects.toThrow(/404.*there are: Example Other/);
    });

    it("gets the first role from the metadata service", async () => {
      await using served = await start();
      expect(await ask({ AWS_EC2_METADATA_SERVICE_ENDPOINT: served.url })).toEqual({
        method: "iam-role",
        accessKeyId: "FIRST",
        secretAccessKey,
        sessionToken,
      });
    });
  });
});
