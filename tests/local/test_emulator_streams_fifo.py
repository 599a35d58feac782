"""Event source mappings of FIFO queues on the local AWS keep the order of each message group."""

import json

import pytest

from tests.local.emulation import allow, logs, unique

pytestmark = pytest.mark.local

READ = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]

STOP_AT_THE_FIRST_FAILURE = """
import json

def handler(event, context):
    done, failed, failures = [], set(), []
    for record in event["Records"]:
        group, first = record["attributes"]["MessageGroupId"], record["attributes"]["ApproximateReceiveCount"] == "1"
        if group in failed or (record["body"].startswith("bad") and first):
            failed.add(group)
            failures.append({"itemIdentifier": record["messageId"]})
        else:
            done.append([group, record["body"]])
    print("done", json.dumps(done))
    return {"batchItemFailures": failures}
"""


@pytest.fixture
def fifo(aws):
    """The URL and ARN of a FIFO queue whose messages are hidden for a second."""
    attributes = {"FifoQueue": "true", "ContentBasedDeduplication": "true", "VisibilityTimeout": "1"}
    url = aws("sqs").create_queue(QueueName=f"{unique('queue')}.fifo", Attributes=attributes)["QueueUrl"]
    return url, aws("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def test_a_failed_message_stops_its_group_and_no_other(aws, bench, fifo, eventually):
    url, queue = fifo
    group = unique("/fifo")
    aws("logs").create_log_group(logGroupName=group)
    role = bench.role(logs(group), allow(READ, [queue]))
    function = bench.function(STOP_AT_THE_FIRST_FAILURE, role, Timeout=1, LoggingConfig={"LogGroup": group})
    for name, body in (("a", "a1"), ("b", "b1"), ("a", "bad a2"), ("b", "b2"), ("a", "a3"), ("b", "b3")):
        aws("sqs").send_message(QueueUrl=url, MessageBody=body, MessageGroupId=name)

    uuid = aws("lambda").create_event_source_mapping(
        EventSourceArn=queue, FunctionName=function, FunctionResponseTypes=["ReportBatchItemFailures"]
    )["UUID"]

    def done():
        lines = [line for line in bench.log_lines(group) if line.startswith("done ")]
        return [entry for line in lines for entry in json.loads(line.removeprefix("done "))]

    eventually(lambda: len(done()) == 6)
    aws("lambda").delete_event_source_mapping(UUID=uuid)
    assert [body for name, body in done() if name == "a"] == ["a1", "bad a2", "a3"]
    assert [body for name, body in done() if name == "b"] == ["b1", "b2", "b3"]
    assert done().index(["b", "b3"]) < done().index(["a", "bad a2"])
