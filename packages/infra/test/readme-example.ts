import { readFileSync } from "node:fs";
import { Bucket } from "aws-cdk-lib/aws-s3";
import { Stack } from "aws-cdk-lib/core";
import type { App } from "aws-cdk-lib/core";
import { ExternalServer, TrustAnchor } from "../src/index.ts";

export function reports(app: App, caCertificateFile: string): Stack {
  const stack = new Stack(app, "Reports");
  const bucket = new Bucket(stack, "Bucket"); // the bucket that your app has already

  const trustAnchor = TrustAnchor.fromPem(stack, "TrustAnchor", readFileSync(caCertificateFile, "utf8"));
  const writer = new ExternalServer(stack, "Writer", { trustAnchor, commonNames: ["reports-writer"] });
  const readers = new ExternalServer(stack, "Readers", {
    trustAnchor,
    commonNames: ["reports-reader-1", "reports-reader-2"],
    durationSeconds: 900,
  });
  bucket.grantReadWrite(writer);
  bucket.grantRead(readers);
  return stack;
}
