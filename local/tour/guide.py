"""What every stop of the tour has at hand: the stack's outputs, a way to call what it serves, and words."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import urllib3
from rich.console import Console

from local import browse
from local.client import client
from local.settings import Settings

PATIENCE_S = 60

Found = TypeVar("Found")


class TourError(Exception):
    """A stop did not end as it should; the message says what was expected and what came."""


@dataclass(frozen=True, kw_only=True)
class Guide:
    """Leads through one deployed stack."""

    outputs: Mapping[str, Any]
    settings: Settings
    console: Console
    _clients: dict[str, Any] = field(default_factory=dict, repr=False)

    def aws(self, service: str) -> Any:
        """A client of the local AWS, as its root user: for looking, where users have no way to look."""
        if service not in self._clients:
            self._clients[service] = client(service, self.settings)
        return self._clients[service]

    def api(self, method: str, path: str, body: Any = None, *, token: str = "") -> urllib3.BaseHTTPResponse:
        """Call the API as its callers do, through CloudFront."""
        headers = {"Authorization": token} if token else {}
        return browse.request(method, f"{self.outputs['api_url']}{path}", self.settings, json=body, headers=headers)

    def messages(self, queue_url: str) -> list[str]:
        """Some of the messages in a queue, left where they are."""
        received = self.aws("sqs").receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10, VisibilityTimeout=0)
        return [message["Body"] for message in received.get("Messages", ())]

    def say(self, text: str) -> None:
        """One line of what happened."""
        self.console.print(f"  {text}", soft_wrap=True)

    def expect(self, holds: bool, otherwise: str) -> None:
        """Raise TourError with `otherwise` unless it `holds`."""
        if not holds:
            raise TourError(otherwise)

    def await_(self, what: str, look: Callable[[], Found | None], seconds: float = PATIENCE_S) -> Found:
        """Look until something is found; raises TourError after `seconds`."""
        deadline = time.monotonic() + seconds
        with self.console.status(what):
            while (found := look()) is None:
                if time.monotonic() > deadline:
                    raise TourError(
                        f"{what}: nothing after {seconds:.0f} s; see `make logs`, and the dead-letter queues"
                    )
                time.sleep(0.1)
        return found
