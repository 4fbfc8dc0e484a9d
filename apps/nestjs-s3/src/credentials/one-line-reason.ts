const LONGEST_REASON = 300;

/** Things that must never leave the server, should a helper print them in its distress. */
const SECRETS: readonly RegExp[] = [
  // PEM, also when it was cut off
  /-----BEGIN [^-]+-----[\s\S]*?(?:-----END [^-]+-----|$)/g,
  // access key ids: four letters for the kind, then at least twelve more
  /\b(?:A|L)[A-Z]IA[A-Z0-9]{12,}\b/g,
  // "password=…", "SecretAccessKey": "…", --pkcs8-password …
  /(?<=(?:passw(?:or)?d|passphrase|secret\w*|token)["']?(?:\s*[:=]\s*|\s+)["']?)[^\s"',]{4,}/gi,
  // exactly as long as a secret access key: letters in both cases, digits, slashes
  /(?<![\w/+=])(?=[a-z/+\d]*[A-Z])(?=[A-Z/+\d]*[a-z])(?=[A-Za-z/+]*\d)[A-Za-z\d/+]{40}(?![\w/+=])/g,
  // as long as a session token
  /[A-Za-z\d/+=]{100,}/g,
  // as random as either, without the slashes that paths have too
  /(?=[A-Za-z+=]*\d)(?=[A-Z0-9+=]*[a-z])(?=[a-z0-9+=]*[A-Z])[A-Za-z0-9+=]{32,}/g,
];

/**
 * The one line of an error that says why, without secrets.
 *
 * When a credential process fails, the SDK's message is `Command failed: <the whole command line>` followed
 * by what the process wrote to stderr. The command line may hold a password, so only what follows it is kept.
 *
 * @param error - Whatever was thrown.
 * @returns At most 300 characters; never empty.
 */
export function oneLineReason(error: unknown): string {
  const message = error instanceof Error ? error.message : "";
  const isFailedCommand = message.startsWith("Command failed:");
  const spoken = isFailedCommand ? message.slice(endOfFirstLine(message)) : message;
  const redacted = SECRETS.reduce((text, secret) => text.replace(secret, "[redacted]"), spoken);
  const line = redacted
    .split(/\r?\n/)
    .map((candidate) => candidate.trim())
    .find((candidate) => candidate !== "");
  if (line === undefined) {
    return isFailedCommand ? "the credential process failed without saying why" : "no reason was given";
  }
  return line.length > LONGEST_REASON ? `${line.slice(0, LONGEST_REASON - 1)}…` : line;
}

function endOfFirstLine(text: string): number {
  const end = text.indexOf("\n");
  return end === -1 ? text.length : end;
}
