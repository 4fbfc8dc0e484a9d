import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

import { SignerError } from "../errors.ts";
import type { AgentCalls, AgentReply, CallName } from "./protocol.ts";

/** What a token may take for one answer, in milliseconds: a key that wants to be touched waits for 15 s. */
const ANSWER_TIMEOUT_MS = 30_000;

const SHELL = "/bin/sh";

/** The process that holds a PKCS#11 library. */
export interface TokenAgent {
  /**
   * Asks for something. A process that does not answer is ended, and the next call starts another one.
   *
   * @throws {SignerError} what the other process says; ERR_SIGNER_TIMEOUT; ERR_SIGNER_TOKEN_FAILED when the process ends.
   */
  call<Name extends CallName>(
    name: Name,
    request: AgentCalls[Name]["request"],
  ): Promise<AgentCalls[Name]["result"]>;
}

const agents = new Map<string, TokenAgent>();

/**
 * The process for a library, shared by all that use it here.
 *
 * @param library Path, or a name that the dynamic linker finds.
 */
export function agentFor(library: string): TokenAgent {
  const agent = agents.get(library) ?? createAgent(library);
  agents.set(library, agent);
  return agent;
}

/** Errors after which it is worth while to start the library anew. */
export class LostTokenError extends SignerError {}

interface Waiting {
  settle(reply: AgentReply): void;
  fail(error: SignerError): void;
}

function createAgent(library: string): TokenAgent {
  let running: ChildProcess | undefined;
  let lastId = 0;
  const waiting = new Map<number, Waiting>();

  let isAsking = false;
  process.once("exit", () => {
    // What hangs in a library would not notice that this process has ended.
    if (waiting.size > 0) running?.kill("SIGKILL");
  });

  const start = (): ChildProcess => {
    const child = startProcess(library);
    child.on("message", (reply: AgentReply) => waiting.get(reply.id)?.settle(reply));
    child.on("error", (cause) => end(child, `could not be started: ${cause.message}`));
    child.on("exit", (code, signal) => {
      // Ctrl-C at the question for a PIN is meant for this process.
      if (isAsking && signal === "SIGINT") process.kill(process.pid, "SIGINT");
      isAsking = false;
      end(
        child,
        `ended (${signal ?? `exit code ${code}`}); is ${library} a PKCS#11 library for this machine?`,
      );
    });
    return child;
  };
  const end = (child: ChildProcess, how: string): void => {
    if (running !== child) return;
    running = undefined;
    for (const { fail } of waiting.values()) {
      fail(new LostTokenError("ERR_SIGNER_TOKEN_FAILED", `the process of the PKCS#11 library ${how}`));
    }
  };

  const call: TokenAgent["call"] = async (name, request) => {
    const child = (running ??= start());
    const id = (lastId += 1);
    let timer: NodeJS.Timeout | undefined;
    child.ref();
    child.channel?.ref();
    try {
      const result = await new Promise<unknown>((resolve, reject) => {
        const hangs = (): void => {
          running = undefined;
          child.kill("SIGKILL");
          reject(
            new SignerError(
              "ERR_SIGNER_TIMEOUT",
              `the token gave no answer within ${ANSWER_TIMEOUT_MS} ms; does it wait to be touched, and do its reader and service run?`,
            ),
          );
        };
        timer = setTimeout(hangs, ANSWER_TIMEOUT_MS);
        waiting.set(id, {
          fail: reject,
          settle(reply) {
            clearTimeout(timer);
            if ("asks" in reply) {
              isAsking = reply.asks;
              if (!isAsking) timer = setTimeout(hangs, ANSWER_TIMEOUT_MS);
            } else if ("result" in reply) resolve(reply.result);
            else reject(errorOf(reply.error));
          },
        });
        child.send({ id, call: name, request }, (error) => {
          if (error !== null) end(child, `cannot be reached: ${error.message}`);
        });
      });
      // The other process is of this build.
      return result as AgentCalls[typeof name]["result"];
    } finally {
      clearTimeout(timer);
      waiting.delete(id);
      if (waiting.size === 0) {
        // It does not keep a program from ending.
        child.unref();
        child.channel?.unref();
      }
    }
  };
  return { call };
}

function errorOf({
  code,
  message,
  isLost,
}: Extract<AgentReply, { readonly error: unknown }>["error"]): SignerError {
  return isLost ? new LostTokenError(code, message) : new SignerError(code, message);
}

function startProcess(library: string): ChildProcess {
  const here = import.meta.filename;
  // Without a build, Node.js runs the TypeScript itself.
  const script = here.endsWith(".ts") ? "agent/main.ts" : "../token-agent.cjs";
  const words = [join(dirname(here), script), library];
  // Options of this process, such as an inspector's or those of reports, are not meant for a process that knows a PIN.
  const { NODE_OPTIONS: _none, ...env } = process.env;
  const options = { env, stdio: ["inherit", "ignore", "inherit", "ipc"] satisfies StdioOf };
  // Neither Windows nor the smallest images have a shell.
  if (!existsSync(SHELL)) return spawn(process.execPath, words, options);
  // No core of it is written, whatever becomes of it: the PIN would stand there.
  return spawn(SHELL, ["-c", 'ulimit -c 0; exec "$0" "$@"', process.execPath, ...words], options);
}

type StdioOf = ("inherit" | "ignore" | "ipc")[];
