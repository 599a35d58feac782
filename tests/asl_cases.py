"""What each integration needs, by hand: the table in `components/core/asl/integrations.py` is held against it."""

from __future__ import annotations

from typing import Any

HERE = "eu-west-1:111122223333"
TABLE = f"arn:aws:dynamodb:{HERE}:table/orders"
QUEUE = f"arn:aws:sqs:{HERE}:jobs"
TOPIC = f"arn:aws:sns:{HERE}:news"
BUS = f"arn:aws:events:{HERE}:event-bus/shop"
MACHINE = f"arn:aws:states:{HERE}:stateMachine:pay"
ITSELF = f"arn:aws:states:{HERE}:stateMachine:shop-dev-orders"
FUNCTION = f"arn:aws:lambda:{HERE}:function:price"
MAPPING = f"arn:aws:lambda:{HERE}:event-source-mapping:0b1c"
OBJECT = "arn:aws:s3:::media/talks/1.mp4"
JOB = f"arn:aws:transcribe:{HERE}:transcription-job/talk-1"
MODEL = "arn:aws:bedrock:eu-west-1::foundation-model/amazon.nova-lite-v1:0"
STREAM = f"arn:aws:kinesis:{HERE}:stream/log"
KEY = f"arn:aws:kms:{HERE}:key/12ab"
CONNECTION = f"arn:aws:events:{HERE}:connection/pay/7f3a"
EXECUTION = f"arn:aws:states:{HERE}:execution:pay:1"

_ORDERS = {"TableName": "orders"}
_JOBS = {"QueueUrl": "https://sqs.eu-west-1.amazonaws.com/111122223333/jobs"}
_MEDIA = {"Bucket": "media", "Key": "talks/1.mp4"}
_TOKEN = {"Input": {"token": "{% $states.context.Task.Token %}"}}
_PAY = {"StateMachineArn": MACHINE}
_NEWS = {"Entries": [{"EventBusName": "shop", "Source": "orders", "DetailType": "paid", "Detail": {}}]}
_FROM_ORDERS = {"StringEquals": {"events:source": ("orders",)}}
_CALL = {
    "ApiEndpoint": "https://api.example.com/pay",
    "Method": "POST",
    "InvocationConfig": {"ConnectionArn": CONNECTION},
}
_TALK = {"TranscriptionJobName": "talk-1"}
_TRANSACTION = [
    {"Put": {"TableName": "orders"}},
    {"Update": {"TableName": "orders"}},
    {"Delete": {"TableName": "lines"}},
    {"ConditionCheck": {"TableName": "stock"}},
]

Expected = list[tuple[Any, ...]]
"""(actions with spaces between, resource, conditions if any)."""

