import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findPython } from "../../dist/backends/find-python.js";

/** Programs of one line each stand where Python and uv would: what is tested is the order, not Python. */
describe("findPython", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "find-python-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function install(path: string, script: string): Promise<string> {
    const file = join(folder, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, `#!/bin/sh\n${script}\n`);
    await chmod(file, 0o755);
    return file;
  }
  const python = (path: string, version: string): Promise<string> =>
    install(path, `echo ${version}; echo "${join(folder, path)}"`);
  const find = (morePath = "") =>
    findPython({
      toolsDirectory: join(folder, "tools"),
      environment: { PATH: join(folder, "bin") + morePath, HOME: folder },
      onProgress: () => undefined,
    });

  it("takes python3.13 from PATH", async () => {
    await python("bin/python3", "3.13");
    const expected = await python("bin/python3.13", "3.13");
    expect(await find()).toBe(expected);
  });

  it("takes a python3 that is 3.13", async () => {
    await python("bin/python", "3.13");
    const expected = await python("bin/python3", "3.13");
    expect(await find()).toBe(expected);
  });

  it("looks past another release, and past pyenv's shims, into pyenv's versions", async () => {
    await python("bin/python3", "3.11");
    await install("bin/python3.13", "echo 'pyenv: python3.13: command not found' >&2; exit 127");
    await python(".pyenv/versions/3.12.1/bin/python3.12", "3.12");
    const expected = await python(".pyenv/versions/3.13.0/bin/python3.13", "3.13");
    expect(await find()).toBe(expected);
  });

  it("has uv fetch one where there is none", async () => {
    const fetched = join(folder, "tools/python/3.13/bin/python3.13");
    await install("bin/uv", `case "$*" in *find*) echo "${fetched}";; esac`);
    expect(await find()).toBe(fetched);
  });

  it("installs uv by its hash where there is none", async () => {
    const fetched = join(folder, "tools/python/3.13/bin/python3.13");
    const calls = join(folder, "calls");
    // `python3 -m venv --clear <folder>` makes an environment whose pip installs a uv that does as told.
    await install(
      "venv-python",
      `echo "$*" >>"${calls}"; printf '#!/bin/sh\\ncase "$*" in *find*) echo "${fetched}";; esac\\n' >"$(dirname "$0")/uv"; chmod +x "$(dirname "$0")/uv"`,
    );
    await install(
      "bin/python3",
      `case "$*" in "-m venv"*) mkdir -p "$4/bin"; cp "${join(folder, "venv-python")}" "$4/bin/python";; *) echo 3.11;; esac`,
    );
    expect(await find(":/usr/bin:/bin")).toBe(fetched);
    expect(await readFile(calls, "utf8")).toMatch(
      /^-m pip install --quiet --require-hashes -r \S+uv-lock\.txt\n$/,
    );
  });

  it("says in one sentence what to install where nothing helps", async () => {
    await python("bin/python3", "3.11");
    await expect(find()).rejects.toMatchObject({
      code: "ERR_SANDBOX_PYTHON_MISSING",
      message: expect.stringMatching(/install Docker .* or Python 3\.13 .* then run this again$/),
    });
  });
});

describe("the locks of the Python packages", () => {
  it.each(["uv-lock.txt", "localstack-lock.txt"])(
    "%s names one release and the hashes of each package",
    async (name) => {
      const lock = await readFile(new URL(`../../python/${name}`, import.meta.url), "utf8");
      const requirements = lock.split(/\n(?=\S)/).filter((text) => !text.startsWith("#"));
      expect(requirements.length).toBeGreaterThan(0);
      for (const requirement of requirements) {
        expect(requirement).toMatch(/^[\w.-]+(\[[\w,-]+\])?==\S+.* \\\n\s+--hash=sha256:[0-9a-f]{64}/);
      }
    },
  );
});
