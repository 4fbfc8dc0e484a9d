import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import type { CredentialSet } from "@roles-anywhere/signer";
import { z } from "zod";
import type { Answer } from "./drill.ts";
import type { World } from "./world.ts";

/** What somebody does with the credentials of a session, through the AWS SDK. Every refusal is an answer. */
export interface SessionClient {
  list(bucket: string): Promise<Answer>;
  read(bucket: string, key: string): Promise<Answer>;
  write(bucket: string, key: string): Promise<Answer>;
  remove(bucket: string, key: string): Promise<Answer>;
  assumeRole(roleArn: string): Promise<Answer>;
  /** A link that reads an object, good for the given time by what it says itself. */
  presign(bucket: string, key: string, expiresInSeconds: number): Promise<string>;
}

export function clientOf(
  { sandbox: { endpointUrl: endpoint, region } }: Pick<World, "sandbox">,
  { accessKeyId, secretAccessKey, sessionToken }: CredentialSet,
): SessionClient {
  const credentials = { accessKeyId, secretAccessKey, sessionToken };
  const options = { endpoint, region, credentials, maxAttempts: 1 };
  const s3 = new S3Client({ ...options, forcePathStyle: true });
  const sts = new STSClient(options);
  return {
    list: (Bucket) => answerOf("S3", s3.send(new ListObjectsV2Command({ Bucket }))),
    read: (Bucket, Key) => answerOf("S3", s3.send(new GetObjectCommand({ Bucket, Key }))),
    write: (Bucket, Key) => answerOf("S3", s3.send(new PutObjectCommand({ Bucket, Key, Body: "changed" }))),
    remove: (Bucket, Key) => answerOf("S3", s3.send(new DeleteObjectCommand({ Bucket, Key }))),
    assumeRole: (RoleArn) =>
      answerOf("STS", sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: "escalation" }))),
    presign: (Bucket, Key, expiresIn) =>
      getSignedUrl(s3, new GetObjectCommand({ Bucket, Key }), { expiresIn }),
  };
}

const refusal = z.object({
  name: z.string(),
  message: z.string(),
  $metadata: z.object({ httpStatusCode: z.number() }),
});

/** `S3 200`, or for example `S3 403 AccessDenied` with the words of the service. */
async function answerOf(
  service: string,
  call: Promise<{ $metadata: { httpStatusCode?: number | undefined } }>,
): Promise<Answer> {
  try {
    const { $metadata } = await call;
    return { seen: `${service} ${$metadata.httpStatusCode}` };
  } catch (error) {
    const refused = refusal.safeParse(error);
    if (!refused.success) throw error;
    const { name, message, $metadata } = refused.data;
    return { seen: `${service} ${$metadata.httpStatusCode} ${name}`, words: message };
  }
}

/** Opens a presigned link, as anybody can who has it. */
export async function openLink(link: string): Promise<Answer> {
  const response = await fetch(link);
  const body = await response.text();
  const [code, words] = ["Code", "Message"].map((tag) => new RegExp(`<${tag}>([^<]*)<`).exec(body)?.[1]);
  const seen = ["S3", response.status, ...(code === undefined ? [] : [code])].join(" ");
  return { seen, words };
}
