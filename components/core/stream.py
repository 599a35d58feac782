"""A Kinesis data stream, and the permissions that open it."""

from __future__ import annotations

import pulumi_aws as aws

from .metric import Metric
from .pattern import Pattern
from .permissions import Permission


class Stream:
    """A stream that keeps its records for `retention_h` hours (24–8,760), on demand or with a number of shards.

    Encrypted with the key that AWS manages for Kinesis in the account, which grants nothing to hand out:
    https://docs.aws.amazon.com/streams/latest/dev/server-side-encryption.html
    """

    def __init__(self, owner: Pattern, name: str, *, retention_h: int, shards: int | None = None) -> None:
        self._owner, self.tree_name = owner, owner.tree_name(name)
        self.physical_name = owner.physical("stream", name)
        self.arn = owner.names.arn("kinesis", f"stream/{self.physical_name}")
        mode = "PROVISIONED" if shards else "ON_DEMAND"
        self.stream = aws.kinesis.Stream(
            self.tree_name,
            name=self.physical_name,
            shard_count=shards,
            stream_mode_details=aws.kinesis.StreamStreamModeDetailsArgs(stream_mode=mode),
            retention_period=retention_h,
            encryption_type="KMS",
            kms_key_id="alias/aws/kinesis",
            tags=owner.tags,
            opts=owner.child(holds_data=True),
        )
        owner.watch.show(f"stream {name}", self.records(), self.throttled())

    @property
    def resource(self) -> aws.kinesis.Stream:
        """What its users wait for."""
        return self.stream

    def records(self) -> Metric:
        """Records that were put."""
        return self._metric("IncomingRecords")

    def throttled(self) -> Metric:
        """Puts that a shard was too busy for; their callers were told."""
        return self._metric("WriteProvisionedThroughputExceeded")

    def _metric(self, name: str) -> Metric:
        """A metric of Kinesis, which sends none when nothing is put: silence is good.

        https://docs.aws.amazon.com/streams/latest/dev/monitoring-with-cloudwatch.html
        """
        dimensions = {"StreamName": self.physical_name}
        return Metric(namespace="AWS/Kinesis", name=name, dimensions=dimensions, statistic="Sum", unit="Count")

    def put(self) -> Permission:
        """Put one record."""
        return Permission(actions=("kinesis:PutRecord",), resources=(self.arn,))

    def consume(self) -> Permission:
        """What an event source mapping or a pipe needs.

        https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-create.html
        """
        actions = ("DescribeStream", "DescribeStreamSummary", "GetRecords", "GetShardIterator", "ListShards")
        return Permission(actions=tuple(f"kinesis:{action}" for action in actions), resources=(self.arn,))
