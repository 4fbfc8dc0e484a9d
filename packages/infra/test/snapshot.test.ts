import { Template } from "aws-cdk-lib/assertions";
import { App } from "aws-cdk-lib/core";
import { expect, it } from "vitest";
import { RolesAnywhereStack } from "../src/index.ts";
import { makeTestCertificates } from "./support/certificates.ts";

// Logical ids are part of the picture: a changed id replaces the resource in stacks that are deployed.
it("keeps the template of the stack, logical ids included", () => {
  const caCertificatePem = makeTestCertificates().rootCa;
  const stack = new RolesAnywhereStack(new App(), "RolesAnywhereStack", {
    caCertificatePem,
    certificateCommonNames: ["nestjs-external-server"],
    alarms: true,
    denySessionsIssuedBefore: new Date("2026-11-25T14:00:00Z"),
  });
  const template = JSON.stringify(Template.fromStack(stack).toJSON(), undefined, 2);
  expect(`${template.replace(JSON.stringify(caCertificatePem), '"<CA certificate>"')}\n`).toMatchSnapshot();
});
