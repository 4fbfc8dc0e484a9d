import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readAppConfig } from "./app-config.ts";

const folder = mkdtempSync(join(tmpdir(), "infra-config-"));
mkdirSync(join(folder, "pki"));
writeFileSync(join(folder, "pki", "rootCA.pem"), "the default file");
writeFileSync(join(folder, "other.pem"), "another file");
afterAll(() => rmSync(folder, { recursive: true }));

function configFrom(
  context: Readonly<Record<string, unknown>> = {},
  environment: Readonly<Record<string, string>> = {},
  currentDirectory = folder,
) {
  return readAppConfig({ context: (key) => context[key], environment, currentDirectory });
}

describe("readAppConfig", () => {
  it("needs nothing but the CA certificate in its usual place", () => {
    expect(configFrom()).toEqual({
      stackName: "RolesAnywhereStack",
      stackProps: {
        caCertificatePem: "the default file",
        access: "bucket-read-only",
        sessionDurationSeconds: 3600,
        bucketRemoval: "retain",
      },
    });
  });

  it("takes every setting from context, as the command line spells it", () => {
    expect(
      configFrom({
        caCertificatePath: "other.pem",
        stackName: "Other",
        access: "s3-full-access",
        certificateCommonNames: "one, two",
        sessionDurationSeconds: "900",
        bucketRemoval: "destroy",
        alarms: "true",
        denySessionsIssuedBefore: "2026-11-25T14:00:00Z",
      }),
    ).toEqual({
      stackName: "Other",
      stackProps: {
        caCertificatePem: "another file",
        access: "s3-full-access",
        certificateCommonNames: ["one", "two"],
        sessionDurationSeconds: 900,
        bucketRemoval: "destroy",
        alarms: true,
        denySessionsIssuedBefore: new Date("2026-11-25T14:00:00Z"),
      },
    });
  });

  it.each([
    ["true", true],
    ["false", false],
    [true, true],
  ])("reads allowAnyCertificate=%j as %j", (given, expected) => {
    expect(configFrom({ allowAnyCertificate: given }).stackProps.allowAnyCertificate).toBe(expected);
  });

  it("takes every setting from the environment", () => {
    expect(
      configFrom(
        {},
        {
          RA_CA_CERTIFICATE_PATH: join(folder, "other.pem"),
          RA_STACK_NAME: "Other",
          RA_ACCESS: "s3-full-access",
          RA_CERTIFICATE_COMMON_NAMES: "one",
          RA_SESSION_DURATION_SECONDS: "900",
          RA_BUCKET_REMOVAL: "destroy",
          RA_ALLOW_ANY_CERTIFICATE: "false",
          RA_ALARMS: "true",
          RA_DENY_SESSIONS_ISSUED_BEFORE: "2026-11-25T15:00:00+01:00",
        },
      ),
    ).toMatchObject({
      stackName: "Other",
      stackProps: {
        caCertificatePem: "another file",
        access: "s3-full-access",
        certificateCommonNames: ["one"],
        sessionDurationSeconds: 900,
        bucketRemoval: "destroy",
        allowAnyCertificate: false,
        alarms: true,
        denySessionsIssuedBefore: new Date("2026-11-25T14:00:00Z"),
      },
    });
  });

  it("prefers context to the environment", () => {
    expect(configFrom({ stackName: "FromContext" }, { RA_STACK_NAME: "FromEnvironment" }).stackName).toBe(
      "FromContext",
    );
  });

  it("accepts a number in cdk.json", () => {
    expect(configFrom({ sessionDurationSeconds: 1800 }).stackProps.sessionDurationSeconds).toBe(1800);
  });

  it("starts a relative path where the person typed the npm command", () => {
    const { stackProps } = configFrom({ caCertificatePath: "other.pem" }, { INIT_CWD: folder }, tmpdir());
    expect(stackProps.caCertificatePem).toBe("another file");
  });

  it("names the missing file and how to make it", () => {
    expect(() => configFrom({}, {}, join(folder, "elsewhere"))).toThrowError(
      expect.objectContaining({
        code: "ERR_INFRA_CA_CERTIFICATE_FILE",
        message: expect.stringMatching(
          /elsewhere[\\/]pki[\\/]rootCA\.pem does not exist\. .*npx ra-pki init/,
        ),
      }),
    );
  });

  it("says so when the file is there but cannot be read", () => {
    expect(() => configFrom({ caCertificatePath: "pki" })).toThrowError(
      expect.objectContaining({
        code: "ERR_INFRA_CA_CERTIFICATE_FILE",
        message: expect.stringContaining(`${join(folder, "pki")} cannot be read`),
      }),
    );
  });

  it.each([
    ["access", "all", '"bucket-read-only"|"s3-full-access"'],
    ["bucketRemoval", "delete", '"retain"|"destroy"'],
    ["sessionDurationSeconds", "1h", "whole number of seconds"],
    ["allowAnyCertificate", "yes", "use true or false"],
    ["alarms", "1", "use true or false"],
    ["denySessionsIssuedBefore", "now", "use a time such as 2026-11-25T14:00:00Z"],
    ["stackName", "my stack", "letters, digits and -"],
    ["caCertificatePath", "", "name the CA certificate file"],
  ])("refuses %s=%s and says what is allowed", (key, value, allowed) => {
    expect(() => configFrom({ [key]: value })).toThrowError(
      expect.objectContaining({
        code: "ERR_INFRA_OPTION_INVALID",
        message: expect.stringMatching(new RegExp(`^Setting ${key} is "${value}": `)),
      }),
    );
    expect(() => configFrom({ [key]: value })).toThrowError(allowed);
  });
});
