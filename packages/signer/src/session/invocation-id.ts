const SHAPE = "xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx";

/**
 * A random UUID that tells one call and its attempts from others.
 *
 * It protects nothing, so Math.random will do (which Node.js seeds from the system's randomness). `randomUUID` of
 * node:crypto sets up a generator of its own for it, which takes almost as long as the signature.
 *
 * @see RFC 9562 §5.4 (version 4)
 */
export function invocationId(): string {
  let id = "";
  for (const place of SHAPE) {
    const digit = Math.floor(Math.random() * 16);
    if (place === "x") id += digit.toString(16);
    // Two of these bits are the variant.
    else if (place === "y") id += (8 + (digit % 4)).toString(16);
    else id += place;
  }
  return id;
}
