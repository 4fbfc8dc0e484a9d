/**
 * What a guess costs those who may: the median of a question that the mock allows, as LocalStack's hook asks it, beside
 * as many connections with other such questions, and beside as many with guesses of keys and signatures; and the memory
 * of the mock, which is a process of its own.
 *
 *   RA_BENCH_GUESSES=1000000 npm run bench:guesses -w packages/mock
 */
import { fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { Agent, request } from "node:http";
import process from "node:process";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { reportBench } from "@roles-anywhere/testing";
import { z } from "zod";
import { startMockWithSession, toLines } from "../test/support/granted-session.ts";
import { createWorld } from "../test/support/world.ts";

const GUESSES = Number(process.env["RA_BENCH_GUESSES"] ?? 100_000);
/** Connections of the others. */
const OTHERS = 4;

const Ready = z.object({ url: z.string(), question: z.looseObject({ request: z.looseObject({}) }) });
const Memory = z.object({ resident: z.number(), heap: z.number() });
type Question = z.infer<typeof Ready>["question"];

/** The process of the mock: says where it listens and what to ask it, then its memory whenever it is asked. */
async function serve(): Promise<void> {
  setFlagsFromString("--expose-gc");
  const collectGarbage: unknown = runInNewContext("gc");
  const { mock, question } = await startMockWithSession({}, createWorld({ now: new Date() }));
  process.on("message", () => {
    const resident = process.memoryUsage.rss();
    if (typeof collectGarbage === "function") collectGarbage();
    process.send?.({ resident, heap: process.memoryUsage().heapUsed });
  });
  process.send?.({ url: mock.url, question: await question() });
}

async function measure(): Promise<void> {
  const child = fork(import.meta.filename, ["serve"]);
  const message = async (): Promise<unknown> => (await once(child, "message"))[0];
  const memory = async (): Promise<z.infer<typeof Memory>> => {
    child.send("memory");
    return Memory.parse(await message());
  };
  const { url, question } = Ready.parse(await message());
  const agent = new Agent({ keepAlive: true });
  const ask = (asked: Question): Promise<string> => post(`${url}/_mock/authorize`, agent, toLines(asked));
  const rightful = async (): Promise<void> => expectVerdict(await ask(question), "allowed");
  const guess = async (round: number): Promise<void> =>
    expectVerdict(await ask(guessOf(question, round)), "refused");

  await duringAll(rightful, 20_000, rightful);
  const besideWork = await duringAll(rightful, Math.min(GUESSES, 100_000), rightful);
  const before = await memory();
  const started = performance.now();
  const besideGuesses = await duringAll(rightful, GUESSES, guess);
  const seconds = (performance.now() - started) / 1000;
  const after = await memory();
  child.kill();
  agent.destroy();
  const ratio = besideGuesses / besideWork;
  reportBench({ package: "mock", name: "a decision beside guesses, beside other decisions", ratio });
  const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  console.log(`${GUESSES} guesses on ${OTHERS} connections, half of them keys and half signatures, all refused: ${(GUESSES / seconds).toFixed(0)} a second
a decision beside other decisions ${besideWork.toFixed(3)} ms, beside guesses ${besideGuesses.toFixed(3)} ms, ratio ${ratio.toFixed(2)}
heap after collection ${mebibytes(before.heap)} before, ${mebibytes(after.heap)} after
resident memory       ${mebibytes(before.resident)} before, ${mebibytes(after.resident)} after`);
}

/** The median of a call in milliseconds, again and again until others have made so many calls. */
async function duringAll(
  call: () => Promise<void>,
  count: number,
  others: (round: number) => Promise<void>,
): Promise<number> {
  const times: number[] = [];
  let left = count;
  const work = async (): Promise<void> => {
    while (left > 0) await others((left -= 1));
  };
  const over = new AbortController();
  const finished = Promise.all(Array.from({ length: OTHERS }, work)).finally(() => over.abort());
  while (!over.signal.aborted) {
    const started = performance.now();
    await call();
    times.push(performance.now() - started);
  }
  await finished;
  return times.sort((one, other) => one - other)[Math.floor(times.length / 2)] ?? NaN;
}

/** A key that nobody has, or a request that the session did not sign. */
function guessOf(question: Question, round: number): Question {
  const text = randomBytes(8).toString("hex").toUpperCase();
  if (round % 2 === 0) return { ...question, accessKeyId: `ASIA${text}` };
  return { ...question, request: { ...question.request, path: `/reports/${text}` } };
}

function expectVerdict(answer: string, verdict: "allowed" | "refused"): void {
  if (!answer.startsWith(`{"verdict":"${verdict}"`)) throw new Error(`the mock answered ${answer}`);
}

function post(url: string, agent: Agent, body: string): Promise<string> {
  const headers = { "content-type": "application/x-ndjson", "content-length": Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    const call = request(url, { method: "POST", agent, headers }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      answer.on("end", () => resolve(text));
    });
    call.on("error", reject).end(body);
  });
}

await (process.argv[2] === "serve" ? serve() : measure());
