"""CloudFormation types of AWS IAM Roles Anywhere for LocalStack.

Mount this file into /etc/localstack/init/start.d/ and set AWS_ENDPOINT_URL_ROLESANYWHERE to the URL of a running
`ra-mock`. LocalStack executes the file at start; from then on its CloudFormation creates, updates and deletes
AWS::RolesAnywhere::TrustAnchor, ::Profile and ::CRL by calling the mock's control plane, so that Ref, Fn::GetAtt and
refusals are real. GET /_localstack/init tells whether that worked.
"""

import contextlib
import functools
import os

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from localstack.services.cloudformation import resource_provider as cloudformation
from localstack.services.cloudformation.resource_provider import (
    CloudFormationResourceProviderPlugin,
    OperationStatus,
    ProgressEvent,
    ResourceProvider,
)

ENDPOINT_VARIABLE = "AWS_ENDPOINT_URL_ROLESANYWHERE"

DEFAULT_DURATION_SECONDS = 3600

# The mappings of a new profile: what a field returns to when a template no longer names it.
DEFAULT_ATTRIBUTE_MAPPINGS = {
    "x509Issuer": ["*"],
    "x509SAN": ["DNS", "URI", "Name/*"],
    "x509Subject": ["*"],
}

HANDLER_ERROR_CODES = {
    "AccessDeniedException": "AccessDenied",
    "ResourceNotFoundException": "NotFound",
    "ThrottlingException": "Throttling",
    "ValidationException": "InvalidRequest",
}


def read_endpoint():
    endpoint = os.environ.get(ENDPOINT_VARIABLE, "").strip()
    if endpoint.startswith(("http://", "https://")):
        return endpoint
    raise RuntimeError(
        f'{ENDPOINT_VARIABLE} is "{endpoint}" in LocalStack\'s environment: the CloudFormation types of IAM Roles '
        "Anywhere have no service to call. Set it to the URL of the Roles Anywhere mock as LocalStack reaches it, "
        "for example http://roles-anywhere:9912."
    )


ENDPOINT = read_endpoint()


@functools.lru_cache(maxsize=32)
def client(account_id, region):
    """A client for the mock that takes nothing from profiles, configuration files or proxies of the environment."""
    session = botocore.session.Session(
        session_vars={
            "profile": (None, [], None, None),
            "config_file": (None, [], os.devnull, None),
            "credentials_file": (None, [], os.devnull, None),
        }
    )
    return session.create_client(
        "rolesanywhere",
        region_name=region,
        endpoint_url=ENDPOINT,
        aws_access_key_id=account_id,
        aws_secret_access_key="unused",
        config=Config(
            # The service judges the input, not the client: its messages are the ones that AWS gives.
            parameter_validation=False,
            connect_timeout=5,
            read_timeout=20,
            retries={"total_max_attempts": 3, "mode": "standard"},
            proxies={},
        ),
    )


class NotChangeable(Exception):
    """A change that the service's API cannot make."""


