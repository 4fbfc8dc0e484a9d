// Text that others write reaches terminals, logs and errors with escapes for control characters, and of bounded length.
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { inspect } from "node:util";

import { afterAll, describe, expect, it } from "vitest";

import { temporaryFolder } from "@roles-anywhere/testing";
import { messageOf, printable, SignerError } from "../src/errors.ts";
import { createSession, fromRolesAnywhere } from "../src/index.ts";
import { makeCertificate } from "./support/chain.ts";
import { json, refused, startFakeService, success } from "./support/fake-service.ts";
import type { Answer } from "./support/fake-service.ts";
import { stsRefusal } from "./support/fake-sts.ts";
import { runCli } from "./support/run-cli.ts";
import { startServe } from "./support/served.ts";

const ESC = "\u001b";
/** Clears the screen, rings, sets the title, reverses the text, and ends a line so as to forge the next one. */
const HOSTILE = `${ESC}[2J\u0007${ESC}]0;x\u0007\u009b31m\u202etxt\u2028\u2066\u007f\rra-signer: all is well\u0000`;
const LONG = "x".repeat(500_000);
const MAX_OUTPUT = 40_000;

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());
const client = makeCertificate({ subject: "/CN=client" });
const certificate = folder.join("client.pem");
const privateKey = folder.join("client.key");
writeFileSync(certificate, client.certificatePem);
writeFileSync(privateKey, client.privateKeyPem, { mode: 0o600 });
const ARNS = {
  trustAnchorArn: "arn:aws:rolesanywhere:us-east-1:123456789012:trust-anchor/1",
  profileArn: "arn:aws:rolesanywhere:us-east-1:123456789012:profile/2",
  roleArn: "arn:aws:iam::123456789012:role/Example",
};
const words = (endpoint: string): readonly string[] => [
  ...["--certificate", certificate, "--private-key", privateKey, "--endpoint", endpoint],
  ...[
    "--trust-anchor-arn",
    ARNS.trustAnchorArn,
    "--profile-arn",
    ARNS.profileArn,
    "--role-arn",
    ARNS.roleArn,
  ],
];

/** What would change how a terminal or a log shows the text around it; line feeds are the program's own. */
function unprintableIn(text: string): readonly string[] {
  return text.match(/[^\P{C}\n]|[\u2028\u2029]/gu) ?? [];
}

function expectHarmless(text: string): void {
  expect(unprintableIn(text)).toEqual([]);
  expect(text).not.toMatch(/^ra-signer: all is well/m);
  expect(text.length).toBeLessThan(MAX_OUTPUT);
}

describe("printable", () => {
  it.each([
    ["plain text", "plain text"],
    ["é ü 漢字 €", "é ü 漢字 €"],
    [`a${ESC}[31m`, String.raw`a\u001b[31m`],
    ["a\nb\tc", String.raw`a\u000ab\u0009c`],
    ["\u0085\u009b", String.raw`\u0085\u009b`],
    ["\u202e\u2066\u200b\ufeff", String.raw`\u202e\u2066\u200b\ufeff`],
    ["\u{e0041}", String.raw`\u{e0041}`],
    ["\ud800", String.raw`\ud800`],
  ])("shows %j as %s", (text, shown) => {
    expect(printable(text)).toBe(shown);
  });

  it("cuts long text off", () => {
    expect(printable(LONG)).toHaveLength(4001);
    expect(printable(LONG, 10)).toBe("xxxxxxxxxx…");
  });
});

describe("an error", () => {
  it("has a message of one line, printable and short", () => {
    expectHarmless(new SignerError("ERR_SIGNER_USAGE", `${HOSTILE}\n${HOSTILE}${LONG}`).message);
    expectHarmless(messageOf(new Error(`${HOSTILE}\n${HOSTILE}${LONG}`)));
    expectHarmless(messageOf(`${HOSTILE}${LONG}`));
    expect(messageOf("a \r\n b")).toBe("a b");
  });
});

const answers: readonly (readonly [string, Answer])[] = [
  ["the message of a refusal", refused(403, "AccessDeniedException", HOSTILE)],
  ["a message without end", refused(403, "AccessDeniedException", LONG)],
  ["a message of line ends", refused(403, "AccessDeniedException", "\r\n".repeat(50_000))],
  ["the type of a refusal in the body", json(403, { __type: `a#${HOSTILE}`, message: "no" })],
  ["a type without end", json(403, { code: LONG, message: "no" })],
  ["the id of a request", json(403, { message: "no" }, { "x-amzn-requestid": "a\u009b31m" })],
  ["the type of a refusal in a header", json(403, { message: "no" }, { "x-amzn-errortype": "a\u009b31m" })],
  ["a date", success({ expiration: `2020-01-01T00:00:00Z${HOSTILE}` })],
  ["a body that is no JSON", (response) => void response.writeHead(403).end(`${HOSTILE}${LONG}`)],
  ["a status line", (response) => void response.socket?.end(`HTTP/1.1 403 ${HOSTILE}\r\n\r\n`)],
  ["what is no HTTP", (response) => void response.socket?.end(`${HOSTILE}\r\n\r\n`)],
];

