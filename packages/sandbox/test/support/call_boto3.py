"""Makes the calls of boto3 that come as lines of JSON on stdin, and answers each with one line.

Usage: call_boto3.py ENDPOINT_URL
"""

import json
import sys

import boto3
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError

ENDPOINT = sys.argv[1]
CONFIG = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}, proxies={})
clients = {}


def client(service, keys):
    identity = (service, keys["accessKeyId"], keys.get("sessionToken"), keys["secretAccessKey"])
    if identity not in clients:
        clients[identity] = boto3.client(
            service,
            endpoint_url=ENDPOINT,
            region_name="us-east-1",
            aws_access_key_id=keys["accessKeyId"],
            aws_secret_access_key=keys["secretAccessKey"],
            aws_session_token=keys.get("sessionToken"),
            config=CONFIG.merge(Config(signature_version="s3v4")) if service == "s3" else CONFIG,
        )
    return clients[identity]


def call(service, operation, credentials, parameters=None, headers=None):
    made = client(service, credentials)

    def replace_headers(request, **_):
        for name, value in (headers or {}).items():
            del request.headers[name]
            request.headers[name] = value

    made.meta.events.unregister("before-sign", unique_id="headers")
    made.meta.events.register("before-sign", replace_headers, unique_id="headers")
    name, is_presigned = xform_name(operation.removeprefix("presign:")), operation.startswith("presign:")
    if is_presigned:
        url = made.generate_presigned_url(name, Params=parameters, ExpiresIn=600)
        return {"status": 200, "code": None, "message": None, "url": url}
    try:
        answer = getattr(made, name)(**(parameters or {}))
    except ClientError as error:
        status, details = error.response["ResponseMetadata"]["HTTPStatusCode"], error.response["Error"]
        return {"status": status, "code": details["Code"], "message": details.get("Message"), "url": None}
    return {"status": answer["ResponseMetadata"]["HTTPStatusCode"], "code": None, "message": None, "url": None}


for line in sys.stdin:
    print(json.dumps(call(**json.loads(line))), flush=True)
