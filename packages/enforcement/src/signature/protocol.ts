/** How a service writes errors: S3 has codes of its own, XML services and JSON services have two families of codes. */
export type ErrorProtocol = "s3" | "query" | "json";

const S3 = new Set(["s3", "s3control"]);

/** Services with the protocols `query`, `ec2` and `rest-xml` of botocore, S3 aside. */
const XML = new Set([
  "autoscaling",
  "cloudformation",
  "cloudfront",
  "cloudsearch",
  "docdb",
  "ec2",
  "elasticache",
  "elasticbeanstalk",
  "elb",
  "elbv2",
  "iam",
  "importexport",
  "neptune",
  "rds",
  "redshift",
  "route53",
  "sdb",
  "ses",
  "sns",
  "sts",
]);

/** Services of LocalStack and of this kit with the protocol `rest-json`: they refuse with 403, other JSON services with 400. */
const REST_JSON = new Set(["apigateway", "es", "lambda", "opensearch", "rolesanywhere", "scheduler"]);

/** @param service name of the service as botocore writes it */
export function protocolOf(service: string): {
  readonly protocol: ErrorProtocol;
  readonly jsonStatus: number;
} {
  const protocol = S3.has(service) ? "s3" : XML.has(service) ? "query" : "json";
  return { protocol, jsonStatus: REST_JSON.has(service) ? 403 : 400 };
}
