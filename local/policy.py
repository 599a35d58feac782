"""The verdicts of the policy pack on a state, as tables or as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any, Final

from botocore.exceptions import BotoCoreError
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from local.client import client
from local.emulator import manager
from local.engine.crypter import Crypter
from local.engine.errors import DONE, REFUSED, EngineError
from local.engine.passes import POLICIES_KEY
from local.engine.project import Project, stack_config
from local.engine.properties import from_json, shown
from local.engine.urn import name_of, type_of
from local.settings import Settings
from policies.deployed import Clients, UnreadableError, deployed
from policies.framework.exceptions import CONFIG_KEY, Exceptions, PolicyException
from policies.framework.resources import Resource
from policies.framework.rule import Finding, Severity
from policies.judge import Config, excepted, judge
from policies.rules import RULES
from policies.state import resources_of

_STYLES: Final = {
    Severity.CRITICAL: "bold red",
    Severity.HIGH: "red",
    Severity.MEDIUM: "yellow",
    Severity.LOW: "cyan",
}
"""The worst first."""


@dataclass(frozen=True)
class Verdicts:
    """What the pack says of a state."""

    resources: Sequence[Resource]
    findings: Sequence[Finding]
    """The worst first."""

    exceptions: Exceptions

    @property
    def exit_code(self) -> int:
        """REFUSED when an update would be."""
        return REFUSED if any(finding.level == "mandatory" for finding in self.findings) else DONE

    def to_json(self) -> list[dict[str, str]]:
        """What `--json` prints."""
        return [
            {"rule": each.rule, "level": each.level, "urn": each.urn, "message": each.message} for each in self.findings
        ]

    def show(self, console: Console) -> None:
        """Print the violations, then the exceptions in force."""
        wrong = [finding for finding in self.findings if not _RULES[finding.rule].advisory]
        if wrong:
            console.print(_violations(wrong))
        in_force = [entry for entry in self.exceptions.entries if self.exceptions.days_left(entry) >= 0]
        if in_force:
            console.print(_in_force(in_force, self.exceptions))
        console.print(
            f"{len(self.resources)} resources, {len(RULES)} rules: "
            f"{len(wrong)} violation{'s' * (len(wrong) != 1)}, "
            f"{len(in_force)} exception{'s' * (len(in_force) != 1)} in force"
        )


_RULES: Final = {rule.id: rule for rule in RULES}


def read_state(file: Path) -> dict[str, Any]:
    """A state as `pulumi stack export` prints it. Raises EngineError for a file that is none."""
    try:
        document = json.loads(file.read_text())
    except (OSError, ValueError) as error:
        raise EngineError(f"{file}: {error}") from error
    if not isinstance(document, dict) or not isinstance(document.get("deployment"), dict):
        raise EngineError(f"{file} is no state: give what `pulumi stack export` prints")
    return document


def resources(document: Mapping[str, Any], crypter: Crypter | None = None) -> list[Resource]:
    """The resources of a state, with the secrets that `crypter` opens. Raises EngineError when there are none."""
    rows = document["deployment"].get("resources") or []
    if not rows:
        raise EngineError("the state holds no resources: deploy the stack first")
    return resources_of({"resources": [_opened(row, crypter) for row in rows] if crypter else rows})


def held_locally(found: Sequence[Resource], instance: str, settings: Settings) -> list[Resource]:
    """The resources of a deployed stack, with the documents that the local AWS holds for them.

    Raises EngineError when the server `instance`, which the state describes, has ended.
    """
    running = manager.status(settings)
    if running is None or running.id != instance:
        raise EngineError("the local AWS that the state describes has ended: deploy again, or judge a file by --state")
    made, lock = cache(lambda service: client(service, settings)), Lock()

    def one_at_a_time(service: str, _: str) -> Any:
        with lock:
            return made(service)

    return held(found, one_at_a_time)


def held(found: Sequence[Resource], clients: Clients | None = None) -> list[Resource]:
    """The resources of a stack, with the documents that AWS holds for them; the default credentials may read them.

    Raises EngineError when they may not.
    """
    try:
        return deployed(found, clients)
    except (UnreadableError, BotoCoreError) as error:
        raise EngineError(str(error)) from error


def judged(found: Sequence[Resource], project: Project, given: Config) -> Verdicts:
    """The verdicts on a stack, with the rules' configuration and the exceptions in its settings file.

    The settings file of another project's stack isn't here: then `given` alone, which goes over the file, configures
    the rules. Raises EngineError for a configuration that isn't one.
    """
    name, stack = found[0].deployed_in
    settings = stack_config(project, stack, str).values if name == project.name else {}
    configured = settings.get(f"{project.name}:{POLICIES_KEY}")
    exceptions = excepted(settings.get(CONFIG_KEY) or ())
    try:
        findings = judge(found, {**(json.loads(configured) if configured else {}), **given}, exceptions)
    except ValueError as error:
        raise EngineError(str(error)) from error
    worst_first = list(_STYLES)
    findings.sort(key=lambda finding: worst_first.index(_RULES[finding.rule].severity))
    return Verdicts(found, findings, exceptions)


def _opened(row: Mapping[str, Any], crypter: Crypter) -> dict[str, Any]:
    bags = {name: row[name] for name in ("inputs", "outputs") if name in row}
    return {**row, **{name: shown(from_json(bag, crypter.decrypt), secrets=True) for name, bag in bags.items()}}


def _table(*columns: str, title: str = "") -> Table:
    """A table that cuts nothing off, however narrow the terminal is."""
    return Table(*(Column(name, overflow="fold") for name in columns), title=title or None, show_lines=True)


def _violations(findings: Sequence[Finding]) -> Table:
    table = _table("severity", "rule", "resource", "what is wrong, and what to do")
    for each in findings:
        rule = _RULES[each.rule]
        severity = Text(rule.severity.value, _STYLES[rule.severity])
        if each.level != "mandatory":
            severity.append(f"\n{each.level}", "dim")
        wrong = Text(each.message.removesuffix(f". {rule.fix}"))
        if wrong.plain != each.message:
            wrong.append(f"\n{rule.fix}", "dim")
        table.add_row(severity, each.rule, f"{type_of(each.urn)}\n{name_of(each.urn)}", wrong)
    return table


def _in_force(entries: Sequence[PolicyException], exceptions: Exceptions) -> Table:
    table = _table("days left", "until", "rule", "resource", "reason", "owner", title="Exceptions in force")
    for each in sorted(entries, key=exceptions.days_left):
        days = str(exceptions.days_left(each))
        table.add_row(days, each.expires.isoformat(), each.rule, each.resource, each.reason, each.owner)
    return table
