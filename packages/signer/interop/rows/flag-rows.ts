import { readFileSync } from "node:fs";

import { EXCLUSIVE_FLAGS } from "../../test/support/exclusive-flags.ts";
import type { Difference, Row } from "../row.ts";
import { refusal } from "./key-rows.ts";
import {
  arnFlags,
  logged,
  PRINTED,
  PROFILE_ARN,
  sessionRow,
  SUCCEEDS,
  TRUST_ANCHOR_ARN,
  worded,
} from "./session-row.ts";
import type { SessionCase } from "./session-row.ts";

/** How cobra, the helper's command line library, refuses a command line. */
const USAGE = /^Error: [\s\S]*^Usage:/m;
const USAGE_HERE = /^ra-signer: [^\n]+; see ra-signer [a-z-]+ --help\n$/;

const SELECTOR = "Key=x509Subject,Value=CN=test";

/** Each flag alone, pairs that exclude each other, flags that are wrong or missing. */
export function flagRows(): readonly Row[] {
  return [...sessionFlagRows(), ...arnRows(), ...storeFlagRows(), ...exclusionRows(), ...wrongFlagRows()];
}

function sessionFlagRows(): readonly Row[] {
  const body = (members: object): Pick<SessionCase, "expected"> => ({
    expected: { ...SUCCEEDS, body: JSON.stringify(members) },
  });
  return [
    sessionRow({ name: "flags: none but the required ones", ...body({ durationSeconds: 3600 }) }),
    sessionRow({
      name: "flags: the name of the program",
      difference: {
        reason: "each program names itself",
        helper: { "user agent": /^CredHelper\/\d+\.\d+\.\d+ \(go[^;]*; [^;]+; [^;]+\)/ },
        ours: { "user agent": /^ra-signer\/\d+\.\d+\.\d+ \(node [^;]+; [^;]+; [^;]+\)$/ },
      },
    }),
    sessionRow({
      name: "flags: the account of the role",
      difference: {
        reason: "AWS_ACCOUNT_ID_ENDPOINT_MODE=required needs the account, which the helper does not print",
        helper: { account: "(none)" },
        ours: { account: "123456789012" },
      },
    }),
    ...["900", "43200", "1", "99999"].map((seconds) =>
      sessionRow({
        name: `flags: --session-duration ${seconds}`,
        words: () => ["--session-duration", seconds],
        ...body({ durationSeconds: Number(seconds) }),
      }),
    ),
    sessionRow({
      name: "flags: --session-duration=900",
      words: () => ["--session-duration=900"],
      ...body({ durationSeconds: 900 }),
    }),
    sessionRow({
      name: "flags: --session-duration twice, the last one counts",
      words: () => ["--session-duration", "900", "--session-duration", "1800"],
      ...body({ durationSeconds: 1800 }),
    }),
    sessionRow({
      name: "flags: --role-session-name",
      words: () => ["--role-session-name", "my-session"],
      ...body({ durationSeconds: 3600, roleSessionName: "my-session" }),
    }),
    sessionRow({
      name: "flags: --role-session-name, empty",
      words: () => ["--role-session-name", ""],
      ...body({ durationSeconds: 3600 }),
    }),
    sessionRow({
      name: "flags: --region",
      words: () => ["--region", "us-west-2"],
      expected: { ...SUCCEEDS, authorization: /\/<day>\/us-west-2\/rolesanywhere\/aws4_request,/ },
    }),
    sessionRow({
      name: "flags: no --region, the trust anchor's",
      environment: () => ({ AWS_REGION: "us-west-2", AWS_DEFAULT_REGION: "us-west-2" }),
      expected: { ...SUCCEEDS, authorization: /\/<day>\/eu-central-1\/rolesanywhere\/aws4_request,/ },
    }),
    sessionRow({
      name: "flags: --endpoint with a path",
      endpoint: ({ url }) => `${url}/base`,
      expected: { ...SUCCEEDS, "request line": /^POST \/base\/sessions\?/ },
    }),
    sessionRow({ name: "flags: --endpoint with a slash at its end", endpoint: ({ url }) => `${url}/` }),
    sessionRow({
      name: "flags: --endpoint=URL",
      endpoint: () => undefined,
      words: (_, { url }) => [`--endpoint=${url}`],
    }),
    refusal({
      name: "flags: --endpoint without a scheme",
      endpoint: ({ authority }) => authority,
      difference: worded(/./, /^ra-signer: endpoint /),
    }),
    sessionRow({ name: "flags: --no-verify-ssl", tls: true, words: () => ["--no-verify-ssl"] }),
    sessionRow({
      name: "flags: no --no-verify-ssl, a certificate that nobody trusts",
      tls: true,
      environment: () => ({ AWS_MAX_ATTEMPTS: "1" }),
      expected: { exit: "1", stdout: "", requests: "0" },
      difference: worded(/certificate/, /certificate/),
    }),
    sessionRow({
      name: "flags: --no-verify-ssl=false",
      tls: true,
      words: () => ["--no-verify-ssl=false"],
      environment: () => ({ AWS_MAX_ATTEMPTS: "1" }),
      expected: { exit: "1", stdout: "", requests: "0" },
    }),
    sessionRow({ name: "flags: --debug, stdout stays data", words: () => ["--debug"] }),
    sessionRow({ name: "flags: --debug true, in two words", words: () => ["--debug", "true"] }),
    sessionRow({ name: "flags: --with-proxy without a proxy", words: () => ["--with-proxy"] }),
  ];
}

