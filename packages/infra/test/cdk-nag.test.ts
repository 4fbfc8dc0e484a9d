import { readFileSync } from "node:fs";
import { Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { App, Stack, Validations } from "aws-cdk-lib/core";
import { AwsSolutionsChecks } from "cdk-nag";
import { describe, expect, it } from "vitest";
import {
  CertificateRevocationList,
  DenyOlderSessions,
  ExternalServer,
  RolesAnywhereStack,
  TrustAnchor,
  TrustAnchorAlarms,
} from "../src/index.ts";
import { makeTestCertificates } from "./support/certificates.ts";

const caCertificatePem = makeTestCertificates().rootCa;

/** The rules of AWS's solutions library that a stack breaks, with what they found: `AwsSolutions-S1`. */
function findingsIn(stack: Stack): string[] {
  const { violations } = new AwsSolutionsChecks().validateScope(stack);
  return violations.map(({ ruleName }) => ruleName).sort();
}

function stackWith(access: "bucket-read-only" | "s3-full-access"): RolesAnywhereStack {
  return new RolesAnywhereStack(new App(), "RolesAnywhereStack", {
    caCertificatePem,
    certificateCommonNames: ["server"],
    access,
    alarms: true,
  });
}

// docs/infra.md has these reasons for the reader.
const accessLogs = {
  id: "AwsSolutions-S1",
  reason: "Access logs go to another bucket, which the app has to choose.",
};
const oneBucket = {
  id: "AwsSolutions-IAM5[Resource::<BucketE75EA64C.Arn>/*]",
  reason: "The wildcard is the objects of one bucket.",
};
const askedFor = {
  id: "AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/AmazonS3FullAccess]",
  reason: "The managed policy is what this setting asks for; the app warns.",
};

describe("cdk-nag, AWS Solutions", () => {
  it("finds in the stack what the reference explains, and nothing else", () => {
    expect(findingsIn(stackWith("bucket-read-only"))).toEqual([oneBucket.id, accessLogs.id]);
    expect(findingsIn(stackWith("s3-full-access"))).toEqual([askedFor.id, accessLogs.id]);
  });

  it("finds nothing when these are suppressed with their reasons", () => {
    const reading = stackWith("bucket-read-only");
    Validations.of(reading).acknowledge(accessLogs, oneBucket);
    expect(findingsIn(reading)).toEqual([]);
    const full = stackWith("s3-full-access");
    Validations.of(full).acknowledge(accessLogs, askedFor);
    expect(findingsIn(full)).toEqual([]);
  });

  it("finds nothing in the other constructs", () => {
    const stack = new Stack(new App(), "Mine");
    const trustAnchor = TrustAnchor.fromPem(stack, "TrustAnchor", caCertificatePem);
    const crlPem = "-----BEGIN X509 CRL-----\nQUJD\n-----END X509 CRL-----\n";
    new CertificateRevocationList(stack, "Revoked", { trustAnchor, crlPem });
    const { role } = new ExternalServer(stack, "A", { trustAnchor, commonNames: ["server-a"] });
    new TrustAnchorAlarms(stack, "Alarms", { trustAnchor });
    trustAnchor.grant(
      new Role(stack, "OnCall", { assumedBy: new ServicePrincipal("ec2.amazonaws.com") }),
      "rolesanywhere:DisableTrustAnchor",
    );
    new DenyOlderSessions(stack, "KeyLeak", { roles: [role], issuedBefore: new Date(0) });
    expect(findingsIn(stack)).toEqual([]);
  });

  it.each([accessLogs, oneBucket, askedFor])("has the reason for $id in the reference", ({ id, reason }) => {
    const page = readFileSync(new URL("../../../docs/infra.md", import.meta.url), "utf8");
    const row = page.split("\n").find((line) => line.startsWith(`| \`${id.replace(/\[.*/, "")}\``));
    expect(row).toContain(reason);
  });
});
