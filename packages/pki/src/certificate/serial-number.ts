const SERIAL_NUMBER_OCTETS = 16;

/**
 * Draws a serial number: 16 octets of which 126 bits are random.
 *
 * The two highest bits are fixed to `01`. So the number is positive and never zero, and it is written with the same
 * 32 hexadecimal digits everywhere: a set high bit would make DER add a zero octet that some tools print (AWS in its
 * events) and others do not (OpenSSL, Node).
 *
 * @see RFC 5280 §4.1.2.2: positive, unique within the CA, at most 20 octets.
 */
export function drawSerialNumber(randomBytes: (size: number) => Uint8Array): Buffer {
  const serialNumber = Buffer.from(randomBytes(SERIAL_NUMBER_OCTETS));
  serialNumber.writeUInt8((serialNumber.readUInt8(0) & 0x3f) | 0x40, 0);
  return serialNumber;
}
