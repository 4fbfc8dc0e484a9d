import { Stack } from "aws-cdk-lib/core";
import type { App } from "aws-cdk-lib/core";
import { Role } from "aws-cdk-lib/aws-iam";
import { Bucket } from "aws-cdk-lib/aws-s3";
import { Profile, RolesAnywherePrincipal, TrustAnchor } from "../src/index.ts";

export function reportingServers(app: App, caCertificatePem: string): Stack {
  const stack = new Stack(app, "ReportingServers");
  const trustAnchor = new TrustAnchor(stack, "TrustAnchor", { caCertificatePem });
  const role = new Role(stack, "Role", {
    assumedBy: new RolesAnywherePrincipal({
      trustAnchorArn: trustAnchor.trustAnchorArn,
      certificateCommonNames: ["reports-1", "reports-2"],
    }),
  });
  new Bucket(stack, "Reports").grantRead(role);
  new Profile(stack, "Profile", { roles: [role], durationSeconds: 900 });
  return stack;
}
