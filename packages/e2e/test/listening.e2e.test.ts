import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createRootCertificateAuthority, issueClientCertificate } from "@roles-anywhere/pki";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PROGRAMS } from "../src/story/programs.ts";
import { exposuresOf, isLoopback, listeningSockets } from "./support/listening-sockets.ts";
import { startRun } from "./support/own-run.ts";

/**
 * The signer's server hands out credentials, and the mock does what it is told: only this machine may reach them, unless
 * its owner asks for more. The kernel says who listens where.
 *
 * The tests of `ra-sandbox up` and of the demo, which start LocalStack as well, look at their sockets themselves.
 */
describe.skipIf(process.platform !== "linux")("what the kit's commands listen on", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "listening-"));
    const authority = await createRootCertificateAuthority({ commonName: "Listening" });
    const client = await issueClientCertificate({ authority, commonName: "client" });
    await writeFile(join(folder, "client.pem"), client.certificatePem);
    await writeFile(join(folder, "client.key"), client.privateKeyPem, { mode: 0o600 });
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const mock = fileURLToPath(new URL("../bin/ra-mock.js", import.meta.resolve("@roles-anywhere/mock")));
  const arn = (resource: string): string =>
    `arn:aws:rolesanywhere:us-east-1:000000000000:${resource}/00000000-0000-4000-8000-000000000000`;

  interface Row {
    title: string;
    arguments: () => string[];
    environment?: Record<string, string>;
    ready: RegExp;
  }
  const rows: Row[] = [
    {
      title: "ra-mock",
      arguments: () => [mock, "--port", "0", "--sts-endpoint", "http://127.0.0.1:9"],
      ready: /listening on http/,
    },
    {
      title: "ra-signer serve",
      arguments: () => [
        ...[PROGRAMS["ra-signer"], "serve", "--port", "0", "--endpoint", "http://127.0.0.1:9"],
        ...["--certificate", join(folder, "client.pem"), "--private-key", join(folder, "client.key")],
        ...["--trust-anchor-arn", arn("trust-anchor"), "--profile-arn", arn("profile")],
        ...["--role-arn", "arn:aws:iam::000000000000:role/Reader"],
        ...["--container-token-file", join(folder, "token")],
      ],
      ready: /http:\/\/127\.0\.0\.1:\d+/,
    },
    {
      title: "the sample app",
      arguments: () => [PROGRAMS.app],
      environment: { PORT: "0", REGION: "us-east-1", PROFILE: "none", BUCKET: "none" },
      ready: /listening on http/,
    },
  ];
  it.each(rows)("$title: loopback only", async (row) => {
    await using run = await startRun(process.execPath, row.arguments(), row.environment);
    await run.waitFor(row.ready);
    expect(await exposuresOf(run, 1)).toEqual([]);
  });

  it("sees a socket that is open to the network, and a call of sudo", async () => {
    const script = `require("node:child_process").spawnSync("sudo", ["-n", "true"]);
      require("node:dgram").createSocket("udp4").bind(0, "0.0.0.0", () =>
        require("node:net").createServer().listen(0, () => console.log("ready")));`;
    await using run = await startRun(process.execPath, ["-e", script]);
    await run.waitFor(/ready/);
    const open = (await listeningSockets(run)).filter((socket) => !isLoopback(socket));
    expect(open.map(({ protocol, address }) => ({ protocol, address }))).toEqual(
      expect.arrayContaining([
        { protocol: expect.stringMatching(/^tcp/), address: expect.stringMatching(/^(::|0\.0\.0\.0)$/) },
        { protocol: "udp", address: "0.0.0.0" },
      ]),
    );
    expect(await run.sudoCalls()).toEqual(["-n true"]);
    expect(await exposuresOf(run, 1)).toHaveLength(3);
  });

  it("does not look at other processes of this machine", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "0.0.0.0", resolve));
    try {
      const script = `console.log("ready"); setInterval(() => {}, 1e9)`;
      await using run = await startRun(process.execPath, ["-e", script]);
      await run.waitFor(/ready/);
      expect(await listeningSockets(run)).toEqual([]);
    } finally {
      other.close();
    }
  });
});
