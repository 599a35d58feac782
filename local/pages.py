"""Parts of Markdown pages that are made from the code; `make docs` makes them anew, and tests hold them current."""

from __future__ import annotations

import re
from itertools import groupby
from pathlib import Path

from local.provider.schema import unenforced


def block(page: Path, name: str) -> str:
    """The text of the made block `name`. Raises ValueError when the page has no place for it."""
    return _parts(page, name)[1]


def put(page: Path, name: str, text: str) -> None:
    """Replace the made block `name`. Raises ValueError when the page has no place for it."""
    before, _, after = _parts(page, name)
    page.write_text(f"{before}{text}{after}")


def drawings(page: Path) -> list[str]:
    """The definitions that a page has a place for: blocks that are named by the file of a state machine."""
    return re.findall(r"<!-- (\S+\.asl\.json): made by `make docs` -->", page.read_text())


def unenforced_properties() -> str:
    """A table of what the provider sends and the local AWS only stores."""
    lines = ["| type | properties | why nothing comes of them here |", "|---|---|---|"]
    rows = sorted(unenforced(), key=lambda row: (row.token, row.why, row.path))
    for (token, why), group in groupby(rows, key=lambda row: (row.token, row.why)):
        lines.append(f"| `{token}` | {', '.join(f'`{row.path}`' for row in group)} | {why} |")
    return "\n".join(lines) + "\n"


def integrations() -> str:
    """A table of what states of a machine may call, and what each call needs of IAM.

    Calls of the SDK all know `.waitForTaskToken`; the table says it of others only.
    """
    from components.core.asl.integrations import INTEGRATIONS  # noqa: PLC0415 - the patterns take half a second to load

    lines = ["| a state calls | its role gets | AWS's page |", "|---|---|---|"]
    for name, row in INTEGRATIONS.items():
        patterns = () if name.startswith("aws-sdk:") else row.patterns
        calls = " ".join([f"`{name}`", *(f"`{pattern}`" for pattern in patterns)])
        actions = [action for need in row.needs for action in need.actions]
        job = [action for need in row.job for action in need.actions]
        waiting = f"; to wait for the job {_listed(job)}" if job else ""
        lines.append(f"| {calls} | {_listed(actions)}{waiting} | [page]({row.page}) |")
    return "\n".join(lines) + "\n"


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in dict.fromkeys(names))


def _parts(page: Path, name: str) -> tuple[str, str, str]:
    begin, end = f"<!-- {name}: made by `make docs` -->\n", f"<!-- end of {name} -->"
    before, found, rest = page.read_text().partition(begin)
    text, closed, after = rest.partition(end)
    if not found or not closed:
        raise ValueError(f"{page} has no place for {name}: {begin.strip()} … {end}")
    return before + begin, text, end + after
