import type { ReceivedRequest } from "../../src/request/received-request.ts";
import {
  extension,
  makeAuthority,
  makeCertificate,
  oid,
  sequence,
  signedRequest,
  tlv,
  withHeader,
} from "@roles-anywhere/testing";
import type { Issued, Rdn, SigningSpec } from "@roles-anywhere/testing";
import type { Random } from "@roles-anywhere/testing";
import { PROFILE_ARN, ROLE_ARN, TRUST_ANCHOR_ARN } from "./world.ts";
import type { World } from "./world.ts";

/** A request made from a good one, and whether it may still get a session. */
export interface Mutant {
  readonly family: string;
  readonly request: ReceivedRequest;
  /** `same` when it means what the good one means, `never` when it must be refused. */
  readonly verdict: "same" | "never" | "depends";
}

type Family = (world: World, random: Random) => Mutant;

const BODY = { trustAnchorArn: TRUST_ANCHOR_ARN, profileArn: PROFILE_ARN, roleArn: ROLE_ARN };
const QUERY = Object.entries(BODY)
  .map(([key, value]) => `${key}=${encodeURIComponent(value)}`)
  .sort()
  .join("&");

/** Certificates that nobody trusts, with names and key identifiers of those that are trusted. */
export function makeRogues(world: World): { leaves: Issued[]; issuers: Issued[] } {
  const { root } = world;
  const twin = makeAuthority({ subjectKeyIdentifier: root.keyIdentifier });
  const one = makeAuthority({ subject: [["CN", "Loop A"]] });
  const two = makeAuthority({ subject: [["CN", "Loop B"]] }, one);
  // Two CAs that certify each other: a path builder that does not watch out goes round for ever.
  const back = makeAuthority({ subject: [["CN", "Loop A"]], keys: one.keys }, two);
  const twins = Array.from({ length: 4 }, () =>
    makeAuthority({ subject: [["CN", "Loop A"]], keys: one.keys }, two),
  );
  const fromClient = makeCertificate({ subject: [["CN", "grandchild"]] }, world.client);
  return {
    leaves: [
      makeCertificate({}, twin),
      makeCertificate({ authorityKeyIdentifier: root.keyIdentifier }, twin),
      makeCertificate({}, one),
      makeCertificate({}, two),
      makeCertificate(),
      fromClient,
    ],
    issuers: [twin, one, two, back, ...twins, world.client, root],
  };
}

/** Certificates of their own making, each with far too much of one thing, up to what fits into the headers. */
function makeFatCertificates(): readonly Issued[] {
  const repeat = (part: Buffer): Buffer =>
    Buffer.concat(Array<Buffer>(Math.floor(85_000 / part.length)).fill(part));
  const list = (identifier: string, part: Buffer): Issued =>
    makeCertificate({ extra: [extension(identifier, false, tlv(0x30, repeat(part)))] });
  const long = Array.from({ length: 2500 }, (): Rdn => ["CN", "x"]);
  return [
    list("2.5.29.17", tlv(0x82)),
    list("2.5.29.17", tlv(0x82, Buffer.from("a.example"))),
    list("2.5.29.17", tlv(0xa4, sequence())),
    list("2.5.29.17", Buffer.alloc(1000, 0x82)),
    list("2.5.29.37", oid("1.1")),
    list("2.5.29.37", tlv(0x06, Buffer.alloc(120, 0x81), Buffer.from([1]))),
    list("2.5.29.32", sequence(oid("1.2.3"))),
    list("2.5.29.30", tlv(0xa0)),
    makeCertificate({ subject: long, issuer: long }),
    makeCertificate({ subject: [["CN", "\ufdfa".repeat(14_000)]] }),
    makeCertificate({ subject: [["CN", ",".repeat(80_000)]] }),
    makeCertificate({ serialNumber: 1n << 640_000n }),
    makeCertificate({
      extra: Array.from({ length: 7000 }, (_, at) => extension(`1.2.${at}`, true, sequence())),
    }),
  ];
}

/** The ways to spoil a call. */
export function families(world: World): readonly Family[] {
  const rogues = makeRogues(world);
  const fat = makeFatCertificates();
  return [
    flipBit,
    flipBit,
    flipCertificateBit,
    truncateCertificate,
    splice,
    reorderHeaders,
    duplicateHeader,
    randomHeader,
    oddJson,
    (given, random) => hostileChain(given, random, rogues),
    oversize,
    moveDate,
    (given, random) => fatCertificate(given, random, fat),
  ];
}

