import { SignerError } from "../errors.ts";
import type { Command } from "./command.ts";

export { USAGE } from "./usage.ts";

/** Every command but credential-process, loaded when it is called. */
const COMMANDS: ReadonlyMap<string, () => Promise<Command>> = new Map([
  ["cache", async () => (await import("./commands/cache.ts")).cache],
  ["configure", async () => (await import("./commands/configure.ts")).configure],
  ["doctor", async () => (await import("./commands/doctor.ts")).doctor],
  [
    "read-certificate-data",
    async () => (await import("./commands/read-certificate-data.ts")).readCertificateData,
  ],
  ["serve", async () => (await import("./commands/serve.ts")).serve],
  ["sign-string", async () => (await import("./commands/sign-string.ts")).signString],
  ["update", async () => (await import("./commands/update.ts")).update],
  ["version", async () => (await import("./commands/version.ts")).version],
]);

/**
 * The command of that name.
 *
 * @throws {SignerError} ERR_SIGNER_USAGE for a name that no command has.
 */
export function loadCommand(name: string): Promise<Command> {
  const load = COMMANDS.get(name);
  if (load !== undefined) return load();
  const names = ["credential-process", ...COMMANDS.keys()].sort().join(", ");
  throw new SignerError("ERR_SIGNER_USAGE", `unknown command "${name}"; there are ${names}`);
}
