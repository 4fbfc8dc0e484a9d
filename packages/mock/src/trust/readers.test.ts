import { once } from "node:events";
import { Worker } from "node:worker_threads";
import {
  distinguishedName,
  extension,
  makeAuthority,
  makeCertificate,
  makeCrl,
  tlv,
} from "@roles-anywhere/testing";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Refusal } from "../errors/refusal.ts";
import { ServiceError } from "../errors/service-error.ts";
import { parseJson } from "../model/json.ts";
import { readSignedRequest } from "../request/signed-request.ts";
import { parseCertificate } from "./certificate.ts";
import { children, DerError, readDer, readInteger, readOid } from "./der.ts";
import { readRevocationLists } from "./revocation.ts";

/** Bounded and repeatable: RA_FUZZ_RUNS=100000 RA_FUZZ_SEED=7 npx vitest run src/trust/readers.test.ts */
const SETTINGS = {
  numRuns: Number(process.env["RA_FUZZ_RUNS"] ?? 300),
  seed: Number(process.env["RA_FUZZ_SEED"] ?? 20_260_615),
};

/** What one input may cost: far above what it does, far below what a reader of quadratic time would take. */
const MAX_MS = 250;

const root = makeAuthority();
const certificate = makeCertificate(
  {
    dns: ["a.example"],
    directoryName: [["CN", "x"]],
    extra: [extension("2.5.29.32", false, Buffer.alloc(0))],
  },
  root,
).der;
const crl = makeCrl(root, { revoked: [1n, 2n, 3n] });

/** DER-like trees: right lengths, any tags, any contents. */
const { tree } = fc.letrec<{ tree: Buffer }>((tie) => ({
  tree: fc.oneof(
    { depthSize: "medium", withCrossShrink: true },
    fc
      .tuple(
        fc.constantFrom(1, 2, 3, 4, 6, 12, 19, 22, 23, 24, 30, 0x80, 0x82, 0x86),
        fc.uint8Array({ maxLength: 300 }),
      )
      .map(([tag, content]) => tlv(tag, content)),
    fc
      .tuple(fc.constantFrom(0x30, 0x31, 0xa0, 0xa1, 0xa3, 0xa4), fc.array(tie("tree"), { maxLength: 8 }))
      .map(([tag, parts]) => tlv(tag, ...parts)),
  ),
}));

/** A good input with a stretch of it replaced, repeated or left out. */
const spoiled = (good: Buffer): fc.Arbitrary<Buffer> =>
  fc
    .tuple(
      fc.nat(good.length),
      fc.nat(64),
      fc.uint8Array({ maxLength: 64 }),
      fc.integer({ min: 0, max: 200 }),
    )
    .map(([at, length, bytes, times]) =>
      Buffer.concat([
        good.subarray(0, at),
        ...Array.from({ length: times }, () => bytes),
        good.subarray(at + length),
      ]),
    );

/** A reader as a predicate: it may refuse an input in its own way, and must be quick. */
function tolerates<Input>(read: (input: Input) => unknown, refusal: new (...args: never[]) => Error) {
  return (input: Input): boolean => {
    // Computing time: another program's share of the machine does not count.
    const started = process.cpuUsage();
    try {
      read(input);
    } catch (error) {
      if (!(error instanceof refusal)) throw error;
    }
    const { user, system } = process.cpuUsage(started);
    return (user + system) / 1000 < MAX_MS;
  };
}

/** The report of the first input that a property does not hold for; `undefined` when there is none. */
function counterexample<Input>(
  input: fc.Arbitrary<Input>,
  holds: (input: Input) => boolean,
  numRuns = SETTINGS.numRuns,
): string | undefined {
  const { failed, counterexamplePath, errorInstance } = fc.check(fc.property(input, holds), {
    ...SETTINGS,
    numRuns,
  });
  return failed ? `seed ${SETTINGS.seed}, path ${counterexamplePath}: ${String(errorInstance)}` : undefined;
}

const pem = (label: string, der: Uint8Array): Buffer =>
  Buffer.from(`-----BEGIN ${label}-----\n${Buffer.from(der).toString("base64")}\n-----END ${label}-----\n`);

