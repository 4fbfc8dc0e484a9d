import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeWorkDirectory } from "./work-directory.ts";

describe("makeWorkDirectory", () => {
  let parent: string;
  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), "work-directories-"));
  });
  afterEach(() => rm(parent, { recursive: true, force: true }));

  const { pid: gone } = spawnSync(process.execPath, ["-e", "0"]);

  async function left(name: string, owner?: string): Promise<string> {
    const directory = join(parent, name);
    await mkdir(join(directory, "aws"), { recursive: true });
    if (owner !== undefined) await writeFile(join(directory, "owner"), owner);
    return directory;
  }

  it("makes a folder for this user alone", async () => {
    const directory = await makeWorkDirectory(parent);
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
    expect(basename(directory)).toMatch(/^ra-sandbox-\w+$/);
  });

  it("removes the folder of a process that is gone", async () => {
    await left("ra-sandbox-killed", `${gone} ${hostname()}`);
    expect(await readdir(parent)).toEqual(["ra-sandbox-killed"]);
    const directory = await makeWorkDirectory(parent);
    expect(await readdir(parent)).toEqual([basename(directory)]);
  });

  it.each([
    ["of a process that lives", "ra-sandbox-other", `${process.pid} ${hostname()}`],
    ["of another host", "ra-sandbox-other", `${gone} ${hostname()}x`],
    ["that names nobody yet", "ra-sandbox-other", undefined],
    ["that names something else", "ra-sandbox-other", `0 ${hostname()}`],
    ["that is no sandbox's", "work", `${gone} ${hostname()}`],
  ])("leaves a folder %s alone", async (_title, name, owner) => {
    await left(name, owner);
    const directory = await makeWorkDirectory(parent);
    expect(new Set(await readdir(parent))).toEqual(new Set([name, basename(directory)]));
  });

  it("leaves its own folders alone", async () => {
    const first = await makeWorkDirectory(parent);
    const second = await makeWorkDirectory(parent);
    expect(new Set(await readdir(parent))).toEqual(new Set([basename(first), basename(second)]));
  });
});
