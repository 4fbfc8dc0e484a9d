import { Command, CommanderError, InvalidArgumentError } from "commander";
import type { MockOptions } from "../http/server.ts";
import { readAccessKeys } from "./access-keys.ts";

/** What the command line asks for. */
export type Invocation =
  | { readonly kind: "start"; readonly options: MockOptions }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "usage-error"; readonly text: string };

const EXAMPLES = `
Examples:
  $ ra-mock --sts-endpoint http://127.0.0.1:4566
  Roles Anywhere mock listening on http://127.0.0.1:9912

  $ AWS_ENDPOINT_URL=http://127.0.0.1:4566 ra-mock --port 0 --explain
  $ curl -s http://127.0.0.1:9912/_mock/audit?limit=1

Environment:
  RA_MOCK_ACCESS_KEYS  ID:SECRET[,ID:SECRET]: verify signatures of the control plane with these keys
                       (default: any key, unverified)
`;

/**
 * Reads the command line, with the environment for what it leaves open: `AWS_ENDPOINT_URL_STS`,
 * `AWS_ENDPOINT_URL_IAM` and `AWS_ENDPOINT_URL`, and for what does not belong there: `RA_MOCK_ACCESS_KEYS`.
 *
 * @param argv without the interpreter and the script
 */
export function readArguments(argv: readonly string[], env: Readonly<NodeJS.ProcessEnv>): Invocation {
  const texts: string[] = [];
  const program = new Command("ra-mock")
    .description(
      "Emulates AWS IAM Roles Anywhere: CreateSession, the control plane, and why a call was refused.",
    )
    .option("--host <address>", "address to listen on", "127.0.0.1")
    .option("--port <number>", "port to listen on, 0 for a free one", toPort, 9912)
    .option("--sts-endpoint <url>", "where roles are assumed (or AWS_ENDPOINT_URL_STS, AWS_ENDPOINT_URL)")
    .option(
      "--iam-endpoint <url>",
      "where roles are read (or AWS_ENDPOINT_URL_IAM, AWS_ENDPOINT_URL; default: the STS endpoint)",
    )
    .option("--tls-cert <file>", "PEM server certificate: listen with https")
    .option("--tls-key <file>", "PEM key of --tls-cert")
    .option("--region <name>", "emulated region", "us-east-1")
    .option("--account <id>", "emulated account, 12 digits", "000000000000")
    .option("--explain", "add the reason of a refusal to the message that the client sees", false)
    .option("--lab-min-duration <seconds>", "grant sessions shorter than AWS's 900 seconds", toSeconds, 900)
    .option("--quiet", "no line about each call on stderr", false)
    .addHelpText("after", EXAMPLES)
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({ writeOut: (text) => texts.push(text), writeErr: (text) => texts.push(text) });
  try {
    program.parse([...argv], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0
      ? { kind: "text", text: texts.join("") }
      : { kind: "usage-error", text: `${texts.join("").trimEnd()}\nSee ra-mock --help.` };
  }
  const flags: Flags = program.opts();
  if ((flags.tlsCert === undefined) !== (flags.tlsKey === undefined)) {
    return {
      kind: "usage-error",
      text: "error: --tls-cert and --tls-key belong together\nSee ra-mock --help.",
    };
  }
  const accessKeys = readAccessKeys(env);
  if (accessKeys === "malformed") {
    return {
      kind: "usage-error",
      text: "error: RA_MOCK_ACCESS_KEYS is not ID:SECRET[,ID:SECRET]\nSee ra-mock --help.",
    };
  }
  return { kind: "start", options: { ...toOptions(flags, env), accessKeys } };
}

interface Flags {
  host: string;
  port: number;
  stsEndpoint?: string;
  iamEndpoint?: string;
  tlsCert?: string;
  tlsKey?: string;
  region: string;
  account: string;
  explain: boolean;
  labMinDuration: number;
  quiet: boolean;
}

function toOptions(flags: Flags, env: Readonly<NodeJS.ProcessEnv>): MockOptions {
  const general = nonEmpty(env["AWS_ENDPOINT_URL"]);
  const stsEndpoint = flags.stsEndpoint ?? nonEmpty(env["AWS_ENDPOINT_URL_STS"]) ?? general;
  return {
    host: flags.host,
    port: flags.port,
    stsEndpoint,
    iamEndpoint: flags.iamEndpoint ?? nonEmpty(env["AWS_ENDPOINT_URL_IAM"]) ?? general ?? stsEndpoint,
    region: flags.region,
    accountId: flags.account,
    explain: flags.explain,
    minDurationSeconds: flags.labMinDuration,
    ...(flags.tlsCert === undefined || flags.tlsKey === undefined
      ? {}
      : { tls: { certificateFile: flags.tlsCert, keyFile: flags.tlsKey } }),
    ...(flags.quiet ? {} : { log: (line: string) => console.error(line) }),
  };
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === "" ? undefined : text;
}

function toPort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535)
    throw new InvalidArgumentError("a port is a number from 0 to 65535.");
  return port;
}

function toSeconds(text: string): number {
  const seconds = Number(text);
  if (!/^\d+$/.test(text) || seconds < 1 || seconds > 900) {
    throw new InvalidArgumentError("give a number of seconds from 1 to 900.");
  }
  return seconds;
}
