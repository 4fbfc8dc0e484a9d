import { createHash, verify, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";

import { derOf, setUpSoftHsm, softHsmLibrary } from "../../test/support/softhsm.ts";
import type { SoftHsm, TokenObject } from "../../test/support/softhsm.ts";
import { ALGORITHMS, CURVES } from "../material.ts";
import type { Material } from "../material.ts";
import type { Difference, Observation, Row } from "../row.ts";
import { runProgram } from "../run-program.ts";
import { logged, REFUSES, sessionRow, worded } from "./session-row.ts";
import type { SessionCase } from "./session-row.ts";

const PIN = "73915268";
const SKIPPED = softHsmLibrary === undefined ? { skipped: "SoftHSM or pkcs11js is not installed" } : {};

/** The tokens of a run. Each program uses a copy: SoftHSM does not see a token while another process logs in to it. */
const made = new WeakMap<Material, SoftHsm>();

function tokensOf(material: Material): SoftHsm {
  const known = made.get(material);
  if (known !== undefined) return known;
  const hsm = setUpSoftHsm(material.folder, softHsmLibrary ?? "");
  const named = (id: string, objectLabel: string): Pick<TokenObject, "id" | "objectLabel"> => ({
    id,
    objectLabel,
  });
  const certificate = (path: string): string => derOf(readFileSync(path, "utf8"));
  const { identities, chained } = material;
  const objects = [
    ...ALGORITHMS.map((algorithm) => [algorithm, identities[algorithm]] as const),
    ["chained", chained] as const,
  ];
  hsm.add(
    "server",
    PIN,
    objects.flatMap(([name, { certificate: path, privateKey }], index): readonly TokenObject[] => [
      { kind: "certificate", der: certificate(path), ...named(`0${index + 1}`, name) },
      { kind: "key", pem: readFileSync(privateKey, "utf8"), ...named(`0${index + 1}`, name) },
    ]),
  );
  const { certificate: path, privateKey } = identities["P-256"];
  hsm.add("other", PIN, [
    { kind: "certificate", der: certificate(path), ...named("10", "other key label") },
    { kind: "key", pem: readFileSync(privateKey, "utf8"), ...named("10", "another") },
    { kind: "certificate", der: certificate(path), ...named("11", "no key") },
    {
      kind: "key",
      pem: readFileSync(privateKey, "utf8"),
      ...named("12", "always"),
      alwaysAuthenticate: true,
    },
    { kind: "certificate", der: certificate(path), ...named("12", "always") },
    { kind: "certificate", der: certificate(path), ...named("13", "secret"), isPrivate: true },
    { kind: "key", pem: readFileSync(privateKey, "utf8"), ...named("13", "secret") },
  ]);
  made.set(material, hsm);
  return hsm;
}

const library = (material: Material): readonly string[] => ["--pkcs11-lib", tokensOf(material).library];
const uri = (path: string): string => `pkcs11:${path}?pin-value=${PIN}`;

/** The helper's chain has the end-entity certificate itself. */
const CHAIN: Difference = {
  reason: "the helper sends the end-entity certificate once more, as its own chain",
  helper: { headers: /x-amz-x509-chain/, authorization: /x-amz-x509-chain/ },
  ours: { headers: /^(?![^]*x-amz-x509-chain)/, authorization: /^(?!.*x-amz-x509-chain)/ },
};

/** Keys and certificates in PKCS#11 tokens. They need SoftHSM. */
export function tokenRows(): readonly Row[] {
  const row = (name: string, identity: SessionCase["identity"], more: Partial<SessionCase> = {}): Row =>
    sessionRow({
      name: `tokens: ${name}`,
      identity: (material) => [...(identity?.(material) ?? []), ...library(material)],
      environment: (_service, material) => tokensOf(material).copy(),
      ...SKIPPED,
      ...more,
    });
  const refuses = (name: string, identity: SessionCase["identity"], helper: RegExp, ours: RegExp): Row =>
    row(name, identity, { expected: REFUSES, difference: worded(helper, ours) });
  return [
    ...ALGORITHMS.flatMap((algorithm) => [
      row(
        `${algorithm}, certificate and key by one URI`,
        () => ["--certificate", uri(`token=server;object=${algorithm}`)],
        { difference: CHAIN },
      ),
      row(
        `${algorithm}, a URI each`,
        () => [
          "--certificate",
          `pkcs11:token=server;object=${algorithm}`,
          "--private-key",
          uri(`token=server;object=${algorithm}`),
        ],
        { difference: CHAIN },
      ),
      row(`${algorithm}, certificate in a file`, ({ identities }) => [
        ...["--certificate", identities[algorithm].certificate],
        ...["--private-key", uri(`token=server;object=${algorithm}`)],
      ]),
    ]),
    row("a certificate by its id", () => ["--certificate", uri("token=server;id=%02")], {
      difference: CHAIN,
    }),
    row("a key by the id of its certificate", () => ["--certificate", uri("object=other%20key%20label")], {
      difference: CHAIN,
    }),
    row("a certificate that needs a login", () => ["--certificate", uri("token=other;object=secret")], {
      difference: CHAIN,
    }),
    row("--reuse-pin", () => ["--certificate", uri("token=other;object=always"), "--reuse-pin"], {
      difference: CHAIN,
    }),
    row("--intermediates", ({ chained }) => [
      ...["--certificate", chained.certificate, "--private-key", uri("token=server;object=chained")],
      ...["--intermediates", chained.bundles.get(3) ?? ""],
    ]),
    refuses(
      "a wrong PIN",
      () => ["--certificate", "pkcs11:token=server;object=P-256?pin-value=73915269"],
      logged("CKR_PIN_INCORRECT"),
      /refuses the PIN \(CKR_PIN_INCORRECT\)/,
    ),
    row("no such certificate", () => ["--certificate", uri("token=server;object=none")], {
      expected: REFUSES,
      difference: {
        reason: "the helper does not say what it found, and some releases crash",
        helper: { exit: /^[12]$/, stderr: /./ },
        ours: { exit: "1", stderr: /no matching certificates/ },
      },
    }),
    refuses(
      "no such token",
      () => ["--certificate", uri("token=none")],
      logged("no matching slots"),
      /no token fits "pkcs11:token=none"/,
    ),
    refuses(
      "several certificates",
      () => ["--certificate", uri("token=server")],
      logged("multiple matching certificates"),
      /multiple matching certificates/,
    ),
    refuses(
      "another certificate's key",
      ({ identities }) => [
        "--certificate",
        identities["P-256"].certificate,
        "--private-key",
        uri("token=server;object=P-384"),
      ],
      logged("unable to find matching private key"),
      /does not belong to certificate/,
    ),
    refuses(
      "a URI that is none",
      () => ["--certificate", "pkcs11:object"],
      /./,
      /not of the form name=value/,
    ),
    ...ALGORITHMS.map(signString),
    ...ALGORITHMS.map(readCertificateData),
  ];
}

/** The fixed string, signed on the token. Both signatures are verified; those of EC keys are random. */
function signString(algorithm: (typeof ALGORITHMS)[number]): Row {
  return {
    name: `tokens: sign-string with ${algorithm}`,
    expected: { exit: "0", signature: "valid" },
    ...SKIPPED,
    async observe(program, { material, home }): Promise<Observation> {
      const words = [
        "sign-string",
        "--certificate",
        uri(`token=server;object=${algorithm}`),
        "--format",
        "text",
        ...library(material),
      ];
      const { exit, stdout } = await runProgram(program, words, {
        HOME: home,
        ...tokensOf(material).copy(),
      });
      const { publicKey } = new X509Certificate(readFileSync(material.identities[algorithm].certificate));
      const { x = "", y = "" } = publicKey.export({ format: "jwk" });
      const isEc = (CURVES as readonly string[]).includes(algorithm);
      const bytes = isEc
        ? Buffer.concat([Buffer.of(4), Buffer.from(x, "base64url"), Buffer.from(y, "base64url")])
        : publicKey.export({ type: "pkcs1", format: "der" });
      const hash = createHash("sha256").update("IAM RA").update(bytes).digest();
      const text = Buffer.concat([Buffer.from("AWS Roles Anywhere Credential Helper Signing Test1"), hash]);
      const signature = Buffer.from(stdout.toString("utf8"), "hex");
      return { exit, signature: verify("sha256", text, publicKey, signature) ? "valid" : "invalid" };
    },
  };
}

/** The list of one certificate: its fingerprint and subject. The order of the URI's attributes is each program's own. */
function readCertificateData(algorithm: (typeof ALGORITHMS)[number]): Row {
  return {
    name: `tokens: read-certificate-data of ${algorithm}`,
    expected: { exit: "0" },
    ...SKIPPED,
    async observe(program, { material, home }): Promise<Observation> {
      const words = [
        "read-certificate-data",
        "--certificate",
        `pkcs11:token=server;object=${algorithm}`,
        ...library(material),
      ];
      const { exit, stdout } = await runProgram(program, words, {
        HOME: home,
        ...tokensOf(material).copy(),
      });
      return { exit, list: stdout.toString("utf8").replace(/URI: pkcs11:.*/, "URI: <URI>") };
    },
  };
}
