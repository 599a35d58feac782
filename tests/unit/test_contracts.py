"""What every pattern promises, held against the first preview of each."""

from __future__ import annotations

import dataclasses
import inspect
import json

import pytest

from components import FanOutConverter, FanOutConverterArgs, Zip
from components.api_gateway import ApiGatewayPatternArgs, Route
from components.core.naming import LONGEST, Kind
from components.fan_out.converters import BUILT_IN
from components.genai import Filters, GenAiWorkflowArgs, ImageModel, Partner, TextModel
from local.wire import UNKNOWN
from policies.iam.facts import takes_no_resource
from tests.components import PATTERNS
from tests.recorder import Plan, documents, record

GENAI = (Filters, ImageModel, Partner, TextModel)
# type → the property that holds its fixed name or unique key
FIXED = {
    "aws:apigateway/apiKey:ApiKey": "name",
    "aws:apigateway/authorizer:Authorizer": "name",
    "aws:apigateway/integration:Integration": "httpMethod",
    "aws:apigateway/integrationResponse:IntegrationResponse": "statusCode",
    "aws:apigateway/method:Method": "httpMethod",
    "aws:apigateway/methodResponse:MethodResponse": "statusCode",
    "aws:apigateway/methodSettings:MethodSettings": "methodPath",
    "aws:apigateway/model:Model": "name",
    "aws:apigateway/requestValidator:RequestValidator": "name",
    "aws:apigateway/resource:Resource": "pathPart",
    "aws:apigateway/response:Response": "responseType",
    "aws:apigateway/stage:Stage": "stageName",
    "aws:apigateway/usagePlan:UsagePlan": "name",
    "aws:apigateway/usagePlanKey:UsagePlanKey": "keyId",
    "aws:cloudwatch/dashboard:Dashboard": "dashboardName",
    "aws:bedrock/guardrail:Guardrail": "name",
    "aws:cloudwatch/eventBus:EventBus": "name",
    "aws:cloudwatch/eventRule:EventRule": "name",
    "aws:cloudwatch/eventTarget:EventTarget": "targetId",
    "aws:lambda/permission:Permission": "statementId",
    "aws:secretsmanager/secret:Secret": "name",
    "aws:cloudwatch/eventConnection:EventConnection": "name",
    "aws:cloudwatch/metricAlarm:MetricAlarm": "name",
    "aws:cognito/resourceServer:ResourceServer": "identifier",
    "aws:cognito/userPoolDomain:UserPoolDomain": "domain",
    "aws:dynamodb/table:Table": "name",
    "aws:kinesis/stream:Stream": "name",
    "aws:kms/alias:Alias": "name",
    "aws:s3/bucketObjectv2:BucketObjectv2": "key",
    "aws:pipes/pipe:Pipe": "name",
    "aws:scheduler/schedule:Schedule": "name",
    "aws:scheduler/scheduleGroup:ScheduleGroup": "name",
    "aws:sfn/stateMachine:StateMachine": "name",
    "aws:cloudwatch/logGroup:LogGroup": "name",
    "aws:cloudwatch/logMetricFilter:LogMetricFilter": "name",
    "aws:iam/role:Role": "name",
    "aws:iam/rolePolicy:RolePolicy": "name",
    "aws:lambda/function:Function": "name",
    "aws:lambda/eventSourceMapping:EventSourceMapping": "functionName",
    "aws:s3/bucket:Bucket": "bucket",
    "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration": "bucket",
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": "bucket",
    "aws:s3/bucketNotification:BucketNotification": "bucket",
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": "bucket",
    "aws:s3/bucketPolicy:BucketPolicy": "bucket",
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": "bucket",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": "bucket",
    "aws:sns/topic:Topic": "name",
    "aws:sns/topicPolicy:TopicPolicy": "arn",
    "aws:sns/topicSubscription:TopicSubscription": "endpoint",
    "aws:sqs/queue:Queue": "name",
    "aws:sqs/queuePolicy:QueuePolicy": "queueUrl",
}
# What AWS doesn't delete while it is used, or has no name of ours: created anew before the old one goes.
EXEMPT = {
    "aws:cloudfront/keyValueStore:KeyValueStore",
    "aws:apigateway/deployment:Deployment",
    "aws:apigateway/restApi:RestApi",
    "aws:bedrock/guardrailVersion:GuardrailVersion",
    "aws:kms/key:Key",
    "aws:cloudfront/distribution:Distribution",
    "aws:cloudfront/function:Function",
    "aws:cloudfront/keyvaluestoreKey:KeyvaluestoreKey",
    "aws:cloudfront/originAccessControl:OriginAccessControl",
    "aws:cognito/userPool:UserPool",
    "aws:cognito/userPoolClient:UserPoolClient",
}
UNTAGGABLE = {
    "aws:bedrock/guardrailVersion:GuardrailVersion",
    "aws:cloudwatch/eventConnection:EventConnection",
    "aws:cloudwatch/eventTarget:EventTarget",
    "aws:kms/alias:Alias",
    "aws:apigateway/authorizer:Authorizer",
    "aws:apigateway/deployment:Deployment",
    "aws:apigateway/integration:Integration",
    "aws:apigateway/integrationResponse:IntegrationResponse",
    "aws:apigateway/method:Method",
    "aws:apigateway/methodResponse:MethodResponse",
    "aws:apigateway/methodSettings:MethodSettings",
    "aws:apigateway/model:Model",
    "aws:apigateway/requestValidator:RequestValidator",
    "aws:apigateway/resource:Resource",
    "aws:apigateway/response:Response",
    "aws:apigateway/usagePlanKey:UsagePlanKey",
    "aws:cloudfront/function:Function",
    "aws:cloudfront/keyvaluestoreKey:KeyvaluestoreKey",
    "aws:lambda/permission:Permission",
    "aws:cloudwatch/dashboard:Dashboard",
    "aws:cloudwatch/logMetricFilter:LogMetricFilter",
    "aws:cognito/resourceServer:ResourceServer",
    "aws:cognito/userPoolClient:UserPoolClient",
    "aws:cognito/userPoolDomain:UserPoolDomain",
    "aws:cloudfront/originAccessControl:OriginAccessControl",
    "aws:iam/rolePolicy:RolePolicy",
    "aws:scheduler/schedule:Schedule",
    "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration",
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    "aws:s3/bucketNotification:BucketNotification",
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
    "aws:s3/bucketPolicy:BucketPolicy",
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    "aws:sns/topicPolicy:TopicPolicy",
    "aws:sns/topicSubscription:TopicSubscription",
    "aws:sqs/queuePolicy:QueuePolicy",
}
HOLDS_DATA = {
    "aws:cognito/userPool:UserPool",
    "aws:dynamodb/table:Table",
    "aws:kinesis/stream:Stream",
    "aws:s3/bucket:Bucket",
    "aws:secretsmanager/secret:Secret",
}
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
# type → the property by which it gets its role
ROLE_USERS = {
    "aws:apigateway/integration:Integration": "credentials",
    "aws:cloudwatch/eventTarget:EventTarget": "roleArn",
    "aws:lambda/function:Function": "role",
    "aws:pipes/pipe:Pipe": "roleArn",
    "aws:sfn/stateMachine:StateMachine": "roleArn",
}
# These hold the role's computed ARN inside an object, which is therefore known at the first preview.
ROLE_HOLDERS = {"aws:scheduler/schedule:Schedule": lambda inputs: inputs["target"]["roleArn"]}
RESOURCE_POLICIES = {
    "aws:s3/bucketPolicy:BucketPolicy": "bucket",
    "aws:sns/topicPolicy:TopicPolicy": "arn",
    "aws:sqs/queuePolicy:QueuePolicy": "queueUrl",
}


