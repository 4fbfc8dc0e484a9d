import { createHmac, timingSafeEqual } from "node:crypto";

import { count, item, items, octets, oid } from "./ber.ts";
import type { Ber } from "./ber.ts";
import { derivePkcs12Key, derivePkcs5Key, digestOf, keyLengthOf, PURPOSE } from "./derive-key.ts";
import type { Password } from "./derive-key.ts";
import { Pkcs12Problem } from "./pkcs12-problem.ts";

const PBMAC1 = "1.2.840.113549.1.5.14";

/** Hashes of the older MAC with their length. */
const DIGESTS: ReadonlyMap<string, readonly [name: "sha1" | "sha256" | "sha384" | "sha512", length: number]> =
  new Map([
    ["1.3.14.3.2.26", ["sha1", 20]],
    ["2.16.840.1.101.3.4.2.1", ["sha256", 32]],
    ["2.16.840.1.101.3.4.2.2", ["sha384", 48]],
    ["2.16.840.1.101.3.4.2.3", ["sha512", 64]],
  ]);

/**
 * Checks the MAC of a file.
 *
 * @param macData MacData.
 * @param content What it protects.
 * @throws {Pkcs12Problem} `password` when it is another one; `unsupported`; `damaged`.
 * @see RFC 7292 §4, RFC 9579
 */
export function verifyMac(macData: Ber, content: Buffer, password: Password): void {
  const digestInfo = item(macData, 0);
  const expected = octets(item(digestInfo, 1));
  const actual = macOf(macData, item(digestInfo, 0), content, password);
  if (actual.length !== expected.length || !timingSafeEqual(actual, expected)) {
    throw new Pkcs12Problem("password", "its checksum (MAC) does not fit");
  }
}

function macOf(macData: Ber, algorithm: Ber, content: Buffer, password: Password): Buffer {
  const name = oid(item(algorithm, 0));
  if (name === PBMAC1) {
    const parameters = item(algorithm, 1);
    const [kdf, hmac] = [item(parameters, 0), item(parameters, 1)];
    const key = derivePkcs5Key(password, kdf, keyLengthOf(kdf));
    return createHmac(digestOf(hmac), key).update(content).digest();
  }
  const digest = DIGESTS.get(name);
  if (digest === undefined) throw new Pkcs12Problem("unsupported", `MAC ${name}`);
  const iterations = items(macData)[2];
  const key = derivePkcs12Key(
    password,
    octets(item(macData, 1)),
    PURPOSE.mac,
    iterations === undefined ? 1 : count(iterations),
    digest[1],
    digest[0],
  );
  return createHmac(digest[0], key).update(content).digest();
}
