"""Trying again when others write the same: a few times, each after a random pause."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

ATTEMPTS = 10
FIRST_PAUSE_S = 0.02
LONGEST_PAUSE_S = 1.0

CONFLICT = "TransactionConflict"


class Contention(Exception):
    """Others wrote the same all the time. Later it may go through."""


TRANSIENT = (ClientError, BotoCoreError, Contention)
"""Failures of AWS and of the way to it, and of rights: the record is not at fault and comes again."""


def attempts(what: str) -> Iterator[int]:
    """`ATTEMPTS` turns with exponential pauses and full jitter between them; then raises Contention.

    https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/
    """
    for turn in range(ATTEMPTS):
        if turn:
            time.sleep(random.uniform(0, min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2**turn)))  # noqa: S311 - no secret
        yield turn
    raise Contention(f"{what}: {ATTEMPTS} attempts met other writers")


def reasons(error: ClientError) -> list[str]:
    """Why a transaction was cancelled, a code for each of its parts; empty for every other error.

    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
    """
    if error.response["Error"]["Code"] != "TransactionCanceledException":
        return []
    listed: Any = error.response.get("CancellationReasons", [])
    return [reason.get("Code", "None") for reason in listed]
