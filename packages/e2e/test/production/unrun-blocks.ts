import { evaluatePolicy, parsePolicy } from "@roles-anywhere/iam-policy";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { runProgram } from "../../src/story/programs.ts";
import { production } from "./blocks.ts";

const container = z.object({ args: z.array(z.string()).optional() });
const deployment = z.object({
  kind: z.literal("Deployment"),
  spec: z.object({
    template: z.object({
      spec: z.object({ initContainers: z.array(container), containers: z.array(container) }),
    }),
  }),
});

/** The parts of the page that need Docker, Kubernetes or a real account. */
export function testUnrunBlocks(): void {
  const signerHelp = async (command: string): Promise<string> =>
    (await runProgram("ra-signer", { arguments: [command, "--help"], environment: {} })).stdout;

  it("the manifests are YAML, and the signer knows the flags of its container", async () => {
    const manifests = production.filter(({ language }) => language === "yaml");
    const documents: readonly unknown[] = manifests.map(({ text }) => parse(text));
    expect(documents).toMatchObject([{ kind: "Certificate" }, { kind: "Deployment" }]);
    const [signer] = deployment.parse(documents[1]).spec.template.spec.initContainers;
    const [command = "", ...flags] = signer?.args ?? [];
    expect(command).toBe("serve");
    const help = await signerHelp(command);
    for (const flag of flags) expect(help).toContain(`  ${flag.split("=")[0]} `);
  });

  it("the signer knows the flags of the Docker commands", async () => {
    const script = production.find(
      ({ section, text }) => section === "Docker" && text.startsWith("docker run"),
    )?.text;
    const [, line = ""] = /ra-signer serve ((?:.*\\\n)*.*)$/m.exec(script ?? "") ?? [];
    const flags = line.match(/--[\w-]+/g) ?? [];
    expect(flags).toHaveLength(5);
    const help = await signerHelp("serve");
    for (const flag of flags) expect(help).toContain(`  ${flag} `);
  });

  describe("the deployer's policy", () => {
    const text = production.find(({ section }) => section === "Permissions of the deployer")?.text ?? "";
    const policy = parsePolicy(text, { kind: "identity" });
    const effectOf = (action: string, resource: string, context = {}): string =>
      evaluatePolicy(policy, { action, resource, context }).effect;
    const role = "arn:aws:iam::111122223333:role/Servers-ReaderRole0123";

    it("lets roles be passed to Roles Anywhere alone", () => {
      const passedTo = (service: string) => ({ "iam:PassedToService": service });
      expect(effectOf("iam:PassRole", role, passedTo("rolesanywhere.amazonaws.com"))).toBe("Allow");
      expect(effectOf("iam:PassRole", role, passedTo("ec2.amazonaws.com"))).toBe("ImplicitDeny");
      const other = role.replace("Servers", "Other");
      expect(effectOf("iam:PassRole", other, passedTo("rolesanywhere.amazonaws.com"))).toBe("ImplicitDeny");
    });

    it("does not reach other stacks and other roles", () => {
      const stack = "arn:aws:cloudformation:eu-west-1:111122223333:stack/Servers/1";
      expect(effectOf("cloudformation:ExecuteChangeSet", stack)).toBe("Allow");
      expect(effectOf("cloudformation:ExecuteChangeSet", stack.replace("Servers", "Other"))).toBe(
        "ImplicitDeny",
      );
      expect(effectOf("iam:PutRolePolicy", role)).toBe("Allow");
      expect(effectOf("iam:PutRolePolicy", role.replace("Servers", "Other"))).toBe("ImplicitDeny");
      expect(effectOf("iam:CreateUser", "arn:aws:iam::111122223333:user/Servers-1")).toBe("ImplicitDeny");
    });
  });
}
