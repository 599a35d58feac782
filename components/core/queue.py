"""An SQS queue with its dead-letter queue."""

from __future__ import annotations

import json

import pulumi_aws as aws

from .alarm import Alarm
from .metric import Metric
from .pattern import Pattern
from .permissions import Permission, Statement, allow_service, resource_document, tls_only

# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
LONGEST_RETENTION_S = 14 * 24 * 3600
LONGEST_VISIBILITY_S = 12 * 3600

DEAD_LETTERS = "-dlq"
"""What a dead-letter queue's name adds to its queue's."""


class Queue:
    """An encrypted queue whose messages end in a dead-letter queue after `attempts` failed deliveries.

    A message is hidden for `visibility_s` seconds while it is worked on. Both queues are encrypted with keys that SQS
    owns, refuse callers without TLS, and the dead-letter queue takes messages from this queue alone. A `fifo` queue
    keeps the order within a message group, and groups don't wait for each other (high throughput):
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/high-throughput-fifo.html
    What the topic `topic_arn` can't deliver here is a dead letter, too.
    """

    def __init__(
        self,
        owner: Pattern,
        name: str,
        *,
        visibility_s: int,
        attempts: int,
        fifo: bool = False,
        topic_arn: str = "",
    ) -> None:
        self._owner, self._name, self.tree_name, self.fifo = owner, name, owner.tree_name(name), fifo
        self.physical_name = owner.physical("queue", name, suffix=_suffix(fifo))
        self.arn = owner.names.arn("sqs", self.physical_name)
        self.visibility_s = visibility_s
        self.dead_letters = DeadLetters(
            owner, f"{name}{DEAD_LETTERS}", source_arn=self.arn, topic_arn=topic_arn, fifo=fifo
        )
        redrive = {"deadLetterTargetArn": self.dead_letters.arn, "maxReceiveCount": attempts}
        self.queue = aws.sqs.Queue(
            self.tree_name,
            name=self.physical_name,
            visibility_timeout_seconds=visibility_s,
            message_retention_seconds=LONGEST_RETENTION_S // 2,
            sqs_managed_sse_enabled=True,
            redrive_policy=json.dumps(redrive),
            fifo_queue=fifo or None,
            content_based_deduplication=fifo or None,
            deduplication_scope="messageGroup" if fifo else None,
            fifo_throughput_limit="perMessageGroupId" if fifo else None,
            tags=owner.tags,
            opts=owner.child(after=[self.dead_letters.queue]),
        )
        owner.watch.show(f"queue {name}", self.depth(), self.age())

    @property
    def resource(self) -> aws.sqs.Queue:
        """What its users wait for."""
        return self.queue

    def depth(self) -> Metric:
        """Messages that wait."""
        return _visible(self.physical_name)

    def age(self) -> Metric:
        """How long the oldest message has waited, in seconds."""
        return _metric(self.physical_name, "ApproximateAgeOfOldestMessage", "Seconds")

    def warn_of_lag(self, *, minutes: int) -> Alarm:
        """An alarm on messages that have waited for more than `minutes`."""
        return Alarm(
            self._owner,
            f"{self._name}-lag",
            self.age(),
            threshold=minutes * 60,
            periods=5,
            datapoints=3,
            means=f"Messages wait for {minutes} minutes in {self.physical_name}.",
            runbook="lag",
        )

    def send(self) -> Permission:
        """Send a message."""
        return Permission(actions=("sqs:SendMessage",), resources=(self.arn,))

    def consume(self) -> Permission:
        """What an event source mapping needs.

        https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html#events-sqs-permissions
        """
        actions = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
        return Permission(actions=actions, resources=(self.arn,))

    def drain(self) -> Permission:
        """Take messages out, without a mapping."""
        return Permission(actions=("sqs:ReceiveMessage", "sqs:DeleteMessage"), resources=(self.arn,))

    def filled_by_topic(self, topic_arn: str) -> Statement:
        """Let SNS deliver the messages of one topic."""
        return allow_service(
            "sns.amazonaws.com",
            ("sqs:SendMessage",),
            self.arn,
            source_arn=topic_arn,
            because="the topic delivers here",
        )

    def policy(self, *statements: Statement) -> aws.sqs.QueuePolicy:
        """Attach the queue's one policy: `statements`, and TLS for everybody."""
        return _policy(self._owner, self.tree_name, self.queue, self.arn, statements)


