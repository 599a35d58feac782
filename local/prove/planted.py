"""The proof held to itself: a right that nobody needs must be found unused, one that is granted twice unbreakable."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from local.prove.removal import changed
from local.prove.removals import Remover
from local.prove.rights import Right
from local.prove.runs import Usage
from local.prove.widenings import Sighting, surplus
from local.tour.guide import Guide


@contextmanager
def needed_by_nobody(guide: Guide, rights: Sequence[Right]) -> Iterator[Right]:
    """For a while a role has a right more, as if its pattern had entered it in the ledger."""
    right = surplus(rights)
    with changed(guide.aws("iam"), right.role, lambda said: [*said, _statement(right)]):
        yield right


def seen_unused(usage: Usage, right: Right) -> Sighting:
    """Whether the surplus right was found."""
    reports = [f"unused: {one}" for one in usage.unused([right])]
    return Sighting(
        widening="a right that nobody uses, in ledger and document", what=str(right), reports=tuple(reports)
    )


def seen_unbreakable(remover: Remover, right: Right | None) -> Sighting:
    """Whether a right that a second statement grants, too, is found to break nothing."""
    if right is None:
        return Sighting(widening=_TWICE, what="no right that broke something to grant twice", reports=())
    again = replace(right, resource=f"{right.resource[:-1]}?")
    with changed(remover.stage.guide().aws("iam"), right.role, lambda said: [*said, _statement(again)]):
        (removal,) = Remover(stage=remover.stage, usage=remover.usage).remove([right]).values()
    reports = () if removal.proves else (f"unbreakable: {right}: {'; '.join(removal.tried)}",)
    return Sighting(widening=_TWICE, what=str(right), reports=reports)


_SURPLUS = "a right that nobody uses, in ledger and document"
_TWICE = "a right that is granted by two statements"


def _statement(right: Right) -> dict[str, Any]:
    given: dict[str, Any] = {"Effect": "Allow", "Action": [right.action], "Resource": [right.resource]}
    return {**given, "Condition": right.conditions} if right.conditions else given
