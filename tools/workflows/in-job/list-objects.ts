// Lists a bucket with the credentials that the AWS SDK finds by itself: list-objects.ts BUCKET ROLE-ARN
import { ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";

const [bucket = "", roleArn = ""] = process.argv.slice(2);
const { Arn = "" } = await new STSClient().send(new GetCallerIdentityCommand());
const role = roleArn.split("/").at(-1) ?? "";
if (!Arn.includes(`:assumed-role/${role}/`))
  throw new Error(`the caller is ${Arn}, not a session of ${roleArn}`);
const { Contents = [] } = await new S3Client({ forcePathStyle: true }).send(
  new ListObjectsV2Command({ Bucket: bucket }),
);
if (Contents.length === 0) throw new Error(`the bucket ${bucket} is empty`);
console.log(`${Arn} lists ${Contents.map(({ Key }) => Key).join(", ")}`);
