// Serves a mock of one trust anchor, whose PEM comes in the environment, and reports what its requests cost.
import { subscribe } from "node:diagnostics_channel";
import { readFileSync } from "node:fs";
import process from "node:process";
import { startMock } from "../../src/http/server.ts";
import { createWorld } from "../support/world.ts";

const world = createWorld({ anchorPem: process.env["ANCHOR_PEM"] ?? "" });
const { state } = world.context;
const clock = { now: () => world.now };
await using mock = await startMock({ state, clock, aws: world.aws, accountId: state.accountId });

/** Computing time of this thread where Node.js can tell it (23.9 and later), else of the process. */
const usage = process.threadCpuUsage?.bind(process) ?? process.cpuUsage.bind(process);
let started = usage();
let slowestMs = 0;
subscribe("http.server.request.start", () => {
  started = usage();
});
subscribe("http.server.response.finish", () => {
  const { user, system } = usage();
  slowestMs = Math.max(slowestMs, (user + system - started.user - started.system) / 1000);
  world.aws.requests.length = 0;
});

process.on("message", (message) => {
  if (message === "stop") process.disconnect();
  if (message === "forget") slowestMs = 0;
  const peakKilobytes = Number(/VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1]);
  process.send?.({ slowestMs, peakMegabytes: peakKilobytes / 1024 });
});
process.send?.({ url: mock.url });
await new Promise((resolve) => process.once("disconnect", resolve));
