#!/usr/bin/env node
import process from "node:process";
import { MockError } from "../errors/mock-error.ts";
import { startMock } from "../http/server.ts";
import { readArguments } from "./arguments.ts";

const invocation = readArguments(process.argv.slice(2), process.env);
if (invocation.kind === "text") process.stdout.write(invocation.text);
else if (invocation.kind === "usage-error") {
  console.error(invocation.text);
  process.exitCode = 2;
} else {
  try {
    const mock = await startMock(invocation.options);
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      process.once(signal, () => void mock.close().then(() => process.exit(0)));
    }
    console.log(`Roles Anywhere mock listening on ${mock.url}`);
  } catch (error) {
    if (!(error instanceof MockError)) throw error;
    console.error(`ra-mock: ${error.message}`);
    process.exitCode =
      error.code === "ERR_MOCK_NO_STS_ENDPOINT" || error.code === "ERR_MOCK_INVALID_OPTION" ? 2 : 1;
  }
}
