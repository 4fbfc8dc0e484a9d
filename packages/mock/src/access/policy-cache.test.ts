import { describe, expect, it } from "vitest";
import { createPolicyCache } from "./policy-cache.ts";
import type { PolicyPort, RolePolicies } from "./policy-port.ts";

const ROLE = "arn:aws:iam::111122223333:role/R";

interface CountingIam extends PolicyPort {
  changes: number;
  reads: number;
  fails: boolean;
}

/** An IAM whose role shows how often its policy was changed. */
function countingIam(): CountingIam {
  const iam: CountingIam = {
    changes: 0,
    reads: 0,
    fails: false,
    readRole: async (roleArn: string): Promise<RolePolicies> => {
      iam.reads += 1;
      const document = String(iam.changes);
      await Promise.resolve();
      if (iam.fails) throw new Error("no answer");
      return { roleArn, roleId: "AROA", tags: {}, trustPolicy: "{}", policies: [{ name: "own", document }] };
    },
    readManagedPolicy: async (name: string, account: string) => ({
      name,
      document: `${account} ${iam.changes}`,
    }),
  };
  return iam;
}

describe("createPolicyCache", () => {
  const documentOf = async (port: PolicyPort): Promise<string | undefined> =>
    (await port.readRole(ROLE))?.policies[0]?.document;

  it("reads a role once for a version", async () => {
    const iam = countingIam();
    const at = createPolicyCache(iam);
    await Promise.all([1, 2, 3].map(() => documentOf(at({ epoch: "e", number: 0 }))));
    await documentOf(at({ epoch: "e", number: 0 }));
    expect(iam.reads).toBe(1);
  });

  it.each([
    ["a later version", { epoch: "e", number: 1 }],
    ["another run of the emulator, which counts from the start", { epoch: "f", number: 0 }],
  ])("reads anew for %s", async (_, version) => {
    const iam = countingIam();
    const at = createPolicyCache(iam);
    expect(await documentOf(at({ epoch: "e", number: 0 }))).toBe("0");
    iam.changes = 1;
    expect(await documentOf(at(version))).toBe("1");
    expect((await at(version).readManagedPolicy("p", "1"))?.document).toBe("1 1");
  });

  it("does not give an answer to a later version that was read before it, though it came after", async () => {
    const iam = countingIam();
    const at = createPolicyCache(iam);
    const early = documentOf(at({ epoch: "e", number: 0 }));
    iam.changes = 1;
    const late = documentOf(at({ epoch: "e", number: 1 }));
    expect([await early, await late]).toEqual(["0", "1"]);
    expect(await documentOf(at({ epoch: "e", number: 1 }))).toBe("1");
  });

  it("gives a request that was overtaken what is known since", async () => {
    const iam = countingIam();
    const at = createPolicyCache(iam);
    iam.changes = 1;
    await documentOf(at({ epoch: "e", number: 1 }));
    expect(await documentOf(at({ epoch: "e", number: 0 }))).toBe("1");
    expect(iam.reads).toBe(1);
  });

  it("keeps no failure", async () => {
    const iam = countingIam();
    const at = createPolicyCache(iam);
    iam.fails = true;
    await expect(documentOf(at({ epoch: "e", number: 0 }))).rejects.toThrow("no answer");
    iam.fails = false;
    expect(await documentOf(at({ epoch: "e", number: 0 }))).toBe("0");
  });

  it("tells the accounts apart that ask for a managed policy", async () => {
    const at = createPolicyCache(countingIam())({ epoch: "e", number: 0 });
    expect((await at.readManagedPolicy("p", "1"))?.document).toBe("1 0");
    expect((await at.readManagedPolicy("p", "2"))?.document).toBe("2 0");
  });
});
