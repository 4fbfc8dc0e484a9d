import { describe, expect, it } from "vitest";
import { ARNS } from "../test/support/client-certificate.ts";
import { readSettings, SettingsError } from "./settings.ts";

const given = { REGION: "eu-central-1", PROFILE: "roles-anywhere", BUCKET: "my-documents" };

function refusal(env: Record<string, string | undefined>): SettingsError {
  try {
    readSettings(env);
  } catch (error) {
    if (error instanceof SettingsError) return error;
    throw error;
  }
  throw new Error("the settings were accepted");
}

describe("readSettings", () => {
  it("fills in what need not be given", () => {
    expect(readSettings(given)).toEqual({
      region: "eu-central-1",
      credentials: { profile: "roles-anywhere" },
      bucket: "my-documents",
      host: "127.0.0.1",
      port: 3000,
      allowedHosts: [],
      requestsPerMinute: 300,
      logLevel: "info",
      s3PublicEndpoint: undefined,
      s3ForcePathStyle: false,
    });
  });

  it("says everything that is missing at once, with an example", () => {
    const error = refusal({});
    expect(error).toMatchObject({
      code: "ERR_SETTINGS_INVALID",
      settings: ["REGION", "PROFILE", "BUCKET"],
    });
    expect(error.message).toBe(
      [
        "cannot start: these settings are missing or wrong",
        "  REGION   is missing: the AWS region of the bucket, such as us-east-1",
        "  PROFILE  is missing: the name of the profile in ~/.aws/config that holds the credential_process, such as roles-anywhere",
        "  BUCKET   is missing: the name of the S3 bucket to list, such as my-documents",
        "for example: REGION=us-east-1 PROFILE=roles-anywhere BUCKET=my-documents npm start",
      ].join("\n"),
    );
  });

  it.each([
    ["REGION", undefined, "is missing"],
    ["REGION", "", "is missing"],
    ["REGION", "  ", "is missing"],
    ["REGION", "Frankfurt", '"Frankfurt" is not the name of an AWS region'],
    ["REGION", "eu-central", '"eu-central" is not the name of an AWS region'],
    ["PROFILE", undefined, "is missing"],
    ["PROFILE", "[profile x]", "without the brackets"],
    ["BUCKET", undefined, "is missing"],
    ["BUCKET", "s3://my-documents", "no s3:// and no path"],
    ["BUCKET", "my-documents/2026", "no s3:// and no path"],
    ["BUCKET", "My_Documents", "is not the name of a bucket"],
    ["BUCKET", "ab", "is not the name of a bucket"],
    ["PORT", "http", "must be a whole number from 0 to 65535"],
    ["PORT", "-1", "must be a whole number from 0 to 65535"],
    ["PORT", "80.5", "must be a whole number from 0 to 65535"],
    ["PORT", "65536", '"65536" must be a whole number from 0 to 65535'],
    ["RATE_LIMIT", "0", "must be a number of requests per minute from 1 to 999999"],
    ["LOG_LEVEL", "loud", '"loud" is not a level: take one of fatal, error, warn, info'],
    ["ALLOWED_HOSTS", "https://files.example.com", "no scheme, no port, no wildcard"],
    ["ALLOWED_HOSTS", "files.example.com:3000", "no scheme, no port, no wildcard"],
    ["ALLOWED_HOSTS", "*.example.com", "no scheme, no port, no wildcard"],
    ["S3_PUBLIC_ENDPOINT", "localhost:4566", "is not a URL that starts with http:// or https://"],
    ["S3_PUBLIC_ENDPOINT", "s3://bucket", "is not a URL that starts with http:// or https://"],
  ])("refuses %s=%s", (name, value, complaint) => {
    const error = refusal({ ...given, [name]: value });
    expect(error.settings).toEqual([name]);
    expect(error.message).toContain(complaint);
  });

  it.each([
    ["us-gov-west-1", "my.documents"],
    ["ap-southeast-4", "arn:aws:s3:ap-southeast-4:123456789012:accesspoint/docs"],
    ["us-isob-east-1", "abc"],
  ])("accepts region %s and bucket %s", (REGION, BUCKET) => {
    expect(readSettings({ ...given, REGION, BUCKET })).toMatchObject({ region: REGION, bucket: BUCKET });
  });

  it.each([
    ["CREDENTIALS", "vault", '"vault" is neither profile nor in-process'],
    ["CERTIFICATE", "client.pem", "is used with CREDENTIALS=in-process only"],
    ["PRIVATE_KEY", "client.key", "is used with CREDENTIALS=in-process only"],
    ["PRIVATE_KEY_PASSWORD", "hunter2", "is used with CREDENTIALS=in-process only"],
    ["INTERMEDIATES", "chain.pem", "is used with CREDENTIALS=in-process only"],
    ["TRUST_ANCHOR_ARN", "x", "is used with CREDENTIALS=in-process only"],
    ["PROFILE_ARN", "x", "is used with CREDENTIALS=in-process only"],
    ["ROLE_ARN", "x", "is used with CREDENTIALS=in-process only"],
    ["SESSION_DURATION", "900", "is used with CREDENTIALS=in-process only"],
  ])("refuses %s=%s beside a profile", (name, value, complaint) => {
    const error = refusal({ ...given, [name]: value });
    expect(error.settings).toEqual([name]);
    expect(error.message).toContain(complaint);
    expect(error.message).not.toContain("hunter2");
  });

  it("says at once what a server with a profile does not use, too", () => {
    const error = refusal({ REGION: "eu-central-1", ROLE_ARN: "x", CERTIFICATE: "y" });
    expect(error.settings).toEqual(["PROFILE", "CERTIFICATE", "ROLE_ARN", "BUCKET"]);
  });

  it("reads address, port 0 and the public endpoint", () => {
    const env = { ...given, HOST: "0.0.0.0", PORT: "0", S3_PUBLIC_ENDPOINT: "http://localhost:4566" };
    expect(readSettings(env)).toMatchObject({
      host: "0.0.0.0",
      port: 0,
      s3PublicEndpoint: "http://localhost:4566",
    });
  });

  it("reads allowed hosts, which have no capitals afterwards", () => {
    const { allowedHosts } = readSettings({ ...given, ALLOWED_HOSTS: "Files.example.com, b.example" });
    expect(allowedHosts).toEqual(["files.example.com", "b.example"]);
  });

  it("does not repeat a long value, which may be a key that was put into the wrong variable", () => {
    const error = refusal({ ...given, BUCKET: "LS0tLS1CRUdJTiBQUklWQVRF".repeat(50) });
    expect(error.message).toContain("a value of 1200 characters is not the name of a bucket");
    expect(error.message).not.toContain("LS0tLS1");
  });

  it.each([
    [{ AWS_ENDPOINT_URL: "http://localhost:4566" }, true],
    [{ AWS_ENDPOINT_URL_S3: "http://localhost:4566" }, true],
    [{ AWS_ENDPOINT_URL_STS: "http://localhost:4566" }, false],
    [{ AWS_ENDPOINT_URL: "" }, false],
    [{ AWS_ENDPOINT_URL: "http://localhost:4566", AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: "true" }, false],
  ])("with %o, path-style addressing is %s", (endpoints, expected) => {
    expect(readSettings({ ...given, ...endpoints }).s3ForcePathStyle).toBe(expected);
  });
});

