import { randomBytes } from "node:crypto";
import { Agent, request } from "node:http";
import type { Credentials } from "./boto3.ts";

const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** A key id as AWS makes them: `ASIA` and 16 characters, of which the first name the account. */
function guessedKeyId(): string {
  return `ASIA${Array.from(randomBytes(16), (byte) => BASE32[byte % 32]).join("")}`;
}

/** What somebody guesses with: keys that nobody has, and in turns the key and token of a session, if one is given. */
export interface GuessSpec {
  readonly count: number;
  /** @default 4 */
  readonly connections?: number | undefined;
  readonly session?: Credentials | undefined;
}

/** Sends S3 requests with guessed signatures, in headers and presigned in turns. @returns the status of each */
export async function guess(
  endpointUrl: string,
  { count, connections = 4, session }: GuessSpec,
): Promise<Map<number, number>> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const statuses = new Map<number, number>();
  let left = count;
  const work = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const known = left % 4 < 2 ? session : undefined;
      const status = await send(endpointUrl, agent, left % 2 === 0, known);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: connections }, work));
  agent.destroy();
  return statuses;
}

function send(
  endpointUrl: string,
  agent: Agent,
  isPresigned: boolean,
  session: Credentials | undefined,
): Promise<number> {
  const date = `${new Date().toISOString().replaceAll(/[-:]/g, "").slice(0, 15)}Z`;
  const credential = `${session?.accessKeyId ?? guessedKeyId()}/${date.slice(0, 8)}/us-east-1/s3/aws4_request`;
  const signature = randomBytes(32).toString("hex");
  const token = session?.sessionToken ?? randomBytes(64).toString("hex");
  const query = new URLSearchParams({
    "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
    "X-Amz-Credential": credential,
    "X-Amz-Date": date,
    "X-Amz-Expires": "600",
    "X-Amz-SignedHeaders": "host",
    "X-Amz-Security-Token": token,
    "X-Amz-Signature": signature,
  });
  const url = new URL(isPresigned ? `/reports/a.txt?${query}` : "/reports/a.txt", endpointUrl);
  const headers = {
    "x-amz-date": date,
    "x-amz-content-sha256": "UNSIGNED-PAYLOAD",
    "x-amz-security-token": token,
    authorization: `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token, Signature=${signature}`,
  };
  return new Promise((resolve, reject) => {
    const call = request(url, { agent, headers: isPresigned ? {} : headers }, (answer) => {
      answer.resume().on("end", () => resolve(answer.statusCode ?? 0));
    });
    call.on("error", reject).end();
  });
}
