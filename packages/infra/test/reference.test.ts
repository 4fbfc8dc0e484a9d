import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App } from "aws-cdk-lib/core";
import { Annotations, Match, Template } from "aws-cdk-lib/assertions";
import { afterAll, describe, expect, it } from "vitest";
import * as exported from "../src/index.ts";
import { makeTestCertificates } from "./support/certificates.ts";
import { ReferenceExamples } from "./reference-examples.ts";

const read = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8");
const page = read("../../../docs/infra.md");
const examples = [
  ...read("./reference-examples.ts").matchAll(/ {4}\/\/ example: (.*)\n([^]*?) {4}\/\/ end\n/g),
].map(([, title = "", code = ""]) => ({ title, code: code.replaceAll(/^ {4}/gm, "") }));

const folder = mkdtempSync(join(tmpdir(), "infra-reference-"));
afterAll(() => rmSync(folder, { recursive: true }));
writeFileSync(join(folder, "rootCA.pem"), makeTestCertificates().rootCa);
writeFileSync(join(folder, "rootCA.crl.pem"), "-----BEGIN X509 CRL-----\nQUJD\n-----END X509 CRL-----\n");

describe("docs/infra.md", () => {
  it.each(examples)("shows the example that is tested here: $title", ({ code }) => {
    expect(page).toContain(`\`\`\`ts\n${code}\`\`\``);
  });

  it("shows no other example", () => {
    expect(page.match(/^```ts$/gm)).toHaveLength(examples.length);
  });

  it("shows examples that synthesise", () => {
    const stack = new ReferenceExamples(new App(), "Examples", folder);
    expect(Template.fromStack(stack).findResources("AWS::RolesAnywhere::Profile")).not.toEqual({});
    expect(Annotations.fromStack(stack).findError("*", Match.anyValue())).toEqual([]);
  });

  it("shows an alarm that tells when no session was given", () => {
    const stack = new ReferenceExamples(new App(), "Examples", folder);
    const alarms = Template.fromStack(stack).findResources("AWS::CloudWatch::Alarm", {
      Properties: { MetricName: "Success" },
    });
    expect(Object.values(alarms)).toMatchObject([
      {
        Properties: { Threshold: 1, ComparisonOperator: "LessThanThreshold", TreatMissingData: "breaching" },
      },
    ]);
  });

  it("lists every error code in the table of errors", () => {
    const table = /^## Errors\n[^|]*\n((?:\|.*\n)+)/m.exec(page)?.[1];
    for (const [code] of read("../src/errors.ts").matchAll(/ERR_INFRA_\w+/g)) {
      expect(table).toContain(`| \`${code}\``);
    }
  });

  it.each(Object.keys(exported))("names the export %s", (name) => {
    expect(page).toMatch(new RegExp(`\\b${name}\\b`));
  });

  it("has a command that attaches the policy of DenyOlderSessions", () => {
    const [, json = ""] = /--policy-document \\\n\s*'(\{.*\})'\n/.exec(page) ?? [];
    const time = "2026-11-25T14:00:00Z";
    // The shell puts the time in the place of this part.
    const given = JSON.parse(json.replace(`'"$(date -u +%Y-%m-%dT%H:%M:%SZ)"'`, time));
    const own = JSON.parse(JSON.stringify(exported.olderSessionsPolicy(new Date(time))));
    expect(given).toEqual(JSON.parse(JSON.stringify(own).replace("2026-11-25T14:00:00.000Z", time)));
  });
});
