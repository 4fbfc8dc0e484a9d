import { describe, expect, it } from "vitest";

import { parseFlags } from "./parse-flags.ts";

const SPECS = {
  name: { type: "text", value: "NAME", help: "" },
  count: { type: "integer", value: "N", help: "" },
  loud: { type: "switch", help: "" },
  password: { type: "text", value: "TEXT", help: "", secret: true },
  also: { type: "texts", value: "NAME", help: "" },
} as const;

describe("parseFlags", () => {
  it.each([
    [["--name", "a"], { name: "a" }],
    [["--name=a=b"], { name: "a=b" }],
    [["--name="], { name: "" }],
    [["--name", "--loud"], { name: "--loud" }],
    [["--name", "a", "--name", "b"], { name: "b" }],
    [["--loud", "--count", "-5"], { loud: true, count: -5 }],
    [["--loud=false"], { loud: false }],
    [["--loud", "true", "--count", "1"], { loud: true, count: 1 }],
    [["--also", "a", "--loud", "--also=b", "--also", "a"], { also: ["a", "b", "a"], loud: true }],
    [["--also", "--also"], { also: ["--also"] }],
    [[], {}],
  ])("reads %j", (words, flags) => {
    expect(parseFlags(SPECS, words)).toEqual(flags);
  });

  it.each([
    [["a"], /unexpected argument "a"/],
    [["-x"], /unexpected argument "-x"/],
    [["--"], /unexpected argument "--"/],
    [["--nope"], /unknown flag: --nope/],
    [["--toString"], /unknown flag: --toString/],
    [["--name"], /flag needs an argument: --name/],
    [["--also", "a", "--also"], /flag needs an argument: --also/],
    [["--count", "1.5"], /invalid argument "1.5" for "--count"/],
    [["--count", ""], /invalid argument/],
    [["--loud=maybe"], /expected true or false/],
    [["--loud", "false"], /unexpected argument "false"; write --loud=false/],
    [["--loud=true", "true"], /unexpected argument "true"/],
    [["--password", "my", "secret"], /^unexpected argument on a command line with --password; quote values/],
  ])("refuses %j", (words, message) => {
    expect(() => parseFlags(SPECS, words)).toThrow(
      expect.objectContaining({ code: "ERR_SIGNER_USAGE", message: expect.stringMatching(message) }),
    );
  });
});
