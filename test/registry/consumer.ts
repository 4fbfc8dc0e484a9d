// What a project may write with each entry point. A wrong line shows that the types are there: `any` would allow it.
import { authorizeRequest } from "@roles-anywhere/enforcement";
import { parsePolicy, PolicyError } from "@roles-anywhere/iam-policy";
import { mapAttributes } from "@roles-anywhere/iam-policy/roles-anywhere";
import { expectPermissions } from "@roles-anywhere/iam-policy/testing";
import { ExternalServer, TrustAnchor } from "@roles-anywhere/infra";
import { localStackCdkCommand } from "@roles-anywhere/infra/deployment";
import { startMock } from "@roles-anywhere/mock";
import { createTestAccount } from "@roles-anywhere/mock/testing";
import { RolesAnywhereContainer } from "@roles-anywhere/mock/testcontainers";
import { createRootCertificateAuthority, PkiError } from "@roles-anywhere/pki";
import { startSandbox } from "@roles-anywhere/sandbox";
import { startTestSandbox } from "@roles-anywhere/sandbox/testing";
import { fromRolesAnywhere, SignerError } from "@roles-anywhere/signer";

// @ts-expect-error three arguments
authorizeRequest();
// @ts-expect-error a document is needed
parsePolicy();
// @ts-expect-error certificates are needed
mapAttributes();
// @ts-expect-error a template is needed
expectPermissions();
// @ts-expect-error a scope, an id and properties are needed
export const server = new ExternalServer();
// @ts-expect-error a scope, an id and a PEM are needed
TrustAnchor.fromPem();
// @ts-expect-error options are needed
localStackCdkCommand();
// @ts-expect-error a URL is text
void startMock({ stsEndpoint: 1 });
// @ts-expect-error a PEM is needed
createTestAccount();
// @ts-expect-error a PEM is text
new RolesAnywhereContainer().withTrustAnchor(1);
// @ts-expect-error a name is text
void createRootCertificateAuthority({ commonName: 1 });
// @ts-expect-error there are two back ends
void startSandbox({ backend: "cloud" });
// @ts-expect-error there are two back ends
void startTestSandbox({ backend: "cloud" });
// @ts-expect-error ARNs are needed
fromRolesAnywhere({ certificate: "" });

export function codeOf(error: unknown): string | undefined {
  if (error instanceof PkiError || error instanceof SignerError || error instanceof PolicyError)
    return error.code;
  return undefined;
}
