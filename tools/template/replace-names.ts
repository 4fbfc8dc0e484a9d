import { TEMPLATE_NAMES } from "./names.ts";
import type { Names } from "./names.ts";

/** The template's names in every spelling that is searched for when nothing of them may be left. */
export const LEFT_OVER =
  /@roles-anywhere(?![\w-])|github\.com\/roles-anywhere|roles[-_ ]?anywhere[-_ ]?kit|roles-?anywhere-?stack/i;

/** Replaces the template's names in a text or a path. */
export function replaceNames(text: string, names: Names): string {
  return rulesFor(names).reduce(
    (result, [pattern, replacement]) => result.replaceAll(pattern, () => replacement),
    text,
  );
}

function rulesFor(names: Names): readonly (readonly [RegExp, string])[] {
  const { scope, stack, stackFile, repository, title, app } = TEMPLATE_NAMES;
  const bare = scope.slice(1);
  return [
    [new RegExp(`${scope}(?![\\w-])`, "g"), names.scope],
    // The name that `npm pack` gives to a package's file: roles-anywhere-signer-0.1.0.tgz.
    [
      new RegExp(
        `\\b${bare}(?=-(?:enforcement|iam-policy|infra|mock|pki|sandbox|signer)-(?!\\w*[a-z]))`,
        "g",
      ),
      names.scope.slice(1),
    ],
    // Where the manifests say that the packages come from.
    [new RegExp(`(?<=github\\.com/)${bare}(?=/)`, "g"), names.scope.slice(1)],
    [new RegExp(repository, "g"), names.repository],
    [new RegExp(title, "g"), names.title],
    [new RegExp(stack, "g"), names.stack],
    [new RegExp(stack.toLowerCase(), "g"), names.stack.toLowerCase()],
    [new RegExp(stackFile, "g"), names.stackFile],
    [new RegExp(`(?<![\\w-])${app}(?![\\w])`, "g"), names.app],
  ];
}
