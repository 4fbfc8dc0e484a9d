/** Members whose values must not end up in a log. */
const SECRET_MEMBERS: ReadonlySet<string> = new Set(["secretAccessKey", "sessionToken"]);

/**
 * Keeps secrets out of `console.log`, `util.inspect` and `JSON.stringify` of an object; its members stay as they are. A
 * copy made by spreading shows them again.
 *
 * @param credentials A fresh object; it is changed and returned.
 */
export function concealSecrets<Credentials extends object>(credentials: Credentials): Credentials {
  const masked = (): object =>
    Object.fromEntries(
      Object.entries(credentials).map(([name, value]: [string, unknown]) => [
        name,
        SECRET_MEMBERS.has(name) ? "***" : value,
      ]),
    );
  return Object.defineProperties(credentials, {
    toJSON: { value: masked, enumerable: false },
    // The registered symbol, so that node:util need not be loaded.
    [Symbol.for("nodejs.util.inspect.custom")]: { value: masked, enumerable: false },
  });
}
