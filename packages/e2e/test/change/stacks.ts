/* oxlint-disable eslint/no-new -- a construct adds itself to its scope */
import { CfnOutput, Duration, LegacyStackSynthesizer, Stack } from "aws-cdk-lib/core";
import type { App } from "aws-cdk-lib/core";
import { CertificateRevocationList, Profile, RolesAnywhereRole, TrustAnchor } from "@roles-anywhere/infra";

/** What the story sets, and reads back from Roles Anywhere and IAM. */
export interface Settings {
  /** Name of trust anchor, profile and CRL. */
  readonly name: string;
  readonly caCertificatePem: string;
  /** Logical ids of the roles, each with the common names that may assume it. */
  readonly roles: Readonly<Record<string, readonly string[]>>;
  readonly durationSeconds: number;
  /** Specifiers of the certificate's subject that become session tags. Not given: the service's defaults. */
  readonly subjectTags?: readonly string[] | undefined;
  readonly crlPem?: string | undefined;
}

/** Longest session of every role. LocalStack's CloudFormation does not change it after the role was made. */
export const MAXIMUM_SESSION_SECONDS = 43_200;

/** A stack of the story: trust anchor, profile, roles and, where the settings have one, a CRL. */
export function addStack(app: App, name: string, settings: Settings, bootstrapped: boolean): void {
  const stack = new Stack(app, name, bootstrapped ? {} : { synthesizer: new LegacyStackSynthesizer() });
  const { caCertificatePem, durationSeconds, subjectTags, crlPem } = settings;
  const trustAnchor = TrustAnchor.fromPem(stack, "TrustAnchor", caCertificatePem, {
    trustAnchorName: settings.name,
  });
  const roles = Object.entries(settings.roles).map(
    ([id, commonNames]) =>
      new RolesAnywhereRole(stack, id, {
        trustAnchor,
        commonNames,
        maxSessionDuration: Duration.seconds(MAXIMUM_SESSION_SECONDS),
      }),
  );
  const profile = new Profile(stack, "Profile", {
    profileName: settings.name,
    roles,
    durationSeconds,
    attributeMappings: subjectTags && [{ certificateField: "x509Subject", specifiers: subjectTags }],
  });
  if (crlPem !== undefined) {
    new CertificateRevocationList(stack, "Crl", { crlName: settings.name, crlPem, trustAnchor });
  }
  new CfnOutput(stack, "TrustAnchorArn", { value: trustAnchor.trustAnchorArn });
  new CfnOutput(stack, "ProfileArn", { value: profile.profileArn });
}
