import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Template } from "aws-cdk-lib/assertions";
import { App } from "aws-cdk-lib/core";
import { describe, expect, it } from "vitest";
import { SETTING_VARIABLES } from "../src/config/app-config.ts";
import { makeTestCertificates } from "./support/certificates.ts";
import { reports } from "./readme-example.ts";

const read = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8");
const readme = read("../README.md");
const { scripts } = JSON.parse(read("../package.json"));

/** The logical id of the role that certificates with these names can assume. */
function roleOf(template: Template, commonNames: readonly string[]): string {
  const [id, ...others] = Object.keys(
    template.findResources("AWS::IAM::Role", {
      Properties: {
        AssumeRolePolicyDocument: {
          Statement: [{ Condition: { StringEquals: { "aws:PrincipalTag/x509Subject/CN": commonNames } } }],
        },
      },
    }),
  );
  expect(others).toEqual([]);
  return String(id);
}

describe("README", () => {
  it("shows the library example that is tested here", () => {
    const example = read("./readme-example.ts").replace('"../src/index.ts"', '"@roles-anywhere/infra"');
    expect(readme).toContain(`\`\`\`ts\n${example}\`\`\``);
  });

  it("shows an example of two servers with different rights", () => {
    const folder = mkdtempSync(join(tmpdir(), "infra-readme-"));
    try {
      const caCertificateFile = join(folder, "rootCA.pem");
      writeFileSync(caCertificateFile, makeTestCertificates().rootCa);
      const template = Template.fromStack(reports(new App(), caCertificateFile));
      const rights = Object.values(template.findResources("AWS::IAM::Policy")).map(({ Properties }) => [
        Properties.Roles[0].Ref,
        Properties.PolicyDocument.Statement[0].Action.includes("s3:PutObject"),
      ]);
      expect(Object.fromEntries(rights)).toEqual({
        [roleOf(template, ["reports-writer"])]: true,
        [roleOf(template, ["reports-reader-1", "reports-reader-2"])]: false,
      });
      expect(Object.keys(template.toJSON()["Outputs"]).sort()).toEqual([
        ...["ReadersProfileArn", "ReadersRoleArn", "ReadersTrustAnchorArn"],
        ...["WriterProfileArn", "WriterRoleArn", "WriterTrustAnchorArn"],
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it.each(Object.entries(SETTING_VARIABLES))("lists the setting %s with its variable %s", (key, variable) => {
    expect(readme.replaceAll(/ +/g, " ")).toContain(`| \`${key}\` | \`${variable}\` |`);
  });

  it("uses npm scripts that exist", () => {
    const used = [...readme.matchAll(/npm run ([\w-]+) -w packages\/infra/g)].map(([, name]) => name);
    expect(used.length).toBeGreaterThan(0);
    expect(Object.keys(scripts)).toEqual(expect.arrayContaining(used));
  });
});
