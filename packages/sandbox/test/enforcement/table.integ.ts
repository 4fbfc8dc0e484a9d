import { CreateRoleCommand } from "@aws-sdk/client-iam";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findPython } from "@roles-anywhere/testing";
import { startBoto3 } from "../support/boto3.ts";
import type { Boto3, Credentials } from "../support/boto3.ts";
import { callSdk } from "../support/call-sdk.ts";
import { policyOf, startEnforcedAccount } from "../support/enforced-account.ts";
import type { EnforcedAccount } from "../support/enforced-account.ts";
import { REQUESTS, TABLE } from "../support/rows.ts";
import type { RequestName, TablePolicy, TableRequest } from "../support/rows.ts";

const found = findPython(["localstack.runtime", "boto3"]);

interface Row {
  readonly name: RequestName;
  readonly expected: "allowed" | "refused";
}

const rowsOf = ({ allows, refuses }: TablePolicy): Row[] => [
  ...allows.map((name): Row => ({ name, expected: "allowed" })),
  ...refuses.map((name): Row => ({ name, expected: "refused" })),
];

describe.skipIf("missing" in found)("the table of policies and requests", () => {
  let account: EnforcedAccount;
  let boto3: Boto3;
  let session: Credentials;
  beforeAll(async () => {
    account = await startEnforcedAccount();
    boto3 = startBoto3("python" in found ? found.python : "", account.sandbox.endpointUrl);
    await account.makeBucket("reports", "a.txt", "public/b.txt", "secret/c.txt");
    session = await (await account.makeRole({ name: "table" })).session();
    const trust = {
      Effect: "Allow",
      Principal: { AWS: "arn:aws:iam::000000000000:root" },
      Action: "sts:AssumeRole",
    };
    await account.iam.send(
      new CreateRoleCommand({ RoleName: "trusting", AssumeRolePolicyDocument: policyOf(trust) }),
    );
  });
  afterAll(async () => {
    await boto3[Symbol.asyncDispose]();
    await account.sandbox.stop();
  });

  it("has at least 120 rows", () => {
    expect(TABLE.flatMap(rowsOf).length).toBeGreaterThanOrEqual(120);
  });

  describe.each(TABLE)("$title", (policy) => {
    beforeAll(() => account.putRolePolicy("table", policyOf(...policy.statements)));

    it.each(rowsOf(policy))("$name: $expected", async ({ name, expected }) => {
      const request: TableRequest = REQUESTS[name];
      const { service, operation, parameters } = request;
      const made = { service, operation, parameters, credentials: session };
      const wanted = expected === "allowed" ? (request.missing ?? "done") : refusalOf(service);
      const answers = [await boto3.call(made)];
      // The test has no client of Systems Manager for JavaScript.
      if (service !== "ssm") answers.push(await callSdk(account.sandbox.endpointUrl, made));
      const outcomes = answers.map(({ status, code }) => (code === null ? "done" : `${status} ${code}`));
      expect(outcomes).toEqual(answers.map(() => wanted));
    });
  });
});

function refusalOf(service: string): string {
  return service === "ssm" ? "400 AccessDeniedException" : "403 AccessDenied";
}
