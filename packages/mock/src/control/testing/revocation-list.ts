import { bits, integer, sequence, time } from "../../testing/der-writer.ts";
import {
  type Issued,
  makeAuthority,
  name,
  pemOf,
  signatureAlgorithm,
  signDer,
} from "../../testing/make-certificate.ts";

/** A PEM revocation list of one serial number, signed by its authority. */
export function revocationList(authority: Issued = makeAuthority(), serialNumber = 0x1234n): Buffer {
  const algorithm = signatureAlgorithm(authority.keys.privateKey, "sha256");
  const thisUpdate = time(new Date("2026-01-01T00:00:00Z"));
  const body = sequence(
    integer(1),
    algorithm,
    name(authority.subject),
    thisUpdate,
    time(new Date("2026-02-01T00:00:00Z")),
    sequence(sequence(integer(serialNumber), thisUpdate)),
  );
  const list = sequence(body, algorithm, bits(signDer(body, authority.keys.privateKey, "sha256")));
  return Buffer.from(pemOf(list, "X509 CRL"));
}
