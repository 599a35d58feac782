"""Event source mappings of queues on the local AWS read under the function's role."""

import json

import pytest
from botocore.exceptions import ClientError

from tests.local.emulation import allow, logs, unique

pytestmark = pytest.mark.local

READ = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]

REPORT = """
import json
import os
import time
import boto3

def handler(event, context):
    bodies = [record["body"] for record in event["Records"]]
    print("batch", json.dumps(sorted(bodies)))
    failed = [r["messageId"] for r in event["Records"] if r["body"].startswith("bad")]
    if "malformed" in bodies:
        return {"batchItemFailures": [{"itemIdentifier": "of another batch"}]}
    if "raise" in bodies:
        raise ValueError("raised")
    return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in failed]}
"""


class Pipe:
    """A queue and a function that reads it, each message tried once; the dead-letter queue shows what failed."""

    def __init__(self, aws, bench, source=REPORT, actions=READ, **mapping):
        self.aws, self.bench = aws, bench
        self.group = unique("/pipe")
        aws("logs").create_log_group(logGroupName=self.group)
        self.dead_url, dead_arn = bench.queue()
        redrive = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 1})
        self.url, self.arn = bench.queue(VisibilityTimeout="1", RedrivePolicy=redrive)
        self.role = bench.role(*self._grants(actions))
        logging = {"LogGroup": self.group}
        self.function = bench.function(source, self.role, Timeout=1, LoggingConfig=logging)
        self.mapping = aws("lambda").create_event_source_mapping(
            EventSourceArn=self.arn,
            FunctionName=self.function,
            FunctionResponseTypes=["ReportBatchItemFailures"],
            **mapping,
        )["UUID"]

    def _grants(self, actions):
        return [logs(self.group), *([allow(actions, [self.arn])] if actions else [])]

    def grant(self, actions):
        self.bench.grant(self.role, *self._grants(actions))

    def send(self, *bodies):
        entries = [{"Id": str(n), "MessageBody": body} for n, body in enumerate(bodies)]
        self.aws("sqs").send_message_batch(QueueUrl=self.url, Entries=entries)

    def batches(self):
        lines = self.bench.log_lines(self.group)
        return [json.loads(line.removeprefix("batch ")) for line in lines if line.startswith("batch ")]

    def processed(self):
        return sorted(body for batch in self.batches() for body in batch)

    def dead(self):
        found = self.aws("sqs").receive_message(QueueUrl=self.dead_url, MaxNumberOfMessages=10)
        return sorted(message["Body"] for message in found.get("Messages", []))

    def waiting(self):
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        counts = self.aws("sqs").get_queue_attributes(QueueUrl=self.url, AttributeNames=names)["Attributes"]
        return sum(int(count) for count in counts.values())

    def result(self):
        return self.aws("lambda").get_event_source_mapping(UUID=self.mapping)["LastProcessingResult"]


@pytest.fixture
def pipe(aws, bench, eventually):
    made = []

    def make(**options):
        made.append(Pipe(aws, bench, **options))
        return made[-1]

    yield make
    for each in made:
        aws("lambda").delete_event_source_mapping(UUID=each.mapping)


def test_messages_are_processed_and_deleted(pipe, eventually):
    one = pipe()
    one.send("a", "b", "c")

    eventually(lambda: one.processed() == ["a", "b", "c"])
    eventually(lambda: one.waiting() == 0)
    eventually(lambda: one.result() == "OK")


def test_only_the_reported_messages_stay_in_the_queue(pipe, eventually):
    one = pipe()
    one.send("good", "bad", "fine")

    eventually(lambda: one.dead() == ["bad"])
    assert one.waiting() == 0


@pytest.mark.parametrize("trouble", ["malformed", "raise"])
def test_a_report_that_names_no_message_of_the_batch_and_an_error_fail_all_of_it(pipe, eventually, trouble):
    one = pipe()
    one.send("good", trouble)

    eventually(lambda: one.dead() == sorted(["good", trouble]))
    assert "PROBLEM" in one.result()


def test_a_batching_window_fills_the_batch(pipe, eventually):
    one = pipe(MaximumBatchingWindowInSeconds=2, BatchSize=20)
    for number in range(12):
        one.send(f"{number:02}")

    eventually(lambda: one.processed() == [f"{n:02}" for n in range(12)])
    assert len(one.batches()) < 4


def test_no_more_batches_are_in_flight_than_the_mapping_allows(aws, bench, pipe, eventually):
    source = """
    import time
    def handler(event, context):
        print("from", time.time())
        time.sleep(0.3)
        print("until", time.time())
    """
    one = pipe(source=source, BatchSize=1, ScalingConfig={"MaximumConcurrency": 2})
    one.send(*"abcdef")

    def moments():
        lines = [line.split() for line in bench.log_lines(one.group) if line.startswith(("from", "until"))]
        return sorted((float(time), 1 if kind == "from" else -1) for kind, time in lines)

    eventually(lambda: len(moments()) == 12)
    running = [sum(change for _, change in moments()[: n + 1]) for n in range(12)]
    assert max(running) == 2


@pytest.mark.parametrize("missing", READ)
def test_without_one_of_its_three_actions_the_mapping_reports_a_problem(pipe, eventually, missing):
    one = pipe()
    one.grant([action for action in READ if action != missing])
    one.send("a")

    eventually(lambda: "PROBLEM" in one.result() and missing in one.result())
    if missing == "sqs:DeleteMessage":
        eventually(lambda: one.dead() == ["a"])
        return
    assert one.processed() == []
    one.grant(READ)
    eventually(lambda: one.processed() == ["a"])


def test_a_mapping_is_refused_when_the_role_may_not_receive(aws, bench):
    with pytest.raises(ClientError, match="does not have permissions to call ReceiveMessage on SQS"):
        Pipe(aws, bench, actions=[])


def test_a_mapping_is_refused_when_the_function_may_take_longer_than_messages_stay_hidden(aws, bench):
    _, arn = bench.queue(VisibilityTimeout="5")
    function = bench.function(REPORT, bench.role(allow(READ, [arn])), Timeout=6)

    with pytest.raises(ClientError, match="Queue visibility timeout: 5 seconds is less than Function timeout: 6"):
        aws("lambda").create_event_source_mapping(EventSourceArn=arn, FunctionName=function)


def test_a_record_has_the_shape_that_lambda_gives(aws, bench, pipe, eventually):
    source = """
    import json
    def handler(event, context):
        print("record", json.dumps(event["Records"][0]))
    """
    one = pipe(source=source)
    attributes = {"colour": {"DataType": "String", "StringValue": "blue"}}
    aws("sqs").send_message(QueueUrl=one.url, MessageBody="a", MessageAttributes=attributes)

    def records():
        return [line for line in bench.log_lines(one.group) if line.startswith("record ")]

    record = json.loads(eventually(records)[0].removeprefix("record "))
    assert set(record) == {
        *("messageId", "receiptHandle", "body", "attributes", "messageAttributes"),
        *("md5OfBody", "md5OfMessageAttributes", "eventSource", "eventSourceARN", "awsRegion"),
    }
    assert record["attributes"].keys() >= {"ApproximateReceiveCount", "SentTimestamp", "SenderId"}
    assert record["messageAttributes"]["colour"] == {
        "stringValue": "blue",
        "dataType": "String",
        "stringListValues": [],
        "binaryListValues": [],
    }