def test_no_trust_policy_is_unknown_at_the_first_preview(pattern_plan: Plan) -> None:
    found = documents(pattern_plan, ["aws:iam/role:Role"], "assumeRolePolicy")
    assert found
    assert [resource.key for resource, document in found if document is UNKNOWN] == []


def test_an_unknown_document_stands_in_the_ledger_with_what_it_waits_for(pattern_plan: Plan) -> None:
    unknown = {
        resource.key
        for resource, document in documents(pattern_plan, [ROLE_POLICY, *RESOURCE_POLICIES], "policy")
        if document is UNKNOWN
    }
    roles = {role.inputs["name"]: role.name for role in pattern_plan.of_type("aws:iam/role:Role")}
    waiting = {
        entry.get("policy") or f"{ROLE_POLICY}::{roles[entry['principal']]}"
        for component in pattern_plan.components
        for entry in component.outputs["statements"] + component.outputs["grants"]
        for name in component.outputs["awaited"]
        if f"${{{name}}}" in json.dumps(entry)
    }
    assert unknown == waiting


def test_each_known_identity_document_is_what_the_ledger_says(pattern_plan: Plan) -> None:
    for role_policy, document in documents(pattern_plan, ["aws:iam/rolePolicy:RolePolicy"], "policy"):
        if document is UNKNOWN:
            continue
        role = pattern_plan.one("aws:iam/role:Role", role_policy.name).inputs["name"]
        granted = [entry for entry in pattern_plan.ledger("grants") if entry["principal"] == role]
        statements = [(s["Action"], s["Resource"], s.get("Condition", {}), s["Effect"]) for s in document["Statement"]]
        assert statements == [(g["actions"], g["resources"], g["conditions"], "Allow") for g in granted], (
            role_policy.key
        )


