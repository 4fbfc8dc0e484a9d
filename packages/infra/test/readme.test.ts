import { readFileSync } from "node:fs";
import { Template } from "aws-cdk-lib/assertions";
import { App } from "aws-cdk-lib/core";
import { describe, expect, it } from "vitest";
import { SETTING_VARIABLES } from "../src/config/app-config.ts";
import { makeTestCertificates } from "./support/certificates.ts";
import { reportingServers } from "./readme-example.ts";

const read = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8");
const readme = read("../README.md");
const { scripts } = JSON.parse(read("../package.json"));

describe("README", () => {
  it("shows the library example that is tested here", () => {
    const example = read("./readme-example.ts").replace('"../src/index.ts"', '"@roles-anywhere/infra"');
    expect(readme).toContain(`\`\`\`ts\n${example}\`\`\``);
  });

  it("shows an example that gives two servers read access for a quarter of an hour", () => {
    const template = Template.fromStack(reportingServers(new App(), makeTestCertificates().rootCa)).toJSON();
    expect(Object.values(template["Resources"])).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          Type: "AWS::RolesAnywhere::Profile",
          Properties: expect.objectContaining({ DurationSeconds: 900 }),
        }),
        expect.objectContaining({
          Type: "AWS::IAM::Role",
          Properties: {
            AssumeRolePolicyDocument: {
              Version: "2012-10-17",
              Statement: [
                {
                  Effect: "Allow",
                  Principal: { Service: "rolesanywhere.amazonaws.com" },
                  Action: ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"],
                  Condition: {
                    ArnEquals: { "aws:SourceArn": { "Fn::GetAtt": [expect.any(String), "TrustAnchorArn"] } },
                    StringEquals: { "aws:PrincipalTag/x509Subject/CN": ["reports-1", "reports-2"] },
                  },
                },
              ],
            },
          },
        }),
      ]),
    );
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
