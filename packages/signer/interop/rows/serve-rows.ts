import { request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

import { CREDENTIALS, refused, startRecordingService } from "../recording-service.ts";
import type { Answer } from "../recording-service.ts";
import type { Program } from "../run-program.ts";
import type { Difference, Expectations, Observation, Row } from "../row.ts";
import type { Lab } from "../lab.ts";
import type { Material } from "../material.ts";
import { runProgram, startServing } from "../run-program.ts";
import type { ServingProgram } from "../run-program.ts";
import { arnFlags, identityFlags, logged, worded } from "./session-row.ts";

const TOKEN_PATH = "/latest/api/token";
const ROLES_PATH = "/latest/meta-data/iam/security-credentials";
const CREDENTIALS_PATH = `${ROLES_PATH}/Example`;
const TOKEN_HEADER = "x-aws-ec2-metadata-token";
const TTL_HEADER = "x-aws-ec2-metadata-token-ttl-seconds";
const TEXT = "text/plain; charset=utf-8";

interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

type Ask = (method: string, path: string, headers?: Readonly<Record<string, string>>) => Promise<Reply>;

const CREDENTIALS_BODY = `${JSON.stringify({
  AccessKeyId: CREDENTIALS.accessKeyId,
  SecretAccessKey: CREDENTIALS.secretAccessKey,
  Token: CREDENTIALS.sessionToken,
  Code: "Success",
  Type: "AWS-HMAC",
  Expiration: CREDENTIALS.expiration,
  LastUpdated: "<moment>",
})}\n`;
const GIVES_CREDENTIALS: Expectations = {
  status: "200",
  body: CREDENTIALS_BODY,
  "content type": TEXT,
  ttl: "(none)",
};
const GIVES_ROLE: Expectations = {
  status: "200",
  body: "Example",
  "content type": TEXT,
  ttl: "<what is left>",
};

/** `serve`, as SDKs see it. */
export function serveRows(): readonly Row[] {
  return [
    ...tokenRows(),
    ...credentialRows(),
    ...unauthorizedRows(),
    ...otherPathRows(),
    ...startRows(),
    expiredTokenRow(),
    evictionRow(),
    failureRow(),
    recoveryRow(),
  ];
}

function tokenRows(): readonly Row[] {
  const issues = (ttl: string): Expectations => ({
    status: "200",
    body: "<100 characters>",
    "content type": TEXT,
    ttl,
  });
  const refuses = (body: string): Expectations => ({
    status: "400",
    body,
    "content type": TEXT,
    ttl: "(none)",
  });
  const row = (
    name: string,
    expected: Expectations,
    headers: Readonly<Record<string, string>> = {},
    path = TOKEN_PATH,
  ) => askRow(`token, ${name}`, expected, async (ask) => describeToken(await ask("PUT", path, headers)));
  return [
    row("21600 seconds", issues("21600"), { [TTL_HEADER]: "21600" }),
    row("1 second", issues("1"), { [TTL_HEADER]: "1" }),
    row("no TTL", issues("21600")),
    row("a slash at the end", issues("60"), { [TTL_HEADER]: "60" }, `${TOKEN_PATH}/`),
    ...["0", "-1", "21601", "x", "1.5"].map((ttl) =>
      row(`TTL ${ttl}`, refuses("invalid token TTL"), { [TTL_HEADER]: ttl }),
    ),
    row("X-Forwarded-For", refuses("unable to process requests with X-Forwarded-For header"), {
      [TTL_HEADER]: "60",
      "X-Forwarded-For": "192.0.2.1",
    }),
    ...["GET", "POST", "DELETE"].map((method) =>
      askRow(`token, ${method}`, { status: "405", body: "" }, async (ask) =>
        describe(await ask(method, TOKEN_PATH)),
      ),
    ),
  ];
}

function credentialRows(): readonly Row[] {
  const row = (name: string, expected: Expectations, path: string, method = "GET"): Row =>
    askRow(name, expected, async (ask) => describe(await ask(method, path, await token(ask))));
  return [
    row("the role's name", GIVES_ROLE, `${ROLES_PATH}/`),
    row("the role's name, no slash at the end", GIVES_ROLE, ROLES_PATH),
    row("an unknown role gives the role's name", GIVES_ROLE, `${ROLES_PATH}/Other`),
    row("credentials", GIVES_CREDENTIALS, CREDENTIALS_PATH),
    row("credentials, a slash at the end", GIVES_CREDENTIALS, `${CREDENTIALS_PATH}/`),
    row("the role's name, POST", { status: "405", body: "" }, `${ROLES_PATH}/`, "POST"),
    row("credentials, POST", { status: "405", body: "" }, CREDENTIALS_PATH, "POST"),
  ];
}

function unauthorizedRows(): readonly Row[] {
  const says = (body: string): Expectations => ({ status: "401", body, "content type": TEXT, ttl: "(none)" });
  return [`${ROLES_PATH}/`, CREDENTIALS_PATH].flatMap((path) => [
    askRow(`no token for ${path}`, says("no token provided"), async (ask) =>
      describe(await ask("GET", path)),
    ),
    askRow(`a wrong token for ${path}`, says("invalid token provided"), async (ask) =>
      describe(await ask("GET", path, { [TOKEN_HEADER]: "x".repeat(100) })),
    ),
  ]);
}

function otherPathRows(): readonly Row[] {
  const paths = [
    "/",
    "/latest/meta-data/",
    "/latest/meta-data/iam/info",
    "/latest/dynamic/instance-identity/document",
  ];
  return paths.map((path) =>
    askRow(
      `GET ${path}`,
      { status: "404", body: "404 page not found\n", "content type": TEXT, ttl: "(none)" },
      async (ask) => describe(await ask("GET", path, await token(ask))),
    ),
  );
}

function startRows(): readonly Row[] {
  const fails = (
    name: string,
    words: (material: Material) => readonly string[],
    difference: Difference,
  ): Row => ({
    name: `serve: ${name}`,
    expected: { exit: "1", stdout: "" },
    difference,
    async observe(program, { material, home }) {
      const { exit, stdout, stderr } = await runProgram(program, ["serve", ...words(material)], {
        HOME: home,
      });
      return { exit, stdout: stdout.toString("utf8"), stderr };
    },
  });
  const identity = ({ identities }: Material): readonly string[] => identityFlags(identities["P-256"]);
  return [
    {
      name: "serve: says how to use it",
      difference: {
        reason: "the address is printed without the trailing slash, which some SDKs refuse",
        helper: { address: "http://127.0.0.1:<port>/" },
        ours: { address: "http://127.0.0.1:<port>" },
      },
      async observe(program, lab) {
        const { port, stderr } = await shared(program, lab);
        const [, address = "(none)"] = /export AWS_EC2_METADATA_SERVICE_ENDPOINT=(\S+)/.exec(stderr()) ?? [];
        return { address: address.replace(String(port), "<port>") };
      },
    },
    fails(
      "a role that is no ARN",
      (material) => [
        ...identity(material),
        ...arnFlags({ role: "Example" }),
        "--endpoint",
        "http://127.0.0.1:9",
      ],
      worded(logged("invalid role ARN")),
    ),
    fails(
      "no role",
      (material) => [...identity(material), ...arnFlags({ role: "" }), "--endpoint", "http://127.0.0.1:9"],
      worded(logged("invalid role ARN"), /--role-arn is missing/),
    ),
    fails(
      "--port that is no number",
      (material) => [...identity(material), ...arnFlags(), "--port", "x"],
      worded(/^Error: [\s\S]*^Usage:/m, /invalid argument "x" for "--port"/),
    ),
    ownRow("--hop-limit", { expected: GIVES_CREDENTIALS, words: ["--hop-limit", "1"] }, async (ask) =>
      describe(await ask("GET", CREDENTIALS_PATH, await token(ask))),
    ),
  ];
}

function expiredTokenRow(): Row {
  return askRow("a token that has ended", { status: "401", body: "invalid token provided" }, async (ask) => {
    const headers = await token(ask, "1");
    await sleep(1500);
    return describe(await ask("GET", CREDENTIALS_PATH, headers));
  });
}

function evictionRow(): Row {
  const expected = { second: "200", last: "200" };
  const difference = {
    reason: "at most 256 tokens are kept, so that they cannot fill the memory; the helper keeps them all",
    helper: { first: "200" },
    ours: { first: "401" },
  };
  return ownRow("257 tokens, the one that ends first makes room", { expected, difference }, async (ask) => {
    const first = await token(ask, "60");
    const second = await token(ask, "120");
    let last = second;
    for (let count = 3; count <= 257; count += 1) last = await token(ask, "600");
    const status = async (headers: Readonly<Record<string, string>>): Promise<string> =>
      String((await ask("GET", `${ROLES_PATH}/`, headers)).status);
    return { first: await status(first), second: await status(second), last: await status(last) };
  });
}

function failureRow(): Row {
  const difference = {
    reason: "without a session the answer is 503; the helper answers 200 with empty credentials",
    helper: {
      status: "200",
      body: /^\{"AccessKeyId":"","SecretAccessKey":"","Token":"","Code":"Success","Type":"AWS-HMAC","Expiration":"0001-01-01T00:00:00Z",/,
    },
    ours: { status: "503", body: /"Code":"Failed"/ },
  };
  const answers = [refused(403, "AccessDeniedException", "no")];
  return ownRow("the service refuses", { difference, answers }, async (ask) =>
    describe(await ask("GET", CREDENTIALS_PATH, await token(ask))),
  );
}

function recoveryRow(): Row {
  const answers = [refused(403, "AccessDeniedException", "no")];
  return ownRow(
    "the service refuses, the role's name is known",
    { expected: GIVES_ROLE, answers },
    async (ask) => describe(await ask("GET", `${ROLES_PATH}/`, await token(ask))),
  );
}

/** A row that asks the one server that all such rows share. */
function askRow(name: string, expected: Expectations, observe: (ask: Ask) => Promise<Observation>): Row {
  return {
    name: `serve: ${name}`,
    expected,
    observe: async (program, lab) => observe(asking(await shared(program, lab))),
  };
}

interface OwnCase {
  readonly expected?: Expectations;
  readonly difference?: Difference;
  readonly answers?: readonly Answer[];
  readonly words?: readonly string[];
}

/** A row with a server of its own. */
function ownRow(name: string, own: OwnCase, observe: (ask: Ask) => Promise<Observation>): Row {
  const { answers = [], words = [], ...row } = own;
  return {
    name: `serve: ${name}`,
    ...row,
    async observe(program, { material, home }) {
      const service = await startRecordingService(answers);
      try {
        const all = [...serveWords(material), "--endpoint", service.url, ...words];
        const serving = await startServing(program, all, { HOME: home });
        try {
          return await observe(asking(serving));
        } finally {
          await serving.stop();
        }
      } finally {
        await service.stop();
      }
    },
  };
}

function shared(program: Program, lab: Lab): Promise<ServingProgram> {
  return lab.serving(program, serveWords(lab.material));
}

function serveWords({ identities }: Material): readonly string[] {
  return ["serve", "--port", "0", ...identityFlags(identities["P-256"]), ...arnFlags()];
}

function asking({ port }: ServingProgram): Ask {
  return (method, path, headers = {}) =>
    new Promise((resolve, reject) => {
      const sent = request({ host: "127.0.0.1", port, method, path, headers, agent: false }, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks).toString("utf8"),
          }),
        );
      });
      sent.on("error", reject);
      sent.end();
    });
}

