import { chmod, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createRootCertificateAuthority, issueClientCertificate } from "@roles-anywhere/pki";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readSettings } from "../src/settings/read-settings.ts";
import { programs, repositoryRoot } from "../src/story/programs.ts";
import { isLoopback, listeningSockets } from "./support/listening-sockets.ts";
import { startRun } from "./support/own-run.ts";

const { backend } = readSettings(process.env);

/**
 * LocalStack has no access control, the signer's server hands out credentials, and the mock can be told everything: only
 * this machine may reach them, unless its owner asks for more. The kernel says who listens where.
 */
describe.skipIf(process.platform !== "linux")(
  "what the kit's commands listen on",
  { timeout: 300_000 },
  () => {
    let folder: string;
    let environment: Record<string, string>;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "listening-"));
      // LocalStack would start its DNS server with sudo where it may: whoever calls sudo leaves a file behind.
      const sudo = join(folder, "sudo");
      await writeFile(sudo, `#!/bin/sh\necho "$*" >>"${folder}/sudo-was-called"\nexit 1\n`);
      await chmod(sudo, 0o755);
      environment = { PATH: `${folder}:${process.env["PATH"]}` };
      const authority = await createRootCertificateAuthority({ commonName: "Listening" });
      const client = await issueClientCertificate({ authority, commonName: "client" });
      await writeFile(join(folder, "client.pem"), client.certificatePem);
      await writeFile(join(folder, "client.key"), client.privateKeyPem, { mode: 0o600 });
    });
    afterAll(() => rm(folder, { recursive: true, force: true }));

    const bin = (packageName: string, path: string): string =>
      fileURLToPath(new URL(path, import.meta.resolve(packageName)));
    const arn = (kind: string): string => `arn:aws:rolesanywhere:us-east-1:000000000000:${kind}`;

    interface Row {
      title: string;
      command: string;
      arguments: () => string[];
      environment?: Record<string, string>;
      ready: RegExp;
      /** How many sockets and published ports there are at least: a test that sees none shows nothing. */
      sockets: number;
    }
    const rows: Row[] = [
      {
        title: "ra-sandbox up",
        command: process.execPath,
        arguments: () => [bin("@roles-anywhere/sandbox", "../bin/ra-sandbox.js"), "up", "--backend", backend],
        ready: /Logs: /,
        sockets: 2,
      },
      {
        title: "./scripts/demo --keep",
        command: join(repositoryRoot, "scripts", "demo"),
        arguments: () => ["--backend", backend, "--keep"],
        ready: /Ctrl-C stops everything/,
        sockets: 3,
      },
      {
        title: "ra-mock",
        command: process.execPath,
        arguments: () => [
          bin("@roles-anywhere/mock", "../bin/ra-mock.js"),
          ...["--port", "0", "--sts-endpoint", "http://127.0.0.1:9"],
        ],
        ready: /listening on http/,
        sockets: 1,
      },
      {
        title: "ra-signer serve",
        command: process.execPath,
        arguments: () => [
          ...[programs["ra-signer"], "serve", "--port", "0", "--endpoint", "http://127.0.0.1:9"],
          ...["--certificate", join(folder, "client.pem"), "--private-key", join(folder, "client.key")],
          ...["--trust-anchor-arn", arn("trust-anchor/00000000-0000-4000-8000-000000000000")],
          ...["--profile-arn", arn("profile/00000000-0000-4000-8000-000000000000")],
          ...["--role-arn", "arn:aws:iam::000000000000:role/Reader"],
          ...["--container-token-file", join(folder, "token")],
        ],
        ready: /http:\/\/127\.0\.0\.1:\d+/,
        sockets: 1,
      },
      {
        title: "the sample app",
        command: process.execPath,
        arguments: () => [programs.app],
        environment: { PORT: "0", REGION: "us-east-1", PROFILE: "none", BUCKET: "none" },
        ready: /listening on http/,
        sockets: 1,
      },
    ];
    it.each(rows)("$title: loopback only, no DNS server, no sudo", async (row) => {
      await using run = await startRun(row.command, row.arguments(), { ...environment, ...row.environment });
      await run.waitFor(row.ready);

      const sockets = await listeningSockets(run);
      expect(sockets.length).toBeGreaterThanOrEqual(row.sockets);
      expect(sockets.filter((socket) => !isLoopback(socket))).toEqual([]);
      expect(sockets.filter(({ port }) => port === 53)).toEqual([]);
      const names = (await run.processes()).map(({ command }) => command);
      expect(names.filter((name) => /^(\S*\/)?(sudo|dnsmasq|named)\b|localstack\.dns/.test(name))).toEqual(
        [],
      );
      expect(await readdir(folder)).not.toContain("sudo-was-called");
    });

    it("sees a socket that is open to the network", async () => {
      const script = `const server = require("node:net").createServer().listen(0, () => console.log("ready"));
      require("node:dgram").createSocket("udp4").bind(0, "0.0.0.0");`;
      await using run = await startRun(process.execPath, ["-e", script]);
      await run.waitFor(/ready/);
      const open = (await listeningSockets(run)).filter((socket) => !isLoopback(socket));
      expect(open.map(({ protocol, address }) => ({ protocol, address }))).toEqual(
        expect.arrayContaining([
          { protocol: expect.stringMatching(/^tcp/), address: expect.stringMatching(/^(::|0\.0\.0\.0)$/) },
          { protocol: "udp", address: "0.0.0.0" },
        ]),
      );
    });

    it("does not look at other processes of this machine", async () => {
      const other = createServer();
      await new Promise<void>((resolve) => other.listen(0, "0.0.0.0", resolve));
      try {
        await using run = await startRun(process.execPath, [
          "-e",
          `console.log("ready"); setInterval(() => {}, 1e9)`,
        ]);
        await run.waitFor(/ready/);
        expect(await listeningSockets(run)).toEqual([]);
      } finally {
        other.close();
      }
    });
  },
);