def test_each_known_resource_policy_is_what_the_ledger_says(pattern_plan: Plan) -> None:
    for policy, document in documents(pattern_plan, RESOURCE_POLICIES, "policy"):
        if document is UNKNOWN:
            continue
        entries = [entry for entry in pattern_plan.ledger("statements") if entry["policy"] == policy.key]
        said = [
            (e["sid"], e["effect"], e["actions"], e["resources"], e["principals"], e["conditions"]) for e in entries
        ]
        written = [
            (s["Sid"], s["Effect"], s["Action"], s["Resource"], s["Principal"], s.get("Condition", {}))
            for s in document["Statement"]
        ]
        assert written == said


def test_every_grant_says_what_needs_it(pattern_plan: Plan) -> None:
    entries = pattern_plan.ledger("grants") + pattern_plan.ledger("statements") + pattern_plan.ledger("accepted")
    assert entries
    assert all(entry["because"] for entry in entries)


def test_no_grant_has_a_wildcard_action(pattern_plan: Plan) -> None:
    allowed = [e for e in pattern_plan.ledger("statements") if e["effect"] == "Allow"]
    actions = [action for entry in pattern_plan.ledger("grants") + allowed for action in entry["actions"]]
    assert [action for action in actions if "*" in action or "?" in action] == []


def test_a_wildcard_resource_is_only_where_the_action_takes_none(pattern_plan: Plan) -> None:
    wild = [grant for grant in pattern_plan.ledger("grants") if "*" in grant["resources"]]
    assert [action for grant in wild for action in grant["actions"] if not takes_no_resource(action)] == []
    assert all(grant["page"] for grant in wild)


def test_each_principal_has_a_role_of_its_own(pattern_plan: Plan) -> None:
    roles = {role.urn for role in pattern_plan.of_type("aws:iam/role:Role")}
    used = [
        urn
        for type_, key in ROLE_USERS.items()
        for user in pattern_plan.of_type(type_)
        for urn in set(user.property_dependencies.get(key, ())) & roles
    ]
    held = [holds(user.inputs) for type_, holds in ROLE_HOLDERS.items() for user in pattern_plan.of_type(type_)]
    assert len(used) == len(set(used)) == len(roles) - len(set(held))


def test_a_leaf_with_a_fixed_name_is_deleted_before_it_is_replaced(pattern_plan: Plan) -> None:
    for leaf in pattern_plan.leaves:
        assert leaf.type in FIXED or leaf.type in EXEMPT, f"say here how {leaf.type} is named"
        assert leaf.delete_before_replace == (leaf.type in FIXED), leaf.key


def test_every_user_of_a_role_waits_for_its_policy(pattern_plan: Plan) -> None:
    policies = {policy.property_dependencies["role"][0]: policy.urn for policy in pattern_plan.of_type(ROLE_POLICY)}
    for type_, key in ROLE_USERS.items():
        for user in pattern_plan.of_type(type_):
            for role in set(user.property_dependencies.get(key, ())) & policies.keys():
                assert policies[role] in user.dependencies, user.key
    for type_ in ("aws:lambda/eventSourceMapping:EventSourceMapping", *ROLE_HOLDERS):
        for user in pattern_plan.of_type(type_):
            assert pattern_plan.one(ROLE_POLICY, user.name).urn in user.dependencies