async function token(ask: Ask, ttlSeconds = "21600"): Promise<Readonly<Record<string, string>>> {
  const { body } = await ask("PUT", TOKEN_PATH, { [TTL_HEADER]: ttlSeconds });
  return { [TOKEN_HEADER]: body };
}

function describeToken(reply: Reply): Observation {
  const seen = describe(reply);
  return {
    ...seen,
    ttl: String(reply.headers[TTL_HEADER] ?? "(none)"),
    ...(reply.status === 200 ? { body: `<${reply.body.length} characters>` } : {}),
  };
}

function describe({ status, headers, body }: Reply): Observation {
  const ttl = headers[TTL_HEADER];
  return {
    status: String(status),
    body: body.replace(/("LastUpdated":")[0-9T:.Z+-]+"/, '$1<moment>"'),
    // An empty answer has none with the helper, and nobody reads it.
    ...(body === "" ? {} : { "content type": String(headers["content-type"] ?? "(none)") }),
    ...(body === "" ? {} : { ttl: ttl === undefined ? "(none)" : remaining(Number(ttl)) }),
  };
}

/** Of 21600 seconds a few have passed. */
function remaining(seconds: number): string {
  return seconds > 21_000 && seconds <= 21_600 ? "<what is left>" : String(seconds);
}
