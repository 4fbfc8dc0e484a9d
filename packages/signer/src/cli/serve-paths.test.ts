import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { request } from "node:http";

import { afterAll, describe, expect, it } from "vitest";

import { CREDENTIALS, success } from "../../test/support/fake-service.ts";
import { runCli } from "../../test/support/run-cli.ts";
import {
  folderWithIdentity,
  ROLES_PATH as ROLES,
  serveWords,
  startServe,
  TOKEN_PATH as TOKEN,
  tokenOf,
} from "../../test/support/served.ts";
import type { Served } from "../../test/support/served.ts";

const folder = folderWithIdentity();
afterAll(() => folder[Symbol.dispose]());

const SECRET = "a token of my own";
const tokenFile = folder.join("token");
writeFileSync(tokenFile, SECRET, { mode: 0o600 });

const start = (...more: readonly string[]): Promise<Served> =>
  startServe(folder, [success()], ["--container-token-file", tokenFile, ...more]);

/** Sends a request target as it is written, which a URL would change. */
async function send(
  { url }: Served,
  target: string,
  method: string,
  headers: Readonly<Record<string, string>>,
): Promise<{ readonly status: number | undefined; readonly text: string }> {
  return new Promise((resolve, reject) => {
    request(url, { path: target.replace("HERE", url), method, headers, agent: false }, (response) => {
      response
        .setEncoding("utf8")
        .toArray()
        .then((parts) => resolve({ status: response.statusCode, text: parts.join("") }), reject);
    })
      .on("error", reject)
      .end();
  });
}

// Characters that IAM allows in the name of a role, and clients may encode.
const NAME = "Ex+am@p=le,_.-1";
const ENCODED = encodeURIComponent(NAME);
const ALL_ENCODED = [...NAME].map((c) => `%${c.charCodeAt(0).toString(16)}`).join("");
const role = ["--role-arn", `arn:aws:iam::123456789012:role/path/${NAME}`];

describe("spellings of a path that serve takes for the same", () => {
  it.each([
    TOKEN,
    `${TOKEN}/`,
    `${TOKEN}//`,
    `/${TOKEN}`,
    "//latest//api///token",
    "/latest/./api/token",
    "/latest/meta-data/../api/token",
    "/latest/api/%74oken",
    "/l%61test/api/token?x=1",
    `HERE${TOKEN}`,
    `http://localhost${TOKEN}`,
    `HTTP://127.0.0.1:80/${TOKEN}/`,
  ])("for a token: %s", async (target) => {
    await using served = await start();
    const reply = await send(served, target, "PUT", {});
    expect(reply).toMatchObject({ status: 200, text: expect.stringMatching(/^[\w-]{100}$/) });
  });

  it.each([
    `${ROLES}/${NAME}`,
    `${ROLES}/${NAME}/`,
    `${ROLES}//${NAME}`,
    `${ROLES}/${ENCODED}`,
    `${ROLES}/${ALL_ENCODED}`,
    `${ROLES}/${NAME.replace("+", "%2B")}`,
    `${ROLES}/${NAME.replace("+", "%2b")}`,
    `${ROLES}/${NAME.replace("@", "%40")}`,
    `/${ROLES}/${NAME}`,
    `HERE${ROLES}/${ENCODED}`,
  ])("for credentials of the metadata service: %s", async (target) => {
    await using served = await start(...role);
    const reply = await send(served, target, "GET", await tokenOf(served));
    expect(reply.status).toBe(200);
    expect(JSON.parse(reply.text)).toMatchObject({ AccessKeyId: CREDENTIALS.accessKeyId, Code: "Success" });
  });

  it.each([
    "/container/credentials",
    "/container/credentials/",
    "//container/credentials",
    "/container//credentials//",
    `/container/credentials/${NAME}`,
    `//container/credentials/${ENCODED}/`,
    `/container/credentials//${ALL_ENCODED}`,
    "HERE/container/credentials",
    `HERE//container/credentials/${ENCODED}`,
  ])("for container credentials: %s", async (target) => {
    await using served = await start(...role);
    const reply = await send(served, target, "GET", { Authorization: SECRET });
    expect(reply.status).toBe(200);
    expect(JSON.parse(reply.text)).toMatchObject({ AccessKeyId: CREDENTIALS.accessKeyId });
  });

  it.each([
    "/",
    "//",
    "/latest",
    "/latest/api",
    "/latest/api/tokens",
    `${TOKEN}/more`,
    "/latest/api%2Ftoken",
    "/latest%2Fapi%2Ftoken",
    "/LATEST/api/token",
    "/latest/api/token%00",
    "/latest/api/token%zz",
    "/container",
    "/container/credential",
    "/container%2Fcredentials",
    "/latest/meta-data/iam",
    "/latest/meta-data/iam/security-credentials%2Fx",
    "*",
    "HERE",
    "ftp://127.0.0.1/latest/api/token",
  ])("404 for %s", async (target) => {
    await using served = await start(...role);
    for (const method of ["GET", "PUT"]) {
      expect(await send(served, target, method, { Authorization: SECRET })).toMatchObject({ status: 404 });
    }
  });

  it.each([`http://evil.example${TOKEN}`, "http://evil.example/container/credentials"])(
    "400 for the name of another host in the target: %s",
    async (target) => {
      await using served = await start();
      expect(await send(served, target, "PUT", { Authorization: SECRET })).toMatchObject({ status: 400 });
    },
  );
});

describe("the token file of serve", () => {
  const bad = (name: string): string => folder.join(name);
  const place = (name: string, make: (path: string) => void) => [name, make] as const;
  it.each([
    place("a folder", (path) => mkdirSync(path)),
    place("a named pipe", (path) => spawnSync("mkfifo", [path])),
    place("a device", (path) => symlinkSync("/dev/zero", path)),
    place("one character", (path) => writeFileSync(path, "x\n", { mode: 0o600 })),
    place("five characters", (path) => writeFileSync(path, "12345", { mode: 0o600 })),
    place("nothing", (path) => writeFileSync(path, "", { mode: 0o600 })),
    place("two lines", (path) => writeFileSync(path, "first line\nsecond line\n", { mode: 0o600 })),
    ...(process.geteuid?.() === 0
      ? [
          place("a file of another user", (path) => {
            writeFileSync(path, SECRET, { mode: 0o600 });
            chownSync(path, 12_345, 0);
          }),
        ]
      : []),
  ])("is refused at once: %s", async (name, make) => {
    const path = bad(name);
    make(path);
    const words = ["serve", ...serveWords(folder, "http://127.0.0.1:1"), "--container-token-file", path];
    const result = await runCli(words);
    expect(result).toMatchObject({
      code: 1,
      stdout: "",
      stderr: expect.stringMatching(/^ra-signer: .*token.*\n$/),
    });
    expect(result.stderr).not.toContain("12345");
  });

  it.each([
    [0o644, [/has mode 0644; make it private: chmod 600/]],
    [0o604, [/has mode 0604/]],
    [0o660, [/has mode 0660/]],
    [0o600, []],
    [0o400, []],
    [0o440, []],
  ])("is warned about, as a key file is, when it has mode %o", async (mode, expected) => {
    const path = bad(`mode ${mode}`);
    writeFileSync(path, SECRET);
    chmodSync(path, mode);
    await using served = await startServe(folder, [success()], ["--container-token-file", path]);
    const warnings = served.notes.filter((note) => note.includes("token file"));
    expect(warnings).toEqual(expected.map((pattern) => expect.stringMatching(pattern)));
    expect(served.notes.join("\n")).not.toContain(SECRET);
  });
});
