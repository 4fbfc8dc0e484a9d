import { fileURLToPath } from "node:url";

/** The root of the repository: where Docker builds start from. */
export const repositoryRoot = fileURLToPath(new URL("../../../../", import.meta.url));

/** The programs of the workspaces, as files to run with Node. */
export const programs = {
  "ra-pki": entry("@roles-anywhere/pki", "cli/main.js"),
  "ra-signer": entry("@roles-anywhere/signer", "cli/main.cjs"),
  "upload-sample-objects": entry("@roles-anywhere/infra", "bin/upload-sample-objects.js"),
  app: fileURLToPath(new URL("../../../../apps/nestjs-s3/dist/main.js", import.meta.url)),
} as const;

export type ProgramName = keyof typeof programs;

function entry(packageName: string, path: string): string {
  return fileURLToPath(new URL(path, import.meta.resolve(packageName)));
}
