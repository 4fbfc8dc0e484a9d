const SERIAL_NUMBER_OCTETS = 16;

/**
 * Draws a serial number: 16 octets of which 126 bits are random.
 *
 * The two highest bits are `01`. So the number is positive and never zero, and every tool prints the same 32 hexadecimal
 * digits: with a set high bit DER adds a zero octet, which AWS prints in its events and OpenSSL and Node do not.
 *
 * @see RFC 5280 §4.1.2.2: positive, unique within the CA, at most 20 octets.
 */
export function drawSerialNumber(randomBytes: (size: number) => Uint8Array): Buffer {
  const serialNumber = Buffer.from(randomBytes(SERIAL_NUMBER_OCTETS));
  serialNumber.writeUInt8((serialNumber.readUInt8(0) & 0x3f) | 0x40, 0);
  return serialNumber;
}