function arnRows(): readonly Row[] {
  const spaced = "arn:aws:iam::123456789012:role/a b";
  return [
    refusal({
      name: "ARNs: no --trust-anchor-arn",
      arns: arnFlags({ trustAnchor: "" }),
      difference: worded(
        logged("failed to parse trust anchor arn: 'arn: invalid prefix'"),
        /--trust-anchor-arn is missing/,
      ),
    }),
    refusal({
      name: "ARNs: no --profile-arn",
      arns: arnFlags({ profile: "" }),
      difference: worded(logged("failed to parse profile arn: "), /--profile-arn is missing/),
    }),
    sessionRow({
      name: "ARNs: no --role-arn",
      arns: arnFlags({ role: "" }),
      difference: {
        reason: "a missing --role-arn is refused; the helper sends an empty one",
        helper: {
          exit: "0",
          stdout: PRINTED,
          requests: "1",
          signature: "valid",
          "request line": /&roleArn=&/,
          headers: /./,
          authorization: /./,
          body: /./,
        },
        ours: { exit: "1", stdout: "", requests: "0", stderr: /--role-arn is missing/ },
      },
    }),
    refusal({
      name: "ARNs: a trust anchor that is no ARN",
      arns: arnFlags({ trustAnchor: "trust-anchor" }),
      difference: worded(logged("failed to parse trust anchor arn: 'arn: invalid prefix'")),
    }),
    refusal({
      name: "ARNs: a profile that is no ARN",
      arns: arnFlags({ profile: "profile" }),
      difference: worded(logged("failed to parse profile arn: 'arn: invalid prefix'")),
    }),
    refusal({
      name: "ARNs: trust anchor and profile of two regions",
      arns: arnFlags({ profile: PROFILE_ARN.replace("eu-central-1", "us-east-1") }),
      difference: worded(logged("trust anchor and profile regions don't match"), /regions? /),
    }),
    sessionRow({
      name: "ARNs: of another partition",
      arns: arnFlags({
        trustAnchor: TRUST_ANCHOR_ARN.replace(
          "aws:rolesanywhere:eu-central-1",
          "aws-cn:rolesanywhere:cn-north-1",
        ),
        profile: PROFILE_ARN.replace("aws:rolesanywhere:eu-central-1", "aws-cn:rolesanywhere:cn-north-1"),
        role: "arn:aws-cn:iam::123456789012:role/Example",
      }),
      expected: { ...SUCCEEDS, authorization: /\/cn-north-1\// },
    }),
    sessionRow({
      name: "ARNs: = and + in the role's name",
      arns: arnFlags({ role: "arn:aws:iam::123456789012:role/a=b+c,d.e@f-g" }),
      expected: {
        ...SUCCEEDS,
        "request line": /roleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fa%3Db%2Bc%2Cd\.e%40f-g&/,
      },
    }),
    sessionRow({
      name: "ARNs: a space in the role's name",
      arns: arnFlags({ role: spaced }),
      difference: {
        reason: "a space in the query is %20 as it is signed; the helper writes + there",
        helper: { "request line": /role%2Fa\+b&/ },
        ours: { "request line": /role%2Fa%20b&/ },
      },
    }),
  ];
}

/** Flags for stores, tokens and TPMs beside an ordinary certificate and key. */
function storeFlagRows(): readonly Row[] {
  const ignored = (flag: string): Difference => ({
    reason: `--${flag} is refused, as nothing here uses it; the helper ignores it beside key files`,
    helper: { exit: "0", stdout: PRINTED, requests: "1", signature: "valid", ...SENT },
    ours: { exit: "1", stdout: "", requests: "0" },
  });
  const both: SessionCase["identity"] = (material) => {
    const { certificate, privateKey } = material.identities["P-256"];
    return [
      "--certificate",
      material.file("both.pem", readFileSync(certificate, "utf8") + readFileSync(privateKey, "utf8")),
    ];
  };
  const inStore = (name: string, words: readonly string[], text: string): Row =>
    refusal({ name: `flags: ${name}`, identity: () => words, difference: worded(logged(text)) });
  return [
    inStore("--cert-selector", ["--cert-selector", SELECTOR], "unable to use cert store signer on linux"),
    inStore(
      "--cert-selector that cannot be parsed",
      ["--cert-selector", "nonsense"],
      "unable to parse cert selector string",
    ),
    inStore(
      "--cert-selector of no such file",
      ["--cert-selector", "file:///nonexistent"],
      "unable to read cert selector file",
    ),
    inStore(
      "--system-store-name",
      ["--system-store-name", "Root"],
      "unable to use cert store signer on linux",
    ),
    inStore("no certificate at all", [], "unable to use cert store signer on linux"),
    sessionRow({
      name: "flags: --use-latest-expiring-certificate beside a file",
      identity: both,
      words: () => ["--use-latest-expiring-certificate"],
      difference: ignored("use-latest-expiring-certificate"),
    }),
    ...(
      ["--pkcs11-lib=/lib/x.so", "--reuse-pin", "--no-tpm-key-password", "--tpm-key-password=x"] as const
    ).map((flag) =>
      sessionRow({
        name: `flags: ${flag.replace(/=.*/, "")} beside files`,
        words: () => [flag],
        difference: ignored(flag.replace(/^--|=.*/g, "")),
      }),
    ),
    refusal({
      name: "flags: --certificate of a PKCS#11 token",
      identity: () => ["--certificate", "pkcs11:object=none", "--pkcs11-lib", "/nonexistent.so"],
      difference: worded(/./, /the PKCS#11 library "\/nonexistent\.so" does not exist|pkcs11js/),
    }),
    refusal({
      name: "flags: --private-key in a TPM",
      identity: ({ identities }) => [
        ...["--certificate", identities["P-256"].certificate],
        ...["--private-key", "handle:0x81000001", "--no-tpm-key-password"],
      ],
      environment: () => ({ TPM_DEVICE: "/nonexistent" }),
      difference: worded(/./, /TPM keys are not supported/),
    }),
  ];
}

/** What is sent when only the helper sends anything. */
const SENT = { "request line": /./, headers: /./, authorization: /./, body: /./ };

function exclusionRows(): readonly Row[] {
  const values: Readonly<Record<string, string>> = {
    certificate: "c.pem",
    "private-key": "k.pem",
    intermediates: "i.pem",
    "cert-selector": SELECTOR,
    "system-store-name": "MY",
    "tpm-key-password": "x",
    "pkcs8-password": "x",
  };
  const flag = (name: string): string => (name in values ? `--${name}=${values[name] ?? ""}` : `--${name}`);
  return EXCLUSIVE_FLAGS.map(([one, other]) =>
    refusal({
      name: `exclusive flags: --${one} and --${other}`,
      identity: () => [flag(one), flag(other)],
      difference: worded(
        USAGE,
        new RegExp(`^ra-signer: --(?:${one}|${other}) and --(?:${one}|${other}) exclude each other`),
      ),
    }),
  );
}

function wrongFlagRows(): readonly Row[] {
  const wrong = (name: string, words: readonly string[]): Row =>
    refusal({ name: `wrong flags: ${name}`, words: () => words, difference: worded(USAGE, USAGE_HERE) });
  return [
    wrong("an unknown one", ["--nonsense"]),
    wrong("an unknown one with a value", ["--nonsense=1"]),
    wrong("an unknown short one", ["-x"]),
    wrong("one without its value", ["--region"]),
    wrong("--session-duration that is no number", ["--session-duration", "1h"]),
    wrong("--session-duration, empty", ["--session-duration", ""]),
    wrong("--debug that is neither true nor false", ["--debug=maybe"]),
    sessionRow({
      name: "wrong flags: a word that is no flag",
      words: () => ["word"],
      difference: {
        reason: "a word that is no flag is refused; the helper ignores it",
        helper: { exit: "0", stdout: PRINTED, requests: "1", signature: "valid", ...SENT },
        ours: { exit: "1", stdout: "", requests: "0" },
      },
    }),
  ];
}
