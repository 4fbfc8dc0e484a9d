import { AssertionError } from "node:assert";
import { explainPolicies } from "../evaluate.ts";
import { escapeControls } from "../policy-grammar.ts";
import type { ContextRecord } from "../request.ts";
import { evaluateTrust, trustPolicyContext } from "../roles-anywhere/trust-policy.ts";
import { describeSession } from "./certificate-description.ts";
import type { CertificateDescription } from "./certificate-description.ts";
import { reportPolicies } from "./failure-report.ts";
import { PolicyTestError } from "./policy-test-error.ts";
import { arnText, requestOf, withContext } from "./request-of-session.ts";
import type { ResourceArn, SessionOfRole } from "./request-of-session.ts";
import type { NamedPolicy, RoleUnderTest } from "./role-under-test.ts";

/** What is known about the sessions of a role, and about their requests. */
export interface SessionOptions {
  /** The certificate of the session, for conditions on its tags. @default - a session without tags */
  readonly certificate?: CertificateDescription | undefined;
  /** Condition keys of all requests; they replace those that are set by default. */
  readonly context?: ContextRecord | undefined;
  /** The time of requests, and the time at which the session was issued. @default - now */
  readonly now?: Date | undefined;
}

/** A certificate, and the trust anchor that the caller names with it. */
export interface TrustRequest extends CertificateDescription {
  /** An ARN, or a trust anchor of the template named by `arnOf`. @default - the only one of the template */
  readonly trustAnchorArn?: string | ResourceArn | undefined;
}

/** Expectations about one role. Each method throws an `AssertionError` when its expectation does not hold. */
export class RoleExpectations {
  readonly #role: RoleUnderTest;
  readonly #options: SessionOptions;
  readonly #session: SessionOfRole;
  /** For messages. */
  readonly #name: string;

  /**
   * Made by `expectPermissions`.
   *
   * @throws {PolicyTestError} ERR_POLICY_TEST_ARGUMENT when no session can come from the certificate of the options
   */
  constructor(role: RoleUnderTest, options: SessionOptions) {
    this.#role = role;
    this.#options = options;
    this.#name = `role ${escapeControls(role.name)}`;
    const { problem, ...session } =
      options.certificate === undefined
        ? { sessionName: "01", tags: [], problem: undefined }
        : describeSession(options.certificate, role.profile);
    if (problem !== undefined) throw new PolicyTestError("ERR_POLICY_TEST_ARGUMENT", "", problem);
    this.#session = { role, ...session, now: options.now ?? new Date() };
  }

  /**
   * Expects that a session of the role may do this.
   *
   * @param action one action, without wildcards: `s3:GetObject`
   * @param resource one resource without wildcards: an ARN, or {@link arnOf}. `*` for actions without a resource
   * @param context condition keys of this request, such as `{ "s3:prefix": "reports/" }`
   */
  toAllow(action: string, resource: string | ResourceArn = "*", context: ContextRecord = {}): this {
    return this.#expect("toAllow", action, resource, context);
  }

  /** Expects that a session of the role may not do this: a statement denies it, or none allows it. */
  toDeny(action: string, resource: string | ResourceArn = "*", context: ContextRecord = {}): this {
    return this.#expect("toDeny", action, resource, context);
  }

  /**
   * Expects that a valid certificate with these names gets a session of the role: the trust policy allows
   * `sts:AssumeRole`, `sts:TagSession` and `sts:SetSourceIdentity`, and the trust anchor and the profile, where the
   * template has them, are enabled.
   */
  toTrust(certificate: TrustRequest, context: ContextRecord = {}): this {
    const { problem, session } = this.#trust(certificate, context);
    if (problem === undefined) return this;
    const message = `expected ${this.#name} to trust a certificate with ${session}, but ${problem}`;
    throw failure(message, { actual: "refused", expected: "trusted", operator: "toTrust" }, this.toTrust);
  }

