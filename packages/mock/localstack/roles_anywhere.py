"""CloudFormation types of AWS IAM Roles Anywhere for LocalStack.

Mount this file into /etc/localstack/init/start.d/ and set AWS_ENDPOINT_URL_ROLESANYWHERE to the URL of a running
`ra-mock`. LocalStack executes the file at start. From then on its CloudFormation creates, updates and deletes
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

# The attribute mappings of a new profile. A field returns to them when the template no longer names it.
DEFAULT_ATTRIBUTE_MAPPINGS = {
    "x509Issuer": ["*"],
    "x509SAN": ["DNS", "URI", "Name/*"],
    "x509Subject": ["*"],
}

NOT_FOUND = "ResourceNotFoundException"

HANDLER_ERROR_CODES = {
    "AccessDeniedException": "AccessDenied",
    NOT_FOUND: "NotFound",
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
    """A client for the mock. It reads no profile, no configuration file and no proxy variable of the environment."""
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
            # The service checks the input, not the client: the service's messages are those of AWS.
            parameter_validation=False,
            connect_timeout=5,
            read_timeout=20,
            retries={"total_max_attempts": 3, "mode": "standard"},
            proxies={},
        ),
    )


class NotChangeable(Exception):
    """A change that the service's API cannot make."""


def member(name):
    """The service's name for a property of CloudFormation: `roleArns` for `RoleArns`."""
    return name[0].lower() + name[1:]


def convert(shape, value):
    """
    The value of a property in the type of the service's model: templates may write numbers and booleans as text, and text
    as them. What has no such form goes to the service as it is, which refuses it. A property left out has no member.
    """
    kind = shape.type_name
    if kind == "structure" and isinstance(value, dict):
        found = {name: value.get(name[0].upper() + name[1:]) for name in shape.members}
        return {name: convert(shape.members[name], each) for name, each in found.items() if each is not None}
    if kind == "list" and isinstance(value, list):
        return [convert(shape.member, each) for each in value]
    if kind == "boolean":
        return {"true": True, "false": False}.get(str(value).lower(), value)
    if kind == "integer":
        with contextlib.suppress(TypeError, ValueError):
            return int(value)
    if kind == "string" and isinstance(value, bool | int | float):
        return str(value).lower()
    return value