describe("readers of what strangers send refuse it in their own way, and quickly", () => {
  it("DER", () => {
    const walk = (bytes: Uint8Array): void => {
      const visit = (node: ReturnType<typeof readDer>): void => {
        if (node.tag === 2) readInteger(node);
        else if (node.tag === 6) readOid(node);
        else if ((node.tag & 0x20) !== 0) children(node).forEach(visit);
      };
      visit(readDer(bytes));
    };
    const input = fc.oneof<fc.Arbitrary<Uint8Array>[]>(
      tree,
      spoiled(certificate),
      fc.uint8Array({ maxLength: 2000 }),
    );
    expect(counterexample(input, tolerates(walk, DerError))).toBeUndefined();
  });

  it("certificates", () => {
    const holds = tolerates<Uint8Array>(parseCertificate, DerError);
    expect(counterexample(fc.oneof(tree, spoiled(certificate)), holds)).toBeUndefined();
  });

  it("certificates with extensions of any content", () => {
    const oids = ["14", "15", "17", "19", "30", "32", "35", "37"].map((last) => `2.5.29.${last}`);
    const bare = {
      basicConstraints: null,
      keyUsage: null,
      subjectKeyIdentifier: null,
      authorityKeyIdentifier: null,
    };
    const input = fc
      .tuple(fc.constantFrom(...oids), fc.boolean(), tree)
      .map(
        ([oid, critical, value]) =>
          makeCertificate({ ...bare, extra: [extension(oid, critical, value)] }).der,
      );
    const holds = tolerates<Uint8Array>(parseCertificate, DerError);
    expect(counterexample(input, holds, Math.ceil(SETTINGS.numRuns / 3))).toBeUndefined();
  });

  it("CRLs", () => {
    const der = Buffer.from(crl.toString().replaceAll(/-----[^-]+-----|\n/g, ""), "base64");
    const input = fc.oneof(
      fc.oneof(tree, spoiled(der)).map((bytes) => pem("X509 CRL", bytes)),
      spoiled(crl),
    );
    expect(counterexample(input, tolerates<Uint8Array>(readRevocationLists, DerError))).toBeUndefined();
  });

  it("headers", () => {
    const name = fc.constantFrom(
      "Authorization",
      "X-Amz-X509",
      "X-Amz-X509-Chain",
      "X-Amz-Date",
      "Host",
      "A",
    );
    const value = fc.oneof(
      fc.string({ unit: "binary", maxLength: 3000 }),
      fc.constantFrom(
        certificate.toString("base64"),
        "20260615T120000Z",
        "AWS4-X509-RSA-SHA256 Credential=1/2/3/4/5, SignedHeaders=host, Signature=00",
      ),
    );
    const read = (headers: readonly (readonly string[])[]): unknown =>
      readSignedRequest({
        method: "POST",
        target: "/sessions?a=%",
        rawHeaders: headers.flat(),
        body: Buffer.alloc(0),
      });
    const input = fc.array(fc.tuple(name, value), { maxLength: 12 });
    expect(counterexample(input, tolerates(read, Refusal))).toBeUndefined();
  });

  it("JSON", () => {
    const input = fc.oneof<fc.Arbitrary<Uint8Array>[]>(
      fc.json().map((json) => Buffer.from(json)),
      fc.uint8Array({ maxLength: 2000 }),
      fc
        .tuple(fc.constantFrom("[", '{"a":', "[[],", '"\\', "1,"), fc.integer({ min: 1, max: 100_000 }))
        .map(([part, times]) => Buffer.from(part.repeat(times))),
    );
    expect(
      counterexample(
        input,
        tolerates((body: Uint8Array) => parseJson(body), ServiceError),
      ),
    ).toBeUndefined();
  });

  // A worker with a small heap ends when a reader takes more. What is garbage by then does not count.
  it.each<[title: string, reader: "parseJson" | "parseCertificate", input: () => Uint8Array]>([
    ["a megabyte of brackets", "parseJson", () => Buffer.alloc(1 << 20, "[")],
    [
      "a name of 80 kB",
      "parseCertificate",
      () => makeCertificate({ subject: [["CN", "ﷺ".repeat(27_000)]] }).der,
    ],
    [
      "a subject of 990 names",
      "parseCertificate",
      () => makeCertificate({ subject: Array.from({ length: 990 }, () => ["OU", "x"] as const) }).der,
    ],
    [
      "an empty list of 80 kB",
      "parseCertificate",
      () =>
        makeCertificate({
          extra: [
            extension(
              "2.5.29.17",
              false,
              tlv(0x30, tlv(0xa4, distinguishedName([])), Buffer.alloc(80_000, 0x82)),
            ),
          ],
        }).der,
    ],
  ])("reads %s within a heap of 32 MB", async (_, reader, input) => {
    expect(await readInSmallHeap(reader, input())).toEqual([]);
  });
});

const READERS = {
  parseJson: new URL("../model/json.ts", import.meta.url).href,
  parseCertificate: new URL("certificate.ts", import.meta.url).href,
};

/** @returns the errors of the worker's own; what the reader refuses is none */
async function readInSmallHeap(reader: keyof typeof READERS, input: Uint8Array): Promise<string[]> {
  const script = `import(workerData.module).then((readers) => {
    try { readers[workerData.reader](workerData.input) } catch {}
  })`;
  const worker = new Worker(`const { workerData } = require("node:worker_threads"); ${script}`, {
    eval: true,
    workerData: { module: READERS[reader], reader, input },
    resourceLimits: { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 8 },
  });
  const errors: string[] = [];
  worker.on("error", (error) => errors.push(String(error)));
  await once(worker, "exit");
  return errors;
}
