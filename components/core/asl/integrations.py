"""What a state's call needs of IAM: one row an integration, by its name in the state's resource.

Names of calls and of actions differ more often than one would think, so nothing is guessed: an integration that has no
row is refused. `tests/unit/test_asl_integrations.py` holds each action against the Service Authorization Reference.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from . import services as on
from . import storage
from .calls import Targets, anything

_DG = "https://docs.aws.amazon.com/step-functions/latest/dg/"
_REFERENCE = "https://docs.aws.amazon.com/service-authorization/latest/reference/list_"
CALLBACK: Final = (".waitForTaskToken",)
JOB: Final = (".sync", ".sync:2")


@dataclass(frozen=True)
class Need:
    """Actions on what the call's parameters name."""

    actions: tuple[str, ...]
    on: Targets
    also: tuple[str, ...] = ()
    """Actions that a permission given for the state may hold besides."""

    sure: bool = True
    """Whether the actions are needed whatever the parameters hold, so that a given permission must have them."""

    page: str = ""
    """AWS's page, where nothing local can show the need."""


@dataclass(frozen=True, kw_only=True)
class Integration:
    """One integration: what it needs, and AWS's page."""

    needs: tuple[Need, ...]
    page: str
    patterns: tuple[str, ...] = ()
    """Patterns that it knows beside request and response."""

    job: tuple[Need, ...] = ()
    """What waiting for its job needs besides."""

    refused: tuple[str, ...] = ()
    """Parameters that would need more, and that no pattern uses."""


def need(action: str, on_: Targets, *, also: str = "", sure: bool = True, page: str = "") -> Need:
    """One action, or several with spaces between."""
    return Need(tuple(action.split()), on_, tuple(also.split()), sure, page)


def _documented(action: str, page: str) -> Need:
    """An action that takes no resource: only its page shows that nothing narrower will do."""
    return need(action, anything, page=page)


def _both(service: str, rows: Mapping[str, Integration]) -> Iterator[tuple[str, Integration]]:
    """Calls that are optimized, and calls of the SDK by the same name."""
    for action, row in rows.items():
        yield f"{service}:{action}", row
        yield from _sdk(service, {action: row})


def _sdk(service: str, rows: Mapping[str, Integration]) -> Iterator[tuple[str, Integration]]:
    """Calls of the SDK: each can hand its token on."""
    for action, row in rows.items():
        yield (
            f"aws-sdk:{service}:{action}",
            Integration(needs=row.needs, page=row.page, patterns=CALLBACK, refused=row.refused),
        )


def _row(*needs: Need, page: str, patterns: tuple[str, ...] = (), refused: tuple[str, ...] = ()) -> Integration:
    return Integration(needs=needs, page=page, patterns=patterns, refused=refused)


_DYNAMODB = _DG + "connect-ddb.html"
_DYNAMODB_ACTIONS = _REFERENCE + "amazondynamodb.html"
_TRANSACTIONS = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html"
_PARTIQL = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-iam.html"
_S3 = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html"
_SQS = _DG + "connect-sqs.html"
_SQS_BATCH = (
    "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-api-permissions-reference.html"
)
_SNS = _DG + "connect-sns.html"
_EVENTS = _DG + "connect-eventbridge.html"
_NESTED = _DG + "connect-stepfunctions.html"
_HTTP = _DG + "call-https-apis.html"
_BEDROCK = _DG + "connect-bedrock.html"
_CONVERSE = "https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html"
_LAMBDA = _DG + "connect-lambda.html"
_LAMBDA_ACTIONS = _REFERENCE + "awslambda.html"
_STATES_ACTIONS = _REFERENCE + "awsstepfunctions.html"
_TRANSCRIBE = _REFERENCE + "amazontranscribe.html"
_KMS = "https://docs.aws.amazon.com/kms/latest/developerguide/hmac.html"

