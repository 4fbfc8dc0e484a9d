import { readAwsEnvironment } from "../config/environment.ts";
import type { Environment } from "../config/environment.ts";
import { caBundleFromEnvironment } from "../http/ca-bundle.ts";
import { parseProxy, proxyFromEnvironment } from "../http/proxy.ts";
import { createHttpSend } from "../http/send.ts";
import type { HttpOptions } from "../http/send.ts";
import { checkIdentity } from "../keys/identity.ts";
import type { SigningIdentity } from "../keys/identity.ts";
import { requestSession } from "./create-session.ts";
import type { CreateSessionOptions } from "./create-session.ts";
import type { CredentialSet } from "./credential-set.ts";
import { checkSessionParameters, resolveParameters } from "./session-parameters.ts";
import type { ResolvedParameters, SessionParameters } from "./session-parameters.ts";

/** What the flags of a command, or the options of the provider, say of a session. */
export interface SessionOptions extends SessionParameters, CreateSessionOptions {
  /** Reads certificate, intermediates and key; called for each session, so that rotated files are picked up. */
  readonly loadIdentity: () => SigningIdentity | Promise<SigningIdentity>;
  /** `"environment"` for HTTPS_PROXY, HTTP_PROXY and NO_PROXY, or the URL of a proxy. @default a direct connection */
  readonly proxy?: string | undefined;
  /** Check the server's certificate. @default true */
  readonly verifySsl?: boolean | undefined;
  /** Receives what is not wrong yet, such as a certificate that ends soon. @default nobody looks for it */
  readonly warn?: ((identity: SigningIdentity, moment: Date) => void) | undefined;
}

/** Where sessions come from: worked out once from options and environment, used for each session. */
export interface SessionSource {
  readonly parameters: ResolvedParameters;
  /** Begins the connection for the first session, and does not wait for it. */
  connectAhead(): Promise<void>;
  /**
   * Reads the identity, checks it, and asks for a session.
   *
   * @throws {SignerError} what `loadIdentity`, `checkIdentity` and `createSession` throw.
   */
  fetch(signal?: AbortSignal): Promise<CredentialSet>;
  /** The same for another role. What is wrong with the identity gives errors there, but no warnings a second time. */
  forRole(target: Pick<SessionParameters, "roleArn" | "profileArn">): SessionSource;
}

/**
 * Completes options by the AWS variables, and checks all that needs neither a file nor a request.
 *
 * @param options Flags or options; they win over the environment.
 * @throws {SignerError} ERR_SIGNER_ARN_INVALID, ERR_SIGNER_REGION_MISMATCH, ERR_SIGNER_REGION_MISSING or
 *   ERR_SIGNER_ENDPOINT_INVALID for what can never work.
 */
export function resolveSession(options: SessionOptions, environment: Environment): SessionSource {
  const completed = withEnvironment(options, environment);
  checkSessionParameters(completed);
  const parameters = resolveParameters(completed);
  const http = createHttpSend(httpOptions(options, environment));
  const { loadIdentity, warn, now = () => new Date() } = options;
  return {
    parameters,
    connectAhead: () =>
      options.send === undefined ? http.connectAhead(parameters.endpoint) : Promise.resolve(),
    async fetch(signal = options.signal) {
      const identity = await loadIdentity();
      const moment = now();
      checkIdentity(identity.certificate, identity.privateKey, moment);
      warn?.(identity, moment);
      return requestSession(identity, parameters, { ...completed, send: options.send ?? http, signal });
    },
    forRole: ({ roleArn, profileArn }) =>
      resolveSession({ ...options, roleArn, profileArn, warn: undefined }, environment),
  };
}

/** Endpoint, its variants and the attempts, where the options do not say them, as the AWS variables do. */
export function withEnvironment<
  Options extends SessionParameters & Pick<CreateSessionOptions, "maxAttempts">,
>(options: Options, environment: Environment): Options {
  const aws = readAwsEnvironment(environment);
  return {
    ...options,
    endpoint: options.endpoint ?? aws.endpoint,
    useFipsEndpoint: options.useFipsEndpoint ?? aws.useFipsEndpoint,
    useDualstackEndpoint: options.useDualstackEndpoint ?? aws.useDualstackEndpoint,
    maxAttempts: options.maxAttempts ?? aws.maxAttempts,
  };
}

/** How the service is reached: trust and proxy, with AWS_CA_BUNDLE and, if asked for, the proxy's variables. */
export function httpOptions(
  { proxy, verifySsl }: Pick<SessionOptions, "proxy" | "verifySsl">,
  environment: Environment,
): HttpOptions {
  let proxyFor: HttpOptions["proxyFor"];
  if (proxy === "environment") proxyFor = proxyFromEnvironment(environment);
  else if (proxy !== undefined) {
    const url = parseProxy(proxy, "the proxy option");
    proxyFor = () => url;
  }
  return { verifySsl, caBundle: caBundleFromEnvironment(environment), proxyFor };
}
