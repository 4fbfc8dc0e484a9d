import { fork } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { createRandom, signedRequest } from "@roles-anywhere/testing";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { ReceivedRequest } from "../../src/request/received-request.ts";
import { families } from "../support/mutate.ts";
import { createWorld } from "../support/world.ts";

/** RA_FUZZ_REQUESTS=100000 RA_FUZZ_SEED=7 npm run test:integ -- test/fuzz */
const REQUESTS = Number(process.env["RA_FUZZ_REQUESTS"] ?? 5000);
const SEED = Number(process.env["RA_FUZZ_SEED"] ?? 20_260_615);

const Ready = z.object({ url: z.string() });
const Report = z.object({ slowestMs: z.number(), peakMegabytes: z.number() });

/** Sends a request byte for byte. @returns its status; `undefined` when the connection was closed without an answer */
async function statusOf(url: URL, { method, target, rawHeaders, body }: ReceivedRequest) {
  const lines = [`${method} ${target} HTTP/1.1`, "Connection: close", `Content-Length: ${body.length}`];
  for (let at = 0; at < rawHeaders.length; at += 2) lines.push(`${rawHeaders[at]}: ${rawHeaders[at + 1]}`);
  const socket = connect(Number(url.port), url.hostname);
  socket.end(Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"), body]));
  let answer = "";
  socket.setEncoding("latin1").on("data", (chunk: string) => (answer += chunk));
  // A server that refuses early closes while the rest of the request is still on its way.
  socket.on("error", () => undefined);
  await new Promise((resolve) => socket.once("close", resolve));
  const status = /^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1];
  return status === undefined ? undefined : Number(status);
}

describe("a mock process under mutated requests and certificates", () => {
  it(
    `accepts none of ${REQUESTS} that it should not (seed ${SEED}), never fails, and stays small and fast`,
    { timeout: 60_000 + REQUESTS * 60 },
    async () => {
      const world = createWorld();
      const child = fork(new URL("serve-measured-mock.ts", import.meta.url), {
        env: { ...process.env, ANCHOR_PEM: world.root.certificatePem },
        execArgv: [],
      });
      try {
        const url = new URL(Ready.parse((await once(child, "message"))[0]).url);
        const ask = async (message: string) => {
          child.send(message);
          return Report.parse((await once(child, "message"))[0]);
        };
        // The first calls load and compile what all others use.
        for (let round = 0; round < 300; round += 1) {
          expect(await statusOf(url, signedRequest(world.call()))).toBe(201);
        }
        await ask("forget");
        const random = createRandom(SEED);
        const ways = families(world);
        const counts = { granted: 0, refused: 0, unanswered: 0 };
        for (let index = 0; index < REQUESTS; index += 1) {
          const { family, request, verdict } = random.pick(ways)(world, random);
          const status = await statusOf(url, request);
          if (status === 201) counts.granted += 1;
          else if (status === undefined) counts.unanswered += 1;
          else counts.refused += 1;
          const right = status === undefined || (status >= 400 && status < 500);
          if (!(status === 201 ? verdict !== "never" : right)) {
            const { method, target, rawHeaders } = request;
            const start = JSON.stringify([method, target, ...rawHeaders.slice(0, 12)]).slice(0, 2000);
            throw new Error(`request ${index} (${family}) was answered ${status}: ${start}`);
          }
        }
        const report = await ask("report");
        console.log(`${JSON.stringify(counts)} ${JSON.stringify(report)}`);
        expect(report.peakMegabytes).toBeLessThan(512);
        expect(report.slowestMs).toBeLessThan(50);
        expect(counts.granted).toBeGreaterThan(REQUESTS / 50);
        expect(counts.refused).toBeGreaterThan(REQUESTS / 2);
      } finally {
        child.kill();
      }
    },
  );
});
