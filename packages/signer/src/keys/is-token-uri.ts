/** Whether a value is a PKCS#11 URI, and no path of a file. */
export function isTokenUri(value: unknown): value is string {
  return typeof value === "string" && value.startsWith("pkcs11:");
}
