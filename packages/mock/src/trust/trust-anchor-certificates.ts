import { type Certificate, parseCertificate } from "./certificate.ts";
import { DerError } from "./der.ts";
import { pemBlocks } from "./pem.ts";

const cache = new Map<string, Certificate[]>();
const CACHE_SIZE = 256;

/**
 * The certificates of a trust anchor's PEM bundle, read once per text.
 *
 * @throws {DerError} when the text holds no certificate or a malformed one
 */
export function trustAnchorCertificates(pem: string): readonly Certificate[] {
  const known = cache.get(pem);
  if (known !== undefined) return known;
  const blocks = pemBlocks(pem, "CERTIFICATE");
  if (blocks === undefined || blocks.length === 0) throw new DerError("the text holds no PEM certificate");
  const certificates = blocks.map(parseCertificate);
  if (cache.size >= CACHE_SIZE) {
    const [oldest] = cache.keys();
    if (oldest !== undefined) cache.delete(oldest);
  }
  cache.set(pem, certificates);
  return certificates;
}
