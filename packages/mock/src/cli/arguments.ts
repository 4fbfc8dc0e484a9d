import { Command, CommanderError, InvalidArgumentError } from "commander";
import type { AccessKey } from "../control/sigv4.ts";
import type { MockOptions } from "../http/server.ts";

/** What the command line asks for: to start a mock, to print a text on stdout, or something that is wrong usage. */
export type Invocation =
  | { readonly kind: "start"; readonly options: MockOptions }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "usage-error"; readonly message: string };

/** The version of the package. */
export const VERSION = "0.1.0";

const EXAMPLES = `
Examples:
  $ ra-mock --sts-endpoint http://127.0.0.1:4566
  Roles Anywhere mock listening on http://127.0.0.1:9912

  $ AWS_ENDPOINT_URL=http://127.0.0.1:4566 ra-mock --port 0 --explain
  $ curl -s http://127.0.0.1:9912/_mock/audit?limit=1

Environment:
  RA_MOCK_ACCESS_KEYS  ID:SECRET[,ID:SECRET]: verify signatures of the control plane and of /_mock/ with these keys
                       (default: any key, unverified)

Exit codes: 0 ended by a signal, 1 failed, 2 wrong usage
`;

/** The values of the flags. Those that {@link MockOptions} has by the same name go there as they are. */
interface Flags extends Pick<
  MockOptions,
  "host" | "port" | "stsEndpoint" | "iamEndpoint" | "region" | "explain"
> {
  tlsCert?: string;
  tlsKey?: string;
  allowedHost: string[];
  account: string;
  labMinDuration: number;
  labStrictAttributeMapping: boolean;
  quiet: boolean;
}

/**
 * Reads the command line. From the environment it takes the endpoints that have no flag (`AWS_ENDPOINT_URL_STS`,
 * `AWS_ENDPOINT_URL_IAM` and `AWS_ENDPOINT_URL`), and the access keys (`RA_MOCK_ACCESS_KEYS`).
 *
 * @param argv without the interpreter and the script
 */
export function readArguments(argv: readonly string[], env: Readonly<NodeJS.ProcessEnv>): Invocation {
  const texts: string[] = [];
  const program = createProgram((text) => texts.push(text));
  try {
    program.parse([...argv], { from: "user" });
    const flags: Flags = program.opts();
    return { kind: "start", options: { ...toOptions(flags, env), accessKeys: readAccessKeys(env) } };
  } catch (error) {
    if (error instanceof InvalidArgumentError) return { kind: "usage-error", message: error.message };
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return { kind: "text", text: texts.join("") };
    return { kind: "usage-error", message: toOneLine(error.message) };
  }
}

function createProgram(print: (text: string) => void): Command {
  return new Command("ra-mock")
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
    .option(
      "--allowed-host <name>",
      "answer to this host name too, *.<name> for all below it; may be repeated",
      (name: string, names: string[]) => [...names, name],
      [],
    )
    .option("--region <name>", "emulated region", "us-east-1")
    .option("--account <id>", "emulated account, 12 digits", "000000000000")
    .option("--explain", "add the reason of a refusal to the message that the client sees", false)
    .option("--lab-min-duration <seconds>", "grant sessions shorter than AWS's 900 seconds", toSeconds, 900)
    .option(
      "--lab-strict-attribute-mapping",
      "refuse certificates with values that cannot become session tags",
      false,
    )
    .option("--quiet", "no line about each call on stderr", false)
    .version(VERSION, "--version", "print the version")
    .addHelpText("after", EXAMPLES)
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({ writeOut: print, writeErr: () => undefined });
}

/** Joins the lines of a message. commander begins it with `error: `, and writes a suggestion on a second line. */
function toOneLine(message: string): string {
  return message
    .replace(/^error: /, "")
    .replaceAll(/\s*\n\s*/g, " ")
    .replace(/\.$/, "");
}

function toOptions(flags: Flags, env: Readonly<NodeJS.ProcessEnv>): MockOptions {
  const { tlsCert, tlsKey, account, allowedHost, labMinDuration, labStrictAttributeMapping, quiet, ...same } =
    flags;
  const general = nonEmpty(env["AWS_ENDPOINT_URL"]);
  const stsEndpoint = flags.stsEndpoint ?? nonEmpty(env["AWS_ENDPOINT_URL_STS"]) ?? general;
  return {
    ...same,
    stsEndpoint,
    iamEndpoint: flags.iamEndpoint ?? nonEmpty(env["AWS_ENDPOINT_URL_IAM"]) ?? general ?? stsEndpoint,
    allowedHosts: allowedHost,
    accountId: account,
    minDurationSeconds: labMinDuration,
    strictAttributeMapping: labStrictAttributeMapping,
    tls: toTls(tlsCert, tlsKey),
    log: quiet ? undefined : (line) => console.error(line),
  };
}

function toTls(certificateFile?: string, keyFile?: string): MockOptions["tls"] {
  if (certificateFile !== undefined && keyFile !== undefined) return { certificateFile, keyFile };
  if (certificateFile === keyFile) return undefined;
  throw new InvalidArgumentError("--tls-cert and --tls-key belong together");
}

/** `RA_MOCK_ACCESS_KEYS` is no flag, since other users of the machine can read a command line. */
function readAccessKeys(env: Readonly<NodeJS.ProcessEnv>): AccessKey[] | undefined {
  const text = nonEmpty(env["RA_MOCK_ACCESS_KEYS"]);
  return text?.split(",").map((pair) => {
    const colon = pair.indexOf(":");
    const [accessKeyId, secretAccessKey] = [pair.slice(0, colon), pair.slice(colon + 1)];
    if (colon < 1 || secretAccessKey === "") {
      throw new InvalidArgumentError("RA_MOCK_ACCESS_KEYS is not ID:SECRET[,ID:SECRET]");
    }
    return { accessKeyId, secretAccessKey };
  });
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === "" ? undefined : text;
}

const toPort = numberParser(0, 65_535, "a port is a number from 0 to 65535.");
const toSeconds = numberParser(1, 900, "give a number of seconds from 1 to 900.");

function numberParser(min: number, max: number, message: string): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max) throw new InvalidArgumentError(message);
    return value;
  };
}
