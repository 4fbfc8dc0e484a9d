import { createHash, createPublicKey, sign } from "node:crypto";
import type { KeyObject } from "node:crypto";

import { quoted, SignerError } from "../../errors.ts";
import type { Command } from "../command.ts";
import { helpText } from "../help-text.ts";
import { parseFlags } from "../parse-flags.ts";
import { identityLoader, identitySources } from "../resolve-flags.ts";
import { IDENTITY_FLAGS, SESSION_FLAGS } from "../session-flags.ts";

const FLAGS = {
  ...IDENTITY_FLAGS,
  format: { value: "json|text|bin", help: "form of the signature", default: "json" },
  digest: { value: "SHA256|SHA384|SHA512", help: "hash of RSA and EC signatures", default: "SHA256" },
  debug: SESSION_FLAGS.debug,
} as const;

const FIXED_STRING = "AWS Roles Anywhere Credential Helper Signing Test1";

/** `ra-signer sign-string`: signs a fixed string, so that a key can be tried without any request. */
export const signString: Command = {
  usageExitCode: 1,
  help: () =>
    helpText(
      "Signs a fixed string that is bound to the public key.",
      "ra-signer sign-string --certificate client.pem --private-key client.key",
      FLAGS,
    ),
  async run(words, { environment, out }) {
    const flags = parseFlags(FLAGS, words);
    const identity = await identityLoader(identitySources(flags, environment))();
    const { privateKey, signWith } = identity;
    if (privateKey === undefined && signWith === undefined) {
      throw new SignerError("ERR_SIGNER_USAGE", "--private-key is missing");
    }
    const publicKey =
      privateKey === undefined ? identity.certificate.x509.publicKey : createPublicKey(privateKey);
    const message = stringFor(publicKey);
    const format = oneOf("format", flags.format ?? "json", ["json", "text", "bin"]);
    const digest = oneOf("digest", flags.digest ?? "SHA256", ["SHA256", "SHA384", "SHA512"]);
    const isMlDsa = publicKey.asymmetricKeyType?.startsWith("ml-dsa-") === true;
    const signature =
      privateKey === undefined
        ? Buffer.from((await signWith?.(message, digest)) ?? "")
        : sign(isMlDsa ? null : digest, message, privateKey);
    if (format === "bin") out(signature);
    else out(format === "json" ? JSON.stringify(signature.toString("hex")) : signature.toString("hex"));
    return 0;
  },
};

/** The fixed string and, for RSA and EC, SHA-256("IAM RA" ‖ public key). */
function stringFor(publicKey: KeyObject): Buffer {
  const bytes = publicKeyBytes(publicKey);
  if (bytes === undefined) return Buffer.from(FIXED_STRING);
  const hash = createHash("sha256").update("IAM RA").update(bytes).digest();
  return Buffer.concat([Buffer.from(FIXED_STRING), hash]);
}

/** PKCS#1 DER for RSA, the uncompressed point (SEC 1 §2.3.3) for EC, nothing for ML-DSA. */
function publicKeyBytes(publicKey: KeyObject): Buffer | undefined {
  if (publicKey.asymmetricKeyType === "rsa") return publicKey.export({ type: "pkcs1", format: "der" });
  if (publicKey.asymmetricKeyType !== "ec") return undefined;
  const { x = "", y = "" } = publicKey.export({ format: "jwk" });
  return Buffer.concat([Buffer.from([4]), Buffer.from(x, "base64url"), Buffer.from(y, "base64url")]);
}

function oneOf<Value extends string>(flag: string, value: string, allowed: readonly Value[]): Value {
  const found = allowed.find((one) => one === value);
  if (found !== undefined) return found;
  throw new SignerError(
    "ERR_SIGNER_USAGE",
    `invalid argument ${quoted(value)} for "--${flag}": expected ${allowed.join(", ")}`,
  );
}
