/**
 * What CreateSession costs: the mock's own work against the bare cryptography it cannot avoid, throughput and latency
 * over HTTP with an STS that answers at once, and memory after many sessions. With RA_BENCH_STS_ENDPOINT (a LocalStack)
 * also with real AssumeRole calls.
 *
 *   npm run bench -w packages/mock
 */
import { sign, verify, X509Certificate } from "node:crypto";
import process from "node:process";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { CreateRoleCommand, EntityAlreadyExistsException, IAMClient } from "@aws-sdk/client-iam";
import { startMock } from "../src/http/server.ts";
import { handleCreateSession } from "../test/support/handle-create-session.ts";
import type { AwsPort } from "../src/session/aws.ts";
import { awsClients, awsSdkPort } from "../src/session/aws-sdk.ts";
import {
  ecKeys,
  makeAuthority,
  makeCertificate,
  ML_DSA,
  mlDsaKeys,
  reportBench,
  rsaKeys,
  signedRequest,
} from "@roles-anywhere/testing";
import type { KeyPair } from "@roles-anywhere/testing";
import { TRUST_POLICY } from "../test/support/fake-aws.ts";
import type { ReceivedRequest } from "../src/request/received-request.ts";
import {
  createWorld,
  PROFILE_ARN,
  ROLE_ARN,
  TRUST_ANCHOR_ARN,
  trustAnchorRecord,
} from "../test/support/world.ts";

const SESSIONS = Number(process.env["RA_BENCH_SESSIONS"] ?? 100_000);
const ROUNDS = Number(process.env["RA_BENCH_ROUNDS"] ?? 2000);

setFlagsFromString("--expose-gc");
const collectGarbage: unknown = runInNewContext("gc");

function heapMegabytes(): number {
  if (typeof collectGarbage === "function") collectGarbage();
  return process.memoryUsage().heapUsed / 2 ** 20;
}

function quantile(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}

type Run = (round: number) => unknown;

/**
 * Milliseconds of each of `rounds` runs, sorted. Several things to compare are run in turns, so that whatever else the
 * machine does falls on all of them alike.
 */
async function measureInTurns(rounds: number, runs: readonly Run[]): Promise<number[][]> {
  const times: number[][] = runs.map(() => []);
  const warmUp = Math.ceil(rounds / 5);
  for (let round = 0; round < warmUp + rounds; round += 1) {
    for (const [index, run] of runs.entries()) {
      const started = performance.now();
      await run(round);
      if (round >= warmUp) times[index]?.push(performance.now() - started);
    }
  }
  return times.map((each) => each.sort((one, other) => one - other));
}

async function measure(rounds: number, run: Run): Promise<number[]> {
  return (await measureInTurns(rounds, [run]))[0] ?? [];
}

const ms = (value: number): string => `${value.toFixed(3)} ms`;

function printRatio(keys: string, label: string, [bare = [], mock = []]: readonly number[][]): void {
  const ratio = quantile(mock, 0.5) / quantile(bare, 0.5);
  reportBench({ package: "mock", name: `${keys}, ${label}, beside node:crypto alone`, ratio });
  console.log(
    `  ${label.padEnd(14)} bare p50 ${ms(quantile(bare, 0.5))}   mock p50 ${ms(quantile(mock, 0.5))}   p99 ${ms(quantile(mock, 0.99))}   ratio ${ratio.toFixed(2)}`,
  );
}

/**
 * A leaf directly below a root, with keys of one kind. At first contact the mock reads the certificate and verifies two
 * signatures, the request's and the certificate's, and is compared with node:crypto doing just that. It remembers the
 * outcome for a certificate, so a client that comes back costs one verification, and is compared with that one alone.
 */
async function compareWithBareCryptography(label: string, makeKeys: () => KeyPair): Promise<void> {
  const root = makeAuthority({ keys: makeKeys() });
  const keys = makeKeys();
  const client = makeCertificate({ keys }, root);
  const world = createWorld({ root, client });
  const text = Buffer.alloc(140, "x");
  const digest = keys.privateKey.asymmetricKeyType?.startsWith("ml-dsa") === true ? null : "sha256";
  const signature = sign(digest, text, keys.privateKey);
  const check = (holds: boolean): void => {
    if (!holds) throw new Error("the benchmark's own signature does not verify");
  };
  const call = async (request: ReceivedRequest): Promise<void> => {
    const { status } = await handleCreateSession(world.context, request);
    if (status !== 201) throw new Error(`the benchmark's own request was answered ${status}`);
    world.aws.requests.length = 0;
  };

  // More certificates than the mock remembers, each seen once.
  const rounds = Math.min(ROUNDS, 1000);
  const strangers = Array.from({ length: Math.ceil(rounds * 1.2) }, (_, index) =>
    makeCertificate({ keys, serialNumber: BigInt(100_000 + index) }, root),
  );
  const requests = strangers.map((certificate) => signedRequest(world.call({ certificate })));
  const firstContact = await measureInTurns(rounds, [
    (round) => {
      const certificate = new X509Certificate(strangers[round]?.der ?? client.der);
      check(verify(digest, text, certificate.publicKey, signature));
      check(certificate.verify(root.keys.publicKey));
    },
    (round) => call(requests[round] ?? signedRequest(world.call())),
  ]);
  const request = signedRequest(world.call());
  const again = await measureInTurns(ROUNDS, [
    () => check(verify(digest, text, keys.publicKey, signature)),
    () => call(request),
  ]);
  console.log(label);
  printRatio(label, "first contact", firstContact);
  printRatio(label, "coming back", again);
}

