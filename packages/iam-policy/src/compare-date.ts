const EPOCH_SECONDS = /^-?\d{1,15}(?:\.\d{1,9})?$/u;
/** The W3C profile of ISO 8601: a time needs a zone. */
const ISO_8601 =
  /^(?<year>\d{4})-(?<month>\d{2})(?:-(?<day>\d{2})(?:T(?<hour>\d{2}):(?<minute>\d{2})(?::(?<second>\d{2})(?<fraction>\.\d{1,9})?)?(?<zone>Z|[+-]\d{2}:\d{2}))?)?$/u;

/**
 * Reads a date as condition operators have it: a W3C ISO 8601 date, or seconds since 1970.
 *
 * Four digits could be a year or seconds, and a time without zone could be anywhere; the guide settles
 * neither, so both are refused.
 *
 * @returns milliseconds since 1970, or `undefined` when it is no date (February 30 is none)
 * @see https://www.w3.org/TR/NOTE-datetime
 */
export function readDate(text: string): number | undefined {
  const groups = ISO_8601.exec(text)?.groups;
  if (groups === undefined) {
    return EPOCH_SECONDS.test(text) && !/^\d{4}$/u.test(text) ? Number(text) * 1000 : undefined;
  }
  const number = (name: string, otherwise: number): number => {
    const digits = groups[name];
    return digits === undefined ? otherwise : Number(digits);
  };
  const [year, month, day] = [number("year", 0), number("month", 1), number("day", 1)];
  const [hour, minute, second] = [number("hour", 0), number("minute", 0), number("second", 0)];
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCFullYear() !== year || date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) {
    return undefined;
  }
  const offsetMinutes = readZone(groups["zone"]);
  if (offsetMinutes === undefined) return undefined;
  const seconds = (hour * 60 + minute - offsetMinutes) * 60 + second + number("fraction", 0);
  return date.getTime() + seconds * 1000;
}

function readZone(zone: string | undefined): number | undefined {
  if (zone === undefined || zone === "Z") return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(4));
  if (hours > 23 || minutes > 59) return undefined;
  return (zone.startsWith("-") ? -1 : 1) * (hours * 60 + minutes);
}
