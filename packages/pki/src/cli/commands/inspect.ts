import type { Command } from "commander";
import { writeAll } from "@roles-anywhere/files";
import { toIsoSeconds } from "../../certificate/validity.ts";
import type { CertificateInspection } from "../../inspection/inspect-certificate.ts";
import { parseTime, readChain, readInput, readOptional, readTrustAnchor } from "../inputs.ts";
import { jsonLine, printable } from "../printable.ts";

interface InspectFlags {
  readonly intermediates?: string | undefined;
  readonly ca?: string | undefined;
  readonly crl?: string | undefined;
  readonly at?: Date | undefined;
  readonly json: boolean;
}

export function addInspect(program: Command): void {
  program
    .command("inspect")
    .description("Say whether IAM Roles Anywhere would accept a certificate, with which tags, and why not.")
    .argument(
      "<certificate>",
      "PEM or DER file; of several certificates the first one, the others are intermediates",
    )
    .option(
      "--intermediates <file>",
      "certificates between it and the trust anchor, PEM (default: <name>.chain.pem beside it)",
    )
    .option("--ca <file>", "certificates of the trust anchor, PEM (default: rootCA.pem beside it)")
    .option("--crl <file>", "revocation lists that are imported for the trust anchor, PEM")
    .option("--at <time>", "when it would be used, for example 2027-01-31 (default: now)", parseTime)
    .option("--json", "print one line of JSON", false)
    .addHelpText(
      "after",
      "\nExample:\n  ra-pki inspect pki/nestjs-external-server.pem\n\nExit status: 0 accepted, 1 refused, 2 wrong usage.",
    )
    .action(async (path: string, flags: InspectFlags) => {
      const { inspectCertificate } = await import("../../inspection/inspect-certificate.ts");
      const inspection = inspectCertificate({
        certificate: await readInput(path),
        intermediates: await readChain(path, flags.intermediates),
        trustAnchor: await readTrustAnchor(path, flags.ca),
        revocationLists: await readOptional(flags.crl),
        at: flags.at,
      });
      writeAll(1, flags.json ? jsonLine(toData(inspection)) : toText(inspection));
      process.exitCode = inspection.verdict === "refused" ? 1 : 0;
    });
}

function toData({ notBefore, notAfter, ...rest }: CertificateInspection): object {
  return { ...rest, notBefore: toIsoSeconds(notBefore), notAfter: toIsoSeconds(notAfter) };
}

const VERDICT = {
  accepted: "IAM Roles Anywhere would accept it",
  refused: "IAM Roles Anywhere would refuse it",
  undecided: "nothing speaks against it; its chain was not checked, give --ca",
} as const;

function toText(inspection: CertificateInspection): string {
  const { issuer, keyType, notAfter, notBefore, path, problems, signatureAlgorithm, warnings } = inspection;
  const tags = Object.entries(inspection.tags).map(([key, value]) => `${key} = ${value}`);
  const rows: [name: string, ...values: string[]][] = [
    ["issuer", issuer],
    ["key", `${keyType}; the certificate is signed with ${signatureAlgorithm}`],
    ["valid", `${toIsoSeconds(notBefore)} to ${toIsoSeconds(notAfter)}`],
    ["path", path.slice(1).join("  <-  ") || "(none)"],
    ["session name", inspection.sessionName],
    ["source identity", inspection.sourceIdentity],
    ["session tags", ...(tags.length > 0 ? tags : ["(none)"])],
    ...problems.map(({ code, message }): [string, string] => ["refused", `${message} [${code}]`]),
    ...warnings.map(({ code, message }): [string, string] => ["warning", `${message} [${code}]`]),
  ];
  const lines = rows.flatMap(([name, ...values]) =>
    values.map((value, index) => `  ${(index === 0 ? name : "").padEnd(15)}  ${value}`),
  );
  return [`${inspection.subject || "(no subject)"}: ${VERDICT[inspection.verdict]}`, ...lines, ""]
    .map((line) => printable(line))
    .join("\n");
}
