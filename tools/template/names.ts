/** The names that this repository has as a template. Whoever builds on it gives it others, with `./scripts/rename`. */
export const TEMPLATE_NAMES: Names = namesOf({
  scope: "@roles-anywhere",
  stack: "RolesAnywhereStack",
  repository: "roles-anywhere-kit",
  title: "Roles Anywhere Kit",
  app: "nestjs-s3",
});

/** What `./scripts/rename` changes. */
export interface Names {
  /** npm scope of all workspaces, with its `@`. */
  readonly scope: string;
  /** Default name of the stack, and the class of that name. */
  readonly stack: string;
  /** The stack's name in words with hyphens, as in names of files. */
  readonly stackFile: string;
  /** Name of the root package, the images, the cache folder and the labels. */
  readonly repository: string;
  /** Name of the whole in sentences. */
  readonly title: string;
  /** Folder below `apps/`, and the name of the app's package without the scope. */
  readonly app: string;
}

/** Says which argument or state keeps the command from doing anything. It ends with 2. */
export class Refusal extends Error {}

export const USAGE = `Usage: rename --scope @acme --stack AcmeServers [--app files-api]

Gives this repository names of your own and removes what only the kit itself needs.

Options:
  --scope <@name>  npm scope of all packages, instead of ${TEMPLATE_NAMES.scope}
  --stack <Name>   name of the CDK stack and of its class, instead of ${TEMPLATE_NAMES.stack};
                   the repository and its images are called the same in words: acme-servers
  --app <name>     folder and package of the app, instead of ${TEMPLATE_NAMES.app}
  -h, --help       show this

Example:
  ./scripts/rename --scope @acme --stack AcmeServers
`;

const OPTIONS = new Set(["--scope", "--stack", "--app"]);
/** Longest name of a stack: its words, with hyphens, stand in a URN, whose namespace has 32 characters at most. */
const LONGEST_STACK = 32;

/**
 * Reads the arguments of `./scripts/rename`.
 *
 * @param taken names of workspaces without their scope, which an app cannot have
 * @returns undefined for `--help`
 * @throws {Refusal} for anything that is no name, with the argument and what it must look like
 */
export function readNames(args: readonly string[], taken: readonly string[]): Names | undefined {
  const values = new Map<string, string>();
  for (let index = 0; index < args.length; index += 1) {
    const [option = "", inline] = split(args[index] ?? "");
    if (option === "-h" || option === "--help") return undefined;
    if (!OPTIONS.has(option)) throw wrongUsage(`unknown argument: ${JSON.stringify(args[index])}`);
    if (values.has(option)) throw wrongUsage(`${option} is given twice`);
    if (inline === undefined) index += 1;
    const value = inline ?? args[index];
    if (value === undefined || value === "") throw wrongUsage(`${option} needs a value`);
    values.set(option, value);
  }
  const scope = values.get("--scope");
  const stack = values.get("--stack");
  if (scope === undefined) throw wrongUsage("--scope is missing");
  if (stack === undefined) throw wrongUsage("--stack is missing");
  const app = values.get("--app") ?? TEMPLATE_NAMES.app;
  checkScope(scope);
  checkStack(stack);
  if (values.has("--app")) checkApp(app, taken);
  const words = wordsOf(stack);
  return namesOf({ scope, stack, repository: words.join("-").toLowerCase(), title: words.join(" "), app });
}

function namesOf(names: Omit<Names, "stackFile">): Names {
  return { ...names, stackFile: wordsOf(names.stack).join("-").toLowerCase() };
}

/** `AcmeHTTPServers2` → Acme, HTTP, Servers2. */
function wordsOf(name: string): string[] {
  return name.match(/[A-Z]+(?![a-z])[0-9]*|[A-Z][a-z0-9]*/g) ?? [name];
}

function checkScope(scope: string): void {
  if (!/^@[a-z0-9][a-z0-9._-]{0,63}$/.test(scope))
    throw wrongUsage(
      `--scope ${JSON.stringify(scope)} is no npm scope: write @ and then lower-case letters, digits, hyphens, as in @acme`,
    );
  if (scope === TEMPLATE_NAMES.scope)
    throw wrongUsage(`--scope ${scope} is the template's own: choose one that belongs to you`);
}

function checkStack(stack: string): void {
  if (!/^[A-Z][A-Za-z0-9]*$/.test(stack))
    throw wrongUsage(
      `--stack ${JSON.stringify(stack)} is no name for a stack and its class: write a capital letter and then letters and digits, as in AcmeServers`,
    );
  if (stack === TEMPLATE_NAMES.stack)
    throw wrongUsage(`--stack ${stack} is the template's own: choose another name`);
  const { length } = wordsOf(stack).join("-");
  if (length > LONGEST_STACK)
    throw wrongUsage(
      `--stack ${stack} has ${length} characters with its words apart: ${LONGEST_STACK} is the most, for names are made from it`,
    );
}

function checkApp(app: string, taken: readonly string[]): void {
  if (!/^[a-z0-9][a-z0-9-]{0,63}$/.test(app))
    throw wrongUsage(
      `--app ${JSON.stringify(app)} is no name for a folder and a package: write lower-case letters, digits and hyphens, as in files-api`,
    );
  if (app !== TEMPLATE_NAMES.app && taken.includes(app))
    throw wrongUsage(`--app ${app} is the name of another workspace: choose another`);
}

function wrongUsage(message: string): Refusal {
  return new Refusal(`${message}; see rename --help`);
}

function split(argument: string): [string, string?] {
  const equals = argument.startsWith("--") ? argument.indexOf("=") : -1;
  return equals === -1 ? [argument] : [argument.slice(0, equals), argument.slice(equals + 1)];
}
