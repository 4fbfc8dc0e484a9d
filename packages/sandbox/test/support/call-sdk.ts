import * as cloudformation from "@aws-sdk/client-cloudformation";
import * as iam from "@aws-sdk/client-iam";
import * as s3 from "@aws-sdk/client-s3";
import * as sts from "@aws-sdk/client-sts";
import { z } from "zod";
import type { ServiceAnswer, ServiceCall } from "./boto3.ts";

/** What the tests use of a client and of its commands, which have one type for each operation. */
interface AnyClient {
  send(command: unknown): Promise<unknown>;
  destroy(): void;
}
type Constructor = new (options: object) => unknown;

const SERVICES: Readonly<Record<string, { readonly client: string; readonly commands: object }>> = {
  s3: { client: "S3Client", commands: s3 },
  iam: { client: "IAMClient", commands: iam },
  sts: { client: "STSClient", commands: sts },
  cloudformation: { client: "CloudFormationClient", commands: cloudformation },
};

const failure = z.object({
  name: z.string(),
  message: z.string(),
  $metadata: z.object({ httpStatusCode: z.number() }),
});

/** Makes one call with the AWS SDK for JavaScript, without a retry. */
export async function callSdk(
  endpoint: string,
  { service, operation, parameters = {}, credentials }: ServiceCall,
): Promise<ServiceAnswer> {
  const found = SERVICES[service];
  if (found === undefined) throw new Error(`the tests have no client of ${service}`);
  const options = { endpoint, region: "us-east-1", credentials, forcePathStyle: true, maxAttempts: 1 };
  const client = construct(found.commands, found.client, options);
  if (!isClient(client)) throw new Error(`${found.client} is no client`);
  try {
    const answer = z
      .object({ $metadata: failure.shape.$metadata })
      .parse(await client.send(construct(found.commands, `${operation}Command`, parameters)));
    return { status: answer.$metadata.httpStatusCode, code: null, message: null, url: null };
  } catch (error) {
    const { name, message, $metadata } = failure.parse(error);
    return { status: $metadata.httpStatusCode, code: name, message, url: null };
  } finally {
    client.destroy();
  }
}

function construct(module: object, name: string, options: object): unknown {
  const made = Object.entries(module).find(([each]) => each === name)?.[1];
  if (!isConstructor(made)) throw new Error(`the client has no ${name}`);
  return new made(options);
}

function isConstructor(value: unknown): value is Constructor {
  return typeof value === "function";
}

function isClient(value: unknown): value is AnyClient {
  return typeof value === "object" && value !== null && "send" in value && "destroy" in value;
}
