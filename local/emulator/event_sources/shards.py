"""Reads the shards of one stream side by side, each in order, until its owner ends."""

from __future__ import annotations

import functools
import logging
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable

from botocore.exceptions import BotoCoreError, ClientError
from ministack.core import responses

from local.emulator.event_sources import streams, threads
from local.emulator.event_sources.shard_reader import ShardReader
from local.emulator.event_sources.streams import Positions, Stream
from local.emulator.event_sources.wake import wake

HEARTBEAT_SECONDS = 5
"""How often a stream is asked although nothing was announced: so a lost permission shows."""

_PAUSE_SECONDS = 1

_log = logging.getLogger(__name__)


class ShardPoller(threading.Thread, ABC):
    """The positions are kept while it is inactive; reading goes on from there."""

    def __init__(self, name: str, account: str, region: str, stream_arn: str, positions: Positions) -> None:
        super().__init__(name=name, daemon=True)
        self.stream_arn = stream_arn
        self._scope = (account, region)
        self._positions = positions
        self._readers: dict[str, ShardReader] = {}
        self._busy: set[str] = set()
        self._lock = threading.Lock()
        self._asked: tuple[object, float] | None = None

    @abstractmethod
    def exists(self) -> bool:
        """Whether the owner is still there."""

    @abstractmethod
    def active(self) -> bool:
        """Whether the owner is to read now."""

    @abstractmethod
    def stream(self) -> Stream:
        """The stream, as the owner's role sees it now."""

    @abstractmethod
    def read(self, stream: Stream, reader: ShardReader) -> bool:
        """Read and process the next records of one shard. Returns whether there were any."""

    @abstractmethod
    def report(self, result: str) -> None:
        """Tell the owner how it went."""

    def run(self) -> None:
        with responses.request_scope(*self._scope):
            while self.exists():
                seen = wake.count
                if not self.active():
                    self._asked = None  # the role may have changed meanwhile
                elif self._due():
                    self._guarded(self._start_readers)
                wake.wait(seen, _PAUSE_SECONDS)

    def _due(self) -> bool:
        """Whether the stream grew, or was not asked for a while, since the readers were last started."""
        mark = streams.mark(self.stream_arn)
        if self._asked and self._asked[0] == mark and time.monotonic() - self._asked[1] < HEARTBEAT_SECONDS:
            return False
        self._asked = (mark, time.monotonic())
        return True

    def _start_readers(self) -> None:
        stream = self.stream()
        stream.check()
        for shard in stream.shards():
            with self._lock:
                if shard in self._busy:
                    continue
                self._busy.add(shard)
            reader = self._readers.setdefault(shard, ShardReader(shard, self._positions.get(shard)))
            threads.start(self.name, functools.partial(self._drain, stream, reader))

    def _drain(self, stream: Stream, reader: ShardReader) -> None:
        """Process a shard until nothing is left in it."""

        finished = False
        while not finished:
            before = streams.mark(self.stream_arn)
            succeeded = self._guarded(lambda: self._read_all(stream, reader))
            with self._lock:
                # What came after the last look must not wait for the next heartbeat.
                finished = not succeeded or streams.mark(self.stream_arn) == before
                if finished:
                    self._busy.discard(reader.shard)

    def _read_all(self, stream: Stream, reader: ShardReader) -> None:
        with responses.request_scope(*self._scope):
            while self.exists() and self.active() and self.read(stream, reader):
                pass

    def _guarded(self, work: Callable[[], None]) -> bool:
        try:
            work()
        except (ClientError, BotoCoreError) as error:
            self.report(f"PROBLEM: {error}")
        except Exception:
            _log.exception("%s", self.name)
        else:
            return True
        self._asked = None
        return False
