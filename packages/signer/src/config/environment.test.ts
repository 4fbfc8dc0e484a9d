import { describe, expect, it } from "vitest";

import { readAwsEnvironment } from "./environment.ts";
import type { Environment } from "./environment.ts";

const URL_ = "https://ra.example";
const OFF = { useFipsEndpoint: false, useDualstackEndpoint: false };

describe("readAwsEnvironment", () => {
  it.each<readonly [Environment, Readonly<Record<string, unknown>>]>([
    [{}, OFF],
    [{ AWS_ENDPOINT_URL: URL_ }, { ...OFF, endpoint: URL_ }],
    [
      { AWS_ENDPOINT_URL_ROLESANYWHERE: URL_, AWS_ENDPOINT_URL: "x" },
      { ...OFF, endpoint: URL_ },
    ],
    [
      { AWS_ENDPOINT_URL_ROLESANYWHERE: "", AWS_ENDPOINT_URL: URL_ },
      { ...OFF, endpoint: URL_ },
    ],
    [{ AWS_ENDPOINT_URL: "" }, OFF],
    [{ AWS_ENDPOINT_URL: URL_, AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: "true" }, OFF],
    [
      { AWS_ENDPOINT_URL: URL_, AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: "false" },
      { ...OFF, endpoint: URL_ },
    ],
    [{ AWS_USE_FIPS_ENDPOINT: "true" }, { ...OFF, useFipsEndpoint: true }],
    [{ AWS_USE_FIPS_ENDPOINT: "TRUE" }, { ...OFF, useFipsEndpoint: true }],
    [{ AWS_USE_FIPS_ENDPOINT: "1" }, OFF],
    [{ AWS_USE_DUALSTACK_ENDPOINT: "true" }, { ...OFF, useDualstackEndpoint: true }],
    [{ AWS_USE_DUALSTACK_ENDPOINT: "false" }, OFF],
    [{ AWS_MAX_ATTEMPTS: "5" }, { ...OFF, maxAttempts: 5 }],
    [{ AWS_MAX_ATTEMPTS: "0" }, OFF],
    [{ AWS_MAX_ATTEMPTS: "-1" }, OFF],
    [{ AWS_MAX_ATTEMPTS: "1.5" }, OFF],
    [{ AWS_MAX_ATTEMPTS: "many" }, OFF],
    [{ AWS_PROFILE: "x", AWS_REGION: "y", AWS_DEFAULT_REGION: "z", TPM_DEVICE: "t" }, OFF],
  ])("of %j makes %j", (environment, expected) => {
    expect(readAwsEnvironment(environment)).toEqual(expected);
  });
});
