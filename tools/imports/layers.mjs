// Who may import whom. The rules of `npm run lint` and the picture in docs/layers.svg are both made from these lists.

/**
 * The workspaces, and the other workspaces of ours that each one imports at run time.
 * Tests may also import `testing`, and what `TEST_IMPORTS` adds.
 */
export const WORKSPACES = {
  "packages/testing": [],
  "packages/files": [],
  "packages/iam-policy": [],
  "packages/enforcement": ["packages/iam-policy"],
  "packages/pki": ["packages/files"],
  "packages/infra": [],
  "packages/signer": ["packages/files"],
  "packages/mock": ["packages/iam-policy", "packages/enforcement"],
  "packages/sandbox": ["packages/mock", "packages/pki", "packages/signer"],
  "apps/nestjs-s3": ["packages/signer"],
  "packages/e2e": [
    "packages/iam-policy",
    "packages/pki",
    "packages/infra",
    "packages/signer",
    "packages/mock",
    "packages/sandbox",
    "apps/nestjs-s3",
  ],
};

/** The workspaces that tests, benches and other unpublished files of a workspace may also import. */
export const TEST_IMPORTS = {
  // What the roles of the constructs may do, and whom they trust, is asked without a deployment.
  "packages/infra": ["packages/iam-policy"],
  // Tests of outages need a service that refuses what AWS refuses.
  "packages/signer": ["packages/mock"],
  // `inspect` predicts what the mock answers. A test asks it, signing as the signer does.
  "packages/pki": ["packages/mock", "packages/signer"],
};

/**
 * The floors of a package, ground floor first: a file imports files of its own floor and of the floors below it.
 * `paths` are folders (with a slash at the end) and files of `src`; every file of `src` stands on one floor.
 */
export const FLOORS = {
  "packages/mock": [
    { name: "errors and reason codes", paths: ["errors/"] },
    { name: "state", paths: ["state/"] },
    { name: "validation messages", paths: ["model/"] },
    { name: "X.509", paths: ["trust/"] },
    { name: "signed request", paths: ["request/"] },
    { name: "session", paths: ["session/"] },
    { name: "control plane", paths: ["control/"] },
    { name: "access", paths: ["access/"] },
    { name: "lab", paths: ["lab/"] },
    { name: "audit", paths: ["audit/"] },
    { name: "context", paths: ["context.ts"] },
    { name: "http", paths: ["http/"] },
    {
      name: "command line, testcontainers, API",
      paths: ["cli/", "testcontainers/", "for-tests/", "index.ts"],
    },
  ],
  "packages/signer": [
    { name: "errors", paths: ["errors.ts", "version.ts"] },
    { name: "environment", paths: ["config/"] },
    { name: "signatures", paths: ["sigv4-x509/", "sigv4-hmac/"] },
    { name: "keys", paths: ["keys/"] },
    { name: "tokens", paths: ["pkcs11/"] },
    { name: "http", paths: ["http/"] },
    { name: "session", paths: ["session/"] },
    { name: "cache", paths: ["cache/"] },
    { name: "AWS config files", paths: ["aws-config/"] },
    { name: "refresh", paths: ["refresh/"] },
    { name: "provider and serve", paths: ["provider/", "serve/"] },
    { name: "doctor", paths: ["doctor/"] },
    { name: "command line, API", paths: ["cli/", "index.ts"] },
  ],
};

/** A pattern of the files that stand on a floor of a package. */
export function floorPattern(workspace, floor) {
  const paths = floor.paths.map(
    (path) => path.replaceAll(".", String.raw`\.`) + (path.endsWith("/") ? "" : "$"),
  );
  return `^${workspace}/src/(?:${paths.join("|")})`;
}
