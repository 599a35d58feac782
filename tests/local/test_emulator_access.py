"""Who may do what on the local AWS: transport, actions, resource policies, forms and the record of decisions."""

import json
import urllib.request

import pytest
import requests
from botocore.exceptions import ClientError

from local.prove import decisions as log
from tests.local.emulation import TRUST_ROOT, allow, document, unique

pytestmark = pytest.mark.local

TLS_ONLY = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": ["s3:*"],
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}


@pytest.fixture(scope="module")
def bucket(aws):
    name = unique("bucket")
    aws("s3").create_bucket(Bucket=name)
    return name


@pytest.fixture
def as_allowed(bench, as_role):
    """`as_allowed(statement, …)("s3")`: a client of a fresh role that holds these statements and no more."""
    return lambda *statements: as_role(bench.role(*statements, trust=TRUST_ROOT))


@pytest.fixture(scope="module")
def decisions(local_aws):
    return lambda number=0: log.since(local_aws, number)


def insecure(client):
    """The same client over a connection that says it has no TLS."""

    def say_so(request, **_):
        request.headers["X-Forwarded-Proto"] = "http"

    client.meta.events.register("before-send", say_so)
    return client


def code(error):
    return error.value.response["Error"]["Code"]


def test_a_tls_only_bucket_takes_requests_on_loopback_and_refuses_one_that_says_it_has_no_tls(aws, as_allowed):
    name = unique("tls")
    aws("s3").create_bucket(Bucket=name)
    arns = [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"]
    aws("s3").put_bucket_policy(Bucket=name, Policy=document({**TLS_ONLY, "Resource": arns}))
    role = as_allowed(allow(["s3:PutObject", "s3:GetObject"], arns[1:]))

    role("s3").put_object(Bucket=name, Key="x", Body=b"x")
    with pytest.raises(ClientError) as error:
        insecure(role("s3")).get_object(Bucket=name, Key="x")
    assert code(error) == "AccessDenied"


def test_a_tls_only_queue_and_topic_let_the_chain_of_services_through(aws, bench, as_allowed, eventually):
    s3, sns, sqs = aws("s3"), aws("sns"), aws("sqs")
    name = unique("chain")
    s3.create_bucket(Bucket=name)
    topic = sns.create_topic(Name=name)["TopicArn"]
    url, queue = bench.queue()
    from_s3 = {
        "StringEquals": {"aws:SourceAccount": "000000000000"},
        "ArnLike": {"aws:SourceArn": f"arn:aws:s3:::{name}"},
    }
    policies = {
        topic: ("s3.amazonaws.com", "sns:Publish", from_s3),
        queue: ("sns.amazonaws.com", "sqs:SendMessage", {"ArnEquals": {"aws:SourceArn": topic}}),
    }
    written = {
        arn: document(
            {
                "Effect": "Allow",
                "Principal": {"Service": service},
                "Action": action,
                "Resource": arn,
                "Condition": when,
            },
            {**TLS_ONLY, "Action": action, "Resource": arn},
        )
        for arn, (service, action, when) in policies.items()
    }
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=written[topic])
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": written[queue]})
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue, Attributes={"RawMessageDelivery": "true"})
    wanted = {"TopicConfigurations": [{"TopicArn": topic, "Events": ["s3:ObjectCreated:*"]}]}
    s3.put_bucket_notification_configuration(Bucket=name, NotificationConfiguration=wanted)

    s3.put_object(Bucket=name, Key="poster.png", Body=b"x")

    def keys():
        messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        events = [json.loads(message["Body"]) for message in messages]
        return [record["s3"]["object"]["key"] for event in events for record in event.get("Records", [])]

    assert eventually(keys) == ["poster.png"]
    with pytest.raises(ClientError):
        insecure(as_allowed(allow(["sqs:SendMessage"], [queue]))("sqs")).send_message(QueueUrl=url, MessageBody="x")


