const POLYNOMIAL = 0x04c11db7;

/** Most significant bit first, as POSIX wants it; made on first use. */
let table: Uint32Array | undefined;

/**
 * The checksum and length that POSIX `cksum` prints, so that a shell script can name the same files.
 *
 * @param bytes Data.
 * @returns For example `930766865 9`, with `-` for the space.
 * @see https://pubs.opengroup.org/onlinepubs/9799919799/utilities/cksum.html
 */
export function posixChecksum(bytes: Uint8Array): string {
  table ??= makeTable();
  let crc = 0;
  for (const byte of bytes) crc = step(table, crc, byte);
  for (let length = bytes.length; length > 0; length = Math.floor(length / 256)) {
    crc = step(table, crc, length % 256);
  }
  return `${~crc >>> 0}-${bytes.length}`;
}

function step(values: Uint32Array, crc: number, byte: number): number {
  return ((crc << 8) ^ (values[((crc >>> 24) ^ byte) & 0xff] ?? 0)) >>> 0;
}

function makeTable(): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_zero, index) => {
    let value = index << 24;
    for (let bit = 0; bit < 8; bit += 1) value = value < 0 ? (value << 1) ^ POLYNOMIAL : value << 1;
    return value >>> 0;
  });
}
