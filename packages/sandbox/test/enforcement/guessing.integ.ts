import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findPython } from "@roles-anywhere/testing";
import { callSdk } from "../support/call-sdk.ts";
import type { Credentials } from "../support/boto3.ts";
import { policyOf, startEnforcedAccount } from "../support/enforced-account.ts";
import type { EnforcedAccount } from "../support/enforced-account.ts";
import { guess } from "../support/guess.ts";
import { residentMebibytes } from "../support/resident-memory.ts";

const found = findPython(["localstack.runtime", "boto3"]);
const GUESSES = 20_000;

describe.skipIf("missing" in found)("keys and signatures that somebody guesses", () => {
  let account: EnforcedAccount;
  let session: Credentials;
  beforeAll(async () => {
    account = await startEnforcedAccount();
    await account.makeBucket("reports", "a.txt");
    const policy = policyOf({ Effect: "Allow", Action: "s3:GetObject", Resource: "*" });
    session = await (await account.makeRole({ name: "reader", policy })).session();
  });
  afterAll(() => account.sandbox.stop());

  it(
    `are refused, ${GUESSES} of them, while sessions go on and memory stays flat`,
    { timeout: 600_000 },
    async () => {
      const { endpointUrl } = account.sandbox;
      expect(await guess(endpointUrl, { count: 4000, session })).toEqual(new Map([[403, 4000]]));
      const before = residentMebibytes(account.sandbox);
      const over = new AbortController();
      const get = { service: "s3", operation: "GetObject", parameters: { Bucket: "reports", Key: "a.txt" } };
      const served = (async () => {
        const statuses = new Set<number>();
        while (!over.signal.aborted) {
          statuses.add((await callSdk(endpointUrl, { ...get, credentials: session })).status);
        }
        return statuses;
      })();
      const count = GUESSES - 4000;
      expect(await guess(endpointUrl, { count, session })).toEqual(new Map([[403, count]]));
      over.abort();
      expect(await served).toEqual(new Set([200]));
      const after = residentMebibytes(account.sandbox);
      const growth = [...before].map(([program, mebibytes]) => ({
        program,
        mebibytes: (after.get(program) ?? NaN) - mebibytes,
      }));
      // An IAM of its own for each guessed account would be megabytes for each guess.
      expect(growth.filter(({ mebibytes }) => !(mebibytes < 60))).toEqual([]);
    },
  );
});