_PARTIQL_VERBS = {
    "SELECT": "dynamodb:PartiQLSelect",
    "INSERT": "dynamodb:PartiQLInsert",
    "UPDATE": "dynamodb:PartiQLUpdate",
    "DELETE": "dynamodb:PartiQLDelete",
}
_IN_TRANSACTION = {
    "Put": "dynamodb:PutItem",
    "Update": "dynamodb:UpdateItem",
    "Delete": "dynamodb:DeleteItem",
    "ConditionCheck": "dynamodb:ConditionCheckItem",
}


def _partiql(listed: str = "") -> Integration:
    verbs = _PARTIQL_VERBS.items()
    needs = [need(action, storage.table_of_statement(verb, listed=listed), sure=False) for verb, action in verbs]
    return _row(*needs, page=_PARTIQL)


_ITEMS = {
    "getItem": _row(need("dynamodb:GetItem", storage.table), page=_DYNAMODB),
    "putItem": _row(need("dynamodb:PutItem", storage.table), page=_DYNAMODB),
    "updateItem": _row(need("dynamodb:UpdateItem", storage.table), page=_DYNAMODB),
    "deleteItem": _row(need("dynamodb:DeleteItem", storage.table), page=_DYNAMODB),
}
_TABLES = {
    "query": _row(need("dynamodb:Query", storage.table), page=_DYNAMODB_ACTIONS),
    "scan": _row(need("dynamodb:Scan", storage.table), page=_DYNAMODB_ACTIONS),
    "batchGetItem": _row(need("dynamodb:BatchGetItem", storage.tables_of_batch), page=_DYNAMODB_ACTIONS),
    "batchWriteItem": _row(need("dynamodb:BatchWriteItem", storage.tables_of_batch), page=_DYNAMODB_ACTIONS),
    "transactGetItems": _row(need("dynamodb:GetItem", storage.tables_of_transaction("Get")), page=_TRANSACTIONS),
    "transactWriteItems": _row(
        *(need(action, storage.tables_of_transaction(kind), sure=False) for kind, action in _IN_TRANSACTION.items()),
        page=_TRANSACTIONS,
    ),
    "executeStatement": _partiql(),
    "batchExecuteStatement": _partiql("Statements"),
    "executeTransaction": _partiql("TransactStatements"),
}
_OBJECTS = {
    "listBuckets": _row(_documented("s3:ListAllMyBuckets", _S3), page=_S3),
    "headBucket": _row(need("s3:ListBucket", storage.bucket), page=_S3),
    "listObjectsV2": _row(need("s3:ListBucket", storage.listing), page=_S3),
    "headObject": _row(
        need("s3:GetObject", storage.s3_object(versioned=False), also="s3:ListBucket", sure=False),
        need("s3:GetObjectVersion", storage.s3_object(versioned=True), sure=False),
        page=_S3,
    ),
    "getObject": _row(
        need("s3:GetObject", storage.s3_object(versioned=False), also="s3:ListBucket", sure=False),
        need("s3:GetObjectVersion", storage.s3_object(versioned=True), sure=False),
        page=_S3,
    ),
    "putObject": _row(
        need("s3:PutObject", storage.s3_object()), page=_S3, refused=("ACL", "Tagging", "SSEKMSKeyId", "GrantRead")
    ),
    "copyObject": _row(
        need("s3:GetObject", storage.copied, also="s3:ListBucket"),
        need("s3:PutObject", storage.s3_object()),
        page=_S3,
        refused=("ACL", "Tagging", "SSEKMSKeyId"),
    ),
    "deleteObject": _row(
        need("s3:DeleteObject", storage.s3_object(versioned=False), sure=False),
        need("s3:DeleteObjectVersion", storage.s3_object(versioned=True), sure=False),
        page=_S3,
    ),
}
_MODELS = {
    "invokeModel": _row(
        need("bedrock:InvokeModel", on.model),
        need("bedrock:ApplyGuardrail", on.guardrail("GuardrailIdentifier")),
        need("s3:GetObject", storage.s3_uri("Input.S3Uri"), also="s3:ListBucket"),
        need("s3:PutObject", storage.s3_uri("Output.S3Uri")),
        page=_BEDROCK,
    ),
    "converse": _row(
        need("bedrock:InvokeModel", on.model),
        need("bedrock:ApplyGuardrail", on.guardrail("GuardrailConfig.GuardrailIdentifier")),
        page=_CONVERSE,
    ),
}
_MESSAGES = {
    "sendMessage": _row(need("sqs:SendMessage", on.queue), page=_SQS, patterns=CALLBACK),
    "sendMessageBatch": _row(need("sqs:SendMessage", on.queue), page=_SQS_BATCH),
    "receiveMessage": _row(need("sqs:ReceiveMessage", on.queue), page=_SQS_BATCH),
    "deleteMessage": _row(need("sqs:DeleteMessage", on.queue), page=_SQS_BATCH),
    "deleteMessageBatch": _row(need("sqs:DeleteMessage", on.queue), page=_SQS_BATCH),
    "changeMessageVisibility": _row(need("sqs:ChangeMessageVisibility", on.queue), page=_SQS_BATCH),
}
_TOPICS = {
    "publish": _row(
        need("sns:Publish", on.named("sns", "", "TopicArn")), page=_SNS, patterns=CALLBACK, refused=("PhoneNumber",)
    ),
    "publishBatch": _row(need("sns:Publish", on.named("sns", "", "TopicArn")), page=_SNS),
}
_BUSES = {"putEvents": _row(need("events:PutEvents", on.buses), page=_EVENTS, patterns=CALLBACK)}
_FUNCTIONS = {"invoke": _row(need("lambda:InvokeFunction", on.function), page=_LAMBDA, patterns=CALLBACK)}
_MAPPINGS = {
    "listEventSourceMappings": _row(
        _documented("lambda:ListEventSourceMappings", _LAMBDA_ACTIONS), page=_LAMBDA_ACTIONS
    ),
    "getEventSourceMapping": _row(need("lambda:GetEventSourceMapping", on.mapping), page=_LAMBDA_ACTIONS),
    "updateEventSourceMapping": _row(need("lambda:UpdateEventSourceMapping", on.mapping), page=_LAMBDA_ACTIONS),
}
_MACHINES = {
    "startExecution": _row(need("states:StartExecution", on.machine), page=_STATES_ACTIONS),
    "startSyncExecution": _row(need("states:StartSyncExecution", on.machine), page=_STATES_ACTIONS),
    "describeExecution": _row(
        need("states:DescribeExecution", on.named("states", "execution:", "ExecutionArn")), page=_STATES_ACTIONS
    ),
    "stopExecution": _row(
        need("states:StopExecution", on.named("states", "execution:", "ExecutionArn")), page=_STATES_ACTIONS
    ),
    "sendTaskSuccess": _row(_documented("states:SendTaskSuccess", _STATES_ACTIONS), page=_STATES_ACTIONS),
    "sendTaskFailure": _row(_documented("states:SendTaskFailure", _STATES_ACTIONS), page=_STATES_ACTIONS),
    "sendTaskHeartbeat": _row(_documented("states:SendTaskHeartbeat", _STATES_ACTIONS), page=_STATES_ACTIONS),
}
_TRANSCRIPTIONS = {
    "startTranscriptionJob": _row(
        _documented("transcribe:StartTranscriptionJob", _TRANSCRIBE),
        need("s3:GetObject", storage.s3_uri("Media.MediaFileUri"), also="s3:ListBucket"),
        need("s3:PutObject", storage.transcript),
        page=_TRANSCRIBE,
        refused=("JobExecutionSettings", "OutputEncryptionKMSKeyId"),
    ),
    "getTranscriptionJob": _row(
        need("transcribe:GetTranscriptionJob", on.named("transcribe", "transcription-job/", "TranscriptionJobName")),
        page=_TRANSCRIBE,
    ),
    "deleteTranscriptionJob": _row(
        need("transcribe:DeleteTranscriptionJob", on.named("transcribe", "transcription-job/", "TranscriptionJobName")),
        page=_TRANSCRIBE,
    ),
}
_KEYS = {
    "generateMac": _row(need("kms:GenerateMac", on.key), page=_KMS),
    "verifyMac": _row(need("kms:VerifyMac", on.key), page=_KMS),
}
_METRICS = {
    "putMetricData": _row(
        need("cloudwatch:PutMetricData", on.namespace, page=_REFERENCE + "amazoncloudwatch.html"),
        page=_REFERENCE + "amazoncloudwatch.html",
    )
}
_NESTED_MACHINE = Integration(
    needs=(need("states:StartExecution", on.machine),),
    page=_NESTED,
    patterns=(*JOB, *CALLBACK),
    job=(
        need("states:DescribeExecution states:StopExecution", on.its_executions, page=_NESTED),
        need(
            "events:PutTargets events:PutRule events:DescribeRule",
            on.managed_rule("StepFunctionsGetEventsForStepFunctionsExecutionRule"),
            page=_NESTED,
        ),
    ),
)
_HTTP_CALL = _row(
    need("states:InvokeHTTPEndpoint", on.endpoint, page=_HTTP),
    need("events:RetrieveConnectionCredentials", on.connection, page=_HTTP),
    need("secretsmanager:GetSecretValue secretsmanager:DescribeSecret", on.secret_of_connection, page=_HTTP),
    page=_HTTP,
)

