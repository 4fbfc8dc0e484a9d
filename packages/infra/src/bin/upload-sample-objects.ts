#!/usr/bin/env node
import process from "node:process";
import { parseArgs } from "node:util";
import { S3Client } from "@aws-sdk/client-s3";
import { DEFAULT_STACK_NAME, readStackOutputs } from "../deployment/read-stack-outputs.ts";
import { uploadSampleObjects } from "../sample-objects/upload-sample-objects.ts";

const EXAMPLES = `Put three small objects into the bucket of a deployed stack, with your own AWS credentials:

  upload-sample-objects --outputs cdk-outputs.json
  upload-sample-objects --outputs cdk-outputs.json --stack MyStack

Into LocalStack: the same with AWS_ENDPOINT_URL set. More: --help`;

const HELP = `${EXAMPLES}

  --outputs <file>  the file that cdk deploy --outputs-file wrote (required)
  --stack <name>    the stack in that file (default: ${DEFAULT_STACK_NAME})
  --help            this text

Objects that are there already are left alone; a key taken by other content is an error, and nothing is written.
Prints one line per object: s3://<bucket>/<key>, the size in bytes, uploaded or unchanged, separated by tabs.
Exit status: 0 done, 1 failed, 2 wrong usage.`;

process.exitCode = await main(process.argv.slice(2));

async function main(argv: string[]): Promise<number> {
  let options: { outputs?: string; stack?: string; help?: boolean };
  try {
    options = parseArgs({
      args: argv,
      options: { outputs: { type: "string" }, stack: { type: "string" }, help: { type: "boolean" } },
    }).values;
  } catch (error) {
    console.error(messageOf(error));
    return 2;
  }
  if (options.help === true || argv.length === 0) {
    console.log(options.help === true ? HELP : EXAMPLES);
    return 0;
  }
  if (options.outputs === undefined) {
    console.error("--outputs is missing: name the file that cdk deploy --outputs-file wrote");
    return 2;
  }
  try {
    await upload(options.outputs, options.stack);
    return 0;
  } catch (error) {
    console.error(messageOf(error));
    return 1;
  }
}

async function upload(outputsFile: string, stackName: string | undefined): Promise<void> {
  const { bucketName, trustAnchorArn } = await readStackOutputs(outputsFile, stackName);
  const client = new S3Client({
    // The bucket is where the stack is, and the fourth field of an ARN says where.
    region: trustAnchorArn.split(":")[3],
    // A bucket name in front of a local host name does not resolve.
    forcePathStyle: Boolean(process.env["AWS_ENDPOINT_URL"] ?? process.env["AWS_ENDPOINT_URL_S3"]),
  });
  try {
    for (const { key, size, status } of await uploadSampleObjects({ bucketName, client })) {
      console.log(`s3://${bucketName}/${key}\t${size}\t${status}`);
    }
  } finally {
    client.destroy();
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
