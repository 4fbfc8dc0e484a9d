"""Deploys CloudFormation stacks to a LocalStack that has the hook, and looks at what the emulator then holds.

Usage: deploy_stacks.py LOCALSTACK_URL ROLES_ANYWHERE_URL [CHECK …]

Prints one JSON list of {"name", "error"}; `error` is null for what holds.
"""

import contextlib
import datetime
import itertools
import json
import sys
import time
import traceback

import boto3
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

LOCALSTACK, ROLES_ANYWHERE, *SELECTED = sys.argv[1:]
ACCESS = {"region_name": "us-east-1", "aws_access_key_id": "test", "aws_secret_access_key": "test"}

cloudformation = boto3.client("cloudformation", endpoint_url=LOCALSTACK, **ACCESS)
iam = boto3.client("iam", endpoint_url=LOCALSTACK, **ACCESS)
aws = boto3.client("rolesanywhere", endpoint_url=ROLES_ANYWHERE, **ACCESS)

names = (f"stack-{number}" for number in itertools.count(1))


def make_ca(ca=True):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Stack root")])
    usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    start, end = datetime.datetime(2026, 1, 1), datetime.datetime(2036, 1, 1)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, start, end)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )
    crl = x509.CertificateRevocationListBuilder(name, start, end).sign(key, hashes.SHA256())
    return tuple(each.public_bytes(serialization.Encoding.PEM).decode() for each in (certificate, crl))


CA, CRL = make_ca()
OTHER_CA, OTHER_CRL = make_ca()
NO_CA, _ = make_ca(ca=False)


def bundle(pem):
    return {"SourceType": "CERTIFICATE_BUNDLE", "SourceData": {"X509CertificateData": pem}}


def resource(resource_type, properties, **more):
    return {"Type": f"AWS::RolesAnywhere::{resource_type}", "Properties": properties, **more}


def anchor(**changes):
    return resource("TrustAnchor", {"Name": "anchor", "Source": bundle(CA), "Enabled": True, **changes})


def profile(**changes):
    return resource("Profile", {"Name": "profile", "RoleArns": [], "Enabled": True, **changes})


def crl(anchor_name="Anchor", **changes):
    arn = {"Fn::GetAtt": [anchor_name, "TrustAnchorArn"]}
    return resource("CRL", {"Name": "crl", "CrlData": CRL, "TrustAnchorArn": arn, **changes})


class Stack:
    """A stack deployed by change sets, as the CDK does it."""

    def __init__(self):
        self.name = next(names)
        self.deployed = False

    def deploy(self, outputs=None, **resources):
        """Returns the stack's status, and the reasons of what failed in this deployment."""
        template = {"Resources": resources, "Outputs": {k: {"Value": v} for k, v in (outputs or {}).items()}}
        before = len(self.events()) if self.deployed else 0
        change_set = cloudformation.create_change_set(
            StackName=self.name,
            ChangeSetName=f"change-{time.monotonic_ns()}",
            ChangeSetType="UPDATE" if self.deployed else "CREATE",
            TemplateBody=json.dumps(template),
            Capabilities=["CAPABILITY_IAM"],
        )
        self.deployed = True
        described = cloudformation.describe_change_set(ChangeSetName=change_set["Id"])
        if described["Status"] == "FAILED":
            return "CHANGE_SET_FAILED", [described["StatusReason"]]
        cloudformation.execute_change_set(ChangeSetName=change_set["Id"])
        return self.outcome(before)

    def create(self, **resources):
        """The same as a first deployment, without a change set: `cdk deploy --method direct`."""
        template = json.dumps({"Resources": resources})
        cloudformation.create_stack(
            StackName=self.name, TemplateBody=template, Capabilities=["CAPABILITY_IAM"]
        )
        self.deployed = True
        return self.outcome(0)

    def outcome(self, before):
        status = self.settled()
        events = self.events()
        new = events[: len(events) - before]
        reasons = [e.get("ResourceStatusReason") for e in new if e["ResourceStatus"].endswith("_FAILED")]
        return status, [reason for reason in reasons if reason]

    def update(self, **resources):
        """The same as a second deployment, without a change set: `aws cloudformation update-stack`."""
        cloudformation.update_stack(StackName=self.name, TemplateBody=json.dumps({"Resources": resources}))
        return self.settled(), []

    def settled(self):
        for _ in range(600):
            status = cloudformation.describe_stacks(StackName=self.name)["Stacks"][0]["StackStatus"]
            if not status.endswith("_IN_PROGRESS"):
                return status
            time.sleep(0.05)
        raise TimeoutError(status)

    def events(self):
        return cloudformation.describe_stack_events(StackName=self.name)["StackEvents"]

    def outputs(self):
        stack = cloudformation.describe_stacks(StackName=self.name)["Stacks"][0]
        return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}

    def delete(self):
        if self.deployed:
            cloudformation.delete_stack(StackName=self.name)
            for _ in range(1200):
                try:
                    stacks = cloudformation.describe_stacks(StackName=self.name)["Stacks"]
                except cloudformation.exceptions.ClientError:
                    return
                if stacks[0]["StackStatus"] == "DELETE_FAILED":
                    raise AssertionError([e.get("ResourceStatusReason") for e in self.events()])
                time.sleep(0.05)
            raise TimeoutError("the stack is still there")


