"""Enforces IAM policies on sessions of IAM Roles Anywhere in LocalStack, which by itself permits everything.

Mount this file into /etc/localstack/init/start.d/ beside roles_anywhere.py, and set RA_ENFORCE_IAM=1 and
AWS_ENDPOINT_URL_ROLESANYWHERE. Before LocalStack carries out a request that was signed with credentials of the mock, it
asks the mock (POST /_mock/authorize), and refuses the request when the mock does or when the mock does not answer.

Roles that a session of the mock assumes are judged like it. Other credentials that the mock did not give out keep working:
those of the administrator, and those that he gets from LocalStack's own STS. Temporary credentials that neither of the two
knows are refused.

RA_SECURE_TRANSPORT=false says that requests came without TLS (aws:SecureTransport). By default they count as made over
TLS, since LocalStack is called over plain HTTP where AWS is called over TLS.
"""

import collections
import contextlib
import datetime
import functools
import hashlib
import io
import itertools
import json
import os
import re
import socket
import ssl
import threading
import uuid
from urllib.parse import urlsplit

from localstack.aws import handlers
from localstack.aws.accounts import get_account_id_from_access_key_id
from localstack.aws.api import CommonServiceException, ServiceException
from localstack.http.request import get_full_raw_path
from localstack.services.s3 import presigned_url
from localstack.services.s3.models import s3_stores
from localstack.services.s3.utils import extract_bucket_key_version_id_from_copy_source
from localstack.services.sts.models import sts_stores
from moto.core.responses import BaseResponse
from moto.iam.models import iam_backends

# How the mock names itself in the user agent when it assumes a role.
MOCK_USER_AGENT = "ra-mock"

# The members of moto's access keys that mark those of the mock's sessions, and say what a session of the mock assumed.
MARK = "roles_anywhere"
ASSUMED = "roles_anywhere_assumed"

TIMEOUT_SECONDS = 15

# Node ends an HTTP request that lasts longer than five minutes.
CONNECTION_SECONDS = 60

# In which account moto carries out a request.
ACCOUNT_HEADER = "x-moto-account-id"

# A larger body is not compared with the hash that its signature covers: LocalStack streams it.
MAX_HASHED_BYTES = 64 * 1024 * 1024

# No permission depends on a parameter that is nested deeper.
MAX_DEPTH = 16

PORTS = {"http": 80, "https": 443}
MAX_HEAD_BYTES = 64 * 1024

EMPTY_SHA256 = hashlib.sha256().hexdigest()

# Signature version 4, and version 2. One expression with both would be tried at each character.
CREDENTIALS = re.compile(r"Credential=([^/,\s]+)/"), re.compile(r"\AAWS ([^:\s]+):")
CREDENTIAL_PARAMETERS = {"x-amz-credential", "awsaccesskeyid"}
DEFAULT_DURATION_SECONDS = 3600

# Where LocalStack keeps the tags of sessions of all regions.
STS_REGION = "us-east-1"

READ_ONLY = ("Get", "List", "Simulate", "Generate")


def note_arrival(chain, context, response):
    """
    Notes what a request was before LocalStack's handlers change it. The part of the question that its signature covers goes
    to the mock now, which verifies the signature while LocalStack reads the request.
    """
    request = context.request
    keys = temporary_keys(named_keys(request))
    if not keys:
        return
    context.roles_anywhere_keys = keys
    for key in keys:
        known = find_access_key(key)
        if not is_judged(known):
            continue
        context.roles_anywhere_question = Question(
            {
                "accessKeyId": key,
                "assumed": getattr(known, ASSUMED, None),
                "request": {
                    "method": request.method,
                    "path": request.environ.get("RAW_URI") or get_full_raw_path(request),
                    "headers": list(request.headers.items()),
                    "payloadSha256": hash_payload(request),
                },
            }
        )
        break
    # LocalStack adds the account of the key to it, and moto takes the first value: the client's.
    request.headers.remove(ACCOUNT_HEADER)


def named_keys(request):
    for value in request.headers.getlist("authorization"):
        for credential in CREDENTIALS:
            yield from credential.findall(value)
    if request.query_string:
        yield from keys_of_parameters(request.args)


def keys_of_parameters(parameters):
    for name, value in parameters.items(multi=True):
        if name.lower() in CREDENTIAL_PARAMETERS:
            yield value.split("/")[0]


def temporary_keys(keys):
    return {key for key in keys if key.startswith(("ASIA", "LSIA"))}


