import { evaluatePolicy, parsePolicy } from "@roles-anywhere/iam-policy";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { runProgram } from "../../src/story/programs.ts";
import { production } from "./blocks.ts";

/** The parts of the page that need Docker, Kubernetes or a real account. */
export function testUnrunBlocks(): void {
  const signerHelp = async (command: string): Promise<string> =>
    (await runProgram("ra-signer", { arguments: [command, "--help"], environment: {} })).stdout;

  it("the manifest is YAML, and names the Secret that the Deployment of the other guide mounts", () => {
    const manifests = production.filter(({ language }) => language === "yaml");
    expect(manifests.map(({ text }): unknown => parse(text))).toMatchObject([
      { kind: "Certificate", spec: { secretName: "reports-identity" } },
    ]);
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