INTEGRATIONS: Final[Mapping[str, Integration]] = dict(
    [
        *_both("dynamodb", _ITEMS),
        *_sdk("dynamodb", _TABLES),
        *_sdk("s3", _OBJECTS),
        *_sdk("sqs", _MESSAGES),
        ("sqs:sendMessage", _MESSAGES["sendMessage"]),
        *_sdk("sns", _TOPICS),
        ("sns:publish", _TOPICS["publish"]),
        *_sdk("eventbridge", _BUSES),
        ("events:putEvents", _BUSES["putEvents"]),
        *_both("lambda", _FUNCTIONS),
        *_sdk("lambda", _MAPPINGS),
        *_sdk("sfn", _MACHINES),
        ("states:startExecution", _NESTED_MACHINE),
        *_sdk("transcribe", _TRANSCRIPTIONS),
        *_sdk("bedrockruntime", _MODELS),
        ("bedrock:invokeModel", _MODELS["invokeModel"]),
        *_sdk("kms", _KEYS),
        *_sdk("cloudwatch", _METRICS),
        ("http:invoke", _HTTP_CALL),
    ]
)
"""By the name in the state's resource: `dynamodb:getItem`, `aws-sdk:s3:headObject`."""

_DISTRIBUTED = _DG + "iam-policies-eg-dist-map.html"

DISTRIBUTED_MAP: Final = Integration(
    needs=(
        need("states:StartExecution", on.this_machine, page=_DISTRIBUTED),
        need("states:DescribeExecution states:StopExecution", on.items_executions, page=_DISTRIBUTED),
    ),
    page=_DISTRIBUTED,
)
"""What a distributed Map needs to run its items as executions of their own."""

MAP_PARTS: Final[Mapping[str, Mapping[str, Integration]]] = {
    "ItemReader": {
        "s3:getObject": _row(need("s3:GetObject", storage.s3_object(), also="s3:ListBucket"), page=_DISTRIBUTED),
        "s3:listObjectsV2": _row(need("s3:ListBucket", storage.listing), page=_DISTRIBUTED),
    },
    "ResultWriter": {
        "s3:putObject": _row(
            need("s3:PutObject s3:GetObject s3:ListMultipartUploadParts s3:AbortMultipartUpload", storage.below_prefix),
            page=_DISTRIBUTED,
        )
    },
}
"""What the fields of a distributed Map that call S3 need, by their resource."""