def test_what_needs_a_resource_policy_waits_for_it(pattern_plan: Plan) -> None:
    topic_policies = {p.urn for p in pattern_plan.of_type("aws:sns/topicPolicy:TopicPolicy")}
    for notification in pattern_plan.of_type("aws:s3/bucketNotification:BucketNotification"):
        if notification.inputs.get("eventbridge"):
            continue  # EventBridge needs no policy for what S3 tells it
        assert topic_policies & set(notification.dependencies), notification.key
    for subscription in pattern_plan.of_type("aws:sns/topicSubscription:TopicSubscription"):
        assert pattern_plan.one("aws:sqs/queuePolicy:QueuePolicy", subscription.name).urn in subscription.dependencies


def test_a_queue_is_made_after_the_dead_letter_queue_that_its_redrive_policy_names(pattern_plan: Plan) -> None:
    queues = {queue.inputs["name"]: queue for queue in pattern_plan.of_type("aws:sqs/queue:Queue")}
    for queue in queues.values():
        if redrive := queue.inputs.get("redrivePolicy"):
            dead_letters = queues[json.loads(redrive)["deadLetterTargetArn"].rsplit(":", 1)[1]]
            assert dead_letters.urn in queue.dependencies, queue.key


def test_every_queue_topic_and_bucket_refuses_callers_without_tls(pattern_plan: Plan) -> None:
    denies = {e["policy"].split("::")[1] for e in pattern_plan.ledger("statements") if e["sid"] == "TlsOnly"}
    for type_ in ("aws:s3/bucket:Bucket", "aws:sns/topic:Topic", "aws:sqs/queue:Queue"):
        assert {resource.name for resource in pattern_plan.of_type(type_)} <= denies


def test_every_distribution_takes_viewers_to_tls(pattern_plan: Plan) -> None:
    for distribution in pattern_plan.of_type("aws:cloudfront/distribution:Distribution"):
        behaviours = [
            distribution.inputs["defaultCacheBehavior"],
            *distribution.inputs.get("orderedCacheBehaviors", []),
        ]
        assert {each["viewerProtocolPolicy"] for each in behaviours} <= {"redirect-to-https", "https-only"}


def test_what_holds_data_is_encrypted(pattern_plan: Plan) -> None:
    encrypted = {e.name for e in pattern_plan.resources if e.type.endswith(":BucketServerSideEncryptionConfiguration")}
    assert {bucket.name for bucket in pattern_plan.of_type("aws:s3/bucket:Bucket")} == encrypted
    assert all(queue.inputs["sqsManagedSseEnabled"] for queue in pattern_plan.of_type("aws:sqs/queue:Queue"))
    accepted = {entry["resource"] for entry in pattern_plan.ledger("accepted") if entry["rule"] == "encryption-at-rest"}
    topics = {
        topic.key for topic in pattern_plan.of_type("aws:sns/topic:Topic") if "kmsMasterKeyId" not in topic.inputs
    }
    assert topics == accepted


def test_every_queue_in_front_of_a_function_ends_in_a_dead_letter_queue(pattern_plan: Plan) -> None:
    queues = {queue.urn: queue for queue in pattern_plan.of_type("aws:sqs/queue:Queue")}
    functions = {function.name: function for function in pattern_plan.of_type("aws:lambda/function:Function")}
    for mapping in pattern_plan.of_type("aws:lambda/eventSourceMapping:EventSourceMapping"):
        assert mapping.inputs["functionResponseTypes"] == ["ReportBatchItemFailures"]
        source = next((queues[urn] for urn in mapping.property_dependencies["eventSourceArn"] if urn in queues), None)
        if source is None:
            assert mapping.inputs["destinationConfig"]["onFailure"]["destinationArn"].rsplit(":", 1)[1] in {
                queue.inputs["name"] for queue in queues.values()
            }
            continue
        target = json.loads(source.inputs["redrivePolicy"])["deadLetterTargetArn"].rsplit(":", 1)[1]
        assert target in {queue.inputs["name"] for queue in queues.values()}
        assert source.inputs["visibilityTimeoutSeconds"] >= 6 * functions[mapping.name].inputs["timeout"]


