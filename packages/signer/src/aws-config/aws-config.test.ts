import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { temporaryFolder } from "@roles-anywhere/testing";
import { parseConfig, profileSettings, rivalSettings, setProfile } from "./config-file.ts";
import { quoteWord, runsThisProgram, splitWords } from "./credential-process-line.ts";
import { readStackOutputs } from "./read-stack-outputs.ts";

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
    setProfile(parseConfig(text), "config", profile, values, "config");

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
    ["a header with a comment", "[profile p] # mine\r\n", "[profile p] # mine\r\na = 1\r\n"],
    ["a header of other readers", '[profile "p"]\n', '[profile "p"]\na = 1\n'],
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

  /** The edit, or undefined where readers disagree. */
  const trySet = (text: string, profile: string, value: string): string | undefined => {
    try {
      return set(text, profile, { credential_process: value });
    } catch (error) {
      expect(error).toMatchObject({ code: "ERR_SIGNER_CONFIG_INVALID" });
      return undefined;
    }
  };

  it("is read back, changes nothing the second time, and keeps every other line in order", () => {
    let edits = 0;
    fc.assert(
      fc.property(file, fc.constantFrom("a", "b", "default", "new"), (text, profile) => {
        const once = trySet(text, profile, '"x y" z');
        if (once === undefined) return;
        edits += 1;
        expect(trySet(once, profile, '"x y" z')).toBe(once);
        const values = profileSettings(parseConfig(once), "config", profile)
          .filter(({ key }) => key === "credential_process")
          .map(({ value }) => value);
        expect(new Set(values)).toEqual(new Set(['"x y" z']));
        const ours = /^(credential_process = .*|\[profile new\]|\[profile [ab]\]|\[default\]|)$/;
        const rest = (content: string): readonly string[] =>
          content.split(/\r?\n/).filter((part) => !ours.test(part));
        expect(rest(once)).toEqual(rest(text));
      }),
      { numRuns: 500, seed: 1 },
    );
    expect(edits).toBeGreaterThan(300);
  });

  it("never changes what other sections hold", () => {
    fc.assert(
      fc.property(file, (text) => {
        const edited = trySet(text, "a", "v");
        if (edited === undefined) return;
        const others = (content: string): unknown =>
          parseConfig(content)
            .botocore.settings.filter(({ section }) => section !== "profile a")
            .map(({ section, key, value }) => [section, key, value]);
        expect(others(edited)).toEqual(others(text));
      }),
      { seed: 2 },
    );
  });

  // Each of these once doubled a setting, lost one, or left an old one where an SDK reads it.
  it.each<readonly [string, string, string]>([
    ["an indented setting", "[profile p]\n  a = 0\n", "[profile p]\n  a = 1\n"],
    ["one indented by a tab", "[profile p]\n\ta=0\n\tb=2\n", "[profile p]\n\ta = 1\n\tb=2\n"],
    ["a colon", "[profile p]\na: 0\n", "[profile p]\na = 1\n"],
    ["another case", "[profile p]\nA = 0\n", "[profile p]\na = 1\n"],
    ["blanks of Unicode", "[profile p]\na\u00c2\u00a0= 0\n", "[profile p]\na = 1\n"],
    ["continuation below a comment", "[profile p]\na = 0\n# c\n  more\n", "[profile p]\na = 1\n"],
  ])("handles %s", (_title, before, after) => {
    expect(set(before, "p", { a: "1" })).toBe(after);
  });

  it.each<readonly [string, string, RegExp]>([
    ["a lone carriage return", "[profile p]\rb = 2\r", /line 1: .*\[profile p\]/],
    ["a continuation for botocore", "[profile p]\nb = 2\n  a = 0\n", /line 3: .*\[profile p\].*key = value/],
    ["a section that is one", "[x]\nb = 2\n  [profile p]\n  a = 0\n", /line 4: /],
    ["a header of only some SDKs", "[ profile p ]\na = 0\n", /line 1: .*write the section as \[profile p\]/],
    ["blanks in a header", "[profile   p]\na = 0\n", /line 2: /],
    ["a dot in a header", "[profile.p]\na = 0\n", /line 2: /],
    ["a comment right after a header", "[profile p];c\na = 0\n", /line 2: /],
    ["text after a header", "[profile p] x\na = 0\n", /line 2: /],
    ["two sections of one profile", '[profile p]\nb = 2\n[profile "p"]\na = 0\n', /line /],
    ["the same in two spellings", "[profile p]\n[ profile p ]\na = 0\n", /line /],
  ])("refuses %s", (_title, before, message) => {
    expect(() => set(before, "p", { a: "1" })).toThrow(message);
  });
});

