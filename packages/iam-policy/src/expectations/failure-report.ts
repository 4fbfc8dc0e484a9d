import { escapeControls } from "../policy-grammar.ts";
import type { Explanation, PolicyExplanation } from "../evaluate.ts";

/** The names of the policies that were asked, by their type and position. */
export type PolicyNames = Readonly<Partial<Record<PolicyExplanation["type"], readonly string[]>>>;

const TYPE_NAMES: Readonly<Record<PolicyExplanation["type"], string>> = {
  identity: "identity policy",
  session: "session policy",
  resource: "resource policy",
  trust: "trust policy",
  boundary: "permissions boundary",
};

/** Says for people what each policy and each of its statements says about a request, one a line. */
export function reportPolicies({ policies }: Explanation, names: PolicyNames): string {
  const lines = policies.flatMap(({ type, index, effect, statements }) => {
    const name = names[type]?.[index];
    const title = name === undefined ? TYPE_NAMES[type] : `${TYPE_NAMES[type]} ${JSON.stringify(name)}`;
    return [
      `  ${title}: ${SAYS[effect]}`,
      ...statements.map((statement) => {
        const sid = statement.sid === undefined ? "" : ` ${JSON.stringify(statement.sid)}`;
        const why = statement.applies ? "applies" : statement.obstacles.join("; ");
        return `    statement ${statement.index}${sid}, ${statement.effect}: ${why}`;
      }),
    ];
  });
  return lines.length === 0 ? "  no policy has a say" : lines.map(escapeControls).join("\n");
}

const SAYS = { Allow: "allows it", ExplicitDeny: "denies it", ImplicitDeny: "does not allow it" } as const;
