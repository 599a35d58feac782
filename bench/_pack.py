"""The reference system on a local AWS, and the policy pack asked about it as the engine asks."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from rich.console import Console

from bench._deployment import local_aws
from bench._report import spent_by_children
from local.emulator import manager
from local.engine import run as operations
from local.engine.display import Display
from local.engine.observer import Finding
from local.engine.pack import Pack, PackSettings
from local.engine.policy import Policies
from local.engine.project import Config, load_project
from local.engine.providers import reference
from local.engine.resource import Resource, from_json, to_json
from local.engine.stack import Run, open_stack
from local.engine.urn import is_provider
from local.provider.servicer import AwsProvider
from local.settings import REPO, Settings

PACK: Final = REPO / "policies"
_TWICE, _OTHER = "posters", "banners"
"""The pattern that is there a second time, and its name there: as long, so that no name is cut."""


@dataclass(frozen=True)
class System:
    """The reference system, as it is deployed."""

    resources: list[Resource]
    engine_s: float
    """Of a preview without the pack."""

    engine_with_pack_s: float


@dataclass(frozen=True)
class Judgement:
    """What the pack says, and how long it takes to say it."""

    findings: list[Finding]
    start_s: float
    """Until the process answers."""

    judge_s: float
    """Every question after that: one a resource, and one for the stack."""

    cpu_s: float
    """Of the pack's process, from its start to its end."""


def reference_system(rounds: int) -> System:
    """Deploy it, and preview it `rounds` times with the pack and without; the best round counts."""
    with local_aws() as settings:
        bare, policed = _run(settings, packs=False), _run(settings, packs=True)
        if operations.up(bare).exit_code:
            raise SystemExit("the reference system could not be deployed: see above")
        without, with_pack = (min(operations.preview(each).seconds for _ in range(rounds)) for each in (bare, policed))
        return System(list(open_stack(bare).contents.resources), without, with_pack)


def with_a_pattern_twice(resources: Sequence[Resource]) -> list[Resource]:
    """The resources, and those of one pattern once more under another name."""
    again = [each for each in resources if f"::{_TWICE}" in each.urn]
    texts = [json.dumps(to_json(each, str)).replace(_TWICE, _OTHER) for each in again]
    return [*resources, *(from_json(json.loads(text), str) for text in texts)]


def judge(resources: Sequence[Resource]) -> Judgement:
    """Start the pack, ask it, end it."""
    began, spent = time.perf_counter(), spent_by_children()
    with _serving() as policies:
        policies.review(resources[0], None, None)
        ready = time.perf_counter()
        findings = _ask(policies, resources)
        ended = time.perf_counter()
    return Judgement(findings, ready - began, ended - ready, spent_by_children() - spent)


def _run(settings: Settings, *, packs: bool) -> Run:
    return Run(
        project=load_project(REPO),
        stack="local",
        home=settings.home,
        instance=manager.require(settings).id,
        providers={"aws": lambda: AwsProvider(settings.endpoint, root=REPO)},
        observer=Display(Console(stderr=True)),
        environment=settings.environment(),
        packs=[PACK] if packs else [],
        rules={},
    )


@contextmanager
def _serving() -> Iterator[Policies]:
    settings = PackSettings(
        engine="127.0.0.1:1",
        project="serviceful",
        stack="local",
        config=Config(values={}, secret_keys=frozenset()),
        preview=True,
        environment={},
        observer=Display(Console(stderr=True)),
        rules={},
    )
    policies, pack = Policies(), Pack(PACK, settings)
    try:
        policies.add(pack)
        yield policies
    finally:
        policies.close()
        pack.close()


def _ask(policies: Policies, resources: Sequence[Resource]) -> list[Finding]:
    providers = {reference(each.urn, each.id): each for each in resources if is_provider(each.type)}
    found = [policies.review(each, None, providers.get(each.provider))[1] for each in resources]
    return [one for many in found for one in many] + policies.review_stack(resources, {}, providers, resources[0].urn)
