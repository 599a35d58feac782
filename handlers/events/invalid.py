"""Why a record of the log is no event."""

from __future__ import annotations


class Invalid(Exception):
    """The record itself is at fault: trying again can't help, so it goes to quarantine.

    `reason` is a stable word for machines, `detail` a sentence for whoever reads the quarantine.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
