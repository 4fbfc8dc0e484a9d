import { messageOf, quoted, SignerError } from "../errors.ts";
import { exposureOf } from "../keys/identity.ts";
import type { IdentitySources, SigningIdentity } from "../keys/identity.ts";
import { tokenCode } from "../pkcs11/load.ts";
import type { TokenState } from "../pkcs11/protocol.ts";
import { checkCertificate, checkChain } from "./check-certificate.ts";
import { checkValidity } from "./check-identity-files.ts";
import { fail, ok, warn } from "./finding.ts";
import type { Finding, Report } from "./finding.ts";

/** What people do to see what is on a token. */
const LOOK = "look what is there: pkcs11-tool --module LIBRARY --login --list-objects";

/**
 * Checks a key in a token: that the library loads, which tokens are there, their PINs and mechanisms, that certificate and
 * key are found, and that a trial signature is the certificate's. A PIN that is nearly locked is not tried.
 */
export async function checkToken(
  sources: IdentitySources,
  moment: Date,
  report: Report,
): Promise<SigningIdentity | undefined> {
  const code = await tokenCode();
  let tokens: readonly TokenState[];
  try {
    tokens = await code.listTokens(sources);
  } catch (error) {
    report(fail("PKCS#11 library", messageOf(error), remedyOf(error)));
    return undefined;
  }
  report(ok("PKCS#11 library", quoted(code.libraryFor(sources))));
  if (tokens.length === 0) {
    report(fail("tokens", "the library sees none", "put the token in; for SoftHSM see SOFTHSM2_CONF"));
    return undefined;
  }
  for (const token of tokens) report(...tokenFindings(token));
  report(...pinFindings(code.pinFileOf(sources)));

  let identity: SigningIdentity;
  try {
    identity = await code.openTokenIdentity(sources);
  } catch (error) {
    report(fail(checkOf(error), messageOf(error), remedyOf(error)));
    return undefined;
  }
  const { certificate, intermediates, signer, signWith } = identity;
  report(
    ok("certificate", `${certificate.name}, serial number ${certificate.serialNumber}`),
    ...checkCertificate(certificate.x509),
    ...checkChain(certificate.x509, intermediates, moment),
    checkValidity(identity, moment),
  );
  if (signWith === undefined) {
    report(ok("private key", "not on the token"));
    return identity;
  }
  try {
    const started = performance.now();
    await signer.sign(Buffer.from("ra-signer doctor"));
    const tookMs = Math.round(performance.now() - started);
    report(ok("trial signature", `made on the token in ${tookMs} ms, and the certificate verifies it`));
    return identity;
  } catch (error) {
    report(fail(checkOf(error), messageOf(error), remedyOf(error)));
    return undefined;
  }
}

function tokenFindings(token: TokenState): readonly Finding[] {
  const { slotId, model, serial, manufacturer, mechanisms, needsLogin, hasPinPad } = token;
  const name = `token ${quoted(token.token)}`;
  const usable = mechanisms.length > 0;
  return [
    ok("token", `${name} in slot ${slotId}: ${model} of ${manufacturer}, serial number ${serial}`),
    usable
      ? ok("mechanisms", `${name}: ${mechanisms.join(", ")}`)
      : warn(
          "mechanisms",
          `${name} knows none that Roles Anywhere takes`,
          "take RSA with PKCS#1 v1.5, or ECDSA",
        ),
    pinFinding(name, token.pin, needsLogin, hasPinPad),
  ];
}

function pinFinding(
  name: string,
  state: TokenState["pin"],
  needsLogin: boolean,
  hasPinPad: boolean,
): Finding {
  const unlock =
    "unlock it with the PUK, or as its security officer: pkcs11-tool --module LIBRARY --login --login-type so --init-pin";
  const logIn = "log in once with the right PIN: pkcs11-tool --module LIBRARY --login --list-objects";
  switch (state) {
    case "locked":
      return warn("PIN tries", `${name}: none left, the PIN is locked`, unlock);
    case "final try":
      return warn("PIN tries", `${name}: one left, which is not used up here`, logIn);
    case "count low":
      return warn("PIN tries", `${name}: fewer than usual, a wrong PIN was given before`, logIn);
    case "not set":
      return warn(
        "PIN tries",
        `${name} has no user PIN yet`,
        "set one: pkcs11-tool --module LIBRARY --init-pin --login --login-type so",
      );
    case "ok": {
      const pad = hasPinPad ? ", typed at the device itself" : "";
      return ok("PIN tries", needsLogin ? `${name}: all left${pad}` : `${name} needs no login`);
    }
  }
}

function pinFindings(path: string | undefined): readonly Finding[] {
  const exposure = path === undefined ? undefined : exposureOf(path);
  if (path === undefined || exposure === undefined) return [];
  return [warn("PIN file", `others may read ${quoted(path)}, mode ${exposure.mode}`, exposure.remedy)];
}

/** Which check an error fails. */
function checkOf(error: unknown): string {
  if (!(error instanceof SignerError)) return "private key";
  switch (error.code) {
    case "ERR_SIGNER_CERTIFICATE_INVALID":
      return "certificate";
    case "ERR_SIGNER_CHAIN_INVALID":
      return "intermediates";
    case "ERR_SIGNER_KEY_MISMATCH":
      return "key pair";
    case "ERR_SIGNER_PIN_LOCKED":
    case "ERR_SIGNER_PIN_MISSING":
    case "ERR_SIGNER_PIN_WRONG":
      return "login";
    case "ERR_SIGNER_TOKEN_NOT_FOUND":
      return "token";
    default:
      return "private key";
  }
}

function remedyOf(error: unknown): string {
  if (!(error instanceof SignerError)) return LOOK;
  switch (error.code) {
    case "ERR_SIGNER_PKCS11_LIBRARY":
      return "npm install pkcs11js, and give the library of the token with --pkcs11-lib";
    case "ERR_SIGNER_PKCS11_URI_INVALID":
      return "correct the URI (RFC 7512)";
    case "ERR_SIGNER_PIN_LOCKED":
    case "ERR_SIGNER_PIN_MISSING":
    case "ERR_SIGNER_PIN_WRONG":
      return "correct the PIN's source, pin-source in the URI";
    case "ERR_SIGNER_TOKEN_AMBIGUOUS":
      return "add id=, object=, token= or serial= to the URI";
    default:
      return LOOK;
  }
}
