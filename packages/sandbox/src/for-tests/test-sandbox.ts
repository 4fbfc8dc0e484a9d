import { mockClient } from "@roles-anywhere/mock/testing";
import type { AuditRecord, MockClock } from "@roles-anywhere/mock/testing";
import type { SandboxOptions } from "../options.ts";
import { startSandbox } from "../sandbox.ts";
import type { Sandbox } from "../sandbox.ts";
import { registerServer } from "./register-server.ts";
import type { RegisteredServer, ServerOptions } from "./register-server.ts";
import { createTestCa } from "./test-ca.ts";
import type { TestCa } from "./test-ca.ts";

/** A sandbox with what tests need beside it. */
export interface TestSandbox extends Sandbox {
  /** A CA, made with the sandbox. The first server of a CA makes the trust anchor for it. */
  readonly ca: TestCa;
  /**
   * Registers a server outside AWS: its certificate, a role that trusts it alone, and a profile.
   *
   * @example
   * const server = await sandbox.registerServer({ commonName: "server-a", policy });
   * const s3 = new S3Client({ ...server.clientConfig, forcePathStyle: true });
   */
  registerServer(options: ServerOptions): Promise<RegisteredServer>;
  /** The clock of the mock, by which registered servers go, too. LocalStack and this process keep the machine's. */
  readonly clock: MockClock;
  /**
   * The last CreateSession calls, newest first, each with its verdict under `_mock`.
   *
   * @param limit how many at most, all that are kept by default
   */
  audit(limit?: number): Promise<readonly AuditRecord[]>;
}

/**
 * Starts a sandbox, with a CA and with methods for tests.
 *
 * @throws {SandboxError} as `startSandbox` does
 * @example
 * await using sandbox = await startTestSandbox();
 * const server = await sandbox.registerServer({ commonName: "server-a" });
 * await server.credentials();
 * const [call] = await sandbox.audit(1);
 */
export async function startTestSandbox(options?: SandboxOptions): Promise<TestSandbox> {
  // Made first: when this fails, no sandbox is left running.
  const ca = await createTestCa();
  return withTestTools(await startSandbox(options), ca);
}

/** Adds the methods of {@link startTestSandbox} to a sandbox that runs already. */
export function withTestTools(sandbox: Sandbox, ca: TestCa): TestSandbox {
  const mock = mockClient({ url: sandbox.rolesAnywhereEndpoint, region: sandbox.region });
  const trustAnchors = new Map<TestCa, Promise<string>>();
  const trustAnchorOf = (issuer: TestCa): Promise<string> => {
    const found = trustAnchors.get(issuer) ?? mock.createTrustAnchor(issuer.certificatePem);
    trustAnchors.set(issuer, found);
    return found;
  };
  return {
    ...sandbox,
    ca,
    clock: mock.clock,
    audit: mock.audit,
    async registerServer(options) {
      const issuer = options.ca ?? ca;
      return await registerServer(sandbox, mock, await trustAnchorOf(issuer), issuer, options);
    },
  };
}
