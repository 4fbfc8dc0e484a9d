/**
 * What enforcement adds to an S3 request: the same requests, by the same session, to a LocalStack that asks the mock and
 * to one that does not, in turns, so that a busy machine slows both.
 *
 * RA_BENCH_GUESSES also lets somebody guess so many access keys and signatures, and measures a session meanwhile. It is
 * compared with the same session while another program makes requests that are allowed, on as many connections.
 *
 *   npm run bench -w packages/sandbox
 *   RA_BENCH_GUESSES=1000000 npm run bench -w packages/sandbox
 */
import { Agent, request } from "node:http";
import process from "node:process";
import { GetObjectCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { reportBench } from "@roles-anywhere/testing";
import { policyOf, startEnforcedAccount } from "../test/support/enforced-account.ts";
import type { Credentials } from "../test/support/boto3.ts";
import type { EnforcedAccount } from "../test/support/enforced-account.ts";
import { guess } from "../test/support/guess.ts";
import { residentMebibytes } from "../test/support/resident-memory.ts";

const ROUNDS = Number(process.env["RA_BENCH_ROUNDS"] ?? 1000);
/** V8 compiles what the mock does often within about a thousand requests; LocalStack is as fast from the beginning. */
const WARM_UP = 1000;
const GUESSES = Number(process.env["RA_BENCH_GUESSES"] ?? 0);
/** One, so that the session of the measurement waits for at most one request of the others. */
const OTHERS = 1;
const Bucket = "bench";

interface Side {
  readonly account: EnforcedAccount;
  readonly credentials: Credentials;
  readonly calls: Readonly<Record<string, () => Promise<unknown>>>;
}

async function prepare(enforceIam: boolean): Promise<Side> {
  const account = await startEnforcedAccount({ enforceIam });
  await account.makeBucket(Bucket, "object");
  const policy = policyOf(
    { Effect: "Allow", Action: "s3:GetObject", Resource: `arn:aws:s3:::${Bucket}/*` },
    { Effect: "Allow", Action: "s3:ListBucket", Resource: `arn:aws:s3:::${Bucket}` },
  );
  const role = await account.makeRole({ name: "bench", policy });
  const credentials = await role.session();
  const endpoint = account.sandbox.endpointUrl;
  const client = new S3Client({ endpoint, region: "us-east-1", credentials, forcePathStyle: true });
  const url = await getSignedUrl(client, new GetObjectCommand({ Bucket, Key: "object" }), {
    expiresIn: 3600,
  });
  const agent = new Agent({ keepAlive: true });
  return {
    account,
    credentials,
    calls: {
      "presigned GET, bare HTTP": () => get(url, agent),
      "GetObject, AWS SDK": async () => {
        const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: "object" }));
        await Body?.transformToByteArray();
      },
      "ListObjectsV2, AWS SDK": () => client.send(new ListObjectsV2Command({ Bucket })),
    },
  };
}

function get(url: string, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    const call = request(url, { agent }, (answer) => {
      answer.resume().on("end", () => {
        if (answer.statusCode === 200) resolve();
        else reject(new Error(`GET answered ${answer.statusCode}`));
      });
    });
    call.on("error", reject).end();
  });
}

async function milliseconds(call: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await call();
  return performance.now() - start;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

/** The median of a call, again and again for as long as others are at work. */
async function medianDuring(call: () => Promise<unknown>, others: Promise<unknown>): Promise<number> {
  const times: number[] = [];
  const over = new AbortController();
  const finished = others.finally(() => over.abort());
  while (!over.signal.aborted) times.push(await milliseconds(call));
  await finished;
  return median(times);
}

/** Makes a call so many times, on as many connections as the others have. */
async function repeat(call: () => Promise<unknown>, count: number): Promise<void> {
  let left = count;
  const work = async (): Promise<void> => {
    while (left-- > 0) await call();
  };
  await Promise.all(Array.from({ length: OTHERS }, work));
}

async function measureGuesses({ account: { sandbox }, calls, credentials }: Side): Promise<void> {
  const [call] = Object.values(calls);
  if (call === undefined) throw new Error("the bench has no call");
  const besideWork = await medianDuring(call, repeat(call, 10 * ROUNDS));
  const before = residentMebibytes(sandbox);
  const start = performance.now();
  const guessing = guess(sandbox.endpointUrl, { count: GUESSES, connections: OTHERS, session: credentials });
  const besideGuesses = await medianDuring(call, guessing);
  const rate = GUESSES / ((performance.now() - start) / 1000);
  const counts = [...(await guessing)].map(([status, count]) => `${count} times ${status}`).join(", ");
  console.log(`${GUESSES} guessed keys and signatures: ${counts}; ${rate.toFixed(0)} a second`);
  console.log(
    `a session beside requests that are allowed ${besideWork.toFixed(2)}, beside guesses ${besideGuesses.toFixed(2)}, ratio ${(besideGuesses / besideWork).toFixed(2)}`,
  );
  for (const [program, mebibytes] of residentMebibytes(sandbox)) {
    const grown = mebibytes - (before.get(program) ?? NaN);
    console.log(`  ${program.slice(-60)}: ${mebibytes.toFixed(0)} MiB, ${grown.toFixed(0)} more than before`);
  }
}

const off = await prepare(false);
const on = await prepare(true);
try {
  console.log(`Median of ${ROUNDS} requests, in milliseconds`);
  for (const [name, callOff] of Object.entries(off.calls)) {
    const callOn = on.calls[name] ?? callOff;
    const times = { off: [] as number[], on: [] as number[] };
    for (let round = -WARM_UP; round < ROUNDS; round += 1) {
      const [first, second] = [await milliseconds(callOff), await milliseconds(callOn)];
      if (round < 0) continue;
      times.off.push(first);
      times.on.push(second);
    }
    const [without, enforced] = [median(times.off), median(times.on)];
    reportBench({ package: "sandbox", name: `${name}, enforced`, ratio: enforced / without, limit: 1.3 });
    console.log(
      `${name.padEnd(26)} off ${without.toFixed(2)}  on ${enforced.toFixed(2)}  ratio ${(enforced / without).toFixed(2)}`,
    );
  }
  if (GUESSES > 0) await measureGuesses(on);
} finally {
  await on.account.sandbox.stop();
  await off.account.sandbox.stop();
}
process.exit();