describe("readSettings with CREDENTIALS=in-process", () => {
  const inProcess = {
    REGION: "eu-central-1",
    BUCKET: "my-documents",
    CREDENTIALS: "in-process",
    CERTIFICATE: "/etc/roles-anywhere/client.pem",
    ...ARNS,
  };

  it("fills in what need not be given", () => {
    expect(readSettings(inProcess).credentials).toEqual({
      certificate: "/etc/roles-anywhere/client.pem",
      privateKey: undefined,
      passphrase: undefined,
      intermediates: undefined,
      trustAnchorArn: ARNS.TRUST_ANCHOR_ARN,
      profileArn: ARNS.PROFILE_ARN,
      roleArn: ARNS.ROLE_ARN,
      durationSeconds: 3600,
    });
  });

  it("reads the rest, a password as it is", () => {
    const more = {
      PRIVATE_KEY: "client.key",
      PRIVATE_KEY_PASSWORD: " a b ",
      INTERMEDIATES: "chain.pem",
      SESSION_DURATION: "900",
    };
    expect(readSettings({ ...inProcess, ...more }).credentials).toMatchObject({
      privateKey: "client.key",
      passphrase: " a b ",
      intermediates: "chain.pem",
      durationSeconds: 900,
    });
  });

  it("says everything that is missing at once, with an example", () => {
    const error = refusal({ CREDENTIALS: "in-process" });
    expect(error.settings).toEqual([
      "REGION",
      "CERTIFICATE",
      "TRUST_ANCHOR_ARN",
      "PROFILE_ARN",
      "ROLE_ARN",
      "BUCKET",
    ]);
    expect(error.message).toMatch(/\nfor example: CREDENTIALS=in-process CERTIFICATE=/);
  });

  it.each([
    ["PROFILE", "roles-anywhere", "leave one of the two out"],
    ["CERTIFICATE", " ", "is missing: the client certificate"],
    ["TRUST_ANCHOR_ARN", ARNS.PROFILE_ARN, "is not the ARN of a trust anchor"],
    ["PROFILE_ARN", "roles-anywhere", "is not the ARN of a Roles Anywhere profile"],
    [
      "PROFILE_ARN",
      ARNS.PROFILE_ARN.replace("eu-central-1", "us-east-1"),
      "does not go with TRUST_ANCHOR_ARN",
    ],
    [
      "PROFILE_ARN",
      ARNS.PROFILE_ARN.replace("123456789012", "210987654321"),
      "does not go with TRUST_ANCHOR_ARN",
    ],
    ["ROLE_ARN", "arn:aws:iam::123456789012:user/Reader", "is not the ARN of a role"],
    ["ROLE_ARN", ARNS.ROLE_ARN.replace("123456789012", "210987654321"), "account 123456789012"],
    ["ROLE_ARN", ARNS.ROLE_ARN.replace("arn:aws:", "arn:aws-cn:"), "which is in aws, eu-central-1"],
    ["SESSION_DURATION", "1h", "must be a number of seconds from 900 to 43200"],
    ["SESSION_DURATION", "899", '"899" must be a number of seconds from 900 to 43200'],
    ["SESSION_DURATION", "43201", "must be a number of seconds from 900 to 43200"],
  ])("refuses %s=%s", (name, value, complaint) => {
    const error = refusal({ ...inProcess, [name]: value });
    expect(error.settings).toEqual([name]);
    expect(error.message).toContain(complaint);
  });
});