@contextlib.contextmanager
def stack():
    """A stack that leaves nothing behind."""
    made = Stack()
    try:
        yield made
    finally:
        made.delete()
    equal(everything(), [])


def everything():
    return [
        *aws.list_trust_anchors()["trustAnchors"],
        *aws.list_profiles()["profiles"],
        *aws.list_crls()["crls"],
    ]


def only(kind):
    found = getattr(aws, f"list_{kind}s")()[{"trust_anchor": "trustAnchors"}.get(kind, f"{kind}s")]
    assert len(found) == 1, found
    return found[0]


def tags_of(arn):
    return {tag["key"]: tag["value"] for tag in aws.list_tags_for_resource(resourceArn=arn)["tags"]}


def mappings_of(made):
    return {
        m["certificateField"]: [r["specifier"] for r in m["mappingRules"]] for m in made["attributeMappings"]
    }


def tags(**pairs):
    return [{"Key": key, "Value": value} for key, value in pairs.items()]


def equal(actual, expected):
    assert actual == expected, f"{actual!r} is not {expected!r}"


def succeeded(outcome):
    status, reasons = outcome
    assert status in ("CREATE_COMPLETE", "UPDATE_COMPLETE"), outcome
    equal(reasons, [])


def failed(outcome, text):
    status, reasons = outcome
    assert status not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"), outcome
    assert any(text in reason for reason in reasons), f"{text!r} is not in {reasons!r}"


def references_are_those_of_the_service():
    with stack() as made:
        policy = {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "rolesanywhere.amazonaws.com"},
                    "Action": ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"],
                    "Condition": {
                        "ArnEquals": {"aws:SourceArn": {"Fn::GetAtt": ["Anchor", "TrustAnchorArn"]}}
                    },
                }
            ],
        }
        role = {
            "Type": "AWS::IAM::Role",
            "Properties": {"RoleName": "stack-role", "AssumeRolePolicyDocument": policy},
        }
        succeeded(
            made.deploy(
                Anchor=anchor(),
                Role=role,
                Profile=profile(RoleArns=[{"Fn::GetAtt": ["Role", "Arn"]}]),
                Crl=crl(),
                outputs={
                    "AnchorRef": {"Ref": "Anchor"},
                    "AnchorId": {"Fn::GetAtt": ["Anchor", "TrustAnchorId"]},
                    "AnchorArn": {"Fn::GetAtt": ["Anchor", "TrustAnchorArn"]},
                    "ProfileRef": {"Ref": "Profile"},
                    "ProfileId": {"Fn::GetAtt": ["Profile", "ProfileId"]},
                    "ProfileArn": {"Fn::GetAtt": ["Profile", "ProfileArn"]},
                    "CrlRef": {"Ref": "Crl"},
                    "CrlId": {"Fn::GetAtt": ["Crl", "CrlId"]},
                },
            )
        )
        trust_anchor, held_profile, held_crl = only("trust_anchor"), only("profile"), only("crl")
        equal(
            made.outputs(),
            {
                "AnchorRef": trust_anchor["trustAnchorId"],
                "AnchorId": trust_anchor["trustAnchorId"],
                "AnchorArn": trust_anchor["trustAnchorArn"],
                "ProfileRef": held_profile["profileId"],
                "ProfileId": held_profile["profileId"],
                "ProfileArn": held_profile["profileArn"],
                "CrlRef": held_crl["crlId"],
                "CrlId": held_crl["crlId"],
            },
        )
        held_role = iam.get_role(RoleName="stack-role")["Role"]
        condition = held_role["AssumeRolePolicyDocument"]["Statement"][0]["Condition"]
        equal(condition, {"ArnEquals": {"aws:SourceArn": trust_anchor["trustAnchorArn"]}})
        equal(held_profile["roleArns"], [held_role["Arn"]])
        equal(held_crl["trustAnchorArn"], trust_anchor["trustAnchorArn"])


