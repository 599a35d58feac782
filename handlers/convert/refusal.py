"""Why an upload has no rendition."""

from __future__ import annotations


class Refusal(Exception):
    """The upload itself is at fault: trying again can't help, so it is never retried.

    `reason` is a stable word for machines and for the public, `detail` a sentence for whoever reads the dead letter.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