def hash_payload(request):
    """The hash of the body in hex. None where the signature does not cover the body, or the body is too large."""
    announced = request.headers.get("x-amz-content-sha256", "")
    covers_body = announced == "" or re.fullmatch("[0-9a-f]{64}", announced)
    presigned_for_s3 = announced == "" and "X-Amz-Signature" in request.args and "%2Fs3%2F" in str(request.query_string)
    if not covers_body or presigned_for_s3 or (request.content_length or 0) > MAX_HASHED_BYTES:
        return None
    if not request.content_length and "transfer-encoding" not in request.headers:
        return EMPTY_SHA256
    body = request.get_data(cache=False)
    # The handlers after this one read the body again.
    request.stream = io.BytesIO(body)
    return hashlib.sha256(body).hexdigest()


def enforce(chain, context, response):
    if context.service is None or context.operation is None:
        return
    if is_form_upload(context):
        keys = temporary_keys(keys_of_parameters(context.request.form))
        if any(is_judged(find_access_key(key)) for key in keys):
            raise CommonServiceException(
                "NotImplemented",
                "Uploads by an HTML form (POST Object) are not evaluated for sessions of IAM Roles Anywhere. Presign PUT "
                "instead.",
                501,
            )
    question = context.get("roles_anywhere_question")
    if question is not None:
        error = question.ask(facts_of(context)).get("error")
        if error is not None:
            # Only the query protocol says whose fault it is.
            is_query = context.service.protocol == "query"
            raise CommonServiceException(error["code"], error["message"], error["status"], sender_fault=is_query)


def drop_question(chain, context, response):
    """Runs at the end of every request: of one that LocalStack refused by itself, the mock was never asked the rest."""
    question = context.get("roles_anywhere_question")
    if question is not None:
        question.drop()


def is_form_upload(context):
    return context.operation.name == "PostObject" and context.service.service_name == "s3"


def is_judged(known):
    """Whether the mock gave this key out, or may have: LocalStack's own STS did not."""
    return known is None or getattr(known, MARK, False)


account_of = functools.lru_cache(maxsize=1000)(get_account_id_from_access_key_id)


def find_access_key(key):
    """The access key in LocalStack's IAM and STS. Accounts that do not exist there are not created."""
    account = dict.get(iam_backends, account_of(key), {})
    return next((found for backend in list(account.values()) if (found := backend.access_keys.get(key))), None)


def secret_of(key, region):
    """
    For LocalStack's own check of presigned URLs, which comes first and by itself makes an account for each key id that
    somebody guesses.
    """
    return getattr(find_access_key(key), "secret_access_key", None)


def facts_of(context):
    """What LocalStack has read of a request."""
    parameters = json_of(context.service_request or {})
    source = read_copy_source(parameters) if context.service.service_name == "s3" else None
    return {
        "policyVersion": {"epoch": EPOCH, "number": version},
        "request": {
            "service": context.service.service_name,
            "operation": context.operation.name,
            "parameters": parameters,
            "copySource": source,
            "region": context.region,
            "addressRegion": address_region(context),
            "accountId": context.account_id,
            "sourceIp": context.request.remote_addr or "127.0.0.1",
            "secureTransport": SECURE_TRANSPORT,
        },
        "buckets": buckets_of(parameters, source) if context.service.service_name == "s3" else {},
    }


def json_of(value, depth=0):
    """What JSON can hold of the parameters: bodies are left out, and what is nested deeply; times are texts."""
    if isinstance(value, dict):
        members = value.items() if depth < MAX_DEPTH else ()
        return {name: json_of(each, depth + 1) for name, each in members if is_json(each)}
    if isinstance(value, list | tuple):
        elements = value if depth < MAX_DEPTH else ()
        return [json_of(each, depth + 1) for each in elements if is_json(each)]
    return value.isoformat() if isinstance(value, datetime.datetime) else value


def is_json(value):
    return isinstance(value, str | int | float | bool | dict | list | tuple | datetime.datetime)


def address_region(context):
    """The region that the address names, in which moto would carry out the request. S3 is not moto's."""
    if context.service.service_name == "s3":
        return None
    found = BaseResponse.region_regex.search(context.request.url)
    return found["region"] if found else None


def read_copy_source(parameters):
    """The object that a copy reads. LocalStack takes more forms than S3 does, so its own reading decides."""
    if "CopySource" not in parameters:
        return None
    try:
        bucket, key, version_id = extract_bucket_key_version_id_from_copy_source(parameters["CopySource"])
    except ServiceException:
        # LocalStack itself will refuse it.
        return None
    return {"bucket": bucket, "key": key, "versionId": version_id}


