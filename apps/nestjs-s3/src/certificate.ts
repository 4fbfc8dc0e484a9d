import { loadSharedConfigFiles } from "@smithy/core/config";
import { loadCertificate } from "@roles-anywhere/signer";
import { z } from "zod";
import type { CredentialSource } from "./credentials.ts";
import { printable } from "./log.ts";

/** The certificate that the next session will be asked for with. Nothing in it is secret. */
export const certificateFacts = z
  .object({
    subject: z.string().meta({ example: "CN=nestjs-external-server, O=Example" }),
    serialNumber: z.string().describe("hexadecimal, as the session name shows it"),
    notAfter: z.iso.datetime().describe("when it expires"),
    daysLeft: z.int().describe("whole days until it expires; negative when it has expired"),
  })
  .readonly();
export type CertificateFacts = z.output<typeof certificateFacts>;

const DAY_MS = 86_400_000;

/** Reads the client certificate anew each time, so that a rotated one shows at once. */
export class Certificate {
  constructor(private readonly source: CredentialSource) {}

  /**
   * @returns Undefined when the profile names no certificate: then its credentials do not come from `ra-signer`, or it
   *   names the certificate in a way that this server does not see.
   * @throws {SignerError} ERR_SIGNER_FILE_UNREADABLE or ERR_SIGNER_CERTIFICATE_INVALID
   */
  async read(now = Date.now()): Promise<CertificateFacts | undefined> {
    const { source } = this;
    const given = "profile" in source ? await certificateOfProfile(source.profile) : source.certificate;
    if (given === undefined) return undefined;
    const { x509 } = loadCertificate(given, "profile" in source ? undefined : source.passphrase);
    return {
      subject: printable(x509.subject.split("\n").join(", ")),
      serialNumber: x509.serialNumber.toLowerCase(),
      notAfter: x509.validToDate.toISOString(),
      daysLeft: Math.floor((x509.validToDate.getTime() - now) / DAY_MS),
    };
  }
}

/** The path after `--certificate` in the profile's credential_process, quoted as `ra-signer configure` quotes it or not. */
async function certificateOfProfile(profile: string): Promise<string | undefined> {
  const { configFile, credentialsFile } = await loadSharedConfigFiles({ ignoreCache: true });
  const line =
    credentialsFile[profile]?.["credential_process"] ?? configFile[profile]?.["credential_process"];
  const [, double, single, bare] =
    /\s--certificate[\s=]+(?:"([^"]+)"|'([^']+)'|(\S+))/.exec(line ?? "") ?? [];
  return double ?? single ?? bare;
}