@pytest.mark.parametrize(
    "condition",
    [
        None,
        {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::another-bucket"}},
        {"StringEquals": {"aws:SourceAccount": "111111111111"}},
    ],
)
def test_a_bucket_may_not_notify_a_topic_whose_policy_does_not_let_it_in(aws, condition):
    s3, sns = aws("s3"), aws("sns")
    name = unique("uninvited")
    s3.create_bucket(Bucket=name)
    topic = sns.create_topic(Name=name)["TopicArn"]
    if condition:
        statement = {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sns:Publish"}
        policy = document({**statement, "Resource": topic, "Condition": condition})
        sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)

    with pytest.raises(ClientError, match="Unable to validate the following destination configurations"):
        s3.put_bucket_notification_configuration(
            Bucket=name,
            NotificationConfiguration={"TopicConfigurations": [{"TopicArn": topic, "Events": ["s3:ObjectCreated:*"]}]},
        )


def test_a_queue_without_policy_gets_nothing_from_a_topic(aws, bench, decisions):
    topic = aws("sns").create_topic(Name=unique("topic"))["TopicArn"]
    url, arn = bench.queue()
    aws("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)

    aws("sns").publish(TopicArn=topic, Message="hello")

    assert "Messages" not in aws("sqs").receive_message(QueueUrl=url)
    refused = [d for d in decisions() if d.resource == arn and d.principal == "sns.amazonaws.com"]
    assert [(d.action, d.allowed) for d in refused] == [("sqs:SendMessage", False)]


def test_each_decision_is_recorded_once_with_its_reason(as_allowed, bucket, decisions):
    role = as_allowed(allow(["s3:GetObject"], [f"arn:aws:s3:::{bucket}/mine/*"]))
    before = max((d.n for d in decisions()), default=0)

    for key in ("mine/x", "other/x"):
        with pytest.raises(ClientError):
            role("s3").get_object(Bucket=bucket, Key=key)

    found = [d for d in decisions(before) if d.resource.startswith(f"arn:aws:s3:::{bucket}/")]
    assert [(d.action, d.resource.rsplit(":::", 1)[-1], d.allowed) for d in found] == [
        ("s3:GetObject", f"{bucket}/mine/x", True),
        ("s3:GetObject", f"{bucket}/other/x", False),
    ]
    assert all(d.principal.startswith("arn:aws:sts::000000000000:assumed-role/role-") for d in found)
    assert [bool(d.reason) for d in found] == [False, True]


def test_a_decision_tells_the_condition_keys_that_the_request_had(as_allowed, bucket, decisions):
    role = as_allowed(allow(["s3:ListBucket"], [f"arn:aws:s3:::{bucket}"]))
    before = max((d.n for d in decisions()), default=0)
    role("s3").list_objects_v2(Bucket=bucket, Prefix="mine/")
    (found,) = (d for d in decisions(before) if d.resource == f"arn:aws:s3:::{bucket}" and d.action == "s3:ListBucket")
    assert found.keys["s3:prefix"] == "mine/"


def test_the_newest_decision_is_known_by_its_number(aws, local_aws, decisions):
    number = log.last(local_aws)
    aws("s3").list_buckets()
    assert log.last(local_aws) > number
    assert min(d.n for d in decisions(number)) == number + 1


def test_a_proof_acts_as_a_role_that_trusts_a_service_alone(aws, bench, bucket, local_aws):
    role = bench.role(allow(["s3:ListBucket"], [f"arn:aws:s3:::{bucket}"]))
    with urllib.request.urlopen(f"{local_aws.endpoint}/_serviceful/session?role={role}") as answer:
        s3 = aws("s3", **json.loads(answer.read()))
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0
    with pytest.raises(ClientError) as error:
        s3.put_object(Bucket=bucket, Key="x", Body=b"x")
    assert code(error) == "AccessDenied"


def test_a_batch_call_needs_the_action_of_the_single_call(as_allowed, bench):
    url, arn = bench.queue()
    sqs = as_allowed(allow(["sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage"], [arn]))("sqs")

    sqs.send_message_batch(QueueUrl=url, Entries=[{"Id": "1", "MessageBody": "x"}])
    received = sqs.receive_message(QueueUrl=url)["Messages"][0]
    deleted = sqs.delete_message_batch(QueueUrl=url, Entries=[{"Id": "1", "ReceiptHandle": received["ReceiptHandle"]}])

    assert [entry["Id"] for entry in deleted["Successful"]] == ["1"]


@pytest.fixture(scope="module")
def table(aws):
    name = unique("table")
    key = [{"AttributeName": "id", "KeyType": "HASH"}]
    attributes = [{"AttributeName": "id", "AttributeType": "S"}]
    aws("dynamodb").create_table(
        TableName=name, KeySchema=key, AttributeDefinitions=attributes, BillingMode="PAY_PER_REQUEST"
    )
    return name


@pytest.mark.parametrize(
    ("action", "statement"),
    [
        ("PartiQLInsert", "INSERT INTO \"{}\" VALUE {{'id': 'new'}}"),
        ("PartiQLSelect", "SELECT * FROM \"{}\" WHERE id = 'a'"),
        ("PartiQLUpdate", "UPDATE \"{}\" SET colour = 'blue' WHERE id = 'a'"),
        ("PartiQLDelete", "DELETE FROM \"{}\" WHERE id = 'a'"),
    ],
)
def test_a_partiql_statement_needs_the_action_of_its_verb_on_its_table(aws, as_allowed, table, action, statement):
    aws("dynamodb").put_item(TableName=table, Item={"id": {"S": "a"}})
    aws("dynamodb").delete_item(TableName=table, Key={"id": {"S": "new"}})
    arn = f"arn:aws:dynamodb:us-east-1:000000000000:table/{table}"
    every = {f"dynamodb:PartiQL{verb}" for verb in ("Insert", "Select", "Update", "Delete")}
    others = as_allowed(allow(sorted(every - {f"dynamodb:{action}"}), [arn]))("dynamodb")
    elsewhere = as_allowed(allow([f"dynamodb:{action}"], [f"{arn}-2"]))("dynamodb")

    for refused in (others, elsewhere):
        with pytest.raises(ClientError, match=f"not authorized to perform: dynamodb:{action} "):
            refused.execute_statement(Statement=statement.format(table))
    as_allowed(allow([f"dynamodb:{action}"], [arn]))("dynamodb").execute_statement(Statement=statement.format(table))


def test_each_statement_of_a_transaction_is_judged(as_allowed, table):
    arn = f"arn:aws:dynamodb:us-east-1:000000000000:table/{table}"
    statements = [{"Statement": f"INSERT INTO \"{table}\" VALUE {{'id': '{unique('t')}'}}"}]
    writer = as_allowed(allow(["dynamodb:PartiQLInsert"], [arn]))("dynamodb")

    writer.execute_transaction(TransactStatements=statements)
    statements.append({"Statement": f"DELETE FROM \"{table}\" WHERE id = 'x'"})
    with pytest.raises(ClientError, match="dynamodb:PartiQLDelete"):
        writer.execute_transaction(TransactStatements=statements)


def test_an_object_that_is_not_there_is_denied_to_who_may_not_list(aws, as_allowed, bucket):
    get = allow(["s3:GetObject"], [f"arn:aws:s3:::{bucket}/*"])
    listing = allow(["s3:ListBucket"], [f"arn:aws:s3:::{bucket}"])

    with pytest.raises(ClientError) as blind:
        as_allowed(get)("s3").get_object(Bucket=bucket, Key="not there")
    with pytest.raises(ClientError) as sighted:
        as_allowed(get, listing)("s3").get_object(Bucket=bucket, Key="not there")

    assert (code(blind), code(sighted)) == ("AccessDenied", "NoSuchKey")


def test_a_write_if_the_object_is_unchanged_needs_the_right_to_read_it(aws, as_allowed, bucket):
    etag = aws("s3").put_object(Bucket=bucket, Key="versioned", Body=b"1")["ETag"]
    objects = [f"arn:aws:s3:::{bucket}/*"]

    with pytest.raises(ClientError) as error:
        as_allowed(allow(["s3:PutObject"], objects))("s3").put_object(Bucket=bucket, Key="versioned", IfMatch=etag)
    assert code(error) == "AccessDenied"
    reader = as_allowed(allow(["s3:PutObject", "s3:GetObject"], objects))("s3")
    reader.put_object(Bucket=bucket, Key="versioned", Body=b"2", IfMatch=etag)
    with pytest.raises(ClientError) as error:
        reader.put_object(Bucket=bucket, Key="versioned", Body=b"3", IfMatch=etag)
    assert code(error) == "PreconditionFailed"


def test_a_write_if_there_is_no_object_needs_nothing_but_the_right_to_write(aws, as_allowed, bucket):
    writer = as_allowed(allow(["s3:PutObject"], [f"arn:aws:s3:::{bucket}/*"]))("s3")
    writer.put_object(Bucket=bucket, Key="once", Body=b"1", IfNoneMatch="*")

    with pytest.raises(ClientError) as error:
        writer.put_object(Bucket=bucket, Key="once", Body=b"2", IfNoneMatch="*")
    assert code(error) == "PreconditionFailed"


class Form:
    """A presigned form for uploads/, signed by a role."""

    def __init__(self, bench, as_role, bucket):
        self.bench, self.bucket = bench, bucket
        self.role = bench.role(allow(["s3:PutObject"], [f"arn:aws:s3:::{bucket}/uploads/*"]), trust=TRUST_ROOT)
        self.signed = as_role(self.role)("s3").generate_presigned_post(
            bucket,
            "uploads/${filename}",
            Conditions=[
                ["content-length-range", 1, 10],
                ["starts-with", "$key", "uploads/"],
                ["eq", "$Content-Type", "image/png"],
            ],
        )

    def post(self, content=b"12345", **changes):
        fields = {**self.signed["fields"], "Content-Type": "image/png", **changes}
        return requests.post(self.signed["url"], data=fields, files={"file": ("poster.png", content)}, timeout=10)


@pytest.fixture
def form(bench, as_role, bucket):
    return Form(bench, as_role, bucket)


def test_a_form_uploads_what_its_signer_may(aws, form, bucket):
    assert form.post().status_code == 204
    assert aws("s3").get_object(Bucket=bucket, Key="uploads/poster.png")["Body"].read() == b"12345"


def test_a_form_fails_once_its_signer_lost_the_grant(form):
    form.bench.grant(form.role)
    assert form.post().status_code == 403


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"content": b"x" * 11}, 400, "EntityTooLarge"),
        ({"content": b""}, 400, "EntityTooSmall"),
        ({"key": "elsewhere/${filename}"}, 403, "AccessDenied"),
        ({"Content-Type": "text/html"}, 403, "AccessDenied"),
        ({"acl": "public-read"}, 403, "AccessDenied"),
        ({"x-amz-signature": "0" * 64}, 403, "SignatureDoesNotMatch"),
    ],
)
def test_a_form_holds_the_upload_to_its_conditions(form, change, status, error):
    answer = form.post(**change)

    assert answer.status_code == status
    assert f"<Code>{error}</Code>" in answer.text


def test_a_form_cannot_reach_beyond_its_signers_prefix(bench, as_role, bucket):
    role = bench.role(allow(["s3:PutObject"], [f"arn:aws:s3:::{bucket}/uploads/*"]), trust=TRUST_ROOT)
    signed = as_role(role)("s3").generate_presigned_post(bucket, "thumb/x")

    assert requests.post(signed["url"], data=signed["fields"], files={"file": b"x"}, timeout=10).status_code == 403
