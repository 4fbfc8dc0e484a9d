import { spawnSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { temporaryFolder } from "../testing/openssl.ts";
import { formatConfig, parseConfig, profileSections, sectionsOf, setProfile } from "./config-document.ts";
import { rivalKeys, shadowingKeys } from "./profile-conflicts.ts";
import { readStackOutputs } from "./read-stack-outputs.ts";
import { quoteWord, splitWords } from "./shell-word.ts";
import { writeFileAtomically } from "./write-file-atomically.ts";

describe("quoteWord", () => {
  const words = [
    "/usr/bin/node",
    "/home/me/my keys/client.pem",
    String.raw`/a"b\c`,
    "/a$HOME/`id`/$(id)!x",
    "/it's/'quoted'",
    "/'$",
    "/ü/é",
    "~/*?[x]{y}&|<>;()#",
    "",
  ];

  it.each(words)("carries %j through sh", (word) => {
    const { stdout } = spawnSync("sh", ["-c", `printf %s ${quoteWord(word, "linux")}`]);
    expect(stdout.toString()).toBe(word);
  });

  it.each(words)("carries %j through the rules that sh and shlex share", (word) => {
    expect(splitWords(`a ${quoteWord(word, "linux")} b`)).toEqual(["a", word, "b"]);
  });

  it.runIf(spawnSync("python3", ["--version"]).status === 0)(
    "carries all of them through Python's shlex",
    () => {
      const line = words.map((word) => quoteWord(word, "linux")).join(" ");
      const code = "import sys, shlex, json; print(json.dumps(shlex.split(sys.stdin.read())))";
      const { stdout } = spawnSync("python3", ["-c", code], {
        input: line,
        env: { ...process.env, PYTHONUTF8: "1" },
      });
      expect(JSON.parse(stdout.toString())).toEqual(words);
    },
  );

  it("comes back from splitWords, whatever it holds", () => {
    const character = fc.constantFrom(..."ab \"'$`\\!é/-#;".split(""));
    const word = fc.string({ unit: character }).filter((text) => !/\s[#;]/.test(text));
    fc.assert(
      fc.property(fc.array(word), (words) => {
        expect(splitWords(words.map((text) => quoteWord(text, "linux")).join(" "))).toEqual(words);
      }),
    );
  });

  it.each([
    ["/a\nb", "linux", /control character/],
    ["/a\u0000", "linux", /control character/],
    ["/a #b", "linux", /comment/],
    ["/a ;b", "linux", /comment/],
    [String.raw`C:\a"b`, "win32", /cmd\.exe/],
    [String.raw`C:\%PATH%`, "win32", /cmd\.exe/],
  ])("refuses %j on %s", (word, platform, message) => {
    expect(() => quoteWord(word, platform)).toThrow(
      expect.objectContaining({
        code: "ERR_SIGNER_CONFIG_VALUE_INVALID",
        message: expect.stringMatching(message),
      }),
    );
  });

  it("doubles what would escape the closing quote on Windows", () => {
    expect(quoteWord("C:\\my keys\\", "win32")).toBe(String.raw`"C:\my keys\\"`);
  });
});

describe("splitWords", () => {
  it.each(['a "b', "a 'b"])("has no words for the open quote in %j", (line) => {
    expect(splitWords(line)).toBeUndefined();
  });
});

const FILE = [
  "# comment [profile x]",
  "[default]",
  "region=eu-west-1 ; inline",
  "",
  "[profile web]",
  "output = json",
  "s3 =",
  "  max_concurrent_requests = 20",
  "  credential_process = nested, not ours",
  "# end",
  "",
  "[profile 'quoted name']",
  "region = x",
  "[sso-session web]",
  "sso_region = y",
  "[services web]",
  "",
].join("\n");

describe("setProfile", () => {
  const set = (text: string, profile: string, values: Record<string, string | undefined>): string =>
    formatConfig(setProfile(parseConfig(text), profile, values));

  it("adds a key right below the header and touches nothing else", () => {
    expect(set(FILE, "web", { credential_process: "cmd" })).toBe(
      FILE.replace("[profile web]\n", "[profile web]\ncredential_process = cmd\n"),
    );
  });

  it.each([
    ["default", FILE.replace("[default]\n", "[default]\na = 1\n")],
    ["quoted name", FILE.replace("[profile 'quoted name']\n", "[profile 'quoted name']\na = 1\n")],
    ["new", `${FILE}\n[profile new]\na = 1\n`],
  ])("finds the profile %s", (profile, expected) => {
    expect(set(FILE, profile, { a: "1" })).toBe(expected);
  });

  it.each([
    ["an empty file", "", "[profile p]\na = 1\n"],
    ["no newline at the end", "[x]\nb=2", "[x]\nb=2\n\n[profile p]\na = 1\n"],
    ["CRLF", "[x]\r\nb=2\r\n", "[x]\r\nb=2\r\n\r\n[profile p]\r\na = 1\r\n"],
    ["the header as last line", "[profile p]", "[profile p]\na = 1"],
    ["a header with a comment", "[ profile  p ] # mine\r\n", "[ profile  p ] # mine\r\na = 1\r\n"],
    ["a byte order mark", "\u00ef\u00bb\u00bf[profile p]\n", "\u00ef\u00bb\u00bf[profile p]\na = 1\n"],
    [
      "indented lines below the header",
      "[profile p]\n\n  b=2\n# c\n  c=3\n\n[x]\n",
      "[profile p]\n\n  b=2\n# c\n  c=3\na = 1\n\n[x]\n",
    ],
    ["an old value", "[profile p]\nA= 0\nb=2\n", "[profile p]\na = 1\nb=2\n"],
    ["an old value at the end", "[profile p]\na = 0", "[profile p]\na = 1"],
    [
      "an old value with continuation lines",
      "[profile p]\na = 0\n  more\nb=2\n",
      "[profile p]\na = 1\nb=2\n",
    ],
    [
      "the key twice",
      "[profile p]\na=0\na=3\n[profile p]\na=4\n",
      "[profile p]\na = 1\na = 1\n[profile p]\na = 1\n",
    ],
  ])("handles %s", (_title, before, after) => {
    expect(set(before, "p", { a: "1" })).toBe(after);
  });

  it("removes a key with its nested lines", () => {
    expect(set(FILE, "web", { s3: undefined })).toBe(FILE.replace(/s3 =\n.*\n.*\n/, ""));
  });

  const line = fc.oneof(
    fc.constantFrom(
      "[default]",
      "[profile a]",
      "[profile b]",
      "[a]",
      "",
      "# c",
      "  nested = 1",
      "region = x",
      "a=1",
      " [",
      "é",
    ),
    fc.string({ maxLength: 12 }).filter((text) => !/[\r\n]/.test(text)),
  );
  const file = fc
    .tuple(fc.array(fc.tuple(line, fc.constantFrom("\n", "\r\n"))), line)
    .map(([lines, last]) => lines.map((parts) => parts.join("")).join("") + last);

  it("is read back, changes nothing the second time, and keeps every other line in order", () => {
    fc.assert(
      fc.property(file, fc.constantFrom("a", "b", "default", "new"), (text, profile) => {
        const once = set(text, profile, { credential_process: '"x y" z' });
        expect(set(once, profile, { credential_process: '"x y" z' })).toBe(once);
        const values = profileSections(parseConfig(once), profile)
          .flatMap(({ settings }) => settings)
          .filter(({ key }) => key === "credential_process")
          .map(({ value }) => value);
        expect(new Set(values)).toEqual(new Set(['"x y" z']));
        const ours = /^(credential_process = .*|\[profile new\]|\[profile [ab]\]|\[default\]|)$/;
        const rest = (content: string): readonly string[] =>
          content.split(/\r?\n/).filter((part) => !ours.test(part));
        expect(rest(once)).toEqual(rest(text));
      }),
      { numRuns: 500 },
    );
  });

  it("never changes what other sections hold", () => {
    fc.assert(
      fc.property(file, (text) => {
        const others = (content: string): unknown =>
          sectionsOf(parseConfig(content))
            .filter(({ name }) => name !== "profile a")
            .map(({ name, settings }) => [name, settings.map(({ key, value }) => [key, value])]);
        expect(others(set(text, "a", { k: "v" }))).toEqual(others(text));
      }),
    );
  });
});

describe("rivalKeys", () => {
  it.each([
    ["aws_access_key_id = A\naws_secret_access_key = S", ["aws_access_key_id", "aws_secret_access_key"]],
    ["role_arn = a\nsource_profile = b", ["role_arn", "source_profile"]],
    ["sso_session = s\nsso_account_id = 1", ["sso_session", "sso_account_id"]],
    ["web_identity_token_file = f", ["web_identity_token_file"]],
    ["login_session = f", ["login_session"]],
    ["credential_process = aws_signing_helper credential-process", ["credential_process"]],
    ["credential_process = /opt/other", ["credential_process"]],
    ["credential_process = ra-signer credential-process --x", []],
    ['credential_process = "/usr/bin/node" "/a b/signer/dist/cli/main.js" credential-process', []],
    ['credential_process = "/usr/bin/node" "/a b/signer/dist/cli/main.cjs" credential-process', []],
    [String.raw`credential_process = "C:\npm\ra-signer.cmd" credential-process`, []],
    ["region = a\noutput = json\ns3 =\n  role_arn = nested", []],
  ])("finds in %j %j", (settings, keys) => {
    expect(rivalKeys(parseConfig(`[profile p]\n${settings}\n[profile q]\nrole_arn = x\n`), "p")).toEqual(
      keys,
    );
  });
});

describe("shadowingKeys", () => {
  it("looks at the section of that name without the word profile", () => {
    const text = "[p]\naws_access_key_id = A\nregion = x\n[profile q]\naws_access_key_id = B\n";
    expect(shadowingKeys(text, "p")).toEqual(["aws_access_key_id"]);
    expect(shadowingKeys(text, "q")).toEqual([]);
  });
});

describe("writeFileAtomically", () => {
  it("creates the file with 0600 and its folder with 0700", () => {
    using folder = temporaryFolder();
    writeFileAtomically(folder.join("new", "config"), "text", undefined);
    expect(readFileSync(folder.join("new", "config"), "utf8")).toBe("text");
    expect(statSync(folder.join("new", "config")).mode & 0o777).toBe(0o600);
    expect(statSync(folder.join("new")).mode & 0o777).toBe(0o700);
  });

  it("keeps the mode of a file, replaces the target of a link, and leaves no other file", () => {
    using folder = temporaryFolder();
    writeFileSync(folder.join("target"), "old");
    chmodSync(folder.join("target"), 0o640);
    symlinkSync("target", folder.join("link"));
    writeFileAtomically(folder.join("link"), "n\u00e9w", "old");
    expect(readFileSync(folder.join("target"), "latin1")).toBe("n\u00e9w");
    expect(statSync(folder.join("target")).mode & 0o777).toBe(0o640);
    expect(readdirSync(folder.path).sort()).toEqual(["link", "target"]);
  });

  it("writes nothing when somebody else was faster", () => {
    using folder = temporaryFolder();
    writeFileSync(folder.join("config"), "theirs");
    expect(() => writeFileAtomically(folder.join("config"), "mine", "old")).toThrow(
      expect.objectContaining({ code: "ERR_SIGNER_CONFIG_CHANGED" }),
    );
    expect(readFileSync(folder.join("config"), "utf8")).toBe("theirs");
    expect(readdirSync(folder.path)).toEqual(["config"]);
  });
});

describe("readStackOutputs", () => {
  const outputs = { TrustAnchorArn: "arn:a", ProfileArn: "arn:b", RoleArn: "arn:c", BucketName: "x" };
  const arns = { trustAnchorArn: "arn:a", profileArn: "arn:b", roleArn: "arn:c" };

  it.each([
    ["the default stack", { Other: {}, RolesAnywhereStack: outputs }, undefined],
    ["the only stack", { Mine: outputs }, undefined],
    ["a named stack", { Other: {}, Mine: outputs }, "Mine"],
  ])("reads %s", (_title, stacks, stack) => {
    using folder = temporaryFolder();
    writeFileSync(folder.join("o.json"), JSON.stringify(stacks));
    expect(readStackOutputs(folder.join("o.json"), stack)).toEqual(arns);
  });

  it.each([
    ["no JSON", "{", undefined, /not JSON/],
    ["an array", "[]", undefined, /not a JSON object/],
    [
      "another stack",
      JSON.stringify({ A: outputs, B: outputs }),
      undefined,
      /no stack "RolesAnywhereStack", only A, B/,
    ],
    ["no such stack", JSON.stringify({ A: outputs }), "toString", /no stack "toString"/],
    ["no role", JSON.stringify({ A: { ...outputs, RoleArn: undefined } }), "A", /no output RoleArn/],
    [
      "an output that is no ARN",
      JSON.stringify({ A: { ...outputs, ProfileArn: "x" } }),
      "A",
      /no output ProfileArn/,
    ],
  ])("refuses %s", (_title, text, stack, message) => {
    using folder = temporaryFolder();
    mkdirSync(folder.join("d"));
    const path = folder.join("d", "o.json");
    writeFileSync(path, text);
    expect(() => readStackOutputs(path, stack)).toThrow(
      expect.objectContaining({
        code: "ERR_SIGNER_OUTPUTS_INVALID",
        message: expect.stringMatching(message),
      }),
    );
  });

  it("says how to make the file that is missing", () => {
    expect(() => readStackOutputs("/nowhere.json")).toThrow(/cdk deploy --outputs-file/);
  });
});