def buckets_of(parameters, source):
    """Owner and policy of each bucket that the request names, as they are now."""
    names = {parameters.get("Bucket"), source and source["bucket"]}
    return {name: facts for name in names if name and (facts := facts_of_bucket(name))}


def facts_of_bucket(name):
    for regions in list(s3_stores.values()):
        for store in list(regions.values()):
            bucket = store.buckets.get(name)
            if bucket is not None:
                return {"accountId": bucket.bucket_account_id, "policy": bucket.policy}
    return None


# Asking the mock.

connections = collections.deque()

# json.dumps makes an encoder for each call with separators.
ENCODER = json.JSONEncoder(separators=(",", ":"))

# The usual answer, which need not be parsed.
ALLOWED = {"verdict": "allowed"}
ALLOWED_TEXT = b'{"verdict":"allowed"}'


class Question:
    """
    What the mock is asked about a request, in two lines of JSON. The first is sent at once when a connection is open
    already; otherwise both are sent when the second is known.
    """

    def __init__(self, arrival):
        self.first = line_of(arrival)
        self.connection = idle_connection()
        if self.connection is not None:
            try:
                self.connection.send(self.first)
            except OSError:
                self.drop()

    def ask(self, facts):
        try:
            return read_verdict(self.exchange(line_of(facts)))
        except (OSError, ValueError) as error:
            raise CommonServiceException(
                "ServiceUnavailable",
                f"The request was refused because the Roles Anywhere mock at {ENDPOINT.geturl()} could not be asked for "
                f"permission ({type(error).__name__}: {error}). Is it running? AWS_ENDPOINT_URL_ROLESANYWHERE names it.",
                503,
            ) from error

    def exchange(self, second):
        connection, self.connection = self.connection, None
        if connection is not None:
            # A connection that was idle may be closed by the mock just then.
            with contextlib.suppress(ConnectionError):
                return connection.exchange(second)
        return Connection().exchange(self.first + second)

    def drop(self):
        """Closes a connection on which the rest was not sent."""
        connection, self.connection = self.connection, None
        if connection is not None:
            connection.close()


def line_of(facts):
    return ENCODER.encode(facts).encode() + b"\n"


def read_verdict(text):
    if text == ALLOWED_TEXT:
        return ALLOWED
    verdict = json.loads(text)
    if verdict.get("verdict") not in ("allowed", "refused") or (verdict["verdict"] == "refused") != ("error" in verdict):
        raise ValueError("it answered in an unknown form")
    return verdict


def idle_connection():
    """A connection that an earlier question left open; None when there is none."""
    while connections:
        with contextlib.suppress(IndexError):
            connection = connections.pop()
            if now() - connection.opened < CONNECTION_SECONDS:
                return connection
            connection.close()
    return None


class Connection:
    """One connection to the mock: an HTTP request that holds one question after another, and its answers."""

    def __init__(self):
        self.socket = socket.create_connection((ENDPOINT.hostname, ENDPOINT.port or PORTS[ENDPOINT.scheme]), TIMEOUT_SECONDS)
        if ENDPOINT.scheme == "https":
            self.socket = ssl.create_default_context().wrap_socket(self.socket, server_hostname=ENDPOINT.hostname)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.head = HEAD
        self.has_answered = False
        self.opened = now()

    def send(self, data):
        self.socket.sendall(b"%b%x\r\n%b\r\n" % (self.head, len(data), data))
        self.head = b""

    def exchange(self, data):
        """Sends the end of a question, and returns the line that answers it."""
        try:
            self.send(data)
            answer = self.read_answer()
        except BaseException:
            self.close()
            raise
        connections.append(self)
        return answer

    def read_answer(self):
        received = self.receive()
        if not self.has_answered:
            while b"\r\n\r\n" not in received:
                if len(received) > MAX_HEAD_BYTES:
                    raise ValueError("it answered in an unknown form")
                received += self.receive()
            head, _, received = received.partition(b"\r\n\r\n")
            line, _, _ = head.partition(b"\r\n")
            if not line.startswith(b"HTTP/1.1 200 "):
                raise ValueError(f"it answered {(line[:100] + b': ' + received[:200]).decode(errors='replace')}")
            self.has_answered = True
        # A chunk: its length, and one line of JSON.
        while not received.endswith(b"\n\r\n"):
            received += self.receive()
        return received[received.index(b"\n") + 1 : -len(b"\n\r\n")]

    def receive(self):
        data = self.socket.recv(MAX_HEAD_BYTES)
        if not data:
            raise ConnectionResetError("it closed the connection")
        return data

    def close(self):
        self.socket.close()


