import { X509Certificate } from "node:crypto";
import { ecKeys, makeAuthority, makeCertificate } from "@roles-anywhere/testing";
import type { Issued } from "@roles-anywhere/testing";
import { afterEach, describe, expect, it, vi } from "vitest";
import { findPaths } from "./certification-path.ts";
import { parseCertificates } from "./parse-certificate.ts";
import type { ParsedCertificate } from "./parse-certificate.ts";

const read = (certificates: readonly Issued[]): ParsedCertificate[] =>
  certificates.flatMap(({ certificatePem }) => parseCertificates(certificatePem, "the test"));

function search(certificate: Issued, intermediates: readonly Issued[], anchor: Issued) {
  const [leaf] = read([certificate]);
  if (leaf === undefined) throw new Error("no certificate");
  return [...findPaths(leaf, read(intermediates), read([anchor]))];
}

/** Certificates of one name and one key, each of which issued all of them. */
function family(count: number): Issued[] {
  const keys = ecKeys("P-256");
  return Array.from({ length: count }, () => makeAuthority({ subject: [["CN", "Same"]], keys }));
}

describe("findPaths", () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it("verifies each pair of certificates once", () => {
    const [first, ...others] = family(7);
    if (first === undefined) throw new Error("no family");
    const verify = vi.spyOn(X509Certificate.prototype, "verify");
    expect(search(makeCertificate({}, first), [first, ...others], makeAuthority())).toEqual([]);
    expect(verify.mock.calls.length).toBeLessThanOrEqual(7 + 7 * 6);
  });

  it("gives up a search that would take a factorial of the certificates", () => {
    const [first, ...others] = family(60);
    if (first === undefined) throw new Error("no family");
    const verify = vi.spyOn(X509Certificate.prototype, "verify");
    expect(search(makeCertificate({}, first), [first, ...others], makeAuthority())).toEqual([]);
    expect(verify.mock.calls.length).toBeLessThanOrEqual(2000);
  });

  it.each([
    [10, 1],
    [11, 0],
  ])("finds of a path of %i certificates %i", (length, count) => {
    const chain = [makeAuthority()];
    while (chain.length < length - 1)
      chain.push(makeAuthority({ subject: [["CN", `CA ${chain.length}`]] }, chain.at(-1)));
    const [anchor, ...intermediates] = chain;
    if (anchor === undefined) throw new Error("no chain");
    expect(search(makeCertificate({}, chain.at(-1)), intermediates, anchor)).toHaveLength(count);
  });
});
