import { describe, expect, it } from "vitest";
import { resolveOptions } from "./options.ts";

describe("resolveOptions", () => {
  it("has a default for every option in an empty environment", () => {
    expect(resolveOptions({ environment: { LOCALSTACK_IMAGE: "" } })).toEqual({
      backend: "auto",
      region: "us-east-1",
      accountId: "000000000000",
      services: [],
      localstackSettings: {},
      enforceIam: false,
      secureTransport: true,
      cacheDirectory: expect.stringMatching(/\/\.cache\/roles-anywhere-kit$/),
      onProgress: expect.any(Function),
      localstackImage: "localstack/localstack:4.14.0",
      nodeImage: "node:24-slim",
      environment: { LOCALSTACK_IMAGE: "" },
    });
  });

  it.each([
    { variable: "LOCALSTACK_IMAGE", option: "localstackImage" },
    { variable: "RA_MOCK_IMAGE", option: "mockImage" },
    { variable: "NODE_IMAGE", option: "nodeImage" },
    { variable: "RA_CACHE_DIR", option: "cacheDirectory" },
  ])("$variable is the default of $option, and the option wins", ({ variable, option }) => {
    const environment = { [variable]: "/given" };
    expect(resolveOptions({ environment })).toMatchObject({ [option]: "/given" });
    expect(resolveOptions({ environment, [option]: "/option" })).toMatchObject({ [option]: "/option" });
  });

  it("takes an option that is undefined as one that is not given", () => {
    expect(resolveOptions({ region: undefined, port: undefined, signal: undefined })).toMatchObject({
      region: "us-east-1",
    });
  });

  it("says which option it does not know, and which there are", () => {
    const options = { region: "us-east-1", bakend: "docker" };
    expect(() => resolveOptions(options)).toThrow(
      expect.objectContaining({
        code: "ERR_SANDBOX_INVALID_OPTION",
        message: expect.stringMatching(
          /^startSandbox has no option "bakend"; its options are backend, region, /,
        ),
      }),
    );
  });

  it.each([
    ["true", true],
    ["1", true],
    ["false", false],
    ["0", false],
    ["", false],
  ])("RA_ENFORCE_IAM=%s makes %s the default of enforceIam, and the option wins", (text, enforceIam) => {
    const environment = { RA_ENFORCE_IAM: text };
    expect(resolveOptions({ environment })).toMatchObject({ enforceIam });
    expect(resolveOptions({ environment, enforceIam: !enforceIam })).toMatchObject({
      enforceIam: !enforceIam,
    });
  });

  const wrong: [object, RegExp][] = [
    [{ enforceIam: "yes" }, /^the option enforceIam must be true or false, not "yes"$/],
    [{ secureTransport: 1 }, /^the option secureTransport must be true or false, not 1$/],
    [
      { environment: { RA_ENFORCE_IAM: "on" } },
      /^the variable RA_ENFORCE_IAM must be true or false, not "on"$/,
    ],
    [
      { localstackSettings: { RA_ENFORCE_IAM: "1" } },
      /must not hold RA_ENFORCE_IAM, which the sandbox decides; use the option "enforceIam"$/,
    ],
    [
      { enforceIam: true, localstackEndpoint: "http://127.0.0.1:4566" },
      /^enforceIam does not go with localstackEndpoint: .*RA_ENFORCE_IAM=true$/,
    ],
    [{ backend: "podman" }, /^the option backend must be auto, docker or process, not "podman"$/],
    [{ region: "Frankfurt" }, /^the option region must be an AWS region such as us-east-1, not "Frankfurt"$/],
    [{ accountId: "12" }, /^the option accountId must be twelve digits, not "12"$/],
    [
      { accountId: 111122223333 },
      /^the option accountId must be a string of twelve digits, not 111122223333$/,
    ],
    [{ port: 0 }, /^the option port must be 1 or more, not 0$/],
    [{ port: 65_536 }, /^the option port must be 65535 or less, not 65536$/],
    [{ port: "9912" }, /^the option port must be a number from 1 to 65535, not "9912"$/],
    [{ services: ["SQS"] }, /^the option services must hold names of services such as sqs$/],
    [{ localstackSettings: { "a b": "1" } }, /^the option localstackSettings /],
    [{ localstackSettings: { DEBUG: 1 } }, /^the option localstackSettings must have texts as values$/],
    [
      { localstackSettings: { GATEWAY_LISTEN: "0.0.0.0" } },
      /must not hold GATEWAY_LISTEN, which the sandbox decides$/,
    ],
    [{ localstackSettings: { DNS_ADDRESS: "0.0.0.0" } }, /must not hold DNS_ADDRESS/],
    [{ localstackSettings: { AWS_PROFILE: "real" } }, /must not hold AWS_PROFILE/],
    [{ localstackSettings: { SERVICES: "s3" } }, /must not hold SERVICES, .*use the option "services"$/],
    [
      { localstackEndpoint: "localhost:4566" },
      /^the option localstackEndpoint must be the URL of an emulator/,
    ],
    [
      { localstackEndpoint: "https://sts.amazonaws.com" },
      /and no host of AWS, not "https:\/\/sts\.amazonaws\.com"$/,
    ],
    [{ localstackEndpoint: "https://sts.us-east-1.api.aws." }, /no host of AWS/],
    [{ localstackEndpoint: "http://127.0.0.1:1", backend: "docker" }, /does not go with backend "docker"/],
    [{ publishAddress: "everywhere" }, /^the option publishAddress must be an IP address/],
    [{ onProgress: "loud" }, /^the option onProgress must be a function/],
    [{ signal: {} }, /^the option signal must be an AbortSignal$/],
  ];
  it.each(wrong)("refuses %j", (options, message) => {
    expect(() => resolveOptions(options)).toThrow(
      expect.objectContaining({
        code: "ERR_SANDBOX_INVALID_OPTION",
        message: expect.stringMatching(message),
      }),
    );
  });
});
