/**
 * Finds a key that an object of a JSON text has twice. `JSON.parse` would keep the last one silently; IAM
 * refuses such a policy ("individual elements must not contain multiple instances of the same key").
 *
 * @param json text that `JSON.parse` accepts
 * @returns where it is, such as `Statement[0].Effect`, or `undefined`
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
 */
export function findDuplicateKey(json: string): string | undefined {
  const open: Container[] = [];
  for (const [token] of json.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],:]/gsu)) {
    const current = open.at(-1);
    switch (token) {
      case "{":
        open.push({ kind: "object", keys: new Set(), key: "", inKey: true });
        break;
      case "[":
        open.push({ kind: "array", index: 0 });
        break;
      case "}":
      case "]":
        open.pop();
        break;
      case ",":
        if (current?.kind === "array") current.index += 1;
        else if (current !== undefined) current.inKey = true;
        break;
      case ":":
        if (current?.kind === "object") current.inKey = false;
        break;
      default:
        if (current?.kind !== "object" || !current.inKey) break;
        current.key = String(JSON.parse(token));
        if (current.keys.has(current.key)) return pathOf(open);
        current.keys.add(current.key);
    }
  }
  return undefined;
}

type Container =
  | { readonly kind: "object"; readonly keys: Set<string>; key: string; inKey: boolean }
  | { readonly kind: "array"; index: number };

function pathOf(open: readonly Container[]): string {
  return open
    .map((container) => (container.kind === "array" ? `[${container.index}]` : `.${container.key}`))
    .join("")
    .replace(/^\./u, "");
}
