/** A decimal number, exact at any length. */
export interface Decimal {
  /** The digits without the point. */
  readonly digits: bigint;
  /** How many of them come after the point. */
  readonly scale: number;
}

const DECIMAL = /^([+-]?)(\d+)(?:\.(\d+))?$/u;

/** Reads an integer or decimal number as policies have them, or `undefined`. Exponents are not documented for IAM. */
export function readDecimal(text: string): Decimal | undefined {
  const [, sign, whole, fraction = ""] = DECIMAL.exec(text) ?? [];
  if (whole === undefined) return undefined;
  const digits = BigInt(whole + fraction);
  return { digits: sign === "-" ? -digits : digits, scale: fraction.length };
}

/** @returns a negative number when `a` is less than `b`, 0 when they are equal, else a positive number */
export function compareDecimals(a: Decimal, b: Decimal): number {
  const scale = Math.max(a.scale, b.scale);
  const difference = a.digits * 10n ** BigInt(scale - a.scale) - b.digits * 10n ** BigInt(scale - b.scale);
  if (difference === 0n) return 0;
  return difference < 0n ? -1 : 1;
}