class DeadLetters:
    """Where messages end that can't be worked on; kept for 14 days, SQS's longest.

    SQS itself moves messages here from the queue `source_arn` alone; without one, from none. EventBridge puts in what
    it can't deliver for the rule `rule_arn`, and SNS what it can't deliver for the topic `topic_arn`. An alarm goes off
    at the first message, which `holds` describes; `runbook` says what to do then.

    The clock of a message starts when it is first sent, so a dead-letter queue keeps longer than its source:
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html
    """

    def __init__(
        self,
        owner: Pattern,
        name: str,
        *,
        source_arn: str = "",
        rule_arn: str = "",
        topic_arn: str = "",
        fifo: bool = False,
        holds: str = "Messages were given up",
        runbook: str = "dead-letters",
    ) -> None:
        self.tree_name = owner.tree_name(name)
        self.physical_name = owner.physical("queue", name, suffix=_suffix(fifo))
        self.arn = owner.names.arn("sqs", self.physical_name)
        self.queue = aws.sqs.Queue(
            self.tree_name,
            name=self.physical_name,
            message_retention_seconds=LONGEST_RETENTION_S,
            sqs_managed_sse_enabled=True,
            redrive_allow_policy=json.dumps(_redrive_from(source_arn)),
            fifo_queue=fifo or None,
            tags=owner.tags,
            opts=owner.child(),
        )
        self.policy = _policy(owner, self.tree_name, self.queue, self.arn, self._statements(rule_arn, topic_arn))
        # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-queue-message-identifiers.html
        self.url = f"https://sqs.{owner.names.region}.amazonaws.com/{owner.names.account}/{self.physical_name}"
        owner.watch.show(f"dead letters {name}", self.depth())
        means = f"{holds}: they wait in the queue {self.physical_name} for 14 days."
        self.alarm = Alarm(owner, name, self.depth(), threshold=1, means=means, runbook=runbook)

    def depth(self) -> Metric:
        """Messages that wait for somebody."""
        return _visible(self.physical_name)

    def send(self) -> Permission:
        """Send a message: what a handler needs to give one up, with the reason."""
        return Permission(actions=("sqs:SendMessage",), resources=(self.arn,))

    def _statements(self, rule_arn: str, topic_arn: str) -> tuple[Statement, ...]:
        """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html

        https://docs.aws.amazon.com/sns/latest/dg/sns-configure-dead-letter-queue.html
        """
        undeliverable = (
            ("events.amazonaws.com", rule_arn, "events that the rule can't deliver"),
            ("sns.amazonaws.com", topic_arn, "messages that the topic can't deliver"),
        )
        return tuple(
            allow_service(service, ("sqs:SendMessage",), self.arn, source_arn=source, because=because)
            for service, source, because in undeliverable
            if source
        )


def _visible(queue: str) -> Metric:
    return _metric(queue, "ApproximateNumberOfMessagesVisible", "Count")


def _metric(queue: str, name: str, unit: str) -> Metric:
    """A metric of SQS, which sends none of a queue that was empty and unused for six hours: silence is good.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
    """
    return Metric(namespace="AWS/SQS", name=name, dimensions={"QueueName": queue}, statistic="Maximum", unit=unit)


def _redrive_from(source_arn: str) -> dict[str, object]:
    if source_arn:
        return {"redrivePermission": "byQueue", "sourceQueueArns": [source_arn]}
    return {"redrivePermission": "denyAll"}


def _suffix(fifo: bool) -> str:
    return ".fifo" if fifo else ""


def _policy(
    owner: Pattern, tree_name: str, queue: aws.sqs.Queue, arn: str, statements: tuple[Statement, ...]
) -> aws.sqs.QueuePolicy:
    everything = (tls_only(("sqs:*",), arn), *statements)
    owner.ledger.state(f"aws:sqs/queuePolicy:QueuePolicy::{tree_name}", everything)
    return aws.sqs.QueuePolicy(tree_name, queue_url=queue.url, policy=resource_document(everything), opts=owner.child())