class RolesAnywhereProvider(ResourceProvider):
    """Creates, updates and deletes resources of one type. The three types share this code."""

    TYPE = ""
    SCHEMA = {}
    # The name of the resource in the names of operations and attributes: Profile in CreateProfile and ProfileArn.
    NAME = ""
    # The verb of the operation that creates a resource.
    CREATE = "Create"
    # The values that an update sends for properties that the template leaves out.
    DEFAULTS = {}

    def create(self, request):
        service = client(request.account_id, request.region_name)
        desired = request.desired_state
        try:
            created = self.call(service, self.CREATE, **self.inputs(service, self.CREATE, desired))
            attributes = {name: created[member(name)] for name in self.read_only()}
            try:
                self.finish(service, attributes, desired)
            except Exception:
                with contextlib.suppress(BotoCoreError, ClientError):
                    self.call(service, "Delete", **self.identifier(attributes))
                raise
        except (BotoCoreError, ClientError) as error:
            return failure(error, {})
        return success({**desired, **attributes})

    def update(self, request):
        service = client(request.account_id, request.region_name)
        previous = request.previous_state or {}
        attributes = {name: previous[name] for name in self.read_only() if name in previous}
        desired = {**request.desired_state, **attributes}
        if f"{self.NAME}Id" not in attributes:
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
        try:
            if state.get(f"{self.NAME}Id") is not None:
                service = client(request.account_id, request.region_name)
                self.call(service, "Delete", **self.identifier(state))
        except (BotoCoreError, ClientError) as error:
            if getattr(error, "response", {}).get("Error", {}).get("Code") != NOT_FOUND:
                return failure(error, state)
        return success(state)

    def call(self, service, verb, **inputs):
        """Calls the operation `<verb><NAME>` and returns the resource that it answers."""
        operation = getattr(service, botocore.xform_name(f"{verb}{self.NAME}"))
        return operation(**inputs)[member(self.NAME)]

    def inputs(self, service, verb, properties):
        """The members of the operation's input for these properties."""
        operation = service.meta.service_model.operation_model(f"{verb}{self.NAME}")
        return convert(operation.input_shape, properties)

    def identifier(self, attributes):
        """The input member that names the resource."""
        return {member(f"{self.NAME}Id"): attributes[f"{self.NAME}Id"]}

    def read_only(self):
        return [path.removeprefix("/properties/") for path in self.SCHEMA["readOnlyProperties"]]

    def change(self, service, attributes, previous, desired):
        """Makes the changes that can be undone first. The update operation is the last one that is refused, since it
        cannot clear every member."""
        self.update_tags(service, attributes, previous, desired)
        self.update_settings(service, attributes, previous, desired)
        given = {name: value for name, value in desired.items() if value is not None}
        inputs = self.inputs(service, "Update", {**self.DEFAULTS, **given, **attributes})
        self.call(service, "Update", **inputs)
        enabled = self.inputs(service, self.CREATE, desired).get("enabled")
        self.call(service, "Enable" if enabled else "Disable", **self.identifier(attributes))

    def update_tags(self, service, attributes, previous, desired):
        states = (self.inputs(service, self.CREATE, state).get("tags", []) for state in (previous, desired))
        old, new = ({tag.get("key"): tag.get("value") for tag in tags} for tags in states)
        removed = [key for key in old if key not in new]
        changed = [{"key": key, "value": value} for key, value in new.items() if old.get(key) != value]
        arn = attributes.get(f"{self.NAME}Arn")
        if arn is None and (removed or changed):
            # CRLs have no ARN attribute in CloudFormation.
            resource = self.call(service, "Get", **self.identifier(attributes))
            arn = resource[member(f"{self.NAME}Arn")]
        if changed:
            service.tag_resource(resourceArn=arn, tags=changed)
        if removed:
            service.untag_resource(resourceArn=arn, tagKeys=removed)

    # What a type may add.

    def finish(self, service, attributes, desired):
        """Sets what the create operation has no member for."""

    def require_changeable(self, previous, desired):
        """Raises NotChangeable for a change that no operation makes."""

    def update_settings(self, service, attributes, previous, desired):
        """Changes what has operations of its own."""


def schema(type_name, *read_only, create_only=()):
    """The parts of a type's schema that LocalStack reads. The first read-only property identifies the resource."""
    return {
        "typeName": type_name,
        "primaryIdentifier": [f"/properties/{read_only[0]}"],
        "readOnlyProperties": [f"/properties/{name}" for name in read_only],
        "createOnlyProperties": [f"/properties/{name}" for name in create_only],
    }


class TrustAnchorProvider(RolesAnywhereProvider):
    TYPE = "AWS::RolesAnywhere::TrustAnchor"
    SCHEMA = schema(TYPE, "TrustAnchorId", "TrustAnchorArn")
    NAME = "TrustAnchor"

    def update_settings(self, service, attributes, previous, desired):
        states = (self.inputs(service, self.CREATE, state) for state in (previous, desired))
        old, new = (state.get("notificationSettings", []) for state in states)
        if new:
            service.put_notification_settings(**self.identifier(attributes), notificationSettings=new)
        dropped = {setting["event"] for setting in old} - {setting["event"] for setting in new}
        if dropped:
            keys = [{"event": event} for event in sorted(dropped)]
            service.reset_notification_settings(**self.identifier(attributes), notificationSettingKeys=keys)


