// A process of its own for the PKCS#11 library of a vendor: a slow token does not hold up who waits for credentials, a library
// that hangs can be ended, and one that crashes takes nobody with it. PINs are read and kept here, and nowhere else.
import type { AgentReply, AgentRequest } from "../protocol.ts";
import { loadCryptoki } from "./cryptoki.ts";
import { ForgottenKeyError, isLost, tokenFailure } from "./failure.ts";
import { findCertificates, findKey } from "./objects.ts";
import { signWith } from "./sign.ts";
import type { TokenKey } from "./sign.ts";
import { Tokens } from "./tokens.ts";
import type { Library } from "./tokens.ts";

const [, , path = ""] = process.argv;

let library: Omit<Library, "asking"> | undefined;
/** By the number that the other process knows them by; the last ones that were found. */
const keys = new Map<number, TokenKey>();
const MOST_KEYS = 100;
let lastNumber = 0;

/** One call after the other: a library need not be able to do two things at once. */
let last: Promise<void> = Promise.resolve();

process.on("message", (message: AgentRequest) => {
  last = last.then(() => answer(message));
});
// The other process has ended, or wants nothing more.
process.on("disconnect", () => {
  try {
    library?.cryptoki.C_Finalize();
  } catch {
    // There is nobody left to tell.
  }
  process.exit(0);
});

async function answer(message: AgentRequest): Promise<void> {
  const { id } = message;
  try {
    reply({ id, result: await resultOf(message, (asks) => reply({ id, asks })) });
  } catch (error) {
    const { code, message: words } = tokenFailure(error, `the PKCS#11 call for "${message.call}"`);
    reply({ id, error: { code, message: words, isLost: isLost(error) || isLost(causeOf(error)) } });
  }
}

async function resultOf(message: AgentRequest, asking: Library["asking"]): Promise<unknown> {
  if (library === undefined) {
    const cryptoki = loadCryptoki(path);
    library = { cryptoki, tokens: new Tokens(cryptoki) };
  }
  const { tokens } = library;
  const loaded = { ...library, asking };
  switch (message.call) {
    case "tokens":
      return tokens.all().map((name) => tokens.state(name));
    case "certificates":
      return findCertificates(message.request, loaded);
    case "key": {
      const { key, name } = await findKey(message.request, loaded);
      return { key: numberOf(key), name };
    }
    case "sign": {
      const { key: number, message: encoded, digest } = message.request;
      const key = keys.get(number);
      if (key === undefined) throw new ForgottenKeyError();
      return (await signWith(key, Buffer.from(encoded, "base64"), digest, loaded)).toString("base64");
    }
    case "reset":
      keys.clear();
      tokens.reset();
      return null;
  }
}

function numberOf(key: TokenKey): number {
  for (const [number, { token, handle }] of keys) {
    if (token !== key.token || !handle.equals(key.handle)) continue;
    keys.set(number, key);
    return number;
  }
  lastNumber += 1;
  keys.set(lastNumber, key);
  const [oldest] = keys.keys();
  if (keys.size > MOST_KEYS && oldest !== undefined) keys.delete(oldest);
  return lastNumber;
}

function reply(message: AgentReply): void {
  // When nobody listens any more, "disconnect" follows.
  process.send?.(message, undefined, undefined, () => {});
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : undefined;
}
