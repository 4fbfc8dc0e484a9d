import { describe, expect, it } from "vitest";
import { readStandIn, STAND_IN_VARIABLE } from "./stand-in.ts";

const two = "http://127.0.0.1:4566 http://127.0.0.1:9912";

describe("readStandIn", () => {
  it("is off without its variable", () => {
    expect(readStandIn({ AWS_ENDPOINT_URL: "http://127.0.0.1:4566" })).toBeUndefined();
  });

  it("takes two addresses of this machine and a key that AWS does not have", () => {
    expect(readStandIn({ [STAND_IN_VARIABLE]: two, AWS_ACCESS_KEY_ID: "123456789012" })).toEqual({
      endpointUrl: "http://127.0.0.1:4566",
      rolesAnywhereEndpoint: "http://127.0.0.1:9912",
    });
  });

  it.each([
    ["nothing", "", "123456789012", "it is for tests"],
    ["one address", "http://127.0.0.1:4566", "123456789012", "it is for tests"],
    ["three addresses", `${two} ${two.split(" ")[0]}`, "123456789012", "it is for tests"],
    ["a host of AWS", `https://sts.amazonaws.com ${two.split(" ")[1]}`, "123456789012", "it is for tests"],
    ["another machine", "http://127.0.0.1:4566 http://192.0.2.1:9912", "123456789012", "it is for tests"],
    [
      "a name that begins so",
      "http://127.0.0.1:4566 http://127.evil.example",
      "123456789012",
      "it is for tests",
    ],
    [
      "a user in the address",
      "http://127.0.0.1:4566 http://127.0.0.1@evil.example",
      "123456789012",
      "it is for",
    ],
    ["a key of AWS", two, "AKIAIOSFODNN7EXAMPLE", "AWS_ACCESS_KEY_ID must be an account id"],
    ["no key", two, undefined, "AWS_ACCESS_KEY_ID must be an account id"],
  ])("refuses %s", (_, value, key, complaint) => {
    const environment = { [STAND_IN_VARIABLE]: value, AWS_ACCESS_KEY_ID: key };
    expect(() => readStandIn(environment)).toThrow(complaint);
    expect(() => readStandIn(environment)).toThrow(`nset`);
  });
});