async function overHttp(label: string, aws: AwsPort, rounds: number, roleArn: string): Promise<void> {
  const world = createWorld({ now: new Date() });
  const { state } = world.context;
  world.profile.roleArns = [roleArn];
  await using mock = await startMock({ state, accountId: state.accountId, aws });
  const { default: http } = await import("node:http");
  const agent = new http.Agent({ keepAlive: true, maxSockets: 16 });
  const body = JSON.stringify({ trustAnchorArn: TRUST_ANCHOR_ARN, profileArn: PROFILE_ARN, roleArn });
  const url = new URL(mock.url);
  const one = async (): Promise<void> => {
    const request = signedRequest(world.call({ body, date: new Date() }));
    await new Promise<void>((resolve, reject) => {
      const outgoing = http.request(
        {
          host: url.hostname,
          port: url.port,
          path: request.target,
          method: "POST",
          agent,
          setHost: false,
          headers: [...request.rawHeaders, "Content-Length", String(request.body.length)],
        },
        (answer) => {
          answer.resume();
          answer.on("end", () => {
            if (answer.statusCode === 201) resolve();
            else
              reject(
                new Error(
                  `answered ${answer.statusCode}: ${JSON.stringify(mock.context.audit.list(1)[0]?._mock)}`,
                ),
              );
          });
        },
      );
      outgoing.on("error", reject);
      outgoing.end(request.body);
    });
  };
  const alone = await measure(rounds, one);
  const started = performance.now();
  let left = rounds;
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      while (left > 0) {
        left -= 1;
        await one();
      }
    }),
  );
  const perSecond = (rounds / (performance.now() - started)) * 1000;
  agent.destroy();
  console.log(
    `${label.padEnd(22)} p50 ${ms(quantile(alone, 0.5))}   p99 ${ms(quantile(alone, 0.99))}   ${perSecond.toFixed(0)} sessions a second with 16 at a time, signing included`,
  );
}

/** The role that the bench's requests name, in LocalStack; one of an earlier run will do. */
async function createRole(iamEndpoint: string): Promise<void> {
  const [, , , , accountId = "", resource = ""] = ROLE_ARN.split(":");
  const client = new IAMClient({
    endpoint: iamEndpoint,
    region: "us-east-1",
    credentials: { accessKeyId: accountId, secretAccessKey: "test" },
  });
  try {
    await client.send(
      new CreateRoleCommand({
        RoleName: resource.split("/").at(-1),
        AssumeRolePolicyDocument: JSON.stringify(TRUST_POLICY),
      }),
    );
  } catch (error) {
    if (!(error instanceof EntityAlreadyExistsException)) throw error;
  }
}

console.log(`Node.js ${process.version}, ${ROUNDS} rounds

One call, without HTTP, STS answering at once, against node:crypto alone:
  first contact  reads the certificate, verifies its signature and the request's
  coming back    verifies the request's signature; the mock remembers the certificate`);
await compareWithBareCryptography("RSA-2048", () => rsaKeys());
await compareWithBareCryptography("P-256", () => ecKeys());
for (const set of ML_DSA.slice(0, 1)) await compareWithBareCryptography(set, () => mlDsaKeys(set));

console.log("\nOver HTTP");
const instant = createWorld().aws;
await overHttp("STS answering at once", instant, ROUNDS, ROLE_ARN);
const endpoint = process.env["RA_BENCH_STS_ENDPOINT"];
if (endpoint === undefined) {
  console.log(
    "STS of LocalStack      not measured: give its URL in RA_BENCH_STS_ENDPOINT (ra-sandbox up starts one)",
  );
} else {
  await createRole(endpoint);
  const aws = awsSdkPort(awsClients({ stsEndpoint: endpoint, iamEndpoint: endpoint, region: "us-east-1" }));
  await overHttp("STS of LocalStack", aws, Math.min(ROUNDS, 200), ROLE_ARN);
}

console.log(`\nAfter ${SESSIONS} sessions, and with 50 trust anchors`);
const world = createWorld();
const request = signedRequest(world.call());
for (let round = 0; round < 2000; round += 1) await handleCreateSession(world.context, request);
const before = heapMegabytes();
const early = await measure(ROUNDS, () => handleCreateSession(world.context, request));
for (let index = 0; index < 49; index += 1) {
  const trustAnchorId = `00000000-0000-4000-8000-0000000000${String(index).padStart(2, "0")}`;
  world.context.state.trustAnchors.set(trustAnchorId, {
    ...trustAnchorRecord(makeAuthority().certificatePem),
    trustAnchorId,
  });
}
for (let round = 0; round < SESSIONS; round += 1) {
  await handleCreateSession(world.context, request);
  world.aws.requests.length = 0;
}
const late = await measure(ROUNDS, () => handleCreateSession(world.context, request));
world.aws.requests.length = 0;
console.log(`heap ${before.toFixed(1)} MB before, ${heapMegabytes().toFixed(1)} MB after`);
console.log(`p50 ${ms(quantile(early, 0.5))} before, ${ms(quantile(late, 0.5))} after`);
