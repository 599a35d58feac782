"""Progress for people, on stderr: a live line for each running resource on a terminal, plain lines otherwise."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Mapping
from time import monotonic
from types import TracebackType
from typing import Any, Final, Self

from rich.console import Console, Group
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from local.engine.changes import UNKNOWN_TEXT
from local.engine.errors import REFUSED
from local.engine.observer import Finding, Severity
from local.engine.outcome import COUNTED
from local.engine.properties import shown
from local.engine.report import Report
from local.engine.steps import Op, Step
from local.engine.urn import name_of, type_of

_SYMBOLS: Final[Mapping[Op, tuple[str, str]]] = {
    "create": ("+", "green"),
    "update": ("~", "yellow"),
    "replace": ("±", "magenta"),
    "delete": ("-", "red"),
    "read": ("<", "cyan"),
    "same": (" ", "dim"),
}
_SEVERITY_STYLES: Final[Mapping[Severity, str]] = {"info": "dim", "warning": "yellow", "error": "red"}
_LEVEL_STYLES: Final = {"mandatory": "red", "advisory": "yellow", "remediate": "cyan"}
_DONE: Final = {
    "create": "created",
    "update": "updated",
    "replace": "replaced",
    "delete": "deleted",
    "same": "unchanged",
}
_PLANNED: Final = {
    "create": "to create",
    "update": "to update",
    "replace": "to replace",
    "delete": "to delete",
    "same": "unchanged",
}
_NOTED_SECONDS: Final = 1.0


class Display:
    """An Observer that prints. Use it as a context manager: the live lines end with it."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._lock = threading.Lock()
        self._running: dict[str, tuple[Step, Spinner, float]] = {}
        self._planning = False
        self._planned: Counter[str] = Counter()
        self._live = Live(get_renderable=self._lines, console=console, refresh_per_second=8, transient=True)

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def heading(self, text: str) -> None:
        """Name the phase. The steps of a plan that is about to be carried out aren't printed twice."""
        if self._planning:
            self._print(Text(f"planned: {_counted(self._planned, applied=False)}"))
        self._planning = text == "preview"
        self._print(Text(text.capitalize(), style="bold"))

    def started(self, step: Step) -> None:
        with self._lock:
            self._running[step.urn] = (step, Spinner("dots"), monotonic())

    def finished(self, step: Step, seconds: float) -> None:
        with self._lock:
            self._running.pop(step.urn, None)
            self._planned[step.op] += 1
        if step.op != "same" and not self._planning:
            self._print(_line(step, seconds))
            for change in step.changes:
                old, new = change.old or "nothing", change.new or "nothing"
                self._print(Text(f"      {change.path}: {old} → {new}", style="dim"))

    def failed(self, step: Step, message: str) -> None:
        with self._lock:
            self._running.pop(step.urn, None)
        what = "failed" if step.op == "same" else f"{step.op} failed"
        self._print(Text(f"✗ {type_of(step.urn)} {name_of(step.urn)}: {what}", style="bold red"))
        self._print(_indented(message, "red"))

    def message(self, severity: Severity, text: str, urn: str = "") -> None:
        about = f"{type_of(urn)} {name_of(urn)}: " if urn else ""
        self._print(Text(f"{about}{text}".rstrip(), style=_SEVERITY_STYLES[severity]))

    def finding(self, finding: Finding) -> None:
        style = _LEVEL_STYLES[finding.level]
        where = f"{type_of(finding.urn)} {name_of(finding.urn)}" if finding.urn else "stack"
        self._print(Text(f"policy {finding.rule} ({finding.level}): {where}", style=style))
        self._print(_indented(finding.message, style))

    def _print(self, text: Text) -> None:
        self._console.print(text, soft_wrap=True)

    def _lines(self) -> Group:
        with self._lock:
            running = list(self._running.values())
        for step, spinner, began in running:
            spinner.update(text=Text(f"{step.op} {_name(step)} {monotonic() - began:.0f} s"))
        return Group(*(spinner for _, spinner, _ in running))


def summary(report: Report, operation: str) -> Text:
    """What the operation came to, for the end of the output."""
    text = Text(f"\n{operation}: {_counted(report.changes, applied=report.applied)} ({report.seconds:.1f} s)", "bold")
    for key, value in sorted(shown(dict(report.outputs)).items()):
        text.append(f"\n  {key}: ", "bold").append(_output(value), "not bold")
    if report.exit_code == REFUSED and not report.applied:
        text.append(
            "\nRefused by policy: nothing was changed. Meet the mandatory rules above, then run it again.", "red"
        )
    elif report.exit_code == REFUSED:
        text.append("\nRefused by policy after the update: meet the mandatory rules above, then run it again.", "red")
    elif report.exit_code:
        text.append(f"\nFailed: put right what failed above, then run {operation} again; what was done is kept.", "red")
    return text


def _counted(counts: Mapping[str, int], *, applied: bool) -> str:
    words = _DONE if applied else _PLANNED
    return ", ".join(f"{counts[op]} {words[op]}" for op in COUNTED if counts.get(op)) or "no resources"


def _output(value: Any) -> str:
    if value is None:
        return UNKNOWN_TEXT
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _line(step: Step, seconds: float) -> Text:
    symbol, style = _SYMBOLS[step.op]
    line = Text(f"{symbol} {_name(step)}", style=style)
    if step.diff:
        forced = set(step.forces)
        line.append(" [" + ", ".join(f"{name}!" if name in forced else name for name in step.diff) + "]", style="dim")
    if seconds >= _NOTED_SECONDS:
        line.append(f" {seconds:.1f} s", style="dim")
    return line


def _name(step: Step) -> str:
    return f"{step.type} {name_of(step.urn)}"


def _indented(message: str, style: str) -> Text:
    return Text("\n".join(f"    {line}" for line in message.strip().splitlines()), style=style)
