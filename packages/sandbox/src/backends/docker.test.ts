import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { reachableHost } from "./docker.ts";
// The built files: they start the supervisor beside them, which only exists there.
import { chooseBackend } from "../../dist/index.js";
import type { SandboxOptions } from "../../dist/index.js";

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
});

describe("reachableHost", () => {
  it.each([
    { endpoint: "unix:///var/run/docker.sock", publishAddress: "127.0.0.1", host: "127.0.0.1" },
    { endpoint: "tcp://127.0.0.1:2375", publishAddress: "127.0.0.1", host: "127.0.0.1" },
    { endpoint: "unix:///var/run/docker.sock", publishAddress: "::1", host: "::1" },
    { endpoint: "unix:///var/run/docker.sock", publishAddress: "0.0.0.0", host: "127.0.0.1" },
    // The address of Docker's bridge, for who runs in a container with Docker's socket.
    { endpoint: "unix:///var/run/docker.sock", publishAddress: "172.17.0.1", host: "172.17.0.1" },
    { endpoint: "ssh://me@docker.invalid", publishAddress: "0.0.0.0", host: "docker.invalid" },
  ])("is $host for Docker on $endpoint that publishes on $publishAddress", (row) => {
    expect(reachableHost(row.endpoint, row.publishAddress)).toBe(row.host);
  });

  it.each([{ endpoint: "tcp://docker.invalid:2375" }, { endpoint: "ssh://me@docker.invalid" }])(
    "publishes on another machine only where it is told: $endpoint",
    ({ endpoint }) => {
      expect(() => reachableHost(endpoint, "127.0.0.1")).toThrow(
        `Docker runs on another machine (${endpoint}), whose loopback cannot be reached from here`,
      );
    },
  );
});
