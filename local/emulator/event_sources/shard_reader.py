"""Reads one shard in order, and remembers how far its records were processed."""

from __future__ import annotations

import time
from collections.abc import Callable

from botocore.exceptions import ClientError

from local.emulator.event_sources.streams import Record, Stream, sequence_number
from local.emulator.event_sources.wake import wake

_EXPIRED = ("ExpiredIteratorException", "TrimmedDataAccessException")
_WINDOW_PAUSE_SECONDS = 0.2


class ShardReader:
    """`after` is the sequence number of the last processed record: reading goes on behind it, after a pause, too."""

    def __init__(self, shard: str, after: str | None) -> None:
        self.shard = shard
        self.after = after
        self._iterator: str | None = None

    def read(self, stream: Stream, limit: int, window: float, active: Callable[[], bool]) -> list[Record]:
        """At most `limit` records: those there are, or those that come within `window` seconds of the first."""
        records = self._page(stream, limit)
        deadline = time.monotonic() + window
        while records and len(records) < limit and active() and (left := deadline - time.monotonic()) > 0:
            wake.wait(wake.count, min(left, _WINDOW_PAUSE_SECONDS))
            records += self._page(stream, limit - len(records))
        return records

    def processed(self, records: list[Record], unfinished: set[str]) -> None:
        """Remember that `records` are done, but for those with the sequence numbers `unfinished` and what follows."""
        for record in records:
            if sequence_number(record) in unfinished:
                self.rewind()
                return
            self.after = sequence_number(record)

    def rewind(self) -> None:
        """Read on from the last processed record."""
        self._iterator = None

    def _page(self, stream: Stream, limit: int) -> list[Record]:
        try:
            self._iterator = self._iterator or self._begin(stream)
            page = stream.page(self.shard, self._iterator, limit)
        except ClientError as error:
            self.rewind()
            if error.response["Error"]["Code"] not in _EXPIRED:
                raise
            return []
        # At the end of a closed shard it stays where it is.
        self._iterator = page.next or self._iterator
        return page.records

    def _begin(self, stream: Stream) -> str:
        try:
            return stream.iterator(self.shard, self.after)
        except ClientError as error:
            if error.response["Error"]["Code"] != "TrimmedDataAccessException":
                raise
            return stream.iterator(self.shard, None)  # what came next may have been trimmed, too
