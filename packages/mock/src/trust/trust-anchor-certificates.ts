import { type Certificate, parseCertificate } from "./certificate.ts";
import { DerError } from "./der.ts";
import { pemBlocks } from "./pem.ts";
import { remember } from "./remember.ts";

/**
 * The certificates of a trust anchor's PEM bundle, read once per text.
 *
 * @throws {DerError} when the text holds no certificate or a malformed one
 */
export const trustAnchorCertificates: (pem: string) => readonly Certificate[] = remember(256, (pem) => {
  const blocks = pemBlocks(pem, "CERTIFICATE");
  if (blocks === undefined || blocks.length === 0) throw new DerError("the text holds no PEM certificate");
  return blocks.map(parseCertificate);
});