def every_property_arrives():
    with stack() as made:
        succeeded(
            made.deploy(
                Anchor=anchor(
                    Name=2026,
                    Enabled="true",
                    Tags=tags(a=1),
                    NotificationSettings=[
                        {
                            "Event": "CA_CERTIFICATE_EXPIRY",
                            "Enabled": "true",
                            "Threshold": "9",
                            "Channel": "ALL",
                        }
                    ],
                ),
                Profile=profile(
                    AcceptRoleSessionName="true",
                    AttributeMappings=[
                        {"CertificateField": "x509Subject", "MappingRules": [{"Specifier": "CN"}]}
                    ],
                    DurationSeconds="1800",
                    ManagedPolicyArns=["arn:aws:iam::aws:policy/ReadOnlyAccess"],
                    RequireInstanceProperties=True,
                    SessionPolicy='{"Version":"2012-10-17","Statement":[]}',
                    Tags=tags(b="2"),
                ),
                Crl=crl(Enabled=True, Tags=tags(c="3")),
            )
        )
        trust_anchor, held, held_crl = only("trust_anchor"), only("profile"), only("crl")
        equal((trust_anchor["name"], trust_anchor["enabled"]), ("2026", True))
        equal(trust_anchor["source"]["sourceData"]["x509CertificateData"], CA)
        equal(
            sorted(
                (s["event"], s["threshold"], s["configuredBy"]) for s in trust_anchor["notificationSettings"]
            ),
            [
                ("CA_CERTIFICATE_EXPIRY", 9, "000000000000"),
                ("END_ENTITY_CERTIFICATE_EXPIRY", 45, "rolesanywhere.amazonaws.com"),
            ],
        )
        expected = {
            "name": "profile",
            "enabled": True,
            "acceptRoleSessionName": True,
            "durationSeconds": 1800,
            "managedPolicyArns": ["arn:aws:iam::aws:policy/ReadOnlyAccess"],
            "requireInstanceProperties": True,
            "sessionPolicy": '{"Version":"2012-10-17","Statement":[]}',
        }
        equal({name: held[name] for name in expected}, expected)
        equal(
            mappings_of(held),
            {"x509Issuer": ["*"], "x509SAN": ["DNS", "URI", "Name/*"], "x509Subject": ["CN"]},
        )
        equal((held_crl["name"], held_crl["enabled"], held_crl["crlData"].decode()), ("crl", True, CRL))
        equal(
            [
                tags_of(arn)
                for arn in (trust_anchor["trustAnchorArn"], held["profileArn"], held_crl["crlArn"])
            ],
            [{"a": "1"}, {"b": "2"}, {"c": "3"}],
        )