function good(world: World, random: Random): ReceivedRequest {
  return signedRequest(
    world.call(
      random.chance(0.5)
        ? {}
        : {
            query: QUERY,
            body: '{"durationSeconds":900}',
            ...(random.chance(0.5) ? { chain: [world.root] } : {}),
          },
    ),
  );
}

/** One bit anywhere in a header value, the target or the body. */
function flipBit(world: World, random: Random): Mutant {
  const request = good(world, random);
  const values = request.rawHeaders.map((_, index) => index).filter((index) => index % 2 === 1);
  const place = random.pick<number | "target" | "body">([...values, "target", "body"]);
  const flip = (text: string): string => {
    const bytes = Buffer.from(text, "latin1");
    const at = random.below(bytes.length);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
    return bytes.toString("latin1");
  };
  const mutated: ReceivedRequest =
    place === "target"
      ? { ...request, target: flip(request.target) }
      : place === "body"
        ? { ...request, body: Buffer.from(flip(Buffer.from(request.body).toString("latin1")), "latin1") }
        : {
            ...request,
            rawHeaders: request.rawHeaders.map((value, index) => (index === place ? flip(value) : value)),
          };
  return {
    family: "bit flip",
    request: mutated,
    verdict: meaning(mutated) === meaning(request) ? "same" : "never",
  };
}

/** One bit in the certificate, and the request signed again: only the CA's signature protects it now. */
function flipCertificateBit(world: World, random: Random): Mutant {
  const der = Buffer.from(world.client.der);
  const at = random.below(der.length);
  der[at] = (der[at] ?? 0) ^ (1 << random.below(8));
  return {
    family: "certificate bit flip",
    request: signedRequest(world.call(certificateOf(world, der))),
    verdict: "never",
  };
}

function truncateCertificate(world: World, random: Random): Mutant {
  const { der } = world.client;
  const cut = random.chance(0.5)
    ? der.subarray(0, random.below(der.length))
    : Buffer.concat([der.subarray(0, random.below(der.length)), random.bytes(random.below(40))]);
  return {
    family: "cut certificate",
    request: signedRequest(world.call(certificateOf(world, cut))),
    verdict: "never",
  };
}

/** A piece of one certificate in the place of a piece of another. */
function splice(world: World, random: Random): Mutant {
  const [one, other] = [world.client.der, world.root.der];
  const at = random.below(one.length);
  const from = random.below(other.length);
  const length = 1 + random.below(60);
  const der = Buffer.concat([
    one.subarray(0, at),
    other.subarray(from, from + length),
    one.subarray(at + length),
  ]);
  const verdict = der.equals(one) ? "same" : "never";
  return {
    family: "spliced certificate",
    request: signedRequest(world.call(certificateOf(world, der))),
    verdict,
  };
}

function reorderHeaders(world: World, random: Random): Mutant {
  const request = good(world, random);
  const pairs: string[][] = [];
  for (let index = 0; index < request.rawHeaders.length; index += 2) {
    pairs.splice(random.below(pairs.length + 1), 0, request.rawHeaders.slice(index, index + 2));
  }
  return { family: "reordered headers", request: { ...request, rawHeaders: pairs.flat() }, verdict: "same" };
}

function duplicateHeader(world: World, random: Random): Mutant {
  const request = good(world, random);
  const index = 2 * random.below(request.rawHeaders.length / 2);
  const pair = request.rawHeaders.slice(index, index + 2);
  const rawHeaders = [...request.rawHeaders, ...pair];
  return { family: "duplicated header", request: { ...request, rawHeaders }, verdict: "never" };
}

function randomHeader(world: World, random: Random): Mutant {
  const request = good(world, random);
  const name = random.pick(["authorization", "x-amz-x509", "x-amz-x509-chain", "x-amz-date", "host"]);
  const value = random
    .pick([
      random.bytes(random.below(200)),
      Buffer.from(""),
      Buffer.from("AWS4-X509-RSA-SHA256 Credential=, SignedHeaders=, Signature="),
    ])
    .toString("latin1");
  const has = request.rawHeaders.some((header) => header.toLowerCase() === name);
  const mutated = has
    ? withHeader(request, name, value)
    : { ...request, rawHeaders: [...request.rawHeaders, name, value] };
  return { family: "random header", request: mutated, verdict: "never" };
}

