// Makes a SoftHSM token and puts objects on it, in a process of its own: the library reads its environment once.
//
// usage: fill-token.mjs LIBRARY < JSON   prints the token's slot and serial number as JSON
import { createPrivateKey } from "node:crypto";
import { readFileSync } from "node:fs";

import pkcs11js from "pkcs11js";

const { label, pin, objects } = JSON.parse(readFileSync(0, "utf8"));
const SO_PIN = "12345678";
const CURVES = {
  "P-256": "06082a8648ce3d030107",
  "P-384": "06052b81040022",
  "P-521": "06052b81040023",
};

const library = new pkcs11js.PKCS11();
library.load(process.argv[2]);
library.C_Initialize();
const slotOf = () =>
  library.C_GetSlotList(true).find((slot) => library.C_GetTokenInfo(slot).label.trim() === label);
let slot = slotOf();
if (slot === undefined) {
  // SoftHSM has one more slot than tokens.
  const free = library
    .C_GetSlotList(true)
    .find((one) => (library.C_GetTokenInfo(one).flags & pkcs11js.CKF_TOKEN_INITIALIZED) === 0);
  library.C_InitToken(free, SO_PIN, label.padEnd(32));
  // It moves to a slot of its own.
  library.C_Finalize();
  library.C_Initialize();
  slot = slotOf();
  const session = library.C_OpenSession(slot, pkcs11js.CKF_SERIAL_SESSION | pkcs11js.CKF_RW_SESSION);
  if (pin !== undefined) {
    library.C_Login(session, pkcs11js.CKU_SO, SO_PIN);
    library.C_InitPIN(session, pin);
    library.C_Logout(session);
  }
  library.C_CloseSession(session);
}
const session = library.C_OpenSession(slot, pkcs11js.CKF_SERIAL_SESSION | pkcs11js.CKF_RW_SESSION);
if (objects.length > 0) library.C_Login(session, pkcs11js.CKU_USER, pin);
for (const object of objects) create(object);
const { serialNumber } = library.C_GetTokenInfo(slot);
process.stdout.write(
  JSON.stringify({ serial: serialNumber.trim(), slotId: String(Buffer.from(slot).readBigUInt64LE()) }),
);
library.C_Finalize();

function create({
  kind,
  id,
  objectLabel,
  pem,
  der,
  isPrivate = kind !== "certificate",
  alwaysAuthenticate,
  publicHalf,
}) {
  const common = [
    { type: pkcs11js.CKA_TOKEN, value: true },
    { type: pkcs11js.CKA_PRIVATE, value: isPrivate },
    ...(id === undefined ? [] : [{ type: pkcs11js.CKA_ID, value: Buffer.from(id, "hex") }]),
    ...(objectLabel === undefined ? [] : [{ type: pkcs11js.CKA_LABEL, value: objectLabel }]),
  ];
  if (kind === "certificate") {
    const bytes = Buffer.from(der, "base64");
    library.C_CreateObject(session, [
      { type: pkcs11js.CKA_CLASS, value: pkcs11js.CKO_CERTIFICATE },
      { type: pkcs11js.CKA_CERTIFICATE_TYPE, value: pkcs11js.CKC_X_509 },
      { type: pkcs11js.CKA_SUBJECT, value: Buffer.from("3000", "hex") },
      { type: pkcs11js.CKA_VALUE, value: bytes },
      ...common,
    ]);
    return;
  }
  const key = createPrivateKey(pem);
  const jwk = key.export({ format: "jwk" });
  const number = (member) => Buffer.from(jwk[member], "base64url");
  const secret = [
    { type: pkcs11js.CKA_CLASS, value: pkcs11js.CKO_PRIVATE_KEY },
    { type: pkcs11js.CKA_SENSITIVE, value: true },
    { type: pkcs11js.CKA_EXTRACTABLE, value: false },
    { type: pkcs11js.CKA_SIGN, value: true },
    ...(alwaysAuthenticate ? [{ type: pkcs11js.CKA_ALWAYS_AUTHENTICATE, value: true }] : []),
    ...common,
  ];
  if (jwk.kty === "RSA") {
    library.C_CreateObject(session, [
      ...secret,
      { type: pkcs11js.CKA_KEY_TYPE, value: pkcs11js.CKK_RSA },
      { type: pkcs11js.CKA_MODULUS, value: number("n") },
      { type: pkcs11js.CKA_PUBLIC_EXPONENT, value: number("e") },
      { type: pkcs11js.CKA_PRIVATE_EXPONENT, value: number("d") },
      { type: pkcs11js.CKA_PRIME_1, value: number("p") },
      { type: pkcs11js.CKA_PRIME_2, value: number("q") },
      { type: pkcs11js.CKA_EXPONENT_1, value: number("dp") },
      { type: pkcs11js.CKA_EXPONENT_2, value: number("dq") },
      { type: pkcs11js.CKA_COEFFICIENT, value: number("qi") },
    ]);
    return;
  }
  const parameters = { type: pkcs11js.CKA_EC_PARAMS, value: Buffer.from(CURVES[jwk.crv], "hex") };
  library.C_CreateObject(session, [
    ...secret,
    { type: pkcs11js.CKA_KEY_TYPE, value: pkcs11js.CKK_EC },
    parameters,
    { type: pkcs11js.CKA_VALUE, value: number("d") },
  ]);
  if (!publicHalf) return;
  const point = Buffer.concat([Buffer.of(4), number("x"), number("y")]);
  const length = point.length < 128 ? [point.length] : [0x81, point.length];
  library.C_CreateObject(session, [
    { type: pkcs11js.CKA_CLASS, value: pkcs11js.CKO_PUBLIC_KEY },
    { type: pkcs11js.CKA_KEY_TYPE, value: pkcs11js.CKK_EC },
    parameters,
    { type: pkcs11js.CKA_EC_POINT, value: Buffer.concat([Buffer.from([4, ...length]), point]) },
    { type: pkcs11js.CKA_TOKEN, value: true },
    { type: pkcs11js.CKA_ID, value: Buffer.from(id, "hex") },
  ]);
}
