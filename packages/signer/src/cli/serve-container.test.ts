import { readFileSync, statSync, writeFileSync } from "node:fs";

import { fromContainerMetadata, fromHttp } from "@aws-sdk/credential-providers";
import { afterAll, describe, expect, it, vi } from "vitest";

import { CREDENTIALS, refused, success } from "../../test/support/fake-service.ts";
import type { Answer } from "../../test/support/fake-service.ts";
import {
  ask,
  folderWithIdentity,
  ROLES_PATH,
  SDK_CREDENTIALS,
  startServe,
  TOKEN_PATH,
  tokenOf,
} from "../../test/support/served.ts";
import type { Served } from "../../test/support/served.ts";

const folder = folderWithIdentity();
afterAll(() => folder[Symbol.dispose]());

const PATH = "/container/credentials";
const SECRET = "my own token";
const tokenFile = folder.join("mine");
writeFileSync(tokenFile, SECRET, { mode: 0o600 });

const ROLE = "arn:aws:iam::123456789012:role/some/path/Example";
const OTHER = "arn:aws:iam::123456789012:role/Other";
const PROFILE = "arn:aws:rolesanywhere:us-east-1:123456789012:profile/2";
const OTHER_PROFILE = "arn:aws:rolesanywhere:us-east-1:123456789012:profile/other";

/** Serves Example, and the other roles by what follows `--also-role-arn`. */
const start = (answers: readonly Answer[], ...also: readonly string[]): Promise<Served> =>
  startServe(folder, answers, [
    ...["--container-token-file", tokenFile],
    ...also.flatMap((value) => ["--also-role-arn", value]),
  ]);

/** Answers each role in its own way. */
const byRole =
  (answers: Readonly<Record<string, Answer>>): Answer =>
  (response, request) => {
    const roleArn = new URL(request.target, "http://service").searchParams.get("roleArn") ?? "";
    const answer = answers[roleArn] ?? refused(403, "AccessDeniedException", `no answer for ${roleArn}`);
    answer(response, request);
  };

const get = (url: string, authorization = SECRET): ReturnType<typeof ask> =>
  ask(url, "GET", { Authorization: authorization });

const BOTH = byRole({
  [ROLE]: success({ accessKeyId: "FIRST" }),
  [OTHER]: success({ accessKeyId: "OTHER" }),
});

describe("ra-signer serve for container clients", () => {
  it("gives the JavaScript SDK credentials as a container endpoint", async () => {
    const made = folder.join("made");
    await using served = await startServe(folder, [success()], ["--container-token-file", made]);
    expect(statSync(made).mode & 0o777).toBe(0o600);
    const uri = `${served.url}${PATH}`;
    expect(served.notes).toContain(`export AWS_CONTAINER_CREDENTIALS_FULL_URI=${uri}`);
    expect(served.notes).toContain(`export AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE='${made}'`);
    expect(served.notes.join()).not.toContain(readFileSync(made, "utf8"));
    const fromFile = fromHttp({
      awsContainerCredentialsFullUri: uri,
      awsContainerAuthorizationTokenFile: made,
    });
    await expect(fromFile()).resolves.toMatchObject(SDK_CREDENTIALS);
    vi.stubEnv("AWS_CONTAINER_CREDENTIALS_FULL_URI", uri);
    vi.stubEnv("AWS_CONTAINER_AUTHORIZATION_TOKEN", readFileSync(made, "utf8"));
    await expect(fromContainerMetadata()()).resolves.toMatchObject(SDK_CREDENTIALS);
    vi.stubEnv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "wrong");
    await expect(fromContainerMetadata({ maxRetries: 0 })()).rejects.toMatchObject({ statusCode: 401 });
    expect(await ask(uri)).toMatchObject({ status: 401 });
  });

  it("answers 503 while there is no session", async () => {
    await using served = await start([refused(403, "AccessDeniedException", "no")]);
    const reply = await get(`${served.url}${PATH}`);
    expect(reply).toMatchObject({ status: 503, text: expect.stringContaining("ERR_SIGNER_SERVICE_REFUSED") });
  });

  it("gives role and account beside the credentials", async () => {
    await using served = await start([success({ expiration: "2035-01-01T00:00:00.5Z" })]);
    const reply = await get(`${served.url}${PATH}`);
    expect(reply).toMatchObject({ status: 200, headers: { "content-type": "application/json" } });
    const body: unknown = JSON.parse(reply.text);
    expect(body).toEqual({
      AccessKeyId: CREDENTIALS.accessKeyId,
      SecretAccessKey: CREDENTIALS.secretAccessKey,
      Token: CREDENTIALS.sessionToken,
      Expiration: "2035-01-01T00:00:00Z",
      RoleArn: ROLE,
      AccountId: "123456789012",
    });
  });

  it("answers nothing but GET", async () => {
    await using served = await start([success()]);
    const reply = await ask(`${served.url}${PATH}`, "POST", { Authorization: SECRET });
    expect(reply).toMatchObject({ status: 405, text: "" });
  });

  it("takes a token that was changed", async () => {
    await using served = await start([success()]);
    writeFileSync(tokenFile, "another");
    try {
      expect(await get(`${served.url}${PATH}`)).toMatchObject({ status: 401 });
      expect(await get(`${served.url}${PATH}`, "another")).toMatchObject({ status: 200 });
      writeFileSync(tokenFile, "");
      expect(await get(`${served.url}${PATH}`, "")).toMatchObject({
        status: 503,
        headers: { "content-type": "application/json" },
        text: expect.stringContaining("holds no token"),
      });
    } finally {
      writeFileSync(tokenFile, SECRET);
    }
  });
});

