"""From a nightly batch to events."""

from .args import EventSourcedBatchArgs, Fifo, Kinesis
from .component import EventSourcedBatch

__all__ = ["EventSourcedBatch", "EventSourcedBatchArgs", "Fifo", "Kinesis"]