class ProfileProvider(RolesAnywhereProvider):
    TYPE = "AWS::RolesAnywhere::Profile"
    SCHEMA = schema(TYPE, "ProfileId", "ProfileArn", create_only=["RequireInstanceProperties"])
    NAME = "Profile"
    DEFAULTS = {"ManagedPolicyArns": [], "DurationSeconds": 3600, "AcceptRoleSessionName": False}

    def finish(self, service, attributes, desired):
        self.put_mappings(service, attributes, attribute_mappings(desired))

    def require_changeable(self, previous, desired):
        if previous.get("SessionPolicy") and not desired.get("SessionPolicy"):
            raise NotChangeable(
                "UpdateProfile cannot remove a session policy. Give SessionPolicy another value, or rename the "
                "resource in the template to create a new profile without one."
            )

    def update_settings(self, service, attributes, previous, desired):
        new = attribute_mappings(desired)
        dropped = {
            field: DEFAULT_ATTRIBUTE_MAPPINGS.get(field, [])
            for field in attribute_mappings(previous)
            if field not in new
        }
        self.put_mappings(service, attributes, {**dropped, **new})

    def put_mappings(self, service, attributes, mappings):
        for field, specifiers in mappings.items():
            rules = [{"specifier": specifier} for specifier in specifiers]
            service.put_attribute_mapping(
                **self.identifier(attributes), certificateField=field, mappingRules=rules
            )


class CrlProvider(RolesAnywhereProvider):
    TYPE = "AWS::RolesAnywhere::CRL"
    SCHEMA = schema(TYPE, "CrlId")
    NAME = "Crl"
    CREATE = "Import"

    def require_changeable(self, previous, desired):
        if previous.get("TrustAnchorArn") != desired.get("TrustAnchorArn"):
            raise NotChangeable(
                "UpdateCrl cannot move a CRL to another trust anchor. Rename the resource in the template to import "
                "it anew."
            )


def attribute_mappings(properties):
    return {
        mapping.get("CertificateField"): [rule.get("Specifier") for rule in mapping.get("MappingRules", [])]
        for mapping in properties.get("AttributeMappings") or []
    }


def success(model):
    return ProgressEvent(status=OperationStatus.SUCCESS, resource_model=model)


def failure(error, model):
    """Reports an error in the form of CloudFormation. `model` is the state that the resource keeps."""
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


def install(manager):
    """Adds the types to LocalStack's registry. A type that LocalStack has by itself stays LocalStack's."""
    load, list_names = manager.load, manager.list_names
    providers = (TrustAnchorProvider, ProfileProvider, CrlProvider)
    own = {each.TYPE: plugin_for(each) for each in providers if each.TYPE not in list_names()}

    manager.load = lambda name: own[name] if name in own else load(name)
    manager.list_names = lambda: [*list_names(), *own]


def trust_registry(manager):
    """
    With CFN_IGNORE_UNSUPPORTED_RESOURCE_TYPES=0 LocalStack checks templates against a catalog that it downloads, and
    refuses every type when it cannot. This makes it accept every type that its registry can load.
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


def keep_results():
    """
    LocalStack 4.14 reports a stack as complete before it sets the outputs, so that a client which asks in between sees
    none. After UpdateStack it keeps the former template, so that DeleteStack leaves what the update added. This sets
    both as soon as the resources are there.
    """
    try:
        from localstack.services.cloudformation.engine.v2 import change_set_model_executor as execution
    except ImportError:
        return  # A release without change sets of this kind.
    executor = getattr(execution, "ChangeSetModelExecutor", None)
    execute = getattr(executor, "execute", None)
    if execute is None:
        return  # A release that names them otherwise.

    def execute_and_keep(self):
        result = execute(self)
        change_set = getattr(self, "_change_set", None)
        stack = getattr(change_set, "stack", None)
        outputs = getattr(result, "outputs", None)
        template = getattr(change_set, "processed_template", None)
        # A release that names one of them otherwise sets them as it does by itself.
        if None not in (stack, outputs, template) and not getattr(result, "failure_message", True):
            stack.resolved_outputs = outputs
            stack.processed_template = template
        return result

    executor.execute = execute_and_keep


install(cloudformation.plugin_manager)
trust_registry(cloudformation.plugin_manager)
keep_results()
