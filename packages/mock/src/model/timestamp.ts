/** ISO 8601 in UTC with microseconds, as the service prints it: `2022-07-01T18:11:27.380711Z`. */
export function timestamp(date: Date): string {
  return date.toISOString().replace("Z", "000Z");
}
