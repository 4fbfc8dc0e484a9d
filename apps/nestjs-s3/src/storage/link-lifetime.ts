/** Longest life of a presigned link, in seconds. */
export const LONGEST_LINK_SECONDS = 3600;

/**
 * How long a link signed now may claim to live, in seconds.
 *
 * A presigned URL dies with the session that signed it, whatever it says itself, so the claim is cut to
 * what remains of the session.
 *
 * @param expiration - When the signing credentials expire; undefined when they do not.
 * @param now - Milliseconds since the epoch.
 * @returns A whole number from 1 (the least that S3 accepts) to 3600.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html
 */
export function linkLifetimeSeconds(expiration: Date | undefined, now: number): number {
  if (expiration === undefined) return LONGEST_LINK_SECONDS;
  const remainingSeconds = Math.floor((expiration.getTime() - now) / 1000);
  return Math.max(1, Math.min(LONGEST_LINK_SECONDS, remainingSeconds));
}
