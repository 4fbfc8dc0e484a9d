import { chmod, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { runSupervised, startSupervised } from "@roles-anywhere/sandbox";
import type { RunResult, Supervised } from "@roles-anywhere/sandbox";
import { assertDone, REPOSITORY_ROOT, StoryError } from "../../src/story/programs.ts";

/** How the projects of the pages are compiled: as `nest new` sets it up, to run in Node.js as ES modules. */
export const COMPILER_OPTIONS = {
  ...{ module: "nodenext", target: "es2023", strict: true, skipLibCheck: true, types: ["node"] },
  ...{ experimentalDecorators: true, emitDecoratorMetadata: true, outDir: "out", rootDir: "." },
};

type Environment = Readonly<Record<string, string>>;

/** A project of somebody else: a folder outside the clone, in which our packages are installed like all others. */
export interface ProjectFolder extends AsyncDisposable {
  readonly path: string;
  /** The home folder of the person who works in it. */
  readonly home: string;
  write(path: string, text: string): Promise<void>;
  /** Makes a command that writes its arguments, a line each, to `<name>.arguments`, in place of one that is not here. */
  pretend(name: string): Promise<void>;
  /** Runs a script of the shell. @throws {StoryError} when a command of it fails */
  run(script: string, environment: Environment, folder?: string): Promise<RunResult>;
  /** Starts a program with Node.js and waits until it prints what the pattern finds; returns its first group. */
  start(args: readonly string[], environment: Environment, ready: RegExp): Promise<string>;
}

export async function makeProjectFolder(): Promise<ProjectFolder> {
  const path = await mkdtemp(join(tmpdir(), "project-"));
  const [home, commands, modules] = [join(path, "home"), join(path, "commands"), join(path, "node_modules")];
  for (const folder of [home, commands, modules]) await mkdir(folder);
  const installed = join(REPOSITORY_ROOT, "node_modules");
  for (const name of await readdir(installed)) await symlink(join(installed, name), join(modules, name));
  const programs: Supervised[] = [];
  const complete = (environment: Environment): Record<string, string> => ({
    ...environment,
    HOME: home,
    PATH: [commands, dirname(process.execPath), process.env["PATH"] ?? ""].join(delimiter),
    CDK_DISABLE_CLI_TELEMETRY: "true",
  });
  return {
    path,
    home,
    async write(file, text) {
      await mkdir(dirname(join(path, file)), { recursive: true });
      await writeFile(join(path, file), text);
    },
    async pretend(name) {
      const file = join(commands, name);
      await writeFile(
        file,
        `#!/bin/sh\nprintf '%s\\n' "$@" >>${JSON.stringify(join(path, `${name}.arguments`))}\nenv >${JSON.stringify(join(path, `${name}.environment`))}\n`,
      );
      await chmod(file, 0o755);
    },
    async run(script, environment, folder = path) {
      const result = await runSupervised({
        command: "/bin/sh",
        arguments: ["-euc", script],
        environment: complete(environment),
        workingDirectory: folder,
      });
      return assertDone(script, result);
    },
    async start(args, environment, ready) {
      let output = "";
      const found = Promise.withResolvers<string>();
      const program = startSupervised({
        command: process.execPath,
        arguments: args,
        environment: complete(environment),
        workingDirectory: path,
        onOutput(chunk) {
          output += chunk;
          const [, group] = ready.exec(output) ?? [];
          if (group !== undefined) found.resolve(group);
        },
      });
      programs.push(program);
      void program.exited.then((code) =>
        found.reject(new StoryError(`${args.join(" ")} ended with exit code ${code}:\n${output.trim()}`)),
      );
      return await found.promise;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(programs.map((program) => program.stop()));
      await rm(path, { recursive: true, force: true });
    },
  };
}
