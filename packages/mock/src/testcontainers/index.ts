import { existsSync } from "node:fs";
import { isIP } from "node:net";
import { fileURLToPath } from "node:url";
import { AbstractStartedContainer, GenericContainer, getContainerRuntimeClient, Wait } from "testcontainers";
import type { StartedTestContainer } from "testcontainers";
import type { AuditRecord } from "../audit/audit-record.ts";
import { invalidOption, MockError } from "../errors/mock-error.ts";

const PORT = 9912;
const DEFAULT_IMAGE = "node:24-slim";
const LOCALSTACK_PORT = 4566;
const BUNDLE = fileURLToPath(new URL("../../dist/ra-mock.mjs", import.meta.url));
const BUNDLE_IN_CONTAINER = "/opt/ra-mock.mjs";

/** A profile to create when the container has started. Absent settings get the service's defaults. */
export interface ProfileSettings {
  /** @default "profile-<n>" */
  readonly name?: string;
  /** Roles that sessions of the profile may assume. */
  readonly roleArns: readonly string[];
  /** 900 to 43200. @default 3600 */
  readonly durationSeconds?: number;
  /** Inline session policy, JSON. */
  readonly sessionPolicy?: string;
  readonly managedPolicyArns?: readonly string[];
  /** @default false */
  readonly acceptRoleSessionName?: boolean;
}

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
  /** The inputs of CreateTrustAnchor and of CreateProfile. */
  private readonly inputs: Record<Created, object[]> = { trustAnchor: [], profile: [] };

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
  withTrustAnchor(pem: string, name = `trust-anchor-${this.inputs.trustAnchor.length + 1}`): this {
    const source = { sourceType: "CERTIFICATE_BUNDLE", sourceData: { x509CertificateData: pem } };
    this.inputs.trustAnchor.push({ name, source });
    return this;
  }

  /** Creates a profile, enabled. */
  withProfile(settings: ProfileSettings): this {
    this.inputs.profile.push({ name: `profile-${this.inputs.profile.length + 1}`, ...settings });
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
    const { region, accountId, inputs } = this;
    const mock = { url: `http://${host}:${container.getMappedPort(PORT)}`, region, accountId };
    const trustAnchorArns = await create(mock, "trustAnchor", inputs.trustAnchor);
    const profileArns = await create(mock, "profile", inputs.profile);
    return new StartedRolesAnywhereContainer(container, { ...mock, trustAnchorArns, profileArns });
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
    const query = limit === undefined ? "" : `?limit=${limit}`;
    const answer: unknown = await (await fetch(`${this.started.url}/_mock/audit${query}`)).json();
    const records: unknown = Object(answer)["Records"];
    if (!Array.isArray(records) || !records.every(isAuditRecord)) {
      throw new MockError("ERR_MOCK_NOT_RUNNING", `${this.started.url}/_mock/audit is not the mock's audit`);
    }
    return records;
  }
}

/** Checks the kind of record. Its other members are right, because the container runs the bundle of this package. */
function isAuditRecord(value: unknown): value is AuditRecord {
  return Object(value)["eventName"] === "CreateSession" && typeof Object(value)["_mock"] === "object";
}

function at(arns: readonly string[], index: number, builder: string): string {
  const arn = arns[index];
  if (arn === undefined) throw invalidOption(`there is no number ${index}; call ${builder} before start()`);
  return arn;
}

/** The resources that are created at the start, by their members in the control plane's answers. */
type Created = "trustAnchor" | "profile";

/**
 * Creates enabled resources, and returns their ARNs. The mock checks the form of a SigV4 header but not its signature, so
 * that no secret is needed.
 */
async function create(
  { url, region }: { readonly url: string; readonly region: string },
  member: Created,
  inputs: readonly object[],
): Promise<string[]> {
  const path = `/${member.toLowerCase()}s`;
  const date = `${new Date().toISOString().replaceAll(/[-:]/g, "").slice(0, 15)}Z`;
  const scope = `mock/${date.slice(0, 8)}/${region}/rolesanywhere/aws4_request`;
  const authorization = `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host;x-amz-date, Signature=${"0".repeat(64)}`;
  const headers = { "content-type": "application/json", "x-amz-date": date, authorization };
  const arns: string[] = [];
  for (const input of inputs) {
    const body = JSON.stringify({ enabled: true, ...input });
    const response = await fetch(url + path, { method: "POST", headers, body });
    const text = await response.text();
    const arn: unknown = response.ok ? Object(Object(JSON.parse(text))[member])[`${member}Arn`] : undefined;
    if (typeof arn !== "string")
      throw new Error(`POST ${path} at ${url} answered ${response.status}: ${text}`);
    arns.push(arn);
  }
  return arns;
}
