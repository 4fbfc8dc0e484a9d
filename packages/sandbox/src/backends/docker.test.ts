import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
// The built files: they start the supervisor beside them, which only exists there.
import { chooseBackend, type SandboxOptions, startContainer } from "../../dist/index.js";

/** A shell script stands where Docker would: what is tested is what Docker is asked to do. */
describe("the docker back end", () => {
  let folder: string;
  let environment: Record<string, string>;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "docker-"));
    await mkdir(join(folder, "bin"));
    environment = { PATH: `${join(folder, "bin")}:/usr/bin:/bin` };
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  /** @param cases of a shell `case` over the docker command's arguments */
  async function docker(cases: string): Promise<void> {
    const file = join(folder, "bin", "docker");
    const calls = join(folder, "calls");
    await writeFile(file, `#!/bin/sh\necho "$*" >>"${calls}"\ncase "$*" in\n${cases}\nesac\n`);
    await chmod(file, 0o755);
  }
  const calls = async (): Promise<string[]> =>
    (await readFile(join(folder, "calls"), "utf8")).trim().split("\n");

  describe("chooseBackend", () => {
    const images = { localstackImage: "localstack:test", nodeImage: "node:test" };
    const answers = "info*) echo 28.0;;";
    const refuses = `image*) exit 1;; pull*) echo "Error: toomanyrequests" >&2; exit 1;;`;
    const choose = async (wanted: "auto" | "docker" | "process", options: SandboxOptions = {}) => {
      const lines: string[] = [];
      const onProgress = (line: string): void => void lines.push(line);
      const backend = await chooseBackend(wanted, { ...images, environment, onProgress, ...options });
      return { backend, lines };
    };

    it("takes Docker when it answers and has the images", async () => {
      await docker(answers);
      expect(await choose("auto")).toEqual({ backend: "docker", lines: [] });
    });

    it("fetches an image that is missing", async () => {
      await docker(`${answers} image*node:test) exit 1;;`);
      expect(await choose("auto")).toEqual({
        backend: "docker",
        lines: ["Fetching the image node:test (once)"],
      });
      expect(await calls()).toContain("pull --quiet node:test");
    });

    it.each([
      { title: "does not answer", cases: "info*) exit 1;;" },
      { title: "has a client without a daemon", cases: "info*) echo;;" },
    ])("auto takes processes when Docker $title", async ({ cases }) => {
      await docker(cases);
      expect(await choose("auto")).toEqual({ backend: "process", lines: [] });
    });

    it("auto takes processes when an image cannot be had, and says so in one line", async () => {
      await docker(`${answers} ${refuses}`);
      expect(await choose("auto")).toEqual({
        backend: "process",
        lines: [
          "Fetching the image localstack:test (once)",
          "Docker answers, but the image localstack:test cannot be fetched (Error: toomanyrequests): using processes instead",
        ],
      });
    });

    it.each([
      { image: "localstack:test", options: {}, variable: "LOCALSTACK_IMAGE" },
      { image: "node:test", options: {}, variable: "NODE_IMAGE" },
      { image: "mock:test", options: { mockImage: "mock:test" }, variable: "RA_MOCK_IMAGE" },
    ])("docker says what to do when $image cannot be had", async ({ image, options, variable }) => {
      await docker(`${answers} image*${image}) exit 1;; pull*) echo denied >&2; exit 1;;`);
      await expect(choose("docker", options)).rejects.toMatchObject({
        code: "ERR_SANDBOX_IMAGE_UNAVAILABLE",
        message:
          `the image ${image} is not on this machine and cannot be fetched: denied. Log in to its registry or load the ` +
          `image, name another one in ${variable}, or use the process back end`,
      });
    });

    it("docker says that Docker does not answer", async () => {
      await docker("info*) exit 1;;");
      await expect(choose("docker")).rejects.toMatchObject({ code: "ERR_SANDBOX_BACKEND_UNAVAILABLE" });
    });

    it("process does not ask Docker", async () => {
      expect(await choose("process")).toEqual({ backend: "process", lines: [] });
    });
  });

  describe("startContainer", () => {
    let server: Server;
    let port: number;
    beforeEach(async () => {
      server = createServer((_request, response) => response.end());
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      const address = server.address();
      port = address !== null && typeof address === "object" ? address.port : 0;
    });
    afterEach(() => server.close());

    const cases = (endpoint = "unix:///var/run/docker.sock"): string =>
      `context*) echo ${endpoint};; create*) echo id; env >"${folder}/env";; port*) echo 127.0.0.1:${port};; logs*) sleep 30;;`;
    const start = (changes: Partial<Parameters<typeof startContainer>[0]> = {}) =>
      startContainer({
        name: "it",
        image: "image:test",
        network: "net",
        labels: { label: "value" },
        environment: { SETTING: "1" },
        port: 4566,
        publishAddress: "127.0.0.1",
        healthPath: "/health",
        timeoutMs: 10_000,
        workDirectory: folder,
        logDirectory: folder,
        logName: "it",
        dockerEnvironment: environment,
        ...changes,
      });

    it.each([
      { title: "a free port", changes: {}, expected: "--publish 127.0.0.1::4566 " },
      { title: "a fixed port", changes: { hostPort: 9912 }, expected: "--publish 127.0.0.1:9912:4566 " },
      {
        title: "IPv6",
        changes: { publishAddress: "::1", timeoutMs: 300 },
        expected: "--publish [::1]::4566 ",
      },
    ])("publishes $title on loopback alone", async ({ changes, expected }) => {
      await docker(cases());
      const container = await start(changes).catch(() => undefined);
      const published = (await calls()).join("\n");
      expect(published).toContain(expected);
      expect(published).not.toMatch(/-P\b|--publish-all|0\.0\.0\.0/);
      await container?.stop();
    });

    it("keeps secrets out of the command line", async () => {
      await docker(cases());
      const container = await start({ secrets: { LOCALSTACK_AUTH_TOKEN: "ls-secret" } });
      await container.stop();
      expect(await readFile(join(folder, "env"), "utf8")).toContain("LOCALSTACK_AUTH_TOKEN=ls-secret\n");
      const commandLines = (await calls()).join("\n");
      expect(commandLines).toContain("--env SETTING=1 --env LOCALSTACK_AUTH_TOKEN image:test");
      expect(commandLines).not.toContain("ls-secret");
    });

    it.each([{ endpoint: "tcp://docker.invalid:2375" }, { endpoint: "ssh://me@docker.invalid" }])(
      "publishes on another machine only where it is told: $endpoint",
      async ({ endpoint }) => {
        await docker(cases(endpoint));
        await expect(start()).rejects.toMatchObject({
          code: "ERR_SANDBOX_START_FAILED",
          message: expect.stringMatching(/Docker runs on another machine .* publishAddress "0\.0\.0\.0"/),
        });
        // No machine has this name: what matters is where the container is looked for.
        await expect(start({ publishAddress: "0.0.0.0", timeoutMs: 100 })).rejects.toMatchObject({
          message: expect.stringContaining(`did not answer at http://docker.invalid:${port}/health`),
        });
      },
    );

    it("takes Docker behind a loopback socket for this machine's", async () => {
      await docker(cases("tcp://127.0.0.1:2375"));
      const container = await start();
      expect(container.url).toBe(`http://127.0.0.1:${port}`);
      await container.stop();
    });

    it("says what Docker said when the container cannot be created", async () => {
      await docker(`context*) echo unix:///x;; create*) echo "no such network" >&2; exit 1;;`);
      await expect(start()).rejects.toMatchObject({
        code: "ERR_SANDBOX_START_FAILED",
        message:
          "the container of it (image:test) could not be started: docker create ended with exit code 1: no such network",
      });
    });

    it("does not wait for a container that has ended", async () => {
      server.close();
      await docker(cases().replace("sleep 30", "exit 0"));
      await expect(start({ timeoutMs: 60_000 })).rejects.toMatchObject({
        code: "ERR_SANDBOX_START_FAILED",
        message: expect.stringContaining("it ended before it was ready: the container of it ended"),
      });
    });
  });
});