class RolesAnywhereProvider(ResourceProvider):
    """The life of one resource: what the three types share."""

    TYPE = ""
    SCHEMA = {}
    IDENTIFIER = ""

    def create(self, request):
        service = client(request.account_id, request.region_name)
        desired = request.desired_state
        try:
            attributes = self.create_resource(service, desired)
            try:
                self.finish(service, attributes, desired)
            except Exception:
                with contextlib.suppress(BotoCoreError, ClientError):
                    self.delete_resource(service, attributes[self.IDENTIFIER])
                raise
        except (BotoCoreError, ClientError) as error:
            return failure(error, {})
        return success({**desired, **attributes})

    def update(self, request):
        service = client(request.account_id, request.region_name)
        previous = request.previous_state or {}
        attributes = {name: previous[name] for name in self.read_only() if name in previous}
        desired = {**request.desired_state, **attributes}
        if self.IDENTIFIER not in attributes:
            return self.create(request)
        try:
            self.require_changeable(previous, desired)
            try:
                self.change(service, attributes, previous, desired)
            except ClientError:
                # All or nothing: put back what the steps before the refused one changed.
                with contextlib.suppress(BotoCoreError, ClientError):
                    self.change(service, attributes, desired, previous)
                raise
        except (BotoCoreError, ClientError, NotChangeable) as error:
            return failure(error, previous)
        return success(desired)

    def delete(self, request):
        state = request.desired_state or {}
        identifier = state.get(self.IDENTIFIER)
        if identifier is not None:
            try:
                self.delete_resource(client(request.account_id, request.region_name), identifier)
            except ClientError as error:
                if error.response["Error"]["Code"] != "ResourceNotFoundException":
                    return failure(error, state)
            except BotoCoreError as error:
                return failure(error, state)
        return success(state)

    def read_only(self):
        return [path.removeprefix("/properties/") for path in self.SCHEMA["readOnlyProperties"]]

    def change(self, service, attributes, previous, desired):
        """What can be undone comes first: the update operation, which cannot clear every member, is the last refusal."""
        self.update_tags(service, attributes, previous, desired)
        self.update_resource(service, attributes, previous, desired)
        self.set_enabled(service, attributes, as_boolean(desired.get("Enabled"), False))

    def update_tags(self, service, attributes, previous, desired):
        old, new = tag_map(previous), tag_map(desired)
        arn = self.arn(service, attributes)
        removed = [key for key in old if key not in new]
        changed = [{"key": key, "value": value} for key, value in new.items() if old.get(key) != value]
        if changed:
            service.tag_resource(resourceArn=arn, tags=changed)
        if removed:
            service.untag_resource(resourceArn=arn, tagKeys=removed)

    # What each type defines.

    def create_resource(self, service, desired):
        """Creates the resource and returns its read-only attributes."""
        raise NotImplementedError

    def finish(self, service, attributes, desired):
        """Sets what the create operation has no member for."""

    def require_changeable(self, previous, desired):
        """Raises NotChangeable for a change that no operation makes."""

    def update_resource(self, service, attributes, previous, desired):
        raise NotImplementedError

    def set_enabled(self, service, attributes, enabled):
        raise NotImplementedError

    def delete_resource(self, service, identifier):
        raise NotImplementedError

    def arn(self, service, attributes):
        raise NotImplementedError


class TrustAnchorProvider(RolesAnywhereProvider):
    TYPE = "AWS::RolesAnywhere::TrustAnchor"
    IDENTIFIER = "TrustAnchorId"
    SCHEMA = {
        "typeName": TYPE,
        "primaryIdentifier": ["/properties/TrustAnchorId"],
        "readOnlyProperties": ["/properties/TrustAnchorId", "/properties/TrustAnchorArn"],
    }

    def create_resource(self, service, desired):
        answer = service.create_trust_anchor(
            **present(
                name=as_text(desired.get("Name")),
                source=source(desired),
                enabled=as_boolean(desired.get("Enabled"), None),
                notificationSettings=notification_settings(desired),
                tags=tags(desired),
            )
        )["trustAnchor"]
        return {"TrustAnchorId": answer["trustAnchorId"], "TrustAnchorArn": answer["trustAnchorArn"]}

    def update_resource(self, service, attributes, previous, desired):
        identifier = attributes["TrustAnchorId"]
        settings = notification_settings(desired) or []
        if settings:
            service.put_notification_settings(trustAnchorId=identifier, notificationSettings=settings)
        named = {setting["event"] for setting in settings}
        dropped = {setting["event"] for setting in notification_settings(previous) or []} - named
        if dropped:
            keys = [{"event": event} for event in sorted(dropped)]
            service.reset_notification_settings(trustAnchorId=identifier, notificationSettingKeys=keys)
        service.update_trust_anchor(
            **present(trustAnchorId=identifier, name=as_text(desired.get("Name")), source=source(desired))
        )

    def set_enabled(self, service, attributes, enabled):
        call = service.enable_trust_anchor if enabled else service.disable_trust_anchor
        call(trustAnchorId=attributes["TrustAnchorId"])

    def delete_resource(self, service, identifier):
        service.delete_trust_anchor(trustAnchorId=identifier)

    def arn(self, service, attributes):
        return attributes["TrustAnchorArn"]


