"""From a nightly batch to events."""

from .args import EventSourcedBatchArgs, Fifo, Kinesis, Subscription
from .component import EventSourcedBatch

__all__ = ["EventSourcedBatch", "EventSourcedBatchArgs", "Fifo", "Kinesis", "Subscription"]