def updates_happen_in_place():
    with stack() as made:
        notification = {"Event": "CA_CERTIFICATE_EXPIRY", "Enabled": True, "Threshold": 9}
        mapping = {"CertificateField": "x509Subject", "MappingRules": [{"Specifier": "CN"}]}
        succeeded(
            made.deploy(
                Anchor=anchor(Tags=tags(a="1", b="2"), NotificationSettings=[notification]),
                Profile=profile(
                    Tags=tags(a="1"),
                    DurationSeconds=900,
                    AcceptRoleSessionName=True,
                    ManagedPolicyArns=["arn:aws:iam::aws:policy/ReadOnlyAccess"],
                    AttributeMappings=[mapping],
                    SessionPolicy="{}",
                ),
                Crl=crl(Enabled=True),
            )
        )
        before = [only("trust_anchor"), only("profile"), only("crl")]
        succeeded(
            made.deploy(
                Anchor=anchor(
                    Name="renamed", Enabled=False, Source=bundle(OTHER_CA), Tags=tags(b="3", c="4")
                ),
                Profile=profile(
                    Name="renamed",
                    Enabled=False,
                    RoleArns=["arn:aws:iam::000000000000:role/r"],
                    SessionPolicy='{"a":1}',
                ),
                Crl=crl(Name="renamed", CrlData=OTHER_CRL, Tags=tags(d="5")),
                outputs={"ProfileArn": {"Fn::GetAtt": ["Profile", "ProfileArn"]}},
            )
        )
        trust_anchor, held, held_crl = after = [only("trust_anchor"), only("profile"), only("crl")]
        for key, old, new in zip(("trustAnchorArn", "profileArn", "crlArn"), before, after, strict=True):
            equal(new[key], old[key])
        equal((trust_anchor["name"], trust_anchor["enabled"]), ("renamed", False))
        equal(trust_anchor["source"]["sourceData"]["x509CertificateData"], OTHER_CA)
        equal({s["threshold"] for s in trust_anchor["notificationSettings"]}, {45})
        equal(tags_of(trust_anchor["trustAnchorArn"]), {"b": "3", "c": "4"})
        expected = {
            "name": "renamed",
            "enabled": False,
            "roleArns": ["arn:aws:iam::000000000000:role/r"],
            "sessionPolicy": '{"a":1}',
            "durationSeconds": 3600,
            "acceptRoleSessionName": False,
            "managedPolicyArns": [],
        }
        equal({name: held[name] for name in expected}, expected)
        equal(mappings_of(held)["x509Subject"], ["*"])
        equal(tags_of(held["profileArn"]), {})
        equal(
            (held_crl["name"], held_crl["enabled"], held_crl["crlData"].decode()),
            ("renamed", False, OTHER_CRL),
        )
        equal(tags_of(held_crl["crlArn"]), {"d": "5"})
        equal(made.outputs(), {"ProfileArn": held["profileArn"]})


def create_only_properties_replace_the_profile():
    with stack() as made:
        outputs = {"Ref": {"Ref": "Profile"}}
        succeeded(made.deploy(Profile=profile(), outputs=outputs))
        old = only("profile")["profileId"]
        succeeded(made.deploy(Profile=profile(RequireInstanceProperties=True), outputs=outputs))
        new = only("profile")
        assert new["profileId"] != old, "not replaced"
        equal((new["requireInstanceProperties"], made.outputs()), (True, {"Ref": new["profileId"]}))


def a_resource_that_leaves_the_template_is_deleted():
    with stack() as made:
        succeeded(made.deploy(Anchor=anchor(), Profile=profile()))
        succeeded(made.deploy(Anchor=anchor()))
        equal([each["name"] for each in everything()], ["anchor"])


def what_an_update_without_a_change_set_adds_is_deleted_with_the_stack():
    with stack() as made:
        succeeded(made.deploy(Anchor=anchor()))
        succeeded(made.update(Anchor=anchor(), Crl=crl()))
        equal([each["name"] for each in everything()], ["anchor", "crl"])


def a_refused_creation_fails_the_stack_with_the_reason():
    for template, text in (
        (
            {"Anchor": anchor(Source=bundle(NO_CA))},
            "Incorrect basic constraints for CA certificate (Service: RolesAnywhere, Status Code: 400, Request ID: ",
        ),
        (
            {"Anchor": resource("TrustAnchor", {"Source": bundle(CA)})},
            "Value null at 'name' failed to satisfy constraint: Member must not be null",
        ),
        (
            {"Profile": profile(DurationSeconds=43201)},
            "Value '43201' at 'durationSeconds' failed to satisfy constraint: Member must have value less than or equal to 43200",
        ),
        ({"Profile": profile(DurationSeconds="an hour")}, "STRING_VALUE can not be converted to an Integer"),
        ({"Profile": profile(Enabled="maybe")}, "STRING_VALUE can not be converted to a Boolean"),
        ({"Anchor": anchor(), "Crl": crl(CrlData="none")}, "Invalid CRL"),
    ):
        for create in (Stack.deploy, Stack.create):
            with stack() as made:
                failed(create(made, **template), text)


def a_creation_without_a_change_set_makes_what_one_with_it_makes():
    with stack() as made:
        succeeded(made.create(Anchor=anchor(), Profile=profile(), Crl=crl()))
        equal([each["name"] for each in everything()], ["anchor", "profile", "crl"])


