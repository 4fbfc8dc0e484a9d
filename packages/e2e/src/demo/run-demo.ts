import { parseArgs } from "node:util";
import { SandboxError } from "@roles-anywhere/sandbox";
import { parseBackend, readSettings, type Settings } from "../settings/read-settings.ts";
import { StoryError } from "../story/run-program.ts";
import { startWorld } from "../story/start-world.ts";
import { showResult } from "./show-result.ts";
import { createTranscript } from "./transcript.ts";

const usage = `usage: npm run demo -- [--backend auto|docker|process] [--keep]
  --backend  where LocalStack, the mock and the app run; auto takes Docker when it answers (default)
  --keep     leave everything running at the end, until Ctrl-C`;

/**
 * The demo: the whole story as a transcript on stdout.
 *
 * @returns exit code: 0 done, 1 failed, 2 wrong usage, 130 interrupted
 */
export async function runDemo(
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  let options: { settings: Settings; keep: boolean };
  try {
    options = readOptions(argv, environment);
  } catch (error) {
    process.stderr.write(`demo: ${messageOf(error)}\n${usage}\n`);
    return 2;
  }
  const startedAt = Date.now();
  const interrupt = interruptible();
  const narrator = createTranscript({
    write: (text) => void process.stdout.write(text),
    colour: process.stdout.isTTY && environment["NO_COLOR"] === undefined,
  });
  try {
    await using world = await startWorld({ ...options, environment, narrator, signal: interrupt.signal });
    await showResult(world.appUrl, narrator);
    const seconds = Math.round((Date.now() - startedAt) / 1000);
    narrator.chapter(`Done in ${seconds} s: no access key on the server, no AWS account involved.`);
    if (options.keep) {
      narrator.result(`Open ${world.appUrl} in a browser. Ctrl-C stops everything.`);
      const death = await Promise.race([interrupt.happened, world.sandbox.died]);
      if (death !== undefined) throw new StoryError(`${death}; its log is in ${world.sandbox.logDirectory}`);
    }
    return 0;
  } catch (error) {
    if (interrupt.signal.aborted) {
      process.stderr.write("demo: interrupted; everything that it started is stopped\n");
      return 130;
    }
    if (!(error instanceof StoryError || error instanceof SandboxError)) throw error;
    process.stderr.write(`demo: ${error.message}\n`);
    return 1;
  }
}

function readOptions(argv: readonly string[], environment: Readonly<Record<string, string | undefined>>) {
  const { values } = parseArgs({
    args: argv.slice(2),
    options: { backend: { type: "string" }, keep: { type: "boolean", default: false } },
  });
  const settings = readSettings(environment);
  if (values.backend !== undefined) settings.backend = parseBackend(values.backend);
  return { settings, keep: values.keep };
}

/** A signal that the first Ctrl-C (or TERM) aborts, and a promise for whoever waits for it. */
function interruptible(): { signal: AbortSignal; happened: Promise<undefined> } {
  const controller = new AbortController();
  const { promise, resolve } = Promise.withResolvers<undefined>();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    // Later ones are ignored while everything is being stopped; SIGKILL cleans up as well, through the keepers.
    process.on(name, () => {
      controller.abort(new StoryError(`interrupted by ${name}`));
      resolve(undefined);
    });
  }
  return { signal: controller.signal, happened: promise };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
