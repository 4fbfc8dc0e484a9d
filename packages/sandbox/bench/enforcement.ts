/**
 * What enforcement adds to an S3 request: the same requests, by the same session, to a LocalStack that asks the mock and
 * to one that does not, in turns, so that a busy machine slows both.
 *
 * RA_BENCH_GUESSES also lets somebody guess so many access keys, and measures a session meanwhile.
 *
 *   npm run bench -w packages/sandbox
 *   RA_BENCH_GUESSES=1000000 npm run bench -w packages/sandbox
 */
import { Agent, request } from "node:http";
import process from "node:process";
import { GetObjectCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { policyOf, startEnforcedAccount } from "../test/support/enforced-account.ts";
import type { EnforcedAccount } from "../test/support/enforced-account.ts";
import { guess } from "../test/support/guess.ts";
import { residentMebibytes } from "../test/support/resident-memory.ts";

const ROUNDS = Number(process.env["RA_BENCH_ROUNDS"] ?? 1000);
const WARM_UP = 200;
const GUESSES = Number(process.env["RA_BENCH_GUESSES"] ?? 0);
const Bucket = "bench";

interface Side {
  readonly account: EnforcedAccount;
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

/** Guesses on one connection, so that the session of the measurement waits for at most one of them. */
async function measureGuesses({ account: { sandbox }, calls }: Side): Promise<void> {
  const over = new AbortController();
  const times: number[] = [];
  const [call] = Object.values(calls);
  if (call === undefined) throw new Error("the bench has no call");
  const measured = (async () => {
    while (!over.signal.aborted) times.push(await milliseconds(call));
  })();
  const before = residentMebibytes(sandbox);
  const statuses = await guess(sandbox.endpointUrl, GUESSES, 1);
  over.abort();
  await measured;
  const counts = [...statuses].map(([status, count]) => `${count} times ${status}`).join(", ");
  console.log(`${GUESSES} guessed keys: ${counts}; a session meanwhile: median ${median(times).toFixed(2)}`);
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
