"""Prints what botocore signs, and what its service models say, as JSON. It sends nothing."""

import hashlib
import json
import os
import re
import sys
from urllib.parse import urlsplit

import botocore.session
from botocore.awsrequest import AWSResponse
from botocore.config import Config

ACCESS_KEY_ID, SECRET_ACCESS_KEY, SESSION_TOKEN = sys.argv[1:4]
KEY = "2026/a b+c&d=(é)'!*~/ü.csv"
os.environ["AWS_EC2_METADATA_DISABLED"] = "true"

session = botocore.session.Session()
session.set_credentials(ACCESS_KEY_ID, SECRET_ACCESS_KEY, SESSION_TOKEN)


class Captured(Exception):
    def __init__(self, request):
        super().__init__()
        self.request = request


def client(service, endpoint="http://127.0.0.1:4566", **config):
    settings = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}, **config)
    made = session.create_client(service, region_name="eu-west-1", endpoint_url=endpoint, config=settings)

    def capture(request, **_):
        raise Captured(request)

    made.meta.events.register("before-send", capture)
    return made


def as_json(title, service, method, url, headers, body):
    if hasattr(body, "read"):
        body = body.read()
    if isinstance(body, str):
        body = body.encode()
    parts = urlsplit(url)
    pairs = [[name, value.decode() if isinstance(value, bytes) else str(value)] for name, value in headers.items()]
    return {
        "title": title,
        "service": service,
        "method": method,
        "path": parts.path + ("?" + parts.query if parts.query else ""),
        "headers": pairs if any(name.lower() == "host" for name, _ in pairs) else [["Host", parts.netloc], *pairs],
        "payloadSha256": hashlib.sha256(body or b"").hexdigest(),
    }


def signed(title, service, operation, endpoint="http://127.0.0.1:4566", **parameters):
    try:
        getattr(client(service, endpoint), operation)(**parameters)
    except Captured as captured:
        request = captured.request
        return as_json(title, service, request.method, request.url, request.headers, request.body)
    raise AssertionError(f"{title} was not sent")


def presigned(title, service, operation, method, signature_version=None, **parameters):
    made = client(service, signature_version=signature_version) if signature_version else client(service)
    url = made.generate_presigned_url(operation, Params=parameters, ExpiresIn=300)
    return as_json(title, service, method, url, {}, b"")


OBJECT = {"Bucket": "reports", "Key": KEY}
ROLE = "arn:aws:iam::111122223333:role/servers/reader"

requests = [
    signed("s3 get_object", "s3", "get_object", **OBJECT),
    signed("s3 get_object of a version", "s3", "get_object", VersionId="a/b+c=", **OBJECT),
    signed("s3 head_object", "s3", "head_object", **OBJECT),
    signed("s3 put_object", "s3", "put_object", Body=b"some bytes", Tagging="team=blue", **OBJECT),
    signed("s3 put_object over TLS", "s3", "put_object", "https://s3.example:4566", Body=b"some bytes", **OBJECT),
    signed("s3 put_object with metadata", "s3", "put_object", Body=b"", Metadata={"note": "a  b"}, **OBJECT),
    signed("s3 upload_part", "s3", "upload_part", Body=b"part", PartNumber=1, UploadId="u+/=", **OBJECT),
    signed("s3 copy_object", "s3", "copy_object", CopySource={"Bucket": "other", "Key": KEY}, **OBJECT),
    signed("s3 delete_objects", "s3", "delete_objects", Bucket="reports", Delete={"Objects": [{"Key": KEY}]}),
    signed("s3 list_objects_v2", "s3", "list_objects_v2", Bucket="reports", Prefix="a b/+é&", Delimiter="/"),
    signed("s3 list_objects_v2 of no prefix", "s3", "list_objects_v2", Bucket="reports", Prefix=""),
    signed("s3 get_bucket_policy", "s3", "get_bucket_policy", Bucket="reports"),
    signed("s3 list_buckets", "s3", "list_buckets"),
    signed("sts get_caller_identity", "sts", "get_caller_identity"),
    signed("sts assume_role", "sts", "assume_role", RoleArn=ROLE, RoleSessionName="server-a"),
    signed("iam list_roles", "iam", "list_roles", PathPrefix="/servers/"),
    signed("cloudformation describe_stacks", "cloudformation", "describe_stacks", StackName="a"),
    signed("ec2 describe_instances", "ec2", "describe_instances"),
    signed("dynamodb get_item", "dynamodb", "get_item", TableName="t", Key={"id": {"S": "é"}}),
    signed("sqs send_message", "sqs", "send_message", QueueUrl="http://127.0.0.1:4566/1/q", MessageBody="é"),
    signed("sns publish", "sns", "publish", TopicArn="arn:aws:sns:eu-west-1:111122223333:t", Message="é"),
    signed("cloudwatch list_metrics", "cloudwatch", "list_metrics"),
    signed("lambda get_function by ARN", "lambda", "get_function", FunctionName=f"{ROLE.replace('iam', 'lambda')}"),
    signed("lambda invoke", "lambda", "invoke", FunctionName="f", Payload=b"{}"),
    signed("apigateway get_rest_apis", "apigateway", "get_rest_apis"),
    signed("route53 list_hosted_zones", "route53", "list_hosted_zones"),
    presigned("s3 presigned get_object", "s3", "get_object", "GET", "s3v4", **OBJECT),
    presigned(
        "s3 presigned get_object with a name",
        "s3",
        "get_object",
        "GET",
        "s3v4",
        ResponseContentDisposition='attachment; filename="a b.csv"',
        **OBJECT,
    ),
    presigned("s3 presigned put_object", "s3", "put_object", "PUT", "s3v4", **OBJECT),
    presigned("sts presigned get_caller_identity", "sts", "get_caller_identity", "POST"),
]
version2 = presigned("s3 presigned by version 2", "s3", "get_object", "GET", "s3", **OBJECT)


def localstack_handlers():
    import localstack.aws.api.s3 as api

    with open(api.__file__, encoding="utf-8") as source:
        return sorted(set(re.findall(r'@handler\("(\w+)"', source.read())))


def localstack_services():
    import localstack.services

    return sorted(os.listdir(os.path.dirname(localstack.services.__file__)))


known = set(session.get_available_services())
print(
    json.dumps(
        {
            "requests": requests,
            "version2": version2,
            "operations": sorted(session.get_service_model("s3").operation_names),
            "handlers": localstack_handlers(),
            "protocols": {name: session.get_service_model(name).protocol for name in sorted(known)},
            "localstackServices": [name for name in localstack_services() if name in known],
        }
    )
)
