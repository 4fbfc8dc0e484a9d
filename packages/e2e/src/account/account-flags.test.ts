import { describe, expect, it } from "vitest";
import { readAccountFlags } from "./account-flags.ts";
import type { AccountOptions } from "./account-flags.ts";

const refuse = (complaint: string): never => {
  throw new Error(complaint);
};
const complete: AccountOptions = { account: "123456789012", region: "eu-central-1" };

describe("readAccountFlags", () => {
  it("takes account and region, and asks by default", () => {
    expect(readAccountFlags("aws", complete, refuse)).toEqual({
      ...{ account: "123456789012", region: "eu-central-1", yes: false, destroy: undefined },
    });
  });

  it.each<[string, AccountOptions, string]>([
    ["no account", { account: undefined }, "--backend aws needs --account <id>, twelve digits"],
    [
      "an account of eleven digits",
      { account: "12345678901" },
      '--account is "12345678901"; give the twelve',
    ],
    ["an alias as account", { account: "my-account" }, '--account is "my-account"; give the twelve digits'],
    ["no region", { region: undefined }, "--backend aws needs --region <region>, such as eu-central-1"],
    [
      "a host as region",
      { region: "evil.example/" },
      '--region is "evil.example/"; give a commercial region',
    ],
    ["a region of China", { region: "cn-north-1" }, '--region is "cn-north-1"; give a commercial region'],
    [
      "a region for governments",
      { region: "us-gov-west-1" },
      '--region is "us-gov-west-1"; give a commercial',
    ],
    ["another stack to destroy", { destroy: "Production" }, '--destroy is "Production"; give the name that'],
  ])("refuses %s", (_, changes, complaint) => {
    expect(() => readAccountFlags("aws", { ...complete, ...changes }, refuse)).toThrow(complaint);
  });

  it.each<[string, AccountOptions]>([
    ["account", { account: "123456789012" }],
    ["region", { region: "eu-central-1" }],
    ["yes", { yes: true }],
    ["destroy", { destroy: "RolesAnywhereDemo-1" }],
  ])("refuses --%s on another back end", (name, options) => {
    expect(readAccountFlags("process", { yes: false }, refuse)).toBeUndefined();
    expect(() => readAccountFlags("process", options, refuse)).toThrow(
      `--${name} goes with --backend aws, not with --backend process`,
    );
  });
});