def test_every_function_logs_to_a_group_with_retention(pattern_plan: Plan) -> None:
    groups = {
        g.inputs["name"]: g.inputs["retentionInDays"] for g in pattern_plan.of_type("aws:cloudwatch/logGroup:LogGroup")
    }
    for function in pattern_plan.of_type("aws:lambda/function:Function"):
        assert groups[f"/aws/lambda/{function.inputs['name']}"] == 30
        assert function.inputs["architectures"] == ["arm64"]
        assert function.inputs["tracingConfig"] == {"mode": "Active"}


def test_every_resource_carries_the_tags(pattern_plan: Plan) -> None:
    for leaf in pattern_plan.leaves:
        if leaf.type in UNTAGGABLE:
            assert "tags" not in leaf.inputs
        else:
            of_its_own = {"writes"} if leaf.inputs["tags"].get("writes") == "append-only" else set()
            expected = {"project", "stack", "component", "owner", "cost-centre"} | of_its_own
            assert set(leaf.inputs["tags"]) == expected, leaf.key


def test_every_leaf_is_a_child_of_its_pattern_and_named_after_it(pattern_plan: Plan) -> None:
    components = {component.urn: component.name for component in pattern_plan.components}
    for leaf in pattern_plan.leaves:
        assert leaf.parent in components, leaf.key
        assert f"{leaf.name}-".startswith(f"{components[leaf.parent]}-"), leaf.key


def test_what_holds_data_is_protected_unless_the_stack_says_otherwise(pattern_plan: Plan) -> None:
    holding = [leaf for leaf in pattern_plan.leaves if leaf.type in HOLDS_DATA]
    assert holding
    assert all(leaf.protect for leaf in holding)
    assert not any(bucket.inputs["forceDestroy"] for bucket in pattern_plan.of_type("aws:s3/bucket:Bucket"))


@pytest.mark.parametrize("pattern", sorted(PATTERNS))
def test_a_stack_may_give_its_data_up(pattern: str) -> None:
    loose = record(lambda: PATTERNS[pattern]("posters", None), config={"serviceful:protectData": "false"})
    assert not any(leaf.protect for leaf in loose.leaves)
    assert all(bucket.inputs["forceDestroy"] for bucket in loose.of_type("aws:s3/bucket:Bucket"))


def test_no_name_is_longer_than_aws_allows() -> None:
    long = "a" * 40
    plan = record(
        lambda: PATTERNS["FanOutConverter"](long, None), stack="a-stack-with-quite-a-name", project="a-long-project"
    )
    kinds: dict[str, Kind] = {
        "bucket": "bucket",
        "function": "function",
        "queue": "queue",
        "role": "role",
        "topic": "topic",
    }
    for leaf in plan.leaves:
        kind = kinds.get(leaf.type.rsplit("/", 1)[1].split(":")[0])
        if kind:
            name = leaf.inputs[FIXED[leaf.type]]
            assert len(name) <= LONGEST[kind], leaf.key
    queues = [leaf.inputs["name"] for leaf in plan.of_type("aws:sqs/queue:Queue")]
    assert len(queues) == len(set(queues)) == 8


@pytest.mark.parametrize(
    "args",
    [ApiGatewayPatternArgs, FanOutConverterArgs, GenAiWorkflowArgs, *GENAI, Route, *BUILT_IN],
    ids=lambda c: c.__name__,
)
def test_every_argument_is_explained(args: type) -> None:
    """An attribute's docstring is the string that follows it, as the documentation page shows it."""
    for field in dataclasses.fields(args):
        source = next(text for text in map(inspect.getsource, args.__mro__) if f"\n    {field.name}:" in text)
        after = source.split(f"\n    {field.name}:", 1)[1].split("\n", 1)[1].lstrip()
        assert after.startswith('"""'), f"{args.__name__}.{field.name} has no docstring"


def test_a_renamed_component_with_pinned_name_keeps_every_physical_name() -> None:
    def physical(plan: Plan) -> set[str]:
        return {str(leaf.inputs[FIXED[leaf.type]]) for leaf in plan.leaves if leaf.type in FIXED}

    before = record(lambda: FanOutConverter("posters", FanOutConverterArgs(converters=[Zip()])))
    pinned = FanOutConverterArgs(converters=[Zip()], physical_name="posters")
    after = record(lambda: FanOutConverter("images", pinned))
    assert physical(before) == physical(after)