  /** Expects that no certificate with exactly these names gets a session of the role. */
  notToTrust(certificate: TrustRequest, context: ContextRecord = {}): this {
    const { problem, session, reason } = this.#trust(certificate, context);
    if (problem !== undefined) return this;
    const message = `expected ${this.#name} not to trust a certificate with ${session}, but its trust policy does: ${reason}`;
    throw failure(
      message,
      { actual: "trusted", expected: "refused", operator: "notToTrust" },
      this.notToTrust,
    );
  }

  #expect(
    operator: "toAllow" | "toDeny",
    action: string,
    resource: string | ResourceArn,
    context: ContextRecord,
  ) {
    const { profile, identityPolicies, boundaries } = this.#role;
    const given = withContext(this.#options.context ?? {}, context);
    const request = requestOf(this.#session, action, arnText(resource, this.#role), given);
    const resourcePolicies =
      request.resource === undefined ? [] : this.#role.resourcePolicies(request.resource);
    const sessionPolicies = profile?.sessionPolicies ?? [];
    const explanation = explainPolicies(
      {
        identityPolicies: documentsOf(identityPolicies),
        sessionPolicies: documentsOf(sessionPolicies),
        resourcePolicies: documentsOf(resourcePolicies),
        permissionsBoundaries: documentsOf(boundaries),
      },
      request,
    );
    const isAllowed = explanation.effect === "Allow";
    if (isAllowed === (operator === "toAllow")) return this;
    const names = {
      identity: namesOf(identityPolicies),
      session: namesOf(sessionPolicies),
      resource: namesOf(resourcePolicies),
      boundary: namesOf(boundaries),
    };
    const what = `${action} on ${escapeControls(request.resource ?? "*")}`;
    const verb = isAllowed ? "to deny" : "to allow";
    const message = `expected ${this.#name} ${verb} ${what}, but ${explanation.reason}\n${reportPolicies(explanation, names)}`;
    const expected = isAllowed ? "Deny" : "Allow";
    throw failure(message, { actual: explanation.effect, expected, operator }, this[operator]);
  }

  #trust({ trustAnchorArn, ...certificate }: TrustRequest, context: ContextRecord) {
    const { profile, trustAnchors, trustPolicy, place } = this.#role;
    const described = describeSession(certificate, profile);
    const [only, ...others] = trustAnchors;
    if (trustAnchorArn === undefined && (only === undefined || others.length > 0)) {
      const problem = `there are ${trustAnchors.length} trust anchors to choose from; give trustAnchorArn`;
      throw new PolicyTestError("ERR_POLICY_TEST_ARGUMENT", "", problem);
    }
    const arn = trustAnchorArn === undefined ? (only?.arn ?? "") : arnText(trustAnchorArn, this.#role);
    const facts = trustPolicyContext({
      ...described,
      trustAnchorArn: arn,
      trustAnchorAccount: place.account,
      region: place.region,
      now: this.#session.now,
      secure: true,
    });
    const decision = evaluateTrust(
      trustPolicy,
      withContext(withContext(facts, this.#options.context ?? {}), context),
    );
    const isOff = trustAnchors.some((anchor) => anchor.arn === arn && !anchor.enabled);
    const problem =
      described.problem ??
      (isOff ? `the trust anchor ${arn} is not enabled` : undefined) ??
      (profile?.enabled === false ? `the profile ${profile.name} is not enabled` : undefined) ??
      (decision.effect === "Allow" ? undefined : `${decision.action}: ${decision.reason}`);
    const tags = described.tags.map(({ key, value }) => `${key}=${value}`);
    const session = [`source identity ${described.sourceIdentity}`, ...tags, `trust anchor ${arn}`].join(
      ", ",
    );
    return { problem, session: escapeControls(session), reason: decision.reason };
  }
}

function documentsOf(policies: readonly NamedPolicy[]) {
  return policies.map(({ document }) => document);
}

function namesOf(policies: readonly NamedPolicy[]): readonly string[] {
  return policies.map(({ name }) => name);
}

function failure(
  message: string,
  facts: { readonly actual: string; readonly expected: string; readonly operator: string },
  // The stack then begins at the line of the test.
  stackStartFn: (...args: never[]) => unknown,
): AssertionError {
  return new AssertionError({ message, ...facts, stackStartFn });
}
