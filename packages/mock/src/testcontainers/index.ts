import { existsSync } from "node:fs";
import { isIP } from "node:net";
import { fileURLToPath } from "node:url";
import { AbstractStartedContainer, GenericContainer, getContainerRuntimeClient, Wait } from "testcontainers";
import type { StartedTestContainer } from "testcontainers";
import type { AuditRecord } from "../audit/audit-record.ts";
import { invalidOption, MockError } from "../errors/mock-error.ts";
import { mockClient } from "../for-tests/mock-client.ts";
import type { MockClient, ProfileSettings } from "../for-tests/mock-client.ts";

export type { ProfileSettings };

const PORT = 9912;
const DEFAULT_IMAGE = "node:24-slim";
const LOCALSTACK_PORT = 4566;
const BUNDLE = fileURLToPath(new URL("../../dist/ra-mock.mjs", import.meta.url));
const BUNDLE_IN_CONTAINER = "/opt/ra-mock.mjs";

/** A started LocalStack: the module's `StartedLocalStackContainer`, or any container that listens on 4566. */
export type LocalStackLike = Pick<StartedTestContainer, "getNetworkNames" | "getIpAddress">;

/**
 * Runs the Roles Anywhere mock in a container: a plain Node.js image with the mock's one file copied in, so that no
 * image has to be built or published.
 *
 * @example
 * const localstack = await new LocalstackContainer("localstack/localstack:4.14.0").start();
 * await using mock = await new RolesAnywhereContainer()
 *   .withLocalStack(localstack)
 *   .withTrustAnchor(rootCaPem)
 *   .withProfile({ roleArns: ["arn:aws:iam::000000000000:role/reader"] })
 *   .start();
 */
export class RolesAnywhereContainer extends GenericContainer {
  private region = "us-east-1";
  private accountId = "000000000000";
  private stsEndpoint: string | undefined;
  private publishAddress: string | undefined;
  private readonly flags: string[] = [];
  private readonly trustAnchors: { readonly pem: string; readonly name: string }[] = [];
  private readonly profiles: ProfileSettings[] = [];

  /** @param image any image with Node.js 22.22 or later as `node` */
  constructor(image: string = DEFAULT_IMAGE) {
    super(image);
    if (!existsSync(BUNDLE)) {
      const message = `"${BUNDLE}" is missing; build the package: npm run build`;
      throw new MockError("ERR_MOCK_FILE_UNREADABLE", message);
    }
    this.withExposedPorts(PORT)
      .withEntrypoint(["node"])
      .withCopyFilesToContainer([{ source: BUNDLE, target: BUNDLE_IN_CONTAINER }])
      .withWaitStrategy(Wait.forHttp("/_mock/health", PORT).forStatusCode(200))
      .withStartupTimeout(60_000);
  }

  /** Creates a trust anchor of this PEM bundle, enabled. @param name by default `trust-anchor-<n>` */
  withTrustAnchor(pem: string, name = `trust-anchor-${this.trustAnchors.length + 1}`): this {
    this.trustAnchors.push({ pem, name });
    return this;
  }

  /** Creates a profile, enabled. */
  withProfile(settings: ProfileSettings): this {
    this.profiles.push({ name: `profile-${this.profiles.length + 1}`, ...settings });
    return this;
  }

  /** Assumes roles at this LocalStack, over the network that it is in. */
  withLocalStack(localStack: LocalStackLike): this {
    const [network] = localStack.getNetworkNames();
    if (network === undefined)
      throw invalidOption("the LocalStack container is in no network; start it first");
    this.withNetworkMode(network);
    return this.withStsEndpoint(`http://${localStack.getIpAddress(network)}:${LOCALSTACK_PORT}`);
  }

  /** Assumes roles at this URL, as seen from inside the container. */
  withStsEndpoint(url: string): this {
    this.stsEndpoint = url;
    return this;
  }

  /** @param region by default `us-east-1` */
  withRegion(region: string): this {
    this.region = region;
    return this;
  }

  /** @param accountId twelve digits, by default LocalStack's `000000000000` */
  withAccount(accountId: string): this {
    this.accountId = accountId;
    return this;
  }

  /** Tells clients the reason of a refusal, which AWS never does. */
  withExplain(): this {
    this.flags.push("--explain");
    return this;
  }

  /**
   * Lets clients call the control plane and the lab routes by this name too. Loopback names, addresses and names without
   * dots, such as network aliases, need no such call.
   *
   * @param name without a port; `*.` and a name stands for all names below it
   */
  withAllowedHost(name: string): this {
    this.flags.push("--allowed-host", name);
    return this;
  }

