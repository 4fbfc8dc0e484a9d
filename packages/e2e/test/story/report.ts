import { readFile } from "node:fs/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { readEventLogs } from "../../src/report/event-log.ts";
import { renderPage } from "../../src/report/page.ts";
import { readSessions } from "../../src/report/read-sessions.ts";
import { record } from "../../src/report/records.ts";
import type { ReportRecord } from "../../src/report/records.ts";
import { renderSummary } from "../../src/report/summary.ts";
import type { Deployment } from "../../src/story/start-deployment.ts";
import { readAudit } from "../../src/aws/audit.ts";

const credentials = z.object({
  AccessKeyId: z.string(),
  SecretAccessKey: z.string(),
  SessionToken: z.string(),
});
const listing = z.object({ files: z.array(z.object({ viewUrl: z.url() })).min(1) });

/** What must stay out of a report: keys, credentials, and what makes a presigned URL a credential. */
async function secretsOf({ pki, server, appUrl }: Deployment): Promise<string[]> {
  const keys = await Promise.all([pki.caKeyPath, pki.privateKeyPath].map((path) => readFile(path, "utf8")));
  const { stdout } = await server.runCredentialProcess();
  const { files } = listing.parse(await (await fetch(`${appUrl}/api/files`)).json());
  const queries = files.flatMap(({ viewUrl }) =>
    ["X-Amz-Signature", "X-Amz-Security-Token", "X-Amz-Credential"].map(
      (name) => new URL(viewUrl).searchParams.get(name) ?? `${viewUrl} has no ${name}`,
    ),
  );
  return [
    ...keys.flatMap((pem) => pem.split("\n").filter((line) => line.length === 64)),
    ...Object.values(credentials.parse(JSON.parse(stdout))),
    ...queries,
  ];
}

/** The report of this run, after all other chapters: it has their sessions, granted and refused. */
export function testReport(deployment: () => Deployment, folder: () => string): void {
  describe("its report", () => {
    let secrets: readonly string[];
    let records: readonly ReportRecord[];
    beforeAll(async () => {
      secrets = await secretsOf(deployment());
      const sessions = await readSessions(deployment().sandbox.rolesAnywhereEndpoint);
      const recorded = readEventLogs(folder()).find(({ name }) => name === "story")?.records ?? [];
      // As they go into a log.
      records = [...recorded, ...sessions].map((each) => record.parse(JSON.parse(JSON.stringify(each))));
    });

    it("has each step of the three phases, and each resource", () => {
      const steps = records.flatMap((each) =>
        each.kind === "step" ? [each.text.split(" ").slice(0, 2).join(" ")] : [],
      );
      expect(steps).toEqual([
        "ra-pki init",
        "ra-pki issue",
        "cdk deploy",
        "ra-signer configure",
        "app start",
      ]);
      const made = records.flatMap((each) =>
        each.kind === "stack-event" && each.status === "CREATE_COMPLETE" ? [each.type] : [],
      );
      expect(made.toSorted()).toEqual([
        "AWS::CloudFormation::Stack",
        "AWS::IAM::Role",
        "AWS::RolesAnywhere::Profile",
        "AWS::RolesAnywhere::TrustAnchor",
        "AWS::S3::Bucket",
        "AWS::S3::BucketPolicy",
      ]);
    });

    it("has each CreateSession call of the mock's audit, with verdict and reason", async () => {
      const audit = await readAudit(deployment().sandbox.rolesAnywhereEndpoint);
      const expected = audit.map(({ requestID, _mock }) => [requestID, _mock.verdict, _mock.reason]);
      const found = records.flatMap((each) =>
        each.kind === "session" ? [[each.requestId, each.verdict, each.reason]] : [],
      );
      expect(found).toEqual(expected.toReversed());
      const page = renderPage([{ name: "story", records }]);
      for (const reason of ["SIGNATURE_MISMATCH", "CHAIN_UNTRUSTED"]) expect(page).toContain(reason);
    });

    it("has none of the run's secrets", () => {
      expect(secrets.length).toBeGreaterThan(20);
      const logs = [{ name: "story", records }];
      const texts = { log: JSON.stringify(records), page: renderPage(logs), summary: renderSummary(logs) };
      for (const secret of secrets) {
        expect(secret.length).toBeGreaterThan(15);
        for (const [name, text] of Object.entries(texts)) {
          expect({ name, holdsIt: text.includes(secret) }).toEqual({ name, holdsIt: false });
        }
      }
    });
  });
}
