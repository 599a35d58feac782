"""A value that is known further down in the program, where two components need each other."""

from __future__ import annotations

from types import TracebackType
from typing import Self

import pulumi
from pulumi.output import Unknown


class Later:
    """What one component is given before the component that makes it: `with Later() as page: …; page.is_(api.url)`.

    `pulumi.deferred_output()` alone would let a program that fails in between wait for ever, with its error unsaid.
    Here the value stays unknown when the block ends without it: a preview ends with its error, and no update takes it.
    Raises ValueError at the end of a block that says nothing.
    """

    def __init__(self) -> None:
        self.value, self._resolve = pulumi.deferred_output()
        self._known = False

    def is_(self, value: pulumi.Output[str]) -> None:
        """Say what it is, once."""
        self._known = True
        self._resolve(value)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._known:
            return
        self._resolve(pulumi.Output.from_input(Unknown()))
        if error is None:
            raise ValueError("a block `with Later() as …` ended before is_() said what the value is")