  /**
   * Publishes the mock's port on this address of the Docker host. Needed only where Docker runs on another machine;
   * everybody who reaches the address can use the mock.
   *
   * @param address by default `127.0.0.1`; testcontainers' own default is every interface
   */
  withPublishAddress(address: string): this {
    this.publishAddress = address;
    return this;
  }

  /** @throws {MockError} ERR_MOCK_INVALID_OPTION when Docker runs elsewhere and `withPublishAddress` was not called;
   *   ERR_MOCK_NO_STS_ENDPOINT without `withLocalStack` or `withStsEndpoint` */
  override async start(): Promise<StartedRolesAnywhereContainer> {
    if (this.stsEndpoint === undefined) {
      const message =
        "the mock has nowhere to assume roles; call withLocalStack(container) or withStsEndpoint(url)";
      throw new MockError("ERR_MOCK_NO_STS_ENDPOINT", message);
    }
    const host = await this.publishPort();
    // The mock refuses host names that it does not know, such as that of another machine with Docker.
    if (isIP(host) === 0) this.withAllowedHost(host);
    this.withCommand([
      BUNDLE_IN_CONTAINER,
      ...["--host", "0.0.0.0", "--port", String(PORT), "--sts-endpoint", this.stsEndpoint],
      ...["--region", this.region, "--account", this.accountId],
      ...this.flags,
    ]);
    const container = await super.start();
    const { region, accountId } = this;
    const url = `http://${host}:${container.getMappedPort(PORT)}`;
    const client = mockClient({ url, region });
    const [trustAnchorArns, profileArns]: [string[], string[]] = [[], []];
    for (const { pem, name } of this.trustAnchors)
      trustAnchorArns.push(await client.createTrustAnchor(pem, name));
    for (const settings of this.profiles) profileArns.push(await client.createProfile(settings));
    const started = { url, region, accountId, client, trustAnchorArns, profileArns };
    return new StartedRolesAnywhereContainer(container, started);
  }

  /** Binds the published port to one address. Returns the host to reach it at. */
  private async publishPort(): Promise<string> {
    const { info } = await getContainerRuntimeClient();
    const host = info.containerRuntime.host === "localhost" ? "127.0.0.1" : info.containerRuntime.host;
    // Tests that run in a container themselves reach Docker at the address of its bridge.
    const address = this.publishAddress ?? (isIP(host) === 0 ? undefined : host);
    if (address === undefined) {
      const message = `Docker runs on ${host}, whose loopback cannot be reached from here; call withPublishAddress("0.0.0.0")`;
      throw invalidOption(message);
    }
    const port = `${PORT}/tcp`;
    const { PortBindings = {} } = this.hostConfig;
    const HostPort = PortBindings[port]?.[0]?.HostPort ?? "0";
    this.hostConfig.PortBindings = { ...PortBindings, [port]: [{ HostPort, HostIp: address }] };
    return host;
  }
}

interface Started {
  readonly url: string;
  readonly region: string;
  readonly accountId: string;
  readonly client: MockClient;
  readonly trustAnchorArns: readonly string[];
  readonly profileArns: readonly string[];
}

/** A running mock; `stop()` or `await using` ends it. */
export class StartedRolesAnywhereContainer extends AbstractStartedContainer {
  private readonly started: Started;

  constructor(container: StartedTestContainer, started: Started) {
    super(container);
    this.started = started;
  }

  /** Base URL from the host; the value of `--endpoint`, or of `AWS_ENDPOINT_URL_ROLESANYWHERE`. */
  getEndpoint(): string {
    return this.started.url;
  }

  getRegion(): string {
    return this.started.region;
  }

  getAccountId(): string {
    return this.started.accountId;
  }

  /** @param index in the order of `withTrustAnchor`, from 0 */
  getTrustAnchorArn(index = 0): string {
    return at(this.started.trustAnchorArns, index, "withTrustAnchor(pem)");
  }

  /** @param index in the order of `withProfile`, from 0 */
  getProfileArn(index = 0): string {
    return at(this.started.profileArns, index, "withProfile(settings)");
  }

  /**
   * The last CreateSession calls, newest first, each with its verdict under `_mock`.
   *
   * @param limit how many at most, all that are kept by default
   */
  async getAudit(limit?: number): Promise<readonly AuditRecord[]> {
    return await this.started.client.audit(limit);
  }
}

function at(arns: readonly string[], index: number, builder: string): string {
  const arn = arns[index];
  if (arn === undefined) throw invalidOption(`there is no number ${index}; call ${builder} before start()`);
  return arn;
}
