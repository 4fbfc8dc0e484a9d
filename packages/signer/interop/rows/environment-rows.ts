import type { Material } from "../material.ts";
import type { RecordingService } from "../recording-service.ts";
import type { Difference, Row } from "../row.ts";
import type { Variables } from "../run-program.ts";
import { readHereOnly } from "./key-rows.ts";
import {
  arnFlags,
  logged,
  PRINTED,
  PROFILE_ARN,
  REFUSES,
  sessionRow,
  SUCCEEDS,
  TRUST_ANCHOR_ARN,
  worded,
} from "./session-row.ts";

/** A port where nobody listens. */
const NOWHERE = "http://127.0.0.1:9";

/** Variables that change where the request goes. */
export function environmentRows(): readonly Row[] {
  return [...endpointRows(), ...regionalRows(), ...proxyRows(), ...trustRows(), ...profileRows()];
}

function endpointRows(): readonly Row[] {
  const row = (name: string, environment: (service: RecordingService) => Variables, flag = false): Row =>
    sessionRow({
      name: `environment: ${name}`,
      environment,
      ...(flag ? {} : { endpoint: () => undefined }),
    });
  return [
    row("AWS_ENDPOINT_URL", ({ url }) => ({ AWS_ENDPOINT_URL: url })),
    row("AWS_ENDPOINT_URL_ROLESANYWHERE", ({ url }) => ({ AWS_ENDPOINT_URL_ROLESANYWHERE: url })),
    row("AWS_ENDPOINT_URL_ROLESANYWHERE before AWS_ENDPOINT_URL", ({ url }) => ({
      AWS_ENDPOINT_URL_ROLESANYWHERE: url,
      AWS_ENDPOINT_URL: NOWHERE,
    })),
    row("--endpoint before AWS_ENDPOINT_URL", () => ({ AWS_ENDPOINT_URL: NOWHERE }), true),
    sessionRow({
      name: "environment: AWS_ENDPOINT_URL_ROLESANYWHERE beside --endpoint",
      environment: () => ({ AWS_ENDPOINT_URL_ROLESANYWHERE: NOWHERE, AWS_MAX_ATTEMPTS: "1" }),
      difference: readHereOnly("the flag wins over every variable; in the helper that variable wins", /./),
    }),
  ];
}

/** Where the request goes without any endpoint: seen by a proxy, which lets nothing through. */
function regionalRows(): readonly Row[] {
  const row = (region: string, host: string, variables: Variables = {}, words: readonly string[] = []): Row =>
    sessionRow({
      name: `environment: ${[region, ...Object.keys(variables), ...words].join(", ")}`,
      endpoint: () => undefined,
      arns: arnFlags({
        trustAnchor: TRUST_ANCHOR_ARN.replace("eu-central-1", region),
        profile: PROFILE_ARN.replace("eu-central-1", region),
      }),
      words: () => ["--with-proxy", ...words],
      environment: ({ url }) => ({ HTTPS_PROXY: url, AWS_MAX_ATTEMPTS: "1", ...variables }),
      expected: { exit: "1", stdout: "", requests: "0", tunnels: `${host}:443` },
    });
  const fips = { AWS_USE_FIPS_ENDPOINT: "true" };
  const dualstack = { AWS_USE_DUALSTACK_ENDPOINT: "true" };
  return [
    row("us-east-1", "rolesanywhere.us-east-1.amazonaws.com"),
    row("us-east-1", "rolesanywhere.eu-west-1.amazonaws.com", {}, ["--region", "eu-west-1"]),
    row("us-gov-west-1", "rolesanywhere.us-gov-west-1.amazonaws.com"),
    row("cn-north-1", "rolesanywhere.cn-north-1.amazonaws.com.cn"),
    row("us-east-1", "rolesanywhere-fips.us-east-1.amazonaws.com", fips),
    row("us-east-1", "rolesanywhere.us-east-1.api.aws", dualstack),
    row("us-east-1", "rolesanywhere-fips.us-east-1.api.aws", { ...fips, ...dualstack }),
  ];
}

function proxyRows(): readonly Row[] {
  return [
    sessionRow({
      name: "environment: HTTP_PROXY without --with-proxy",
      environment: () => ({ HTTP_PROXY: NOWHERE, HTTPS_PROXY: NOWHERE }),
    }),
    sessionRow({
      name: "environment: HTTP_PROXY, this machine is asked without it",
      words: () => ["--with-proxy"],
      environment: () => ({ HTTP_PROXY: NOWHERE }),
    }),
    sessionRow({
      name: "environment: HTTP_PROXY, another machine is asked through it",
      endpoint: () => "http://service.invalid",
      words: () => ["--with-proxy"],
      environment: ({ url }) => ({ HTTP_PROXY: url }),
      expected: { ...SUCCEEDS, "request line": /^POST http:\/\/service\.invalid\/sessions\?/ },
    }),
    sessionRow({
      name: "environment: http_proxy in lower case",
      endpoint: () => "http://service.invalid",
      words: () => ["--with-proxy"],
      environment: ({ url }) => ({ http_proxy: url }),
      expected: { ...SUCCEEDS, "request line": /^POST http:\/\/service\.invalid\/sessions\?/ },
    }),
    sessionRow({
      name: "environment: NO_PROXY",
      endpoint: () => "http://service.invalid",
      words: () => ["--with-proxy"],
      environment: ({ url }) => ({ HTTP_PROXY: url, NO_PROXY: "service.invalid", AWS_MAX_ATTEMPTS: "1" }),
      expected: { exit: "1", stdout: "", requests: "0" },
    }),
  ];
}

function trustRows(): readonly Row[] {
  const row = (what: string, path: (material: Material) => string, difference?: Difference): Row =>
    sessionRow({
      name: `environment: AWS_CA_BUNDLE with ${what}`,
      tls: true,
      environment: (_, material) => ({ AWS_CA_BUNDLE: path(material), AWS_MAX_ATTEMPTS: "1" }),
      ...(difference === undefined ? {} : { expected: REFUSES, difference }),
    });
  return [
    row("the server's certificate", ({ server }) => server.certificate),
    row(
      "another certificate",
      ({ expired }) => expired.certificate,
      worded(/certificate/, /not trusted here/),
    ),
    row("no file", ({ file }) => `${file("here", "")}-not`, worded(/./, /which AWS_CA_BUNDLE names: ENOENT/)),
    row("no certificate", ({ server }) => server.privateKey, worded(/./, /holds no certificate/)),
  ];
}

function profileRows(): readonly Row[] {
  const works = (reason: string, stderr: RegExp): Difference => ({
    reason,
    helper: { exit: "1", stdout: "", requests: "0", stderr },
    ours: {
      exit: "0",
      stdout: PRINTED,
      requests: "1",
      signature: "valid",
      "request line": /./,
      headers: /./,
      authorization: /./,
      body: /./,
      stderr: /^$/,
    },
  });
  return [
    sessionRow({
      name: "environment: AWS_PROFILE that does not exist",
      environment: () => ({ AWS_PROFILE: "nobody" }),
      difference: works(
        "AWS_PROFILE is of no concern here; the helper fails if there is no such profile",
        logged("failed to get shared config profile, nobody"),
      ),
    }),
    sessionRow({
      name: "environment: half a default profile in AWS_SHARED_CREDENTIALS_FILE",
      environment: (_, { file }) => ({
        AWS_SHARED_CREDENTIALS_FILE: file("half-a-profile", "[default]\naws_access_key_id = AKIAHALF\n"),
      }),
      difference: works(
        "profiles are of no concern here; the helper fails if the default one is incomplete",
        /./,
      ),
    }),
  ];
}