class ProfileProvider(RolesAnywhereProvider):
    TYPE = "AWS::RolesAnywhere::Profile"
    IDENTIFIER = "ProfileId"
    SCHEMA = {
        "typeName": TYPE,
        "primaryIdentifier": ["/properties/ProfileId"],
        "readOnlyProperties": ["/properties/ProfileId", "/properties/ProfileArn"],
        "createOnlyProperties": ["/properties/RequireInstanceProperties"],
    }

    def create_resource(self, service, desired):
        answer = service.create_profile(
            **present(
                name=as_text(desired.get("Name")),
                roleArns=desired.get("RoleArns"),
                managedPolicyArns=desired.get("ManagedPolicyArns"),
                sessionPolicy=desired.get("SessionPolicy"),
                durationSeconds=as_integer(desired.get("DurationSeconds"), None),
                requireInstanceProperties=as_boolean(desired.get("RequireInstanceProperties"), None),
                acceptRoleSessionName=as_boolean(desired.get("AcceptRoleSessionName"), None),
                enabled=as_boolean(desired.get("Enabled"), None),
                tags=tags(desired),
            )
        )["profile"]
        return {"ProfileId": answer["profileId"], "ProfileArn": answer["profileArn"]}

    def finish(self, service, attributes, desired):
        self.put_mappings(service, attributes, attribute_mappings(desired))

    def require_changeable(self, previous, desired):
        if previous.get("SessionPolicy") and not desired.get("SessionPolicy"):
            raise NotChangeable(
                "UpdateProfile cannot remove a session policy. Give SessionPolicy another value, or rename the "
                "resource in the template to create a new profile without one."
            )

    def update_resource(self, service, attributes, previous, desired):
        new = attribute_mappings(desired)
        dropped = {
            field: DEFAULT_ATTRIBUTE_MAPPINGS.get(field, [])
            for field in attribute_mappings(previous)
            if field not in new
        }
        self.put_mappings(service, attributes, {**dropped, **new})
        service.update_profile(
            **present(
                profileId=attributes["ProfileId"],
                name=as_text(desired.get("Name")),
                roleArns=desired.get("RoleArns"),
                managedPolicyArns=desired.get("ManagedPolicyArns", []),
                sessionPolicy=desired.get("SessionPolicy"),
                durationSeconds=as_integer(desired.get("DurationSeconds"), DEFAULT_DURATION_SECONDS),
                acceptRoleSessionName=as_boolean(desired.get("AcceptRoleSessionName"), False),
            )
        )

    def put_mappings(self, service, attributes, mappings):
        for field, specifiers in mappings.items():
            service.put_attribute_mapping(
                profileId=attributes["ProfileId"],
                certificateField=field,
                mappingRules=[{"specifier": specifier} for specifier in specifiers],
            )

    def set_enabled(self, service, attributes, enabled):
        call = service.enable_profile if enabled else service.disable_profile
        call(profileId=attributes["ProfileId"])

    def delete_resource(self, service, identifier):
        service.delete_profile(profileId=identifier)

    def arn(self, service, attributes):
        return attributes["ProfileArn"]


class CrlProvider(RolesAnywhereProvider):
    TYPE = "AWS::RolesAnywhere::CRL"
    IDENTIFIER = "CrlId"
    SCHEMA = {
        "typeName": TYPE,
        "primaryIdentifier": ["/properties/CrlId"],
        "readOnlyProperties": ["/properties/CrlId"],
    }

    def create_resource(self, service, desired):
        answer = service.import_crl(
            **present(
                name=as_text(desired.get("Name")),
                crlData=desired.get("CrlData"),
                trustAnchorArn=desired.get("TrustAnchorArn"),
                enabled=as_boolean(desired.get("Enabled"), None),
                tags=tags(desired),
            )
        )["crl"]
        return {"CrlId": answer["crlId"]}

    def require_changeable(self, previous, desired):
        if previous.get("TrustAnchorArn") != desired.get("TrustAnchorArn"):
            raise NotChangeable(
                "UpdateCrl cannot move a CRL to another trust anchor. Rename the resource in the template to import "
                "it anew."
            )

    def update_resource(self, service, attributes, previous, desired):
        service.update_crl(
            **present(
                crlId=attributes["CrlId"], name=as_text(desired.get("Name")), crlData=desired.get("CrlData")
            )
        )

    def set_enabled(self, service, attributes, enabled):
        call = service.enable_crl if enabled else service.disable_crl
        call(crlId=attributes["CrlId"])

    def delete_resource(self, service, identifier):
        service.delete_crl(crlId=identifier)

    def arn(self, service, attributes):
        # The type has no ARN attribute; the service knows it.
        return service.get_crl(crlId=attributes["CrlId"])["crl"]["crlArn"]


