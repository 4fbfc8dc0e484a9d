import { readFileSync } from "node:fs";
import { arnOf, expectPermissions } from "../../src/expectations/index.ts";
import { it } from "vitest";

// Or Template.fromStack(stack), of aws-cdk-lib/assertions.
const template = JSON.parse(readFileSync("test/expectations/reports.template.json", "utf8"));

it("lets server-a read reports, and nobody else", () => {
  expectPermissions(template, "ReaderRole")
    .toAllow("s3:GetObject", arnOf("Bucket", "/2026.csv"))
    .toDeny("s3:PutObject", arnOf("Bucket", "/2026.csv"))
    .toTrust({ subject: { CN: "server-a" } })
    .notToTrust({ subject: { CN: "server-b" } });
});
