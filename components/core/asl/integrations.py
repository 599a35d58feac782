"""What a state's call needs of IAM: one row an integration, by its name in the state's resource.

Names of calls and of actions differ more often than one would think, so nothing is guessed: an integration that has no
row is refused. `tests/unit/test_asl_integrations.py` holds each action against the Service Authorization Reference.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from . import services as on
from . import storage
from .calls import anything
from .needs import Integration, Need, need, row

_DG = "https://docs.aws.amazon.com/step-functions/latest/dg/"
_REFERENCE = "https://docs.aws.amazon.com/service-authorization/latest/reference/list_"
CALLBACK: Final = (".waitForTaskToken",)
JOB: Final = (".sync", ".sync:2")


def _documented(action: str, page: str) -> Need:
    """An action that takes no resource: only its page shows that nothing narrower will do."""
    return need(action, anything, page=page)


def _both(service: str, rows: Mapping[str, Integration]) -> Iterator[tuple[str, Integration]]:
    """Calls that are optimized, and calls of the SDK by the same name."""
    for action, one in rows.items():
        yield f"{service}:{action}", one
        yield from _sdk(service, {action: one})


def _sdk(service: str, rows: Mapping[str, Integration]) -> Iterator[tuple[str, Integration]]:
    """Calls of the SDK: each can hand its token on."""
    for action, one in rows.items():
        yield f"aws-sdk:{service}:{action}", row(*one.needs, page=one.page, patterns=CALLBACK, refused=one.refused)


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
_KINESIS = _REFERENCE + "amazonkinesisdatastreams.html"
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
    return row(*needs, page=_PARTIQL)


_ITEMS = {
    "getItem": row(need("dynamodb:GetItem", storage.table), page=_DYNAMODB),
    "putItem": row(need("dynamodb:PutItem", storage.table), page=_DYNAMODB),
    "updateItem": row(need("dynamodb:UpdateItem", storage.table), page=_DYNAMODB),
    "deleteItem": row(need("dynamodb:DeleteItem", storage.table), page=_DYNAMODB),
}
_TABLES = {
    "query": row(need("dynamodb:Query", storage.table), page=_DYNAMODB_ACTIONS),
    "scan": row(need("dynamodb:Scan", storage.table), page=_DYNAMODB_ACTIONS),
    "batchGetItem": row(need("dynamodb:BatchGetItem", storage.tables_of_batch), page=_DYNAMODB_ACTIONS),
    "batchWriteItem": row(need("dynamodb:BatchWriteItem", storage.tables_of_batch), page=_DYNAMODB_ACTIONS),
    "transactGetItems": row(need("dynamodb:GetItem", storage.tables_of_transaction("Get")), page=_TRANSACTIONS),
    "transactWriteItems": row(
        *(need(action, storage.tables_of_transaction(kind), sure=False) for kind, action in _IN_TRANSACTION.items()),
        page=_TRANSACTIONS,
    ),
    "executeStatement": _partiql(),
    "batchExecuteStatement": _partiql("Statements"),
    "executeTransaction": _partiql("TransactStatements"),
}
_OBJECTS = {
    "listBuckets": row(_documented("s3:ListAllMyBuckets", _S3), page=_S3),
    "headBucket": row(need("s3:ListBucket", storage.bucket), page=_S3),
    "listObjectsV2": row(need("s3:ListBucket", storage.listing), page=_S3),
    "headObject": row(
        need("s3:GetObject", storage.s3_object(versioned=False), also="s3:ListBucket", sure=False),
        need("s3:GetObjectVersion", storage.s3_object(versioned=True), sure=False),
        page=_S3,
    ),
    "getObject": row(
        need("s3:GetObject", storage.s3_object(versioned=False), also="s3:ListBucket", sure=False),
        need("s3:GetObjectVersion", storage.s3_object(versioned=True), sure=False),
        page=_S3,
    ),
    "putObject": row(
        need("s3:PutObject", storage.s3_object()), page=_S3, refused=("ACL", "Tagging", "SSEKMSKeyId", "GrantRead")
    ),
    "copyObject": row(
        need("s3:GetObject", storage.copied, also="s3:ListBucket"),
        need("s3:PutObject", storage.s3_object()),
        page=_S3,
        refused=("ACL", "Tagging", "SSEKMSKeyId"),
    ),
    "deleteObject": row(
        need("s3:DeleteObject", storage.s3_object(versioned=False), sure=False),
        need("s3:DeleteObjectVersion", storage.s3_object(versioned=True), sure=False),
        page=_S3,
    ),
}
_MODELS = {
    "invokeModel": row(
        need("bedrock:InvokeModel", on.model),
        need("bedrock:ApplyGuardrail", on.guardrail("GuardrailIdentifier")),
        need("s3:GetObject", storage.s3_uri("Input.S3Uri"), also="s3:ListBucket"),
        need("s3:PutObject", storage.s3_uri("Output.S3Uri")),
        page=_BEDROCK,
    ),
    "converse": row(
        need("bedrock:InvokeModel", on.model),
        need("bedrock:ApplyGuardrail", on.guardrail("GuardrailConfig.GuardrailIdentifier")),
        page=_CONVERSE,
    ),
}
_MESSAGES = {
    "sendMessage": row(need("sqs:SendMessage", on.queue), page=_SQS, patterns=CALLBACK),
    "sendMessageBatch": row(need("sqs:SendMessage", on.queue), page=_SQS_BATCH),
    "receiveMessage": row(need("sqs:ReceiveMessage", on.queue), page=_SQS_BATCH),
    "deleteMessage": row(need("sqs:DeleteMessage", on.queue), page=_SQS_BATCH),
    "deleteMessageBatch": row(need("sqs:DeleteMessage", on.queue), page=_SQS_BATCH),
    "changeMessageVisibility": row(need("sqs:ChangeMessageVisibility", on.queue), page=_SQS_BATCH),
}
_TOPICS = {
    "publish": row(
        need("sns:Publish", on.named("sns", "", "TopicArn")), page=_SNS, patterns=CALLBACK, refused=("PhoneNumber",)
    ),
    "publishBatch": row(need("sns:Publish", on.named("sns", "", "TopicArn")), page=_SNS),
}
_BUSES = {"putEvents": row(need("events:PutEvents", on.buses), page=_EVENTS, patterns=CALLBACK)}
_FUNCTIONS = {"invoke": row(need("lambda:InvokeFunction", on.function), page=_LAMBDA, patterns=CALLBACK)}
_MAPPINGS = {
    "listEventSourceMappings": row(
        _documented("lambda:ListEventSourceMappings", _LAMBDA_ACTIONS), page=_LAMBDA_ACTIONS
    ),
    "getEventSourceMapping": row(need("lambda:GetEventSourceMapping", on.mapping), page=_LAMBDA_ACTIONS),
    "updateEventSourceMapping": row(need("lambda:UpdateEventSourceMapping", on.mapping), page=_LAMBDA_ACTIONS),
}
_MACHINES = {
    "startExecution": row(need("states:StartExecution", on.machine), page=_STATES_ACTIONS),
    "startSyncExecution": row(need("states:StartSyncExecution", on.machine), page=_STATES_ACTIONS),
    "describeExecution": row(
        need("states:DescribeExecution", on.named("states", "execution:", "ExecutionArn")), page=_STATES_ACTIONS
    ),
    "stopExecution": row(
        need("states:StopExecution", on.named("states", "execution:", "ExecutionArn")), page=_STATES_ACTIONS
    ),
    "sendTaskSuccess": row(_documented("states:SendTaskSuccess", _STATES_ACTIONS), page=_STATES_ACTIONS),
    "sendTaskFailure": row(_documented("states:SendTaskFailure", _STATES_ACTIONS), page=_STATES_ACTIONS),
    "sendTaskHeartbeat": row(_documented("states:SendTaskHeartbeat", _STATES_ACTIONS), page=_STATES_ACTIONS),
}
_TRANSCRIPTIONS = {
    "startTranscriptionJob": row(
        _documented("transcribe:StartTranscriptionJob", _TRANSCRIBE),
        need("s3:GetObject", storage.s3_uri("Media.MediaFileUri"), also="s3:ListBucket"),
        need("s3:PutObject", storage.transcript),
        page=_TRANSCRIBE,
        refused=("JobExecutionSettings", "OutputEncryptionKMSKeyId"),
    ),
    "getTranscriptionJob": row(
        need("transcribe:GetTranscriptionJob", on.named("transcribe", "transcription-job/", "TranscriptionJobName")),
        page=_TRANSCRIBE,
    ),
    "deleteTranscriptionJob": row(
        need("transcribe:DeleteTranscriptionJob", on.named("transcribe", "transcription-job/", "TranscriptionJobName")),
        page=_TRANSCRIBE,
    ),
}
_STREAMS = {
    "putRecord": row(need("kinesis:PutRecord", on.stream), page=_KINESIS),
    "putRecords": row(need("kinesis:PutRecords", on.stream), page=_KINESIS),
}
_KEYS = {
    "generateMac": row(need("kms:GenerateMac", on.key), page=_KMS),
    "verifyMac": row(need("kms:VerifyMac", on.key), page=_KMS),
}
_METRICS = {
    "putMetricData": row(
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
_HTTP_CALL = row(
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
        *_sdk("kinesis", _STREAMS),
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
        "s3:getObject": row(need("s3:GetObject", storage.s3_object(), also="s3:ListBucket"), page=_DISTRIBUTED),
        "s3:listObjectsV2": row(need("s3:ListBucket", storage.listing), page=_DISTRIBUTED),
    },
    "ResultWriter": {
        "s3:putObject": row(
            need("s3:PutObject s3:GetObject s3:ListMultipartUploadParts s3:AbortMultipartUpload", storage.below_prefix),
            page=_DISTRIBUTED,
        )
    },
}
"""What the fields of a distributed Map that call S3 need, by their resource."""