def source(properties):
    value = properties.get("Source")
    if not isinstance(value, dict):
        return value
    data = value.get("SourceData") or {}
    return present(
        sourceType=value.get("SourceType"),
        sourceData=present(
            x509CertificateData=data.get("X509CertificateData"), acmPcaArn=data.get("AcmPcaArn")
        ),
    )


def notification_settings(properties):
    settings = properties.get("NotificationSettings")
    if settings is None:
        return None
    return [
        present(
            event=setting.get("Event"),
            enabled=as_boolean(setting.get("Enabled"), None),
            threshold=as_integer(setting.get("Threshold"), None),
            channel=setting.get("Channel"),
        )
        for setting in settings
    ]


def attribute_mappings(properties):
    return {
        mapping.get("CertificateField"): [rule.get("Specifier") for rule in mapping.get("MappingRules", [])]
        for mapping in properties.get("AttributeMappings") or []
    }


def tags(properties):
    listed = properties.get("Tags")
    if listed is None:
        return None
    return [{"key": as_text(tag.get("Key")), "value": as_text(tag.get("Value"))} for tag in listed]


def tag_map(properties):
    return {tag["key"]: tag["value"] for tag in tags(properties) or []}


def as_text(value):
    """Templates may write text as a number or boolean."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else value


def as_boolean(value, default):
    """Templates may write booleans as strings; whatever is neither goes to the service, which refuses it."""
    if value is None:
        return default
    return {"true": True, "false": False}.get(str(value).lower(), value)


def as_integer(value, default):
    """Templates may write numbers as strings."""
    if value is None:
        return default
    try:
        return int(value)
    except (TypeError, ValueError):
        return value


def present(**members):
    return {name: value for name, value in members.items() if value is not None}


def success(model):
    return ProgressEvent(status=OperationStatus.SUCCESS, resource_model=model)


def failure(error, model):
    """A refusal in the words that CloudFormation uses for it; `model` is what the resource still is."""
    if isinstance(error, ClientError):
        details, metadata = error.response["Error"], error.response["ResponseMetadata"]
        code = HANDLER_ERROR_CODES.get(details["Code"], "GeneralServiceException")
        text = (
            f"{details['Message']} (Service: RolesAnywhere, Status Code: {metadata['HTTPStatusCode']}, "
            f"Request ID: {metadata.get('RequestId')})"
        )
    elif isinstance(error, NotChangeable):
        code, text = "NotUpdatable", str(error)
    else:
        code = "NetworkFailure"
        text = f"{error}. Is the Roles Anywhere mock running at {ENDPOINT} ({ENDPOINT_VARIABLE})?"
    return ProgressEvent(
        status=OperationStatus.FAILED,
        resource_model=model,
        error_code=code,
        message=f'Resource handler returned message: "{text}" (HandlerErrorCode: {code})',
    )


def plugin_for(provider):
    class RolesAnywherePlugin(CloudFormationResourceProviderPlugin):
        name = provider.TYPE
        factory = provider

    return RolesAnywherePlugin()


PLUGINS = {
    provider.TYPE: plugin_for(provider) for provider in (TrustAnchorProvider, ProfileProvider, CrlProvider)
}


def install(manager):
    """Adds the types to LocalStack's registry. Its own types, and later ones of the same name, are left alone."""
    load, list_names = manager.load, manager.list_names
    own = {name: plugin for name, plugin in PLUGINS.items() if name not in list_names()}

    manager.load = lambda name: own[name] if name in own else load(name)
    manager.list_names = lambda: [*list_names(), *own]


def trust_registry(manager):
    """
    With CFN_IGNORE_UNSUPPORTED_RESOURCE_TYPES=0 LocalStack checks templates against a catalog that it downloads, and
    refuses every type when it cannot. What the registry can load is supported, with or without a network.
    """
    try:
        from localstack.services.cloudformation.engine.v2 import change_set_resource_support_checker as checks
    except ImportError:
        return  # A release without the check.
    checker = checks.ChangeSetResourceSupportChecker
    ask_catalog = checker._resource_support_status

    def resource_support_status(self, resource_type):
        name = (
            "AWS::CloudFormation::CustomResource" if resource_type.startswith("Custom::") else resource_type
        )
        if name in manager.list_names():
            return checks.CloudFormationResourcesSupportAtRuntime.AVAILABLE
        return ask_catalog(self, resource_type)

    checker._resource_support_status = resource_support_status


install(cloudformation.plugin_manager)
trust_registry(cloudformation.plugin_manager)