describe("the problems of a file", () => {
  it.each<readonly [string, string, number | undefined, RegExp]>([
    ["nothing wrong", "[default]\na = 1\n\n# c\n; d\n[b]\nc: 2\n", undefined, /./],
    ["an indented section", "  [a]\n  b = 1\n", undefined, /./],
    ["a nested block", "[a]\ns3 =\n  b = 1\n\n  c = 2\n", undefined, /./],
    ["UTF-8", "[a]\nb = \u00c3\u00bc\n", undefined, /./],
    ["the same key in two sections", "[a]\nb = 1\n[c]\nb = 1\n", undefined, /./],
    ["a byte order mark", "\u00ef\u00bb\u00bf[a]\n", 1, /byte order mark/],
    ["UTF-16", "\u00ff\u00fe[\0a\0]\0\n\0", 1, /UTF-16/],
    ["UTF-16 without a mark", "[\0a\0]\0", 1, /UTF-16/],
    ["a byte that is not UTF-8", "[a]\nb = \u00fc\n", 2, /not UTF-8/],
    ["a merge conflict", "[a]\n<<<<<<< HEAD\nb = 1\n", 2, /merge conflict/],
    ["one with a colon", "[a]\nc = 1\n>>>>>>> fix: x\n", 3, /merge conflict/],
    ["its middle", "[a]\n=======\n", 2, /merge conflict/],
    ["a junk line", "[a]\nb = 1\njunk\n", 3, /neither a section nor a setting/],
    ["a setting without a name", "[a]\n= 1\n", 2, /neither/],
    ["an empty header", "[a]\n[]\n", 2, /neither/],
    ["a setting before the first section", "# c\na = 1\n[b]\n", 2, /before the first section/],
    ["a section twice", "[a]\n[b]\n[a]\n", 3, /on line 1/],
    ["a key twice", "[a]\nb = 1\nB: 2\n", 3, /b is there already, on line 2/],
    ["a nested line that is no setting", "[a]\ns3 =\n  b = 1\n  c\n", 4, /below "s3 ="/],
  ])("are found: %s", (_title, text, line, message) => {
    const [problem] = parseConfig(text).botocore.problems;
    expect(problem === undefined ? undefined : problem.line + 1).toBe(line);
    if (problem === undefined) return;
    expect(problem.message).toMatch(message);
    expect(problem.remedy).not.toBe("");
  });
});

describe("rivalSettings", () => {
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
    const file = parseConfig(`[profile p]\n${settings}\n[profile q]\nrole_arn = x\n`);
    expect(rivalSettings(file, "config", "p", runsThisProgram).map(({ key }) => key)).toEqual(keys);
  });

  it.each([
    ["indented", "[profile p]\n  role_arn = x\n", ["role_arn"]],
    ["with a colon", "[profile p]\nrole_arn: x\n", ["role_arn"]],
    ["in capitals", "[profile p]\nRole_ARN = x\n", ["role_arn"]],
    ["of [DEFAULT]", "[DEFAULT]\nrole_arn = x\n[profile p]\n", ["role_arn"]],
    [
      "of [DEFAULT] and the profile",
      "[DEFAULT]\nrole_arn = x\n[profile p]\nrole_arn = y\n",
      ["role_arn", "role_arn"],
    ],
    ["of the JavaScript SDK only", "[profile p]\nregion = a\n  role_arn = x\n", ["role_arn"]],
    ["of [profile.p]", "[profile.p]\nrole_arn = x\n", ["role_arn"]],
    ["of another profile", "[profile q]\nrole_arn = x\n[p]\nrole_arn = y\n", []],
  ])("finds those that are %s", (_title, text, keys) => {
    const found = rivalSettings(parseConfig(text), "config", "p", runsThisProgram);
    expect(found.map(({ key }) => key)).toEqual(keys);
  });

  it("looks at the section of that name without the word profile in the credentials file", () => {
    const file = parseConfig("[p]\naws_access_key_id = A\nregion = x\n[profile q]\naws_access_key_id = B\n");
    const keys = (profile: string): readonly string[] =>
      rivalSettings(file, "credentials", profile, () => false).map(({ key }) => key);
    expect(keys("p")).toEqual(["aws_access_key_id"]);
    expect(keys("q")).toEqual([]);
  });
});

describe("readStackOutputs", () => {
  const outputs = { TrustAnchorArn: "arn:a", ProfileArn: "arn:b", RoleArn: "arn:c", BucketName: "x" };
  const arns = { trustAnchorArn: "arn:a", profileArn: "arn:b", roleArn: "arn:c" };
  const others = { TrustAnchorArn: "arn:x", ProfileArn: "arn:y", RoleArn: "arn:z" };
  const names = { trustAnchorArn: "TrustAnchorArn", profileArn: "ProfileArn", roleArn: "RoleArn" };

  it.each([
    ["the default stack", { Other: {}, RolesAnywhereStack: outputs }, undefined],
    ["the only stack", { Mine: outputs }, undefined],
    ["a named stack", { Other: {}, Mine: outputs }, "Mine"],
    ["the only stack that has the outputs", { Other: { RoleArn: "arn:x" }, Mine: outputs }, undefined],
    ["the default stack of two that have them", { Mine: others, RolesAnywhereStack: outputs }, undefined],
  ])("reads %s", (_title, stacks, stack) => {
    using folder = temporaryFolder();
    writeFileSync(folder.join("o.json"), JSON.stringify(stacks));
    expect(readStackOutputs(folder.join("o.json"), names, stack)).toEqual(arns);
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
    [
      "a default stack without an output that another one has",
      JSON.stringify({ RolesAnywhereStack: { ...outputs, RoleArn: undefined }, Other: others }),
      undefined,
      /stack "RolesAnywhereStack" has no output RoleArn/,
    ],
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
    expect(() => readStackOutputs(path, names, stack)).toThrow(
      expect.objectContaining({
        code: "ERR_SIGNER_OUTPUTS_INVALID",
        message: expect.stringMatching(message),
      }),
    );
  });

  it("reads the outputs that are named, and only those", () => {
    using folder = temporaryFolder();
    writeFileSync(folder.join("o.json"), JSON.stringify({ A: { FirstRole: "arn:1", SecondRole: "arn:2" } }));
    const read = (name: string): unknown => readStackOutputs(folder.join("o.json"), { roleArn: name });
    expect([read("FirstRole"), read("SecondRole")]).toEqual([{ roleArn: "arn:1" }, { roleArn: "arn:2" }]);
    expect(() => read("RoleArn")).toThrow(/only FirstRole, SecondRole; name it with --role-output/);
  });

  it("says how to make the file that is missing", () => {
    expect(() => readStackOutputs("/nowhere.json", names)).toThrow(/cdk deploy --outputs-file/);
  });
});