# What the mock must know: its own sessions, and that policies have changed.

EPOCH = str(uuid.uuid4())
version = 0
versions = itertools.count(1)
lock = threading.Lock()


def count_change(chain, context, response):
    """Runs when an operation has ended, before its caller learns of it: from then on the mock must read policies anew."""
    global version
    if context.service is None or context.operation is None or context.service.service_name != "iam":
        return
    if not context.operation.name.startswith(READ_ONLY):
        with lock:
            version = next(versions)


def mark_session(chain, context, response):
    """
    Marks the keys of sessions that the mock got, so that they stay known as such for as long as LocalStack knows them, and
    the keys that such a session got for another role: who may not do something must not get there by AssumeRole.
    """
    if context.service is None or context.operation is None or not context.operation.name.startswith("AssumeRole"):
        return
    callers = [key for key in context.get("roles_anywhere_keys") or () if is_judged(find_access_key(key))]
    if not callers and MOCK_USER_AGENT not in context.request.headers.get("user-agent", ""):
        return
    with contextlib.suppress(AttributeError, KeyError, TypeError):
        key = find_access_key(context.service_response["Credentials"]["AccessKeyId"])
        setattr(key, MARK, True)
        if callers:
            setattr(key, ASSUMED, assumed_by(callers[0], context))


def assumed_by(caller, context):
    """What the mock must know of a session that it did not grant: who got it, and for what."""
    request, response = context.service_request, context.service_response
    credentials, user = response["Credentials"], response["AssumedRoleUser"]
    issued_at = datetime.datetime.now(datetime.UTC)
    lasts = datetime.timedelta(seconds=request.get("DurationSeconds") or DEFAULT_DURATION_SECONDS)
    account = request["RoleArn"].split(":")[4]
    config = sts_stores[account][STS_REGION].sessions.get(credentials["AccessKeyId"]) or {}
    before = getattr(find_access_key(caller), ASSUMED, None)
    return {
        # The session of the mock at the beginning of the chain.
        "grantedAccessKeyId": before["grantedAccessKeyId"] if before else caller,
        "secretAccessKey": credentials["SecretAccessKey"],
        "sessionToken": credentials["SessionToken"],
        "roleArn": request["RoleArn"],
        "assumedRoleArn": user["Arn"],
        "roleId": user["AssumedRoleId"].split(":")[0],
        "roleSessionName": request["RoleSessionName"],
        "sessionPolicy": request.get("Policy"),
        "managedPolicyArns": [each["arn"] for each in request.get("PolicyArns") or []],
        "tags": [{"key": tag["Key"], "value": tag["Value"]} for tag in config.get("tags", {}).values()],
        "issuedAt": issued_at.isoformat(),
        "expiresAt": (issued_at + lasts).isoformat(),
    }


def read_endpoint():
    endpoint = urlsplit(os.environ.get("AWS_ENDPOINT_URL_ROLESANYWHERE", "").strip())
    if endpoint.scheme in ("http", "https") and endpoint.hostname:
        return endpoint
    raise RuntimeError(
        f'AWS_ENDPOINT_URL_ROLESANYWHERE is "{endpoint.geturl()}" in LocalStack\'s environment: there is no mock to ask '
        "for permission. Set it to the URL of the Roles Anywhere mock, for example http://roles-anywhere:9912."
    )


def read_flag(name, default):
    text = os.environ.get(name, "").strip().lower() or default
    if text in ("1", "true"):
        return True
    if text in ("0", "false"):
        return False
    raise RuntimeError(f'{name} is "{text}" in LocalStack\'s environment. Set it to true or false.')


if read_flag("RA_ENFORCE_IAM", "false"):
    from time import monotonic as now

    ENDPOINT = read_endpoint()
    HEAD = (
        f"POST {ENDPOINT.path.rstrip('/')}/_mock/authorize HTTP/1.1\r\nHost: {ENDPOINT.netloc}\r\n"
        "Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n"
    ).encode()
    SECURE_TRANSPORT = read_flag("RA_SECURE_TRANSPORT", "true")
    # In front of what others have added or will add: nothing is carried out before it is permitted.
    handlers.preprocess_request.handlers.insert(0, note_arrival)
    handlers.serve_custom_service_request_handlers.handlers.insert(0, enforce)
    handlers.run_custom_response_handlers.handlers.insert(0, mark_session)
    presigned_url.get_secret_access_key_from_access_key_id = secret_of
    handlers.run_custom_finalizers.handlers[:0] = [count_change, drop_question]