/** Well signed JSON of the wrong shape. */
function oddJson(world: World, random: Random): Mutant {
  const odd: readonly unknown[] = [
    null,
    true,
    -1,
    1e308,
    0.5,
    "",
    "x".repeat(random.below(5000)),
    [],
    {},
    ["a"],
    { a: { b: {} } },
    "\u0000",
    "é\ud800",
    Number.MAX_SAFE_INTEGER,
  ];
  const members = [
    ...Object.keys(BODY),
    "durationSeconds",
    "roleSessionName",
    "instanceProperties",
    "__proto__",
    "constructor",
  ];
  let body = JSON.stringify({ ...BODY, [random.pick(members)]: random.pick(odd) });
  if (random.chance(0.3)) body = body.slice(0, random.below(body.length));
  if (random.chance(0.1)) body = `${'{"a":'.repeat(random.below(3000))}${body}`;
  if (random.chance(0.1)) body = body.replace("{", `{${'"roleArn":"x",'.repeat(random.below(10))}`);
  return { family: "odd JSON", request: signedRequest(world.call({ body })), verdict: "depends" };
}

function hostileChain(
  world: World,
  random: Random,
  { leaves, issuers }: { readonly leaves: readonly Issued[]; readonly issuers: readonly Issued[] },
): Mutant {
  const chain = Array.from({ length: 1 + random.below(5) }, () => random.pick(issuers));
  const certificate = random.pick(leaves);
  return {
    family: "hostile chain",
    request: signedRequest(world.call({ certificate, chain })),
    verdict: "never",
  };
}

/** Far more of something than there should be, well signed; it must not cost more than its size. */
function oversize(world: World, random: Random): Mutant {
  const count = 1 + random.below(2000);
  const spec: Partial<SigningSpec> = random.pick<Partial<SigningSpec>>([
    { body: JSON.stringify({ ...BODY, roleSessionName: "a".repeat(count * 20) }) },
    { body: `[${"[".repeat(count)}` },
    { query: "a=b&".repeat(count), canonicalQuery: Array.from({ length: count }, () => "a=b").join("&") },
    { headers: [["X-Long", "  a".repeat(count)]], sign: ["host", "x-amz-x509", "x-long"] },
    { headers: [["X-Blank", `a${" ".repeat(count * 50)}a`]], sign: ["host", "x-amz-x509", "x-blank"] },
    { query: `roleArn=${"%25".repeat(count)}` },
    { body: JSON.stringify({ ...BODY, roleArn: `arn:aws:iam::${":".repeat(count)}:role` }) },
  ]);
  return { family: "oversize", request: signedRequest(world.call(spec)), verdict: "depends" };
}

/** A certificate that takes much memory or time to read; what is sent with it is well signed. */
function fatCertificate(world: World, random: Random, fat: readonly Issued[]): Mutant {
  const certificate = random.pick(fat);
  // Beside a certificate that is in order, one that does not belong to its path changes nothing.
  const alone = random.chance(0.5);
  return {
    family: "fat certificate",
    request: signedRequest(world.call(alone ? { certificate } : { chain: [certificate] })),
    verdict: alone ? "never" : "depends",
  };
}

function moveDate(world: World, random: Random): Mutant {
  const seconds = (random.chance(0.5) ? 1 : -1) * (301 + random.below(10_000_000));
  const date = new Date(world.now.getTime() + seconds * 1000);
  return { family: "moved date", request: signedRequest(world.call({ date })), verdict: "never" };
}

function certificateOf(world: World, der: Buffer): Partial<SigningSpec> {
  return { certificate: { ...world.client, der, base64: der.toString("base64") } };
}

/** What a request says, however it is written: nothing but these differences may go unnoticed. */
function meaning({ method, target, rawHeaders, body }: ReceivedRequest): string {
  const [path = "", query = ""] = target.split(/\?(.*)/s);
  const headers = new Map<string, string[]>();
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? "").toLowerCase();
    const value = (rawHeaders[index + 1] ?? "").trim().replaceAll(/ +/g, " ");
    headers.set(name, [...(headers.get(name) ?? []), value]);
  }
  const authorization = (headers.get("authorization") ?? []).map((value) =>
    value.replace(/Signature=.*/, (signature) => signature.toLowerCase().replace("signature=", "Signature=")),
  );
  const signed = (/SignedHeaders=([^,]*)/.exec(authorization[0] ?? "")?.[1] ?? "").split(";");
  return JSON.stringify([
    method,
    path,
    [...new URLSearchParams(query)].filter(([name, value]) => name !== "" || value !== "").sort(),
    signed.map((name) => [name, headers.get(name)]),
    authorization,
    Buffer.from(body).toString("hex"),
  ]);
}
