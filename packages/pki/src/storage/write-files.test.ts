import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { rename } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { fileMode, fingerprint, temporaryDirectory } from "../../test/support/temporary-directory.ts";
import { writeFiles } from "./write-files.ts";

function pair(
  directory: string,
  [key, certificate]: readonly [string, string] = ["new key", "new certificate"],
) {
  return [
    { path: join(directory, "a.key"), content: key, mode: 0o400 },
    { path: join(directory, "a.pem"), content: certificate, mode: 0o644 },
  ];
}

/** A `rename` that fails when it is called for the nth time. */
function failingMove(call: number) {
  let calls = 0;
  return async (from: string, to: string) => {
    calls += 1;
    if (calls === call) throw new Error("disk on fire");
    await rename(from, to);
  };
}

describe("writeFiles", () => {
  it("writes content and modes, creates the folder, and leaves nothing else", async () => {
    const directory = join(temporaryDirectory(), "deep", "pki");
    await writeFiles(pair(directory));

    expect(readdirSync(directory).toSorted()).toEqual(["a.key", "a.pem"]);
    expect(readFileSync(join(directory, "a.key"), "utf8")).toBe("new key");
    expect(readFileSync(join(directory, "a.pem"), "utf8")).toBe("new certificate");
    expect(fileMode(join(directory, "a.key"))).toBe("400");
    expect(fileMode(join(directory, "a.pem"))).toBe("644");
  });

  it.each([{ umask: 0o077 }, { umask: 0o000 }, { umask: 0o022 }])(
    "gives the modes asked for under a umask of $umask",
    async ({ umask }) => {
      const directory = temporaryDirectory();
      // Worker threads cannot change the umask, so this needs the pool of processes, which is vitest's default.
      const before = process.umask(umask);
      try {
        await writeFiles(pair(directory));
      } finally {
        process.umask(before);
      }

      expect([fileMode(join(directory, "a.key")), fileMode(join(directory, "a.pem"))]).toEqual([
        "400",
        "644",
      ]);
    },
  );

  it.each([{ umask: 0o000 }, { umask: 0o022 }, { umask: 0o077 }, { umask: 0o277 }])(
    "makes a missing folder for its owner alone under a umask of $umask, and leaves an existing one as it is",
    async ({ umask }) => {
      const existing = temporaryDirectory();
      chmodSync(existing, 0o755);
      const before = process.umask(umask);
      try {
        await writeFiles(pair(join(existing, "pki")));
      } finally {
        process.umask(before);
      }
      expect(fileMode(join(existing, "pki"))).toBe("700");
      expect(fileMode(existing)).toBe("755");
    },
  );

  it.each([{ existing: "a.key" }, { existing: "a.pem" }])(
    "refuses and changes nothing when $existing exists",
    async ({ existing }) => {
      const directory = temporaryDirectory();
      writeFileSync(join(directory, existing), "old", { mode: 0o600 });
      const before = fingerprint(directory);

      await expect(writeFiles(pair(directory))).rejects.toMatchObject({
        code: "ERR_PKI_FILE_EXISTS",
        path: join(directory, existing),
      });
      expect(fingerprint(directory)).toEqual(before);
    },
  );

  it("counts a link to nowhere as a file that exists", async () => {
    const directory = temporaryDirectory();
    symlinkSync("nowhere", join(directory, "a.key"));

    await expect(writeFiles(pair(directory))).rejects.toMatchObject({ code: "ERR_PKI_FILE_EXISTS" });
    expect(existsSync(join(directory, "nowhere"))).toBe(false);
  });

  it("replaces a link with force, and not the file it points to", async () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, "elsewhere"), "old");
    symlinkSync("elsewhere", join(directory, "a.key"));
    await writeFiles(pair(directory), { force: true });

    expect(readFileSync(join(directory, "elsewhere"), "utf8")).toBe("old");
    expect(readFileSync(join(directory, "a.key"), "utf8")).toBe("new key");
  });

  it("replaces files with force, even those that are read-only", async () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, "a.key"), "old", { mode: 0o400 });
    await writeFiles(pair(directory), { force: true });

    expect(readFileSync(join(directory, "a.key"), "utf8")).toBe("new key");
    expect(readdirSync(directory).toSorted()).toEqual(["a.key", "a.pem"]);
  });

  it("refuses a folder in the way, even with force", async () => {
    const directory = temporaryDirectory();
    mkdirSync(join(directory, "a.pem"));
    const before = fingerprint(directory);

    await expect(writeFiles(pair(directory), { force: true })).rejects.toMatchObject({
      code: "ERR_PKI_FILE_EXISTS",
      message: expect.stringContaining("is a folder; move it away"),
    });
    expect(fingerprint(directory)).toEqual(before);
  });

  it.each([
    { call: 1, force: false, existing: [] },
    { call: 2, force: false, existing: [] },
    { call: 1, force: true, existing: ["a.key", "a.pem"] },
    { call: 2, force: true, existing: ["a.key", "a.pem"] },
    { call: 2, force: true, existing: ["a.key"] },
    { call: 2, force: true, existing: ["a.pem"] },
  ])(
    "puts everything back when rename $call fails (force $force, existing $existing)",
    async ({ call, force, existing }) => {
      const directory = temporaryDirectory();
      existing.forEach((name) => writeFileSync(join(directory, name), `old ${name}`, { mode: 0o440 }));
      const before = fingerprint(directory);

      await expect(writeFiles(pair(directory), { force, moveFile: failingMove(call) })).rejects.toMatchObject(
        {
          code: "ERR_PKI_FILE_SYSTEM",
          message: `cannot write into ${directory}, where nothing has changed: disk on fire`,
          cause: expect.any(Error),
        },
      );
      expect(fingerprint(directory)).toEqual(before);
    },
  );

  it("says so when it cannot put everything back", async () => {
    const directory = temporaryDirectory();
    const moveFile = async (_from: string, to: string) => {
      // Someone turns the first file into a folder while we write: it cannot be removed again.
      if (to.endsWith(".pem")) throw new Error("disk on fire");
      mkdirSync(to);
    };

    await expect(writeFiles(pair(directory), { moveFile })).rejects.toMatchObject({
      code: "ERR_PKI_FILE_SYSTEM",
      message: expect.stringContaining("nor put everything back as it was"),
      cause: expect.any(AggregateError),
    });
    expect(readdirSync(directory)).toEqual(["a.key"]);
  });

  it("lets exactly one of several writers of the same new files win, and keeps its pair together", async () => {
    const directory = temporaryDirectory();
    const writers = Array.from({ length: 8 }, (_, writer) =>
      writeFiles(pair(directory, [`writer ${writer}`, `writer ${writer}`])),
    );
    const outcomes = await Promise.allSettled(writers);
    const winners = outcomes.flatMap(({ status }, writer) => (status === "fulfilled" ? [writer] : []));

    expect(winners).toHaveLength(1);
    expect(outcomes.filter(({ status }) => status === "rejected")).toEqual(
      Array.from({ length: 7 }, () => ({
        status: "rejected",
        reason: expect.objectContaining({ code: "ERR_PKI_FILE_EXISTS" }),
      })),
    );
    expect(readFileSync(join(directory, "a.key"), "utf8")).toBe(`writer ${winners[0]}`);
    expect(readFileSync(join(directory, "a.pem"), "utf8")).toBe(`writer ${winners[0]}`);
    expect(readdirSync(directory).toSorted()).toEqual(["a.key", "a.pem"]);
  });

  it("reports what the system says when the folder cannot be made", async () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, "file"), "");

    await expect(writeFiles(pair(join(directory, "file")))).rejects.toMatchObject({
      code: "ERR_PKI_FILE_SYSTEM",
      message: expect.stringContaining("ENOTDIR"),
      cause: expect.objectContaining({ code: "ENOTDIR" }),
    });
  });
});
