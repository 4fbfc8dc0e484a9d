import process from "node:process";
import { setFlagsFromString } from "node:v8";
import { MockError } from "../errors/mock-error.ts";
import { startMock } from "../http/server.ts";
import type { MockOptions } from "../http/server.ts";
import { readArguments } from "./arguments.ts";

const invocation = readArguments(process.argv.slice(2), process.env);
switch (invocation.kind) {
  case "text":
    process.stdout.write(invocation.text);
    break;
  case "usage-error":
    fail(2, `${invocation.message}; see ra-mock --help`);
    break;
  case "start":
    await start(invocation.options);
}

async function start(options: MockOptions): Promise<void> {
  // V8's space for new objects then stays within the processor's cache: less time for a request, and less memory.
  setFlagsFromString("--semi-space-growth-factor=1");
  try {
    const mock = await startMock(options);
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      process.once(signal, () => void mock.close().then(() => process.exit(0)));
    }
    console.log(`Roles Anywhere mock listening on ${mock.url}`);
  } catch (error) {
    if (!(error instanceof MockError)) throw error;
    const wrongUsage = error.code === "ERR_MOCK_NO_STS_ENDPOINT" || error.code === "ERR_MOCK_INVALID_OPTION";
    fail(wrongUsage ? 2 : 1, error.message);
  }
}

function fail(exitCode: 1 | 2, message: string): void {
  console.error(`ra-mock: ${message}`);
  process.exitCode = exitCode;
}