describe("ra-signer serve with several roles", () => {
  it("asks for each role with its own profile, and shows where each is", async () => {
    const third = "arn:aws:iam::123456789012:role/Third@x";
    await using served = await start([success()], `${OTHER},${OTHER_PROFILE}`, third);
    await vi.waitUntil(() => served.requests.length === 3, 10_000);
    const asked = served.requests.map(({ target }) => {
      const query = new URL(target, "http://service").searchParams;
      return [query.get("roleArn"), query.get("profileArn")];
    });
    expect(new Set(asked)).toEqual(
      new Set([
        [ROLE, PROFILE],
        [OTHER, OTHER_PROFILE],
        [third, PROFILE],
      ]),
    );
    expect(served.notes.slice(2)).toEqual([
      `export AWS_EC2_METADATA_SERVICE_ENDPOINT=${served.url}`,
      "which gives Example alone; or, as container credentials, any of the roles:",
      `export AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE='${tokenFile}'`,
      `# ${ROLE}`,
      `export AWS_CONTAINER_CREDENTIALS_FULL_URI=${served.url}${PATH}/Example`,
      `# ${OTHER}`,
      `export AWS_CONTAINER_CREDENTIALS_FULL_URI=${served.url}${PATH}/Other`,
      `# ${third}`,
      `export AWS_CONTAINER_CREDENTIALS_FULL_URI=${served.url}${PATH}/Third%40x`,
    ]);
  });

  it.each([
    ["", "FIRST", ROLE],
    ["/", "FIRST", ROLE],
    ["/Example", "FIRST", ROLE],
    ["/Other", "OTHER", OTHER],
    ["/Other/", "OTHER", OTHER],
    ["/Other?x=y", "OTHER", OTHER],
  ])("gives at %j the session of %s", async (path, accessKeyId, roleArn) => {
    await using served = await start([BOTH], OTHER);
    const reply = await get(`${served.url}${PATH}${path}`);
    expect(reply.status).toBe(200);
    const body: unknown = JSON.parse(reply.text);
    expect(body).toMatchObject({ AccessKeyId: accessKeyId, RoleArn: roleArn });
  });

  it.each(["/Third%40x,y", "/Third@x,y", "/Third%40x%2Cy"])("knows a name in the form %s", async (path) => {
    await using served = await start([success()], "arn:aws:iam::123456789012:role/Third@x,y");
    expect(await get(`${served.url}${PATH}${path}`)).toMatchObject({ status: 200 });
  });

  it.each(["/other", "/Nobody", "/Example/Other", "/%", "/constructor", "/some/path/Example"])(
    "answers 404 at %j, without any secret",
    async (path) => {
      await using served = await start([BOTH], OTHER);
      const reply = await get(`${served.url}${PATH}${path}`);
      expect(reply).toMatchObject({ status: 404, headers: { "content-type": "application/json" } });
      const body: unknown = JSON.parse(reply.text);
      expect(body).toEqual({
        code: "RoleNotFound",
        message: "no role of that name is served here; there are: Example Other",
      });
    },
  );

  it.each(["", "/Other", "/Nobody"])("tells nothing at %j without the token", async (path) => {
    await using served = await start([BOTH], OTHER);
    const reply = await get(`${served.url}${PATH}${path}`, "wrong");
    expect(reply).toMatchObject({ status: 401, text: expect.stringContaining("InvalidAuthorizationToken") });
    expect(reply.text).not.toMatch(/Other|Example|my own/);
  });

  it("serves the first role alone as the metadata service", async () => {
    await using served = await start([BOTH], OTHER);
    const token = await tokenOf(served);
    expect(await ask(`${served.url}${ROLES_PATH}/`, "GET", token)).toMatchObject({ text: "Example" });
    expect(await ask(`${served.url}${ROLES_PATH}/Other`, "GET", token)).toMatchObject({ text: "Example" });
    const reply = await ask(`${served.url}${ROLES_PATH}/Example`, "GET", token);
    expect(reply.text).toContain('"AccessKeyId":"FIRST"');
    expect((await ask(`${served.url}${TOKEN_PATH}`, "PUT")).status).toBe(200);
  });

  it.each([
    ["first", ROLE, "", "/Other"],
    ["other", OTHER, "/Other", ""],
  ])("lets the refusal of the %s role disturb no other", async (_title, roleArn, refusedPath, goodPath) => {
    const answers = {
      [ROLE]: success({ accessKeyId: "FIRST" }),
      [OTHER]: success({ accessKeyId: "OTHER" }),
      [roleArn]: refused(403, "AccessDeniedException", "revoked"),
    };
    await using served = await start([byRole(answers)], OTHER);
    expect(await get(`${served.url}${PATH}${refusedPath}`)).toMatchObject({
      status: 503,
      text: expect.stringContaining("revoked"),
    });
    expect(await get(`${served.url}${PATH}${goodPath}`)).toMatchObject({ status: 200 });
    const name = roleArn.split("/").at(-1);
    const warnings = served.notes.filter((line) => line.startsWith("ra-signer: warning:"));
    expect(warnings).toEqual([
      expect.stringContaining(`warning: role ${name}: there is no session to serve, next attempt at`),
    ]);
    answers[roleArn] = success({ accessKeyId: "BACK" });
    served.clock.now += 10_000;
    expect((await get(`${served.url}${PATH}${refusedPath}`)).text).toContain("BACK");
  });

  it("refreshes each role at its own time", async () => {
    const inHours = (hours: number): string => new Date(Date.now() + hours * 3_600_000).toISOString();
    const short = success({ accessKeyId: "SHORT", expiration: inHours(1) });
    const long = success({ accessKeyId: "LONG", expiration: inHours(10) });
    await using served = await start([byRole({ [ROLE]: long, [OTHER]: short })], OTHER);
    await get(`${served.url}${PATH}`);
    await get(`${served.url}${PATH}/Other`);
    served.clock.now += 2800 * 1000;
    served.clock.wake();
    await vi.waitUntil(() => served.requests.length === 3, 10_000);
    expect(served.requests[2]?.target).toContain(encodeURIComponent(OTHER));
  });

  it("serves more roles than an event target has listeners without a warning", async () => {
    const warnings: unknown[] = [];
    const collect = (warning: unknown): number => warnings.push(warning);
    process.on("warning", collect);
    const many = Array.from({ length: 30 }, (_, number) => `${OTHER}${number}`);
    {
      await using served = await start([success()], ...many);
      await vi.waitUntil(() => served.requests.length === 31, 10_000);
      for (const number of [0, 29]) {
        expect(await get(`${served.url}${PATH}/Other${number}`)).toMatchObject({ status: 200 });
      }
    }
    process.off("warning", collect);
    expect(warnings).toEqual([]);
  });

  it("gives the JavaScript SDK two roles", async () => {
    await using served = await start([BOTH], OTHER);
    const fromPath = (path: string): Promise<{ readonly accessKeyId: string }> =>
      fromHttp({
        awsContainerCredentialsFullUri: `${served.url}${PATH}${path}`,
        awsContainerAuthorizationTokenFile: tokenFile,
      })();
    expect(await fromPath("/Example")).toMatchObject({ ...SDK_CREDENTIALS, accessKeyId: "FIRST" });
    expect(await fromPath("/Other")).toMatchObject({ accessKeyId: "OTHER" });
    vi.stubEnv("AWS_CONTAINER_AUTHORIZATION_TOKEN", SECRET);
    vi.stubEnv("AWS_CONTAINER_CREDENTIALS_FULL_URI", `${served.url}${PATH}/Other`);
    await expect(fromContainerMetadata()()).resolves.toMatchObject({ accessKeyId: "OTHER" });
    vi.stubEnv("AWS_CONTAINER_CREDENTIALS_FULL_URI", `${served.url}${PATH}/Nobody`);
    await expect(fromContainerMetadata({ maxRetries: 0 })()).rejects.toMatchObject({ statusCode: 404 });
  });
});