CASES: list[tuple[str, Any, Expected]] = [
    ("dynamodb:getItem", _ORDERS, [("dynamodb:GetItem", TABLE)]),
    ("dynamodb:putItem", {"TableName": TABLE}, [("dynamodb:PutItem", TABLE)]),
    ("dynamodb:updateItem", _ORDERS, [("dynamodb:UpdateItem", TABLE)]),
    ("dynamodb:deleteItem", _ORDERS, [("dynamodb:DeleteItem", TABLE)]),
    ("aws-sdk:dynamodb:query", _ORDERS, [("dynamodb:Query", TABLE)]),
    ("aws-sdk:dynamodb:query", {**_ORDERS, "IndexName": "by-day"}, [("dynamodb:Query", f"{TABLE}/index/by-day")]),
    ("aws-sdk:dynamodb:scan", _ORDERS, [("dynamodb:Scan", TABLE)]),
    ("aws-sdk:dynamodb:batchGetItem", {"RequestItems": {"orders": {}}}, [("dynamodb:BatchGetItem", TABLE)]),
    ("aws-sdk:dynamodb:batchWriteItem", {"RequestItems": {"orders": []}}, [("dynamodb:BatchWriteItem", TABLE)]),
    (
        "aws-sdk:dynamodb:transactGetItems",
        {"TransactItems": [{"Get": {"TableName": "orders"}}, {"Get": {"TableName": "orders"}}]},
        [("dynamodb:GetItem", TABLE)],
    ),
    (
        "aws-sdk:dynamodb:transactWriteItems",
        {"TransactItems": _TRANSACTION},
        [
            ("dynamodb:PutItem", TABLE),
            ("dynamodb:UpdateItem", TABLE),
            ("dynamodb:DeleteItem", f"arn:aws:dynamodb:{HERE}:table/lines"),
            ("dynamodb:ConditionCheckItem", f"arn:aws:dynamodb:{HERE}:table/stock"),
        ],
    ),
    (
        "aws-sdk:dynamodb:executeStatement",
        {"Statement": "INSERT INTO \"orders\" VALUE {'id': ?}", "Parameters": [{"S": "{% $id %}"}]},
        [("dynamodb:PartiQLInsert", TABLE)],
    ),
    (
        "aws-sdk:dynamodb:executeStatement",
        {"Statement": 'SELECT id, "day" FROM "orders"."by-day" WHERE id = ?'},
        [("dynamodb:PartiQLSelect", f"{TABLE}/index/by-day")],
    ),
    (
        "aws-sdk:dynamodb:executeStatement",
        {"Statement": "update orders SET paid = true WHERE id = ?"},
        [("dynamodb:PartiQLUpdate", TABLE)],
    ),
    (
        "aws-sdk:dynamodb:batchExecuteStatement",
        {"Statements": [{"Statement": 'DELETE FROM "orders" WHERE id = ?'}]},
        [("dynamodb:PartiQLDelete", TABLE)],
    ),
    (
        "aws-sdk:dynamodb:executeTransaction",
        {"TransactStatements": [{"Statement": "INSERT INTO orders VALUE ?"}, {"Statement": "UPDATE orders SET a = 1"}]},
        [("dynamodb:PartiQLInsert", TABLE), ("dynamodb:PartiQLUpdate", TABLE)],
    ),
    ("aws-sdk:s3:listBuckets", {}, [("s3:ListAllMyBuckets", "*")]),
    ("aws-sdk:s3:headBucket", {"Bucket": "media"}, [("s3:ListBucket", "arn:aws:s3:::media")]),
    (
        "aws-sdk:s3:listObjectsV2",
        {"Bucket": "media", "Prefix": "talks/"},
        [("s3:ListBucket", "arn:aws:s3:::media", {"StringLike": {"s3:prefix": ("talks/*",)}})],
    ),
    ("aws-sdk:s3:headObject", _MEDIA, [("s3:GetObject", OBJECT)]),
    ("aws-sdk:s3:getObject", _MEDIA, [("s3:GetObject", OBJECT)]),
    ("aws-sdk:s3:getObject", {**_MEDIA, "VersionId": "{% $v %}"}, [("s3:GetObjectVersion", OBJECT)]),
    ("aws-sdk:s3:putObject", {**_MEDIA, "Body": "{% $b %}"}, [("s3:PutObject", OBJECT)]),
    (
        "aws-sdk:s3:copyObject",
        {**_MEDIA, "CopySource": "raw/a b.mp4"},
        [("s3:GetObject", "arn:aws:s3:::raw/a b.mp4"), ("s3:PutObject", OBJECT)],
    ),
    ("aws-sdk:s3:deleteObject", _MEDIA, [("s3:DeleteObject", OBJECT)]),
    ("aws-sdk:s3:deleteObject", {**_MEDIA, "VersionId": "3"}, [("s3:DeleteObjectVersion", OBJECT)]),
    ("sqs:sendMessage", _JOBS, [("sqs:SendMessage", QUEUE)]),
    ("sqs:sendMessage.waitForTaskToken", {**_JOBS, **_TOKEN}, [("sqs:SendMessage", QUEUE)]),
    ("aws-sdk:sqs:sendMessage", _JOBS, [("sqs:SendMessage", QUEUE)]),
    ("aws-sdk:sqs:sendMessageBatch", _JOBS, [("sqs:SendMessage", QUEUE)]),
    ("aws-sdk:sqs:receiveMessage", _JOBS, [("sqs:ReceiveMessage", QUEUE)]),
    ("aws-sdk:sqs:deleteMessage", _JOBS, [("sqs:DeleteMessage", QUEUE)]),
    ("aws-sdk:sqs:deleteMessageBatch", _JOBS, [("sqs:DeleteMessage", QUEUE)]),
    ("aws-sdk:sqs:changeMessageVisibility", _JOBS, [("sqs:ChangeMessageVisibility", QUEUE)]),
    ("sns:publish", {"TopicArn": TOPIC}, [("sns:Publish", TOPIC)]),
    ("aws-sdk:sns:publish", {"TopicArn": TOPIC}, [("sns:Publish", TOPIC)]),
    ("aws-sdk:sns:publishBatch", {"TopicArn": TOPIC}, [("sns:Publish", TOPIC)]),
    ("events:putEvents", _NEWS, [("events:PutEvents", BUS, _FROM_ORDERS)]),
    ("events:putEvents.waitForTaskToken", {**_NEWS, **_TOKEN}, [("events:PutEvents", BUS, _FROM_ORDERS)]),
    ("aws-sdk:eventbridge:putEvents", _NEWS, [("events:PutEvents", BUS, _FROM_ORDERS)]),
    (
        "events:putEvents",
        {"Entries": [{"Source": "orders"}]},
        [("events:PutEvents", f"arn:aws:events:{HERE}:event-bus/default", _FROM_ORDERS)],
    ),
    ("lambda:invoke", {"FunctionName": "price"}, [("lambda:InvokeFunction", FUNCTION)]),
    ("lambda:invoke", {"FunctionName": FUNCTION}, [("lambda:InvokeFunction", FUNCTION)]),
    ("lambda:invoke", {"FunctionName": "111122223333:function:price"}, [("lambda:InvokeFunction", FUNCTION)]),
    ("lambda:invoke", {"FunctionName": "price", "Qualifier": "live"}, [("lambda:InvokeFunction", f"{FUNCTION}:live")]),
    (
        "lambda:invoke.waitForTaskToken",
        {"FunctionName": "price:live", **_TOKEN},
        [("lambda:InvokeFunction", f"{FUNCTION}:live")],
    ),
    ("arn:aws:lambda:eu-west-1:111122223333:function:price", {}, [("lambda:InvokeFunction", FUNCTION)]),
    ("arn:aws:states:eu-west-1:111122223333:activity:sign", {}, []),
    ("aws-sdk:lambda:invoke", {"FunctionName": "price"}, [("lambda:InvokeFunction", FUNCTION)]),
    ("aws-sdk:lambda:listEventSourceMappings", {"FunctionName": "price"}, [("lambda:ListEventSourceMappings", "*")]),
    ("aws-sdk:lambda:getEventSourceMapping", {"Uuid": "0b1c"}, [("lambda:GetEventSourceMapping", MAPPING)]),
    ("aws-sdk:lambda:updateEventSourceMapping", {"Uuid": "0b1c"}, [("lambda:UpdateEventSourceMapping", MAPPING)]),
    ("aws-sdk:sfn:startExecution", _PAY, [("states:StartExecution", MACHINE)]),
    (
        "aws-sdk:sfn:startSyncExecution",
        {"StateMachineArn": f"{MACHINE}:live"},
        [("states:StartSyncExecution", MACHINE)],
    ),
    ("aws-sdk:sfn:describeExecution", {"ExecutionArn": EXECUTION}, [("states:DescribeExecution", EXECUTION)]),
    ("aws-sdk:sfn:stopExecution", {"ExecutionArn": EXECUTION}, [("states:StopExecution", EXECUTION)]),
    ("aws-sdk:sfn:sendTaskSuccess", {"TaskToken": "{% $t %}"}, [("states:SendTaskSuccess", "*")]),
    ("aws-sdk:sfn:sendTaskFailure", {"TaskToken": "{% $t %}"}, [("states:SendTaskFailure", "*")]),
    ("aws-sdk:sfn:sendTaskHeartbeat", {"TaskToken": "{% $t %}"}, [("states:SendTaskHeartbeat", "*")]),
    ("states:startExecution", _PAY, [("states:StartExecution", MACHINE)]),
    ("states:startExecution.waitForTaskToken", {**_PAY, **_TOKEN}, [("states:StartExecution", MACHINE)]),
    *(
        (
            f"states:startExecution{job}",
            _PAY,
            [
                ("states:StartExecution", MACHINE),
                ("states:DescribeExecution states:StopExecution", f"arn:aws:states:{HERE}:execution:pay:*"),
                (
                    "events:PutTargets events:PutRule events:DescribeRule",
                    f"arn:aws:events:{HERE}:rule/StepFunctionsGetEventsForStepFunctionsExecutionRule",
                ),
            ],
        )
        for job in (".sync", ".sync:2")
    ),
    (
        "aws-sdk:transcribe:startTranscriptionJob",
        {**_TALK, "Media": {"MediaFileUri": "s3://media/talks/1.mp4"}},
        [("transcribe:StartTranscriptionJob", "*"), ("s3:GetObject", OBJECT)],
    ),
    (
        "aws-sdk:transcribe:startTranscriptionJob",
        {**_TALK, "Media": {"MediaFileUri": "s3://media/talks/1.mp4"}, "OutputBucketName": "texts"},
        [
            ("transcribe:StartTranscriptionJob", "*"),
            ("s3:GetObject", OBJECT),
            ("s3:PutObject", "arn:aws:s3:::texts/talk-1.json"),
        ],
    ),
    ("aws-sdk:transcribe:getTranscriptionJob", _TALK, [("transcribe:GetTranscriptionJob", JOB)]),
    ("aws-sdk:transcribe:deleteTranscriptionJob", _TALK, [("transcribe:DeleteTranscriptionJob", JOB)]),
    ("bedrock:invokeModel", {"ModelId": "amazon.nova-lite-v1:0", "Body": {}}, [("bedrock:InvokeModel", MODEL)]),
    (
        "bedrock:invokeModel",
        {"ModelId": MODEL, "GuardrailIdentifier": "g1", "Output": {"S3Uri": "s3://media/talks/1.mp4"}},
        [
            ("bedrock:InvokeModel", MODEL),
            ("bedrock:ApplyGuardrail", f"arn:aws:bedrock:{HERE}:guardrail/g1"),
            ("s3:PutObject", OBJECT),
        ],
    ),
    ("aws-sdk:bedrockruntime:invokeModel", {"ModelId": "amazon.nova-lite-v1:0"}, [("bedrock:InvokeModel", MODEL)]),
    (
        "aws-sdk:bedrockruntime:converse",
        {"ModelId": "amazon.nova-lite-v1:0", "GuardrailConfig": {"GuardrailIdentifier": "g1"}},
        [("bedrock:InvokeModel", MODEL), ("bedrock:ApplyGuardrail", f"arn:aws:bedrock:{HERE}:guardrail/g1")],
    ),
    ("aws-sdk:kinesis:putRecord", {"StreamName": "log"}, [("kinesis:PutRecord", STREAM)]),
    ("aws-sdk:kinesis:putRecords", {"StreamArn": STREAM}, [("kinesis:PutRecords", STREAM)]),
    ("aws-sdk:kms:generateMac", {"KeyId": KEY}, [("kms:GenerateMac", KEY)]),
    ("aws-sdk:kms:verifyMac", {"KeyId": "12ab"}, [("kms:VerifyMac", KEY)]),
    (
        "aws-sdk:cloudwatch:putMetricData",
        {"Namespace": "Shop"},
        [("cloudwatch:PutMetricData", "*", {"StringEquals": {"cloudwatch:namespace": ("Shop",)}})],
    ),
    (
        "http:invoke",
        _CALL,
        [
            (
                "states:InvokeHTTPEndpoint",
                ITSELF,
                {
                    "StringEquals": {
                        "states:HTTPEndpoint": ("https://api.example.com/pay",),
                        "states:HTTPMethod": ("POST",),
                    }
                },
            ),
            ("events:RetrieveConnectionCredentials", CONNECTION),
            (
                "secretsmanager:GetSecretValue secretsmanager:DescribeSecret",
                f"arn:aws:secretsmanager:{HERE}:secret:events!connection/pay/*",
            ),
        ],
    ),
    (
        "http:invoke",
        {**_CALL, "ApiEndpoint": "{% 'https://api.example.com/videos/' & $id %}", "Method": "GET"},
        [
            (
                "states:InvokeHTTPEndpoint",
                ITSELF,
                {
                    "StringLike": {"states:HTTPEndpoint": ("https://api.example.com/videos/*",)},
                    "StringEquals": {"states:HTTPMethod": ("GET",)},
                },
            ),
            ("events:RetrieveConnectionCredentials", CONNECTION),
            (
                "secretsmanager:GetSecretValue secretsmanager:DescribeSecret",
                f"arn:aws:secretsmanager:{HERE}:secret:events!connection/pay/*",
            ),
        ],
    ),
]
