import { spawnSync } from "node:child_process";

/**
 * Runs the `openssl` command and returns what it prints. Many tests compare with its results.
 *
 * @throws {Error} when the command is missing or exits with an error
 */
export function openssl(args: readonly string[], input?: string | Uint8Array): string {
  return opensslBytes(args, input).toString("utf8");
}

/** Like {@link openssl}, for output that is not text. */
export function opensslBytes(args: readonly string[], input?: string | Uint8Array): Buffer {
  const { status, stdout, stderr, error } = spawnSync("openssl", args, { input });
  if (error !== undefined) {
    throw new Error("the tests need the command openssl: install OpenSSL", { cause: error });
  }
  if (status !== 0) throw new Error(`openssl ${args.join(" ")}: ${stderr.toString()}`);
  return stdout;
}

/** Arguments of `openssl genpkey` for each algorithm. */
export const KEY_ALGORITHMS = {
  "RSA-2048": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
  "P-256": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
  "P-384": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
  "P-521": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"],
} as const;

export type KeyAlgorithm = keyof typeof KEY_ALGORITHMS;