describe.each(answers)("of the service: %s", (_title, answer) => {
  it("is printable in errors and traces of the library", async () => {
    await using service = await startFakeService(answer);
    const trace: string[] = [];
    const init = {
      ...{ ...ARNS, certificate, privateKey, endpoint: service.url, environment: {}, maxAttempts: 1 },
      trace: (line: string) => trace.push(line),
    };
    for (const attempt of [() => createSession(init), fromRolesAnywhere(init)]) {
      const error: unknown = await attempt().catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(SignerError);
      expectHarmless(messageOf(error));
      expectHarmless(inspect(error));
    }
    trace.forEach(expectHarmless);
  });

  it.each([
    ["credential-process", []],
    ["credential-process", ["--debug"]],
    ["credential-process", ["--cache"]],
    ["update", ["--once"]],
    ["doctor", ["--debug"]],
    ["doctor", ["--json"]],
  ] as const)("is printable in the output of %s %j", async (command, more) => {
    await using service = await startFakeService(answer);
    const home = folder.join(`home ${Math.random()}`);
    mkdirSync(home, { mode: 0o700 });
    const result = await runCli([command, ...words(service.url), ...more], {
      HOME: home,
      AWS_MAX_ATTEMPTS: "1",
    });
    expect(result.code).toBe(1);
    expectHarmless(result.stderr);
    expectHarmless(result.stdout);
  });

  it("is printable in notes and answers of serve", async () => {
    using identity = temporaryFolder();
    writeFileSync(identity.join("client.pem"), client.certificatePem);
    writeFileSync(identity.join("client.key"), client.privateKeyPem, { mode: 0o600 });
    await using served = await startServe(identity, [answer], []);
    const { text } = await (
      await fetch(`${served.url}/latest/api/token`, { method: "PUT" })
    )
      .text()
      .then(async (token) => {
        const response = await fetch(`${served.url}/latest/meta-data/iam/security-credentials/Example`, {
          headers: { "x-aws-ec2-metadata-token": token },
        });
        return { text: await response.text() };
      });
    expectHarmless(text);
    served.notes.forEach(expectHarmless);
  });
});

describe("other texts of others", () => {
  it("are printable: names in certificates, in doctor", async () => {
    const subject = `/CN=${HOSTILE.replace("\u0000", "")}/O=${"o".repeat(60)}`;
    const hostile = makeCertificate({ subject });
    writeFileSync(folder.join("hostile.pem"), hostile.certificatePem);
    const more = ["--certificate", folder.join("hostile.pem"), "--intermediates", folder.join("hostile.pem")];
    for (const form of [[], ["--json"]]) {
      const { stdout, stderr } = await runCli([
        "doctor",
        ...words("http://127.0.0.1:1"),
        ...more,
        "--offline",
        ...form,
      ]);
      expect(stdout).toContain("subject");
      expectHarmless(stdout + stderr);
    }
  });

  it.each(["credential-process", "update", "configure", "doctor", "sign-string"])(
    "are printable: names of files, in %s",
    async (command) => {
      const name = folder.join(`client${HOSTILE.replace("\u0000", "")}.pem`);
      const session = command === "sign-string" ? words("").slice(0, 4) : words("http://127.0.0.1:1");
      const more = command === "configure" ? ["--profile", "x", "--config-file", folder.join("config")] : [];
      for (const flag of ["--certificate", "--private-key"]) {
        const { stdout, stderr, code } = await runCli([command, ...session, ...more, flag, name]);
        expect(code).not.toBe(0);
        expectHarmless(stdout + stderr);
      }
    },
  );

  it.each([
    [["--" + HOSTILE.replace("\u0000", "")]],
    [[HOSTILE.replace("\u0000", "")]],
    [["--session-duration", HOSTILE.replace("\u0000", "")]],
    [["--role-arn", HOSTILE.replace("\u0000", "")]],
    [["--trust-anchor-arn", LONG.slice(0, 100_000)]],
    [["--endpoint", `http://${HOSTILE.replace("\u0000", "")}`]],
    [["--region", HOSTILE.replace("\u0000", "")]],
  ])("are printable: arguments", async (more) => {
    const { code, stdout, stderr } = await runCli([
      "credential-process",
      ...words("http://127.0.0.1:1"),
      ...more,
    ]);
    expect(code).toBe(1);
    expectHarmless(stdout + stderr);
  });

  it("are printable: settings of a profile, in doctor", async () => {
    const config = folder.join("config-of-others");
    const text = HOSTILE.replaceAll("\u0000", "").replaceAll("\r", "");
    writeFileSync(
      config,
      `[profile web]\ncredential_process = ${text} credential-process --certificate ${text}\n`,
    );
    for (const form of [[], ["--json"]]) {
      const result = await runCli(["doctor", "--profile", "web", "--offline", ...form], {
        AWS_CONFIG_FILE: config,
      });
      expect(result.code).toBe(1);
      expectHarmless(result.stdout + result.stderr);
    }
  });

  it("are printable: what a proxy answers", async () => {
    const proxy = createServer();
    proxy.on("connect", (_request, socket) => {
      // The command hangs up before it has read all of this.
      socket.on("error", () => {});
      socket.end(`HTTP/1.1 407 ${HOSTILE}\r\nX-A: \u009b31m\r\n\r\n${LONG}`);
    });
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
    const { port } = proxy.address() as AddressInfo;
    try {
      const environment = { HTTPS_PROXY: `http://127.0.0.1:${port}`, AWS_MAX_ATTEMPTS: "1" };
      const result = await runCli(
        ["credential-process", ...words("https://ra.example"), "--with-proxy"],
        environment,
      );
      expect(result.code).toBe(1);
      expectHarmless(result.stdout + result.stderr);
    } finally {
      proxy.close();
    }
  });

  it("are printable: what STS answers, in doctor", async () => {
    for (const text of [HOSTILE.replaceAll("\u0000", ""), LONG, "&#27;[2J&#x9b;31m&#10;"]) {
      await using sts = await startFakeService(stsRefusal(403, `Code${text}`, text));
      await using service = await startFakeService(success());
      const result = await runCli(["doctor", ...words(service.url)], { AWS_ENDPOINT_URL_STS: sts.url });
      expect(result.stdout).toContain("caller identity");
      expectHarmless(result.stdout + result.stderr);
    }
  });
});
