"""What the rules of other tools ask for, and whether this pack asks for it too.

`peers/<tool>.yaml` lists the published rules of a tool for the services that the patterns use, in our words. A row is
covered by the rules that name it in `same_as`, or that the row names; what nobody covers says why it is left.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from .rules import RULES

_DATA = Path(__file__).parent / "peers"


@dataclass(frozen=True)
class Row:
    """One rule of another tool, or several under a pattern."""

    id: str
    asks: str
    rules: tuple[str, ...]
    """Rules of this pack that ask for the same, or for part of it."""

    beyond: str = ""
    """What our rules ask for beside it."""

    left: str = ""
    """Why no rule asks for it."""

    @property
    def answer(self) -> str:
        """What the table says of it."""
        if not self.rules:
            return f"left: {self.left}"
        ours = ", ".join(f"[`{rule}`](#{rule})" for rule in self.rules)
        return f"exceeded by {ours}: {self.beyond}" if self.beyond else f"covered by {ours}"


@dataclass(frozen=True)
class Peer:
    """Another tool, at one version."""

    tool: str
    version: str
    read: str
    """The day on which its rules were read."""

    page: str
    rows: tuple[Row, ...]

    def row(self, id_: str) -> Row | None:
        """The row of one of its rules: the one that names it, else the first whose pattern does."""
        rows = {row.id: row for row in self.rows}
        under = _listed(id_, rows)
        return rows[under] if under else None


@cache
def peers() -> dict[str, Peer]:
    """All tools, by name."""
    return {peer.tool: peer for peer in map(_peer, sorted(_DATA.glob("*.yaml")))}


def coverage() -> Iterator[str]:
    """The part of the catalogue that says it, in Markdown."""
    yield "## Beside other tools\n"
    yield (
        "What the rules of other packs and scanners ask for, in our words, for the services that the patterns use: "
        "API Gateway, Bedrock, CloudFront, CloudWatch, Cognito, DynamoDB, EventBridge, IAM, Kinesis, KMS, Lambda, S3, "
        "Secrets Manager, SNS, SQS and Step Functions. `bench/policies.py` runs checkov over the reference system and "
        "over the corpus beside this pack.\n"
    )
    yield "| tool | version | rows | covered | exceeded | left |\n|---|---|---|---|---|---|"
    for peer in peers().values():
        found = Counter(row.answer.partition(" ")[0].rstrip(":") for row in peer.rows)
        counts = " | ".join(str(found[answer]) for answer in ("covered", "exceeded", "left"))
        yield f"| [{peer.tool}]({peer.page}) | {peer.version}, read on {peer.read} | {len(peer.rows)} | {counts} |"
    for peer in peers().values():
        yield f"\n### {peer.tool}\n\n| rule | asks for | here |\n|---|---|---|"
        yield from (f"| `{row.id}` | {row.asks} | {row.answer} |" for row in peer.rows)
    yield ""


def _peer(file: Path) -> Peer:
    data: dict[str, Any] = yaml.safe_load(file.read_text())
    tool, listed = data["tool"], data["rules"]
    ours: dict[str | None, list[str]] = defaultdict(list)
    for rule in RULES:
        for named in (each.removeprefix(f"{tool} ") for each in rule.same_as if each.startswith(f"{tool} ")):
            ours[_listed(named, listed)].append(rule.id)
    rows = (
        Row(
            id_,
            row["asks"],
            tuple(dict.fromkeys([*ours[id_], *row.get("by", ())])),
            row.get("beyond", ""),
            row.get("left", ""),
        )
        for id_, row in listed.items()
    )
    return Peer(tool, str(data["version"]), str(data["read"]), data["page"], tuple(rows))


def _listed(id_: str, listed: Iterable[str]) -> str | None:
    """What a rule stands under: its own id, else the first pattern that it matches."""
    return next((each for each in listed if each == id_), None) or next(
        (each for each in listed if fnmatchcase(id_, each)), None
    )
