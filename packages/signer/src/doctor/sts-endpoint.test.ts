import { STSClient } from "@aws-sdk/client-sts";
import { afterAll, describe, expect, it } from "vitest";

import { parseConfig, profileEndpoint } from "../aws-config/config-file.ts";
import { regionalStsEndpoint, stsEndpoint } from "./sts-endpoint.ts";

const PARAMETERS = {
  trustAnchorArn: "arn:aws:rolesanywhere:eu-west-1:123456789012:trust-anchor/1",
  profileArn: "arn:aws:rolesanywhere:eu-west-1:123456789012:profile/2",
  roleArn: "arn:aws:iam::123456789012:role/Example",
};
const MOCK = "http://127.0.0.1:9912";

const sdk = new STSClient({ region: "us-east-1" });
afterAll(() => sdk.destroy());

describe("regionalStsEndpoint", () => {
  it.each<readonly [string, boolean, boolean]>([
    ["us-east-1", false, false],
    ["eu-central-1", false, false],
    ["us-east-2", true, false],
    ["eu-west-1", false, true],
    ["us-west-2", true, true],
    ["us-gov-west-1", false, false],
    ["us-gov-west-1", true, false],
    ["us-gov-east-1", true, true],
    ["cn-north-1", false, false],
    ["cn-northwest-1", false, true],
    ["us-iso-east-1", false, false],
    ["us-isob-east-1", false, false],
    ["eusc-de-east-1", false, false],
  ])("is the AWS SDK's for %s, FIPS %s, dual stack %s", (region, fips, dualstack) => {
    const { url } = sdk.config.endpointProvider({
      Region: region,
      UseFIPS: fips,
      UseDualStack: dualstack,
      UseGlobalEndpoint: false,
    });
    expect(
      `${regionalStsEndpoint(region, { useFipsEndpoint: fips, useDualstackEndpoint: dualstack })}/`,
    ).toBe(url.href);
  });
});

describe("stsEndpoint", () => {
  it.each<readonly [string, Readonly<Record<string, string>>, string, string | undefined]>([
    ["the region's", {}, "", "https://sts.eu-west-1.amazonaws.com"],
    ["AWS_ENDPOINT_URL", { AWS_ENDPOINT_URL: "http://a" }, "", "http://a"],
    [
      "AWS_ENDPOINT_URL_STS before AWS_ENDPOINT_URL",
      { AWS_ENDPOINT_URL_STS: "http://s", AWS_ENDPOINT_URL: "http://a" },
      "",
      "http://s",
    ],
    ["the profile's endpoint_url", {}, "endpoint_url = http://p", "http://p"],
    [
      "the profile's services before its endpoint_url",
      {},
      "endpoint_url = http://p\nservices = local\n[services local]\ns3 =\n  endpoint_url = http://3\nsts =\n  endpoint_url = http://q\n",
      "http://q",
    ],
    [
      "endpoint_url where services has no sts",
      {},
      "services = local\nendpoint_url = http://p\n[services local]\ns3 =\n  endpoint_url = http://3\n",
      "http://p",
    ],
    [
      "the environment before the profile",
      { AWS_ENDPOINT_URL: "http://a" },
      "endpoint_url = http://p",
      "http://a",
    ],
    [
      "nothing configured with AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
      { AWS_ENDPOINT_URL_STS: "http://s", AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: "true" },
      "endpoint_url = http://p",
      "https://sts.eu-west-1.amazonaws.com",
    ],
    [
      "nothing configured with ignore_configured_endpoint_urls",
      {},
      "endpoint_url = http://p\nignore_configured_endpoint_urls = true",
      "https://sts.eu-west-1.amazonaws.com",
    ],
    [
      "what is configured when the environment overrules ignore_configured_endpoint_urls",
      { AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: "false" },
      "endpoint_url = http://p\nignore_configured_endpoint_urls = true",
      "http://p",
    ],
  ])("is %s", (_title, environment, settings, expected) => {
    const document = parseConfig(`[profile web]\n${settings}`);
    expect(stsEndpoint(PARAMETERS, environment, profileEndpoint(document, "web", "sts"))).toBe(expected);
  });

  it.each<readonly [string, string | undefined]>([
    [MOCK, undefined],
    ["https://rolesanywhere.example.com", undefined],
    ["http://rolesanywhere.eu-west-1.amazonaws.com", undefined],
    ["https://rolesanywhere.eu-west-1.amazonaws.com.example", undefined],
    ["https://x.execute-api.eu-west-1.amazonaws.com", undefined],
    ["https://rolesanywhere.eu-west-1.amazonaws.com", "https://sts.eu-west-1.amazonaws.com"],
    ["https://rolesanywhere.eu-west-1.api.aws/", "https://sts.eu-west-1.amazonaws.com"],
    [
      "https://vpce-0a1b-2c3d.rolesanywhere.eu-west-1.vpce.amazonaws.com",
      "https://sts.eu-west-1.amazonaws.com",
    ],
  ])("with CreateSession at %s is %s", (endpoint, expected) => {
    expect(stsEndpoint({ ...PARAMETERS, endpoint }, {})).toBe(expected);
  });

  it("is what was configured, wherever CreateSession goes", () => {
    expect(stsEndpoint({ ...PARAMETERS, endpoint: MOCK }, { AWS_ENDPOINT_URL_STS: "http://s" })).toBe(
      "http://s",
    );
  });
});