def a_profile_whose_mappings_are_refused_is_not_left_half_made():
    with stack() as made:
        mapping = {"CertificateField": "x509Nothing", "MappingRules": [{"Specifier": "CN"}]}
        failed(
            made.deploy(Profile=profile(AttributeMappings=[mapping])),
            "Value 'x509Nothing' at 'certificateField'",
        )
        equal(everything(), [])


def a_refused_update_leaves_the_resource_as_it_was():
    with stack() as made:
        succeeded(made.deploy(Profile=profile(Tags=tags(a="1"))))
        before = only("profile")
        mapping = {"CertificateField": "x509SAN", "MappingRules": [{"Specifier": "URI"}]}
        changes = {"Name": "renamed", "Enabled": False, "AttributeMappings": [mapping], "Tags": tags(b="2")}
        for refused, text in (
            ({"Tags": tags(b=",")}, "Value at 'tags.1.member.value' failed to satisfy constraint"),
            ({"DurationSeconds": 1}, "Value '1' at 'durationSeconds' failed to satisfy constraint"),
            (
                {"AttributeMappings": [mapping, {**mapping, "CertificateField": "x"}]},
                "Value 'x' at 'certificateField'",
            ),
        ):
            failed(made.deploy(Profile=profile(**changes | refused)), text)
            after = only("profile")
            equal({**after, "updatedAt": None}, {**before, "updatedAt": None})
            equal(tags_of(after["profileArn"]), {"a": "1"})


def what_the_api_cannot_change_fails_the_update():
    with stack() as made:
        succeeded(made.deploy(Profile=profile(SessionPolicy="{}")))
        failed(made.deploy(Profile=profile()), "UpdateProfile cannot remove a session policy")
        equal(only("profile")["sessionPolicy"], "{}")
    with stack() as made:
        succeeded(made.deploy(Anchor=anchor(), Other=anchor(), Crl=crl()))
        failed(
            made.deploy(Anchor=anchor(), Other=anchor(), Crl=crl("Other", Name="moved")),
            "UpdateCrl cannot move a CRL",
        )


def deleting_what_is_already_gone_succeeds():
    with stack() as made:
        succeeded(made.deploy(Anchor=anchor(), Profile=profile(), Crl=crl()))
        aws.delete_crl(crlId=only("crl")["crlId"])
        aws.delete_profile(profileId=only("profile")["profileId"])
        aws.delete_trust_anchor(trustAnchorId=only("trust_anchor")["trustAnchorId"])


def other_types_are_judged_as_before():
    with stack() as made:
        unknown = {"Type": "AWS::RolesAnywhere::Nothing", "Properties": {}}
        status, reasons = made.deploy(Unknown=unknown)
        equal(status, "CHANGE_SET_FAILED")
        assert "AWS::RolesAnywhere::Nothing" in reasons[0], reasons
    with stack() as made:
        equal(made.create(Unknown=unknown)[0], "CREATE_FAILED")


def an_emulator_out_of_reach_fails_the_stack_with_its_address():
    made = Stack()
    failed(made.deploy(Anchor=anchor()), f"Is the Roles Anywhere mock running at {ROLES_ANYWHERE}")
    made.delete()


CHECKS = {
    check.__name__: check
    for check in (
        references_are_those_of_the_service,
        every_property_arrives,
        updates_happen_in_place,
        create_only_properties_replace_the_profile,
        a_resource_that_leaves_the_template_is_deleted,
        what_an_update_without_a_change_set_adds_is_deleted_with_the_stack,
        a_refused_creation_fails_the_stack_with_the_reason,
        a_creation_without_a_change_set_makes_what_one_with_it_makes,
        a_profile_whose_mappings_are_refused_is_not_left_half_made,
        a_refused_update_leaves_the_resource_as_it_was,
        what_the_api_cannot_change_fails_the_update,
        deleting_what_is_already_gone_succeeds,
        other_types_are_judged_as_before,
    )
}
OFFLINE_CHECKS = {"an_emulator_out_of_reach": an_emulator_out_of_reach_fails_the_stack_with_its_address}


def run(check):
    try:
        check()
    except Exception:
        return {"name": check.__name__.replace("_", " "), "error": traceback.format_exc()}
    return {"name": check.__name__.replace("_", " "), "error": None}


selected = [(CHECKS | OFFLINE_CHECKS)[name] for name in SELECTED] or CHECKS.values()
print(json.dumps([run(check) for check in selected]))
