"""Drives every operation of the control plane with boto3's `rolesanywhere` client.

Usage: drive_control_plane.py URL SUBJECT_ID SECRET_ACCESS_KEY

Prints one JSON list of {"name", "error"}; `error` is null for what holds. The certificates come from `cryptography`,
the shapes and success codes from botocore's service model: neither knows anything of the emulator.
"""

import contextlib
import datetime
import json
import sys
import traceback

import botocore.session
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

URL, SUBJECT_ID, SECRET = sys.argv[1:]
ACCOUNT, REGION = "000000000000", "us-east-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/reader"
START, END = datetime.datetime(2026, 1, 1), datetime.datetime(2036, 1, 1)

called = {}


def connect(validate, secret=SECRET):
    client = botocore.session.Session().create_client(
        "rolesanywhere",
        region_name=REGION,
        endpoint_url=URL,
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key=secret,
        config=Config(parameter_validation=validate, retries={"total_max_attempts": 1}),
    )
    client.meta.events.register("after-call.rolesanywhere.*", record)
    return client


def record(http_response, parsed, model, **_):
    """Checks each success against the model: its status code, and members that the model does not know."""
    if http_response.status_code >= 300:
        return
    called[model.name] = called.get(model.name, 0) + 1
    expected = model.http.get("responseCode", 200)
    assert http_response.status_code == expected, f"{model.name}: {http_response.status_code}, not {expected}"
    unknown = list(unknown_members(json.loads(http_response.content), model.output_shape))
    assert not unknown, f"{model.name} answers with members that the model does not have: {unknown}"


def unknown_members(value, shape, path=""):
    if shape is None:
        return
    if shape.type_name == "structure":
        for name, member in value.items():
            if name not in shape.members:
                yield f"{path}.{name}"
            else:
                yield from unknown_members(member, shape.members[name], f"{path}.{name}")
    elif shape.type_name == "list":
        for member in value:
            yield from unknown_members(member, shape.member, f"{path}[]")


aws = connect(validate=True)
raw = connect(validate=False)


def make_certificate(ca=True):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "boto3 root")])
    usage = dict.fromkeys(
        (
            "digital_signature",
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "key_cert_sign",
            "crl_sign",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    usage |= {"key_cert_sign": ca, "crl_sign": ca, "digital_signature": not ca}
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(START)
        .not_valid_after(END)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(**usage), critical=True)
        .sign(key, hashes.SHA256())
    )
    return key, certificate


def pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def revocation_list(serial_number):
    revoked = x509.RevokedCertificateBuilder().serial_number(serial_number).revocation_date(START).build()
    return (
        x509.CertificateRevocationListBuilder()
        .issuer_name(CA.subject)
        .last_update(START)
        .next_update(END)
        .add_revoked_certificate(revoked)
        .sign(CA_KEY, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )


CA_KEY, CA = make_certificate()
CA_PEM = pem(CA)
LEAF_PEM = pem(make_certificate(ca=False)[1])


def bundle(text=CA_PEM):
    return {"sourceType": "CERTIFICATE_BUNDLE", "sourceData": {"x509CertificateData": text}}


@contextlib.contextmanager
def trust_anchor(**more):
    anchor = aws.create_trust_anchor(**{"name": "anchor", "source": bundle(), **more})["trustAnchor"]
    try:
        yield anchor
    finally:
        with contextlib.suppress(aws.exceptions.ResourceNotFoundException):
            aws.delete_trust_anchor(trustAnchorId=anchor["trustAnchorId"])


@contextlib.contextmanager
def profile(**more):
    made = aws.create_profile(**{"name": "profile", "roleArns": [ROLE], **more})["profile"]
    try:
        yield made
    finally:
        with contextlib.suppress(aws.exceptions.ResourceNotFoundException):
            aws.delete_profile(profileId=made["profileId"])


def equal(actual, expected):
    assert actual == expected, f"{actual!r} is not {expected!r}"


def refused(exception, message, operation, **parameters):
    try:
        operation(**parameters)
    except ClientError as error:
        equal((error.response["Error"]["Code"], error.response["Error"]["Message"]), (exception, message))
        modelled = exception in {shape.name for shape in aws.meta.service_model.error_shapes}
        equal(type(error).__name__, exception if modelled else "ClientError")
        assert error.response["ResponseMetadata"]["RequestId"], "no request id"
    else:
        raise AssertionError(f"not refused: {parameters}")


def lives_of_a_trust_anchor():
    with trust_anchor(enabled=True, tags=[{"key": "a", "value": "b"}]) as anchor:
        anchor_id = anchor["trustAnchorId"]
        equal(anchor["trustAnchorArn"], f"arn:aws:rolesanywhere:{REGION}:{ACCOUNT}:trust-anchor/{anchor_id}")
        equal((anchor["name"], anchor["enabled"], anchor["source"]), ("anchor", True, bundle()))
        assert anchor["createdAt"].tzinfo is not None, "createdAt is no timestamp"
        equal(aws.get_trust_anchor(trustAnchorId=anchor_id)["trustAnchor"], anchor)
        equal(aws.disable_trust_anchor(trustAnchorId=anchor_id)["trustAnchor"]["enabled"], False)
        equal(aws.enable_trust_anchor(trustAnchorId=anchor_id)["trustAnchor"]["enabled"], True)
        two = bundle(CA_PEM + pem(make_certificate()[1]))
        updated = aws.update_trust_anchor(trustAnchorId=anchor_id, name="renamed", source=two)["trustAnchor"]
        equal((updated["name"], updated["source"]), ("renamed", two))
        equal(aws.delete_trust_anchor(trustAnchorId=anchor_id)["trustAnchor"]["name"], "renamed")
        try:
            aws.get_trust_anchor(trustAnchorId=anchor_id)
        except aws.exceptions.ResourceNotFoundException:
            pass
        else:
            raise AssertionError("still there")


def notifications_are_customised_and_reset():
    with trust_anchor() as anchor:
        anchor_id, defaults = anchor["trustAnchorId"], anchor["notificationSettings"]
        equal(
            sorted(
                (s["event"], s["enabled"], s["threshold"], s["channel"], s["configuredBy"]) for s in defaults
            ),
            [
                (event, True, 45, "ALL", "rolesanywhere.amazonaws.com")
                for event in ("CA_CERTIFICATE_EXPIRY", "END_ENTITY_CERTIFICATE_EXPIRY")
            ],
        )
        changed = aws.put_notification_settings(
            trustAnchorId=anchor_id,
            notificationSettings=[
                {"event": "CA_CERTIFICATE_EXPIRY", "enabled": True, "threshold": 9, "channel": "ALL"}
            ],
        )["trustAnchor"]["notificationSettings"]
        equal(
            [(s["threshold"], s["configuredBy"]) for s in changed if s["event"][:2] == "CA"], [(9, ACCOUNT)]
        )
        reset = aws.reset_notification_settings(
            trustAnchorId=anchor_id,
            notificationSettingKeys=[{"event": "CA_CERTIFICATE_EXPIRY", "channel": "ALL"}],
        )
        equal(reset["trustAnchor"]["notificationSettings"], defaults)


def lives_of_a_profile():
    given = {
        "enabled": True,
        "durationSeconds": 900,
        "acceptRoleSessionName": True,
        "requireInstanceProperties": False,
        "sessionPolicy": '{"Version":"2012-10-17","Statement":[]}',
        "managedPolicyArns": ["arn:aws:iam::aws:policy/ReadOnlyAccess"],
    }
    with profile(**given) as made:
        profile_id = made["profileId"]
        equal({name: made[name] for name in given}, given)
        equal(aws.get_profile(profileId=profile_id)["profile"], made)
        equal(aws.disable_profile(profileId=profile_id)["profile"]["enabled"], False)
        equal(aws.enable_profile(profileId=profile_id)["profile"]["enabled"], True)
        change = {
            "name": "renamed",
            "roleArns": [],
            "durationSeconds": 43200,
            "sessionPolicy": "{}",
            "managedPolicyArns": [],
            "acceptRoleSessionName": False,
        }
        updated = aws.update_profile(profileId=profile_id, **change)["profile"]
        equal({name: updated[name] for name in change}, change)
        equal(aws.delete_profile(profileId=profile_id)["profile"]["profileArn"], made["profileArn"])
    with profile() as made:
        equal((made["durationSeconds"], made["acceptRoleSessionName"]), (3600, False))


def attribute_mappings_are_put_and_deleted():
    def mappings(answer):
        return {
            mapping["certificateField"]: [rule["specifier"] for rule in mapping["mappingRules"]]
            for mapping in answer["profile"]["attributeMappings"]
        }

    with profile() as made:
        profile_id = made["profileId"]
        issuer, subject = {"x509Issuer": ["*"]}, {"x509Subject": ["*"]}
        equal(mappings({"profile": made}), {**issuer, "x509SAN": ["DNS", "URI", "Name/*"], **subject})
        answer = aws.put_attribute_mapping(
            profileId=profile_id,
            certificateField="x509SAN",
            mappingRules=[{"specifier": "URI"}, {"specifier": "Name"}],
        )
        equal(mappings(answer), {**issuer, "x509SAN": ["URI", "Name/*"], **subject})
        answer = aws.delete_attribute_mapping(
            profileId=profile_id, certificateField="x509SAN", specifiers=["URI", "DNS"]
        )
        equal(mappings(answer), {**issuer, "x509SAN": ["Name/*"], **subject})
        answer = aws.delete_attribute_mapping(profileId=profile_id, certificateField="x509Issuer")
        equal(mappings(answer), {"x509SAN": ["Name/*"], **subject})


def lives_of_a_crl():
    with trust_anchor() as anchor:
        data = revocation_list(1)
        crl = aws.import_crl(
            name="list", crlData=data, trustAnchorArn=anchor["trustAnchorArn"], enabled=True, tags=[]
        )["crl"]
        crl_id = crl["crlId"]
        equal((crl["crlData"], crl["enabled"], crl["trustAnchorArn"]), (data, True, anchor["trustAnchorArn"]))
        equal(aws.get_crl(crlId=crl_id)["crl"], crl)
        equal(aws.disable_crl(crlId=crl_id)["crl"]["enabled"], False)
        equal(aws.enable_crl(crlId=crl_id)["crl"]["enabled"], True)
        other = revocation_list(2)
        updated = aws.update_crl(crlId=crl_id, name="renamed", crlData=other)["crl"]
        equal((updated["name"], updated["crlData"]), ("renamed", other))
        equal([each["crlId"] for each in aws.list_crls()["crls"]], [crl_id])
        second = aws.import_crl(name="second", crlData=data, trustAnchorArn=anchor["trustAnchorArn"])["crl"]
        refused(
            "ValidationException",
            "Limit of 2 CRLs per trust anchor exceeded",
            aws.import_crl,
            name="third",
            crlData=data,
            trustAnchorArn=anchor["trustAnchorArn"],
        )
        aws.delete_crl(crlId=second["crlId"])
        equal(aws.delete_crl(crlId=crl_id)["crl"]["crlArn"], crl["crlArn"])
        equal(aws.list_crls()["crls"], [])


def subjects_are_read():
    subject = aws.get_subject(subjectId=SUBJECT_ID)["subject"]
    equal((subject["x509Subject"], len(subject["credentials"])), ("CN=client", 1))
    assert subject["credentials"][0]["seenAt"].tzinfo is not None
    equal([each["subjectId"] for each in aws.list_subjects()["subjects"]], [SUBJECT_ID])


def tags_are_set_listed_and_removed():
    with trust_anchor(tags=[{"key": "a", "value": "1"}]) as anchor, profile() as made:
        for arn in (anchor["trustAnchorArn"], made["profileArn"]):
            aws.tag_resource(resourceArn=arn, tags=[{"key": "b", "value": ""}, {"key": "a", "value": "2"}])
            listed = {tag["key"]: tag["value"] for tag in aws.list_tags_for_resource(resourceArn=arn)["tags"]}
            equal(listed, {"a": "2", "b": ""})
            aws.untag_resource(resourceArn=arn, tagKeys=["a", "z"])
            equal(aws.list_tags_for_resource(resourceArn=arn)["tags"], [{"key": "b", "value": ""}])
        full = [{"key": f"k{n}", "value": "v"} for n in range(200)]
        refused(
            "TooManyTagsException",
            "A resource can have at most 200 tags; this request makes 201",
            aws.tag_resource,
            resourceArn=made["profileArn"],
            tags=full,
        )


def paginators_see_everything_once():
    with contextlib.ExitStack() as stack:
        anchors = [stack.enter_context(trust_anchor(name=f"a{n}"))["trustAnchorId"] for n in range(7)]
        profiles = [stack.enter_context(profile(name=f"p{n}"))["profileId"] for n in range(7)]
        for operation, key, identifier, expected in (
            ("list_trust_anchors", "trustAnchors", "trustAnchorId", anchors),
            ("list_profiles", "profiles", "profileId", profiles),
            ("list_subjects", "subjects", "subjectId", [SUBJECT_ID]),
            ("list_crls", "crls", "crlId", []),
        ):
            for page_size in (1, 3, 7, 8):
                pages = list(aws.get_paginator(operation).paginate(pageSize=page_size))
                equal([each[identifier] for page in pages for each in page[key]], expected)
                assert all(len(page[key]) <= page_size for page in pages), "a page is too long"
                assert "nextToken" not in pages[-1], "a token on the last page"


def quotas_are_kept():
    with contextlib.ExitStack() as stack:
        for _ in range(50):
            stack.enter_context(trust_anchor())
        refused(
            "ValidationException",
            "Limit of 50 trust anchors exceeded",
            aws.create_trust_anchor,
            name="one too many",
            source=bundle(),
        )


def broken_constraints_are_named_as_aws_names_them():
    def broken(value, at, constraint):
        return (
            f"1 validation error detected: Value {value} at '{at}' failed to satisfy constraint: {constraint}"
        )

    null = "Member must not be null"
    anchor = {"name": "a", "source": bundle()}
    made = {"name": "p", "roleArns": [ROLE]}
    for operation, parameters, message in (
        (raw.create_trust_anchor, {"source": bundle()}, broken("null", "name", null)),
        (raw.create_trust_anchor, {"name": "a"}, broken("null", "source", null)),
        (
            raw.create_trust_anchor,
            {**anchor, "name": "a/b"},
            broken("'a/b'", "name", "Member must satisfy regular expression pattern: [ a-zA-Z0-9-_]*"),
        ),
        (
            raw.create_trust_anchor,
            {**anchor, "source": bundle(LEAF_PEM)},
            "Incorrect basic constraints for CA certificate",
        ),
        (
            raw.create_trust_anchor,
            {
                **anchor,
                "source": {"sourceType": "AWS_ACM_PCA", "sourceData": {"acmPcaArn": "arn:aws:acm-pca:x"}},
            },
            "Error creating TrustAnchor. Given AWS PCA did not allow get request.: ",
        ),
        (
            raw.create_profile,
            {**made, "durationSeconds": 43201},
            broken("'43201'", "durationSeconds", "Member must have value less than or equal to 43200"),
        ),
        (
            raw.create_profile,
            {**made, "durationSeconds": 1},
            broken("'1'", "durationSeconds", "Member must have value greater than or equal to 900"),
        ),
        (
            raw.create_profile,
            {**made, "name": ""},
            broken("''", "name", "Member must have length greater than or equal to 1"),
        ),
        (
            raw.put_attribute_mapping,
            {"profileId": SUBJECT_ID, "certificateField": "x", "mappingRules": []},
            broken(
                "'x'",
                "certificateField",
                "Member must satisfy enum value set: [x509Subject, x509Issuer, x509SAN]",
            ),
        ),
        (
            raw.list_trust_anchors,
            {"pageSize": 0},
            broken("'0'", "pageSize", "Member must have value greater than or equal to 1"),
        ),
        (raw.list_profiles, {"nextToken": "x"}, "Invalid nextToken"),
    ):
        refused("ValidationException", message, operation, **parameters)
    refused(
        "SerializationException",
        "STRING_VALUE can not be converted to an Integer",
        raw.list_trust_anchors,
        pageSize="ten",
    )


def every_constraint_of_the_model_is_kept():
    """Breaks each constraint that botocore's model states, one at a time, in an input that is good otherwise."""
    model = aws.meta.service_model
    complaints, tried = [], 0
    with trust_anchor(enabled=True) as anchor, profile() as made:
        crl = aws.import_crl(name="c", crlData=revocation_list(1), trustAnchorArn=anchor["trustAnchorArn"])["crl"]
        for name, good in good_inputs(anchor, made, crl).items():
            shape = model.operation_model(name).input_shape
            for bad, at, constraint in violations(shape, good):
                tried += 1
                try:
                    getattr(raw, xform_name(name))(**bad)
                    complaints.append(f"{name} {at}: not refused for: {constraint}")
                except ClientError as error:
                    code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
                    if code != "ValidationException" or f"at '{at}' failed" not in message or constraint not in message:
                        complaints.append(f"{name} {at}: {constraint!r}, but {code}: {message[:300]}")
        equal(sorted(good_inputs(anchor, made, crl)), sorted(model.operation_names))
        aws.delete_crl(crlId=crl["crlId"])
    assert not complaints, "\n".join(complaints)
    assert tried > 150, f"only {tried} constraints tried"


def good_inputs(anchor, made, crl):
    """An input of each operation with every member that has a constraint."""
    arn = anchor["trustAnchorArn"]
    tags = [{"key": "k", "value": "v"}]
    setting = {"event": "CA_CERTIFICATE_EXPIRY", "enabled": True, "threshold": 9, "channel": "ALL"}
    page = {"nextToken": "x", "pageSize": 1}
    by_anchor = {"trustAnchorId": anchor["trustAnchorId"]}
    by_profile = {"profileId": made["profileId"]}
    by_crl = {"crlId": crl["crlId"]}
    of_profile = {"name": "p", "roleArns": [ROLE], "managedPolicyArns": ["arn:aws:iam::aws:policy/A"]}
    of_profile |= {"durationSeconds": 900, "sessionPolicy": "{}"}
    return {
        "CreateTrustAnchor": {
            "name": "a",
            "source": bundle(),
            "tags": tags,
            "notificationSettings": [setting],
        },
        "UpdateTrustAnchor": {**by_anchor, "name": "a", "source": bundle()},
        "CreateProfile": {**of_profile, "tags": tags},
        "UpdateProfile": {**by_profile, **of_profile},
        "ImportCrl": {"name": "c", "crlData": revocation_list(1), "trustAnchorArn": arn, "tags": tags},
        "UpdateCrl": {**by_crl, "name": "c", "crlData": revocation_list(1)},
        "PutAttributeMapping": {
            **by_profile,
            "certificateField": "x509SAN",
            "mappingRules": [{"specifier": "DNS"}],
        },
        "DeleteAttributeMapping": {**by_profile, "certificateField": "x509SAN", "specifiers": ["DNS"]},
        "PutNotificationSettings": {**by_anchor, "notificationSettings": [setting]},
        "ResetNotificationSettings": {
            **by_anchor,
            "notificationSettingKeys": [{"event": "CA_CERTIFICATE_EXPIRY", "channel": "ALL"}],
        },
        "TagResource": {"resourceArn": arn, "tags": tags},
        "UntagResource": {"resourceArn": arn, "tagKeys": ["k"]},
        "ListTagsForResource": {"resourceArn": arn},
        **{f"{verb}TrustAnchor": by_anchor for verb in ("Get", "Delete", "Enable", "Disable")},
        **{f"{verb}Profile": by_profile for verb in ("Get", "Delete", "Enable", "Disable")},
        **{f"{verb}Crl": by_crl for verb in ("Get", "Delete", "Enable", "Disable")},
        "GetSubject": {"subjectId": SUBJECT_ID},
        **{f"List{kind}": page for kind in ("TrustAnchors", "Profiles", "Crls", "Subjects")},
    }


# Newer SDKs allow more than botocore's model of today.
NEWER_LIMITS = {"SourceDataX509CertificateDataString": {"max": 204_800}}


def violations(shape, good, at=""):
    """Inputs that break one constraint each: (input, path of the member, text of the constraint)."""
    for name, member in shape.members.items():
        path = f"{at}.{name}" if at else name
        in_path = member.serialization.get("location") == "uri"
        if name in shape.required_members and not in_path:
            yield {key: value for key, value in good.items() if key != name}, path, "Member must not be null"
        if name not in good:
            continue
        for bad, where, constraint in broken_values(member, good[name], path, in_path):
            yield {**good, name: bad}, where, constraint


def broken_values(shape, good, path, in_path=False):
    rule = {**shape.metadata, **NEWER_LIMITS.get(shape.name, {})}
    least, most = rule.get("min"), rule.get("max")
    if shape.type_name == "structure":
        yield from violations(shape, good, path)
    elif shape.type_name == "integer":
        if least is not None:
            yield least - 1, path, f"Member must have value greater than or equal to {least}"
        if most is not None:
            yield most + 1, path, f"Member must have value less than or equal to {most}"
    elif shape.type_name == "list":
        if most is not None:
            yield good * (most + 1), path, f"Member must have length less than or equal to {most}"
        for bad, where, constraint in broken_values(shape.member, good[0], f"{path}.1.member"):
            # A bad string is reported on its list.
            yield [bad], (path if isinstance(bad, str) else where), constraint
    elif shape.type_name in ("string", "blob"):
        if rule.get("enum"):
            yield "no such value", path, "Member must satisfy enum value set: ["
        filler = b"a" if shape.type_name == "blob" else "a"
        if least and not in_path:
            yield filler * (least - 1), path, f"Member must have length greater than or equal to {least}"
        if most is not None:
            yield filler * (most + 1), path, f"Member must have length less than or equal to {most}"
        if rule.get("pattern"):
            yield (
                "!" * max(least or 1, 1),
                path,
                f"Member must satisfy regular expression pattern: {rule['pattern']}",
            )


def arns_and_odd_characters_are_signed_as_sent():
    with trust_anchor(tags=[{"key": "a b/+=", "value": "@:._-"}]) as anchor:
        arn = anchor["trustAnchorArn"]
        equal(aws.get_trust_anchor(trustAnchorId=arn)["trustAnchor"], anchor)
        equal(aws.list_tags_for_resource(resourceArn=arn)["tags"], [{"key": "a b/+=", "value": "@:._-"}])
    with profile() as made:
        by_field = {"profileId": made["profileId"], "certificateField": "x509Subject"}
        odd = ["O", "CN", "a b", "c+d=e", "*~", "ü"]
        answer = aws.delete_attribute_mapping(**by_field, specifiers=odd)
        equal(answer["profile"]["profileId"], made["profileId"])


def a_wrong_secret_is_refused():
    for operation, parameters in (
        ("list_profiles", {}),
        ("create_profile", {"name": "p", "roleArns": [ROLE]}),
        ("list_tags_for_resource", {"resourceArn": f"arn:aws:rolesanywhere:{REGION}:{ACCOUNT}:profile/x"}),
    ):
        refused(
            "InvalidSignatureException",
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret "
            "Access Key and signing method. Consult the service documentation for details.",
            getattr(connect(validate=True, secret=f"{SECRET}x"), operation),
            **parameters,
        )


def unknown_resources_are_not_found():
    missing = "11111111-2222-4333-8444-555555555555"
    arn = f"arn:aws:rolesanywhere:{REGION}:{ACCOUNT}:trust-anchor/{missing}"
    for operation, parameters, label in (
        ("get_trust_anchor", {"trustAnchorId": missing}, f"Trust anchor {missing}"),
        ("update_trust_anchor", {"trustAnchorId": missing}, f"Trust anchor {missing}"),
        ("delete_trust_anchor", {"trustAnchorId": missing}, f"Trust anchor {missing}"),
        ("enable_trust_anchor", {"trustAnchorId": missing}, f"Trust anchor {missing}"),
        ("disable_trust_anchor", {"trustAnchorId": missing}, f"Trust anchor {missing}"),
        (
            "put_notification_settings",
            {"trustAnchorId": missing, "notificationSettings": []},
            f"Trust anchor {missing}",
        ),
        (
            "reset_notification_settings",
            {"trustAnchorId": missing, "notificationSettingKeys": []},
            f"Trust anchor {missing}",
        ),
        ("get_profile", {"profileId": missing}, f"Profile {missing}"),
        ("update_profile", {"profileId": missing}, f"Profile {missing}"),
        ("delete_profile", {"profileId": missing}, f"Profile {missing}"),
        ("enable_profile", {"profileId": missing}, f"Profile {missing}"),
        ("disable_profile", {"profileId": missing}, f"Profile {missing}"),
        ("get_crl", {"crlId": missing}, f"CRL {missing}"),
        ("update_crl", {"crlId": missing}, f"CRL {missing}"),
        ("delete_crl", {"crlId": missing}, f"CRL {missing}"),
        ("enable_crl", {"crlId": missing}, f"CRL {missing}"),
        ("disable_crl", {"crlId": missing}, f"CRL {missing}"),
        (
            "import_crl",
            {"name": "c", "crlData": revocation_list(1), "trustAnchorArn": arn},
            f"Trust anchor {arn}",
        ),
        ("get_subject", {"subjectId": missing}, f"Subject {missing}"),
        ("tag_resource", {"resourceArn": arn, "tags": []}, f"Resource {arn}"),
        ("untag_resource", {"resourceArn": arn, "tagKeys": []}, f"Resource {arn}"),
        ("list_tags_for_resource", {"resourceArn": arn}, f"Resource {arn}"),
    ):
        refused("ResourceNotFoundException", f"{label} was not found.", getattr(aws, operation), **parameters)


def every_operation_of_the_model_has_been_called():
    equal(sorted(set(aws.meta.service_model.operation_names) - set(called)), [])
    equal(len(aws.meta.service_model.operation_names), 30)


CHECKS = (
    lives_of_a_trust_anchor,
    notifications_are_customised_and_reset,
    lives_of_a_profile,
    attribute_mappings_are_put_and_deleted,
    lives_of_a_crl,
    subjects_are_read,
    tags_are_set_listed_and_removed,
    paginators_see_everything_once,
    quotas_are_kept,
    broken_constraints_are_named_as_aws_names_them,
    every_constraint_of_the_model_is_kept,
    arns_and_odd_characters_are_signed_as_sent,
    a_wrong_secret_is_refused,
    unknown_resources_are_not_found,
    every_operation_of_the_model_has_been_called,
)


def run(check):
    try:
        check()
    except Exception:
        return {"name": check.__name__.replace("_", " "), "error": traceback.format_exc()}
    return {"name": check.__name__.replace("_", " "), "error": None}


print(json.dumps([run(check) for check in CHECKS]))
