import { readFileSync } from "node:fs";
import { once } from "node:events";
import { createServer } from "node:http";
import type { RequestListener, Server, ServerOptions } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { getRequestListener } from "@hono/node-server";
import { policySdkPort } from "../access/policy-sdk.ts";
import type { PolicyPort } from "../access/policy-port.ts";
import { createContext } from "../context.ts";
import type { MockContext, MockSettings } from "../context.ts";
import { invalidOption, MockError } from "../errors/mock-error.ts";
import type { AwsPort } from "../session/aws.ts";
import { awsClients, awsSdkPort } from "../session/aws-sdk.ts";
import { createState } from "../state/state.ts";
import type { State } from "../state/state.ts";
import { createApp } from "./app.ts";
import { isQuestion, serveQuestions } from "./authorize.ts";
import { checkAllowedHosts } from "./refuse-web-pages.ts";

/** Options of {@link startMock}. All have a default, except that either `stsEndpoint` or `aws` is required. */
export interface MockOptions extends MockSettings {
  /** @default "127.0.0.1" */
  readonly host?: string | undefined;
  /** 0 takes a free one. @default 0 */
  readonly port?: number | undefined;
  /** Base URL of an STS such as LocalStack's. Required unless `aws` is given. */
  readonly stsEndpoint?: string | undefined;
  /** Base URL of an IAM. @default the STS endpoint */
  readonly iamEndpoint?: string | undefined;
  /** Answers GetRole and AssumeRole instead of the endpoints. */
  readonly aws?: AwsPort | undefined;
  /** Reads the policies of roles for `/_mock/authorize`, instead of the IAM endpoint. */
  readonly policies?: PolicyPort | undefined;
  /** PEM files of a server certificate and its key: with them the mock speaks https. */
  readonly tls?: { readonly certificateFile: string; readonly keyFile: string } | undefined;
  /** @default "us-east-1" */
  readonly region?: string | undefined;
  /** Twelve digits. @default "000000000000", LocalStack's account */
  readonly accountId?: string | undefined;
  /** The account to start with. @default an empty account */
  readonly state?: State | undefined;
}

/** A running mock. */
export interface RunningMock {
  /** Base URL, for example `http://127.0.0.1:9912`. */
  readonly url: string;
  /** Its state, clock and audit, for tests in the same process. */
  readonly context: MockContext;
  /** Stops listening and drops open connections. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** The largest size of all headers. An ML-DSA-87 certificate chain and signature need more than Node's 16 KiB. */
const MAX_HEADER_BYTES = 128 * 1024;

/**
 * Starts the mock.
 *
 * @throws {MockError} ERR_MOCK_NO_STS_ENDPOINT, ERR_MOCK_INVALID_OPTION, ERR_MOCK_FILE_UNREADABLE,
 * ERR_MOCK_LISTEN_FAILED
 */
export async function startMock(options: MockOptions): Promise<RunningMock> {
  const context = toContext(options);
  const app = createApp(context);
  const listener = getRequestListener((request, env) => app.fetch(request, env), {
    overrideGlobalObjects: false,
  });
  const server = createHttpServer(options, (incoming, outgoing) => {
    if (isQuestion(incoming)) {
      void serveQuestions(context, incoming, outgoing);
      return;
    }
    const { host } = incoming.headers;
    // CreateSession takes any Host, also one that is right by RFC 3986 and that no URL of the platform can hold, such as
    // 127.p.0.1. It reads the raw headers, where the Host stays as it came. A Host that is wrong gets a 400.
    if (host !== undefined && HOST.test(host) && !URL.canParse(`http://${host}`)) {
      incoming.headers.host = "host.invalid";
    }
    void listener(incoming, outgoing);
  });
  const { host = "127.0.0.1", port = 0 } = options;
  await listen(server, host, port);
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      // The callback also comes, with an error, for a server that is closed already.
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return {
    url: urlOf(server, options.tls === undefined ? "http" : "https", host),
    context,
    close,
    [Symbol.asyncDispose]: close,
  };
}

function toContext(options: MockOptions): MockContext {
  const { region = "us-east-1", accountId = "000000000000", minDurationSeconds = 900 } = options;
  requireLegal(/^\d{12}$/.test(accountId), `account id "${accountId}" is not twelve digits; give all twelve`);
  requireLegal(
    /^[a-z]{2}(-[a-z]+)+-\d$/.test(region),
    `"${region}" is not a region; give one such as us-east-1`,
  );
  requireLegal(
    Number.isInteger(minDurationSeconds) && minDurationSeconds >= 1 && minDurationSeconds <= 900,
    `the shortest session cannot be ${minDurationSeconds} seconds; give 1 to 900`,
  );
  checkAllowedHosts(options.allowedHosts ?? []);
  const state = options.state ?? createState(accountId, region);
  const ports =
    options.aws === undefined ? endpointPorts(options, region) : { aws: options.aws, policies: undefined };
  return createContext({ ...options, state, aws: ports.aws, policies: options.policies ?? ports.policies });
}

function requireLegal(isLegal: boolean, message: string): void {
  if (!isLegal) throw invalidOption(message);
}

function endpointPorts({ stsEndpoint, iamEndpoint = stsEndpoint }: MockOptions, region: string) {
  if (stsEndpoint === undefined || iamEndpoint === undefined) {
    throw new MockError(
      "ERR_MOCK_NO_STS_ENDPOINT",
      "no STS endpoint is configured, and the mock never calls AWS itself; give --sts-endpoint (or AWS_ENDPOINT_URL), for example http://127.0.0.1:4566",
    );
  }
  for (const endpoint of [stsEndpoint, iamEndpoint]) {
    requireLegal(
      /^https?:$/.test(URL.parse(endpoint)?.protocol ?? ""),
      `"${endpoint}" is not an http or https URL; give one such as http://127.0.0.1:4566`,
    );
  }
  const clientsOf = awsClients({ stsEndpoint, iamEndpoint, region });
  return { aws: awsSdkPort(clientsOf), policies: policySdkPort(clientsOf) };
}

function createHttpServer({ tls }: MockOptions, listener: RequestListener): Server {
  const options: ServerOptions = { maxHeaderSize: MAX_HEADER_BYTES };
  if (tls === undefined) return createServer(options, listener);
  const certificate = { cert: readFile(tls.certificateFile), key: readFile(tls.keyFile) };
  try {
    return createTlsServer({ ...options, ...certificate }, listener);
  } catch (cause) {
    const message = `"${tls.certificateFile}" and "${tls.keyFile}" are not a certificate and its key in PEM; give a matching pair`;
    throw invalidOption(message, { cause });
  }
}

function readFile(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    const message = `cannot read "${path}"; give a readable PEM file`;
    throw new MockError("ERR_MOCK_FILE_UNREADABLE", message, { cause });
  }
}

/** The characters of a host and a port. @see https://www.rfc-editor.org/rfc/rfc3986#section-3.2.2 */
const HOST = /^[\w.~!$&'()*+,;=%:[\]-]*$/;

async function listen(server: Server, host: string, port: number): Promise<void> {
  try {
    await once(server.listen(port, host), "listening");
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `cannot listen on ${host} port ${port}: ${reason}; give another --port, or 0 for a free one`;
    throw new MockError("ERR_MOCK_LISTEN_FAILED", message, { cause });
  }
}

function urlOf(server: Server, scheme: string, host: string): string {
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const wildcard = host === "0.0.0.0" || host === "::";
  const name = wildcard ? "127.0.0.1" : host.includes(":") ? `[${host}]` : host;
  return `${scheme}://${name}:${port}`;
}
