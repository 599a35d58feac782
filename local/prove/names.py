"""Names as a reader wants them: without what all of them share."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence

_ACCOUNT = re.compile(r"-\d{12}(?=-|/|$|:)")


class Names:
    """Shortens principals and resources of one stack."""

    def __init__(self, principals: Iterable[str]) -> None:
        many = [name.split("-") for name in dict.fromkeys(principals)]
        self._prefix = "".join(f"{word}-" for word in _shared(many))
        self._suffix = "".join(f"-{word}" for word in reversed(_shared([words[::-1] for words in many])))

    def principal(self, name: str) -> str:
        """A role without project, stack and region."""
        return name.removeprefix(self._prefix).removesuffix(self._suffix)

    def resource(self, arn: str) -> str:
        """An ARN without partition, region, account, project and stack."""
        parts = arn.split(":", 5)
        if len(parts) < 6:
            return arn
        rest = _ACCOUNT.sub("", parts[5].replace(self._prefix, ""))
        if self._suffix and parts[2] == "s3":
            bucket, slash, key = rest.partition("/")
            rest = bucket.removesuffix(self._suffix) + slash + key
        return f"{parts[2]} {rest}"


def _shared(many: Sequence[Sequence[str]]) -> list[str]:
    """The words that all begin with; none for a single one, which would be left without a name."""
    if len(many) < 2:
        return []
    alike = itertools.takewhile(lambda words: len(set(words)) == 1, zip(*many, strict=False))
    return [words[0] for words in alike]
