#!/usr/bin/env node
// oxlint-disable-next-line import/no-unassigned-import -- it is imported for what it does: checking the version first
import "./check-node.ts";
import { readFileSync } from "node:fs";
import process from "node:process";
import { S3Client } from "@aws-sdk/client-s3";
import { Command, CommanderError } from "commander";
import { DEFAULT_STACK_NAME, readStackOutputs } from "../deployment/read-stack-outputs.ts";
import { uploadSampleObjects } from "../sample-objects/upload-sample-objects.ts";

const EXAMPLES = `Put three small objects into the bucket of a deployed stack, with your own AWS credentials:

  upload-sample-objects --outputs cdk-outputs.json
  upload-sample-objects --outputs cdk-outputs.json --stack MyStack

Into LocalStack: the same with AWS_ENDPOINT_URL set. More: --help`;

const program = new Command("upload-sample-objects")
  .description("Puts three small objects into the bucket of a deployed stack, with your own AWS credentials.")
  .requiredOption("--outputs <file>", "the file that cdk deploy --outputs-file wrote")
  .option("--stack <name>", "the stack in that file", DEFAULT_STACK_NAME)
  .version(readVersion(), "--version", "print the version")
  .addHelpText(
    "after",
    `
Objects that exist already are not changed. A key that exists with other content is an error, and nothing is written.
Prints one line per object: s3://<bucket>/<key>, the size in bytes, uploaded or unchanged, separated by tabs.
Exit status: 0 done, 1 failed, 2 wrong usage.

Example:
  upload-sample-objects --outputs cdk-outputs.json --stack MyStack`,
  )
  .configureOutput({
    outputError: (text) => printLine(`${toOneLine(text)}; see upload-sample-objects --help`),
  })
  .exitOverride()
  .action(({ outputs, stack }: { outputs: string; stack: string }) => upload(outputs, stack));

try {
  if (process.argv.length <= 2) console.log(EXAMPLES);
  else await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    // commander has printed the message. The exit code is 0 after --help and --version.
    process.exitCode = error.exitCode === 0 ? 0 : 2;
  } else {
    printLine(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}

async function upload(outputsFile: string, stackName: string): Promise<void> {
  const { bucketName, trustAnchorArn } = await readStackOutputs(outputsFile, stackName);
  const client = new S3Client({
    // The bucket is in the region of the stack, which is the fourth field of an ARN.
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

function readVersion(): string {
  const { version }: { version: string } = JSON.parse(
    readFileSync(new URL("../../package.json", import.meta.url), "utf8"),
  );
  return version;
}

/** Prints one line on stderr. Control characters, which may come from a file or a service, become escapes. */
function printLine(message: string): void {
  const line = message.replaceAll(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );
  process.stderr.write(`upload-sample-objects: ${line}\n`);
}

/** Makes one line of an error of commander, which begins with `error: ` and may have a suggestion on a second line. */
function toOneLine(text: string): string {
  return text
    .replace(/^error: /, "")
    .trim()
    .replaceAll(/\s*\n\s*/g, " ")
    .replace(/\.$/, "");
}
