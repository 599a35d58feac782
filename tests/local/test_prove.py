"""The proof of least privilege, over the deployed reference system: a part of what `make prove` does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from local.prove import offline, planted
from local.prove.evidence import Evidence, by_evidence
from local.prove.exercise import Exercise
from local.prove.exercises import EXERCISES
from local.prove.probes import ask, probes
from local.prove.prover import spread
from local.prove.removal import changed
from local.prove.removals import Remover
from local.prove.rights import Right, rights
from local.prove.runs import Stage, Usage, observe
from local.prove.watch import Watch
from local.prove.widenings import added, extensible, widenings
from local.settings import Settings
from local.tour.guide import Guide
from tests.local.command import run_local

pytestmark = pytest.mark.xdist_group("reference-system")


@dataclass(frozen=True, kw_only=True)
class System:
    """The deployed reference system."""

    stage: Stage
    rights: Sequence[Right]
    resources: Sequence[Mapping[str, Any]]

    @property
    def run(self) -> Sequence[Right]:
        """The rights that the local AWS asks for."""
        return by_evidence(self.rights)[Evidence.RUN]


@pytest.fixture(scope="module")
def system(local_aws: Settings, reference_system: dict[str, Any]) -> System:
    _, state, _ = run_local(local_aws, "state", "--json")
    resources = state["deployment"]["resources"]
    stage = Stage(outputs=reference_system["outputs"], settings=local_aws, exercises=EXERCISES)
    return System(stage=stage, rights=rights(resources), resources=resources)


@pytest.fixture(scope="module")
def planted_right_and_usage(system: System) -> tuple[Right, Usage]:
    """What all exercises use, side by side, while one role has a right that is in its document and in the ledger."""
    with planted.needed_by_nobody(system.stage.guide(), system.rights) as surplus:
        return surplus, observe(system.stage, [*system.rights, surplus], parallel=True)


@pytest.fixture(scope="module")
def usage(planted_right_and_usage: tuple[Right, Usage]) -> Usage:
    return planted_right_and_usage[1]


def test_every_exercise_passes_with_all_rights(usage: Usage) -> None:
    assert {run.exercise.name: run.broken or run.crashed for run in usage.failures} == {}


def test_every_right_that_the_local_aws_asks_for_is_used(system: System, usage: Usage) -> None:
    assert list(map(str, usage.unused(system.run))) == []


def test_every_call_that_is_allowed_is_explained_by_a_grant(usage: Usage) -> None:
    assert usage.unexplained == ()


def test_a_right_that_nobody_needs_is_found_unused(planted_right_and_usage: tuple[Right, Usage]) -> None:
    surplus, usage = planted_right_and_usage
    assert planted.seen_unused(usage, surplus).reports == (f"unused: {surplus}",)


def test_a_right_of_each_pattern_that_is_taken_away_is_refused_and_missed(system: System, usage: Usage) -> None:
    quick = [right for right in system.run if usage.runs[usage.users(right)[0].name].seconds < 8]
    sample = spread(quick, 1)
    assert len(sample) == 5
    removals = Remover(stage=system.stage, usage=usage).remove(sample)
    assert [(str(one.right), one.tried) for one in removals.values() if not one.proves] == []


def test_an_exercise_that_does_not_look_makes_its_rights_unbreakable(system: System) -> None:
    def ask_and_look_away(guide: Guide) -> None:
        guide.api("POST", "/uploads", {"filename": "a.png"})

    blind = Exercise(name="api.blind", needs="api_url", run=ask_and_look_away)
    stage = replace(system.stage, exercises=[blind])
    usage = observe(stage, system.rights)
    (right,) = (one for one in system.rights if one.action == "lambda:InvokeFunction" and usage.users(one) == [blind])
    (removal,) = Remover(stage=stage, usage=usage).remove([right]).values()
    assert not removal.proves
    assert removal.denial is not None
    assert removal.tried == ("api.blind passed, although IAM refused",)


def test_a_right_that_two_statements_grant_is_unbreakable(system: System, usage: Usage) -> None:
    right = next(one for one in system.run if one.role.endswith("api-post-uploads-us-east-1"))
    sighting = planted.seen_unbreakable(Remover(stage=system.stage, usage=usage), right)
    assert len(sighting.reports) == 1


def test_what_a_role_is_not_granted_is_refused(system: System) -> None:
    roles = list(dict.fromkeys(right.role for right in system.rights))
    some = [probe for probe in probes(system.rights, system.resources) if probe.role in roles[::5]]
    answers = ask(some, system.stage.settings)
    assert len(answers) > 50
    assert {answer.probe.kind for answer in answers} >= {"elsewhere", "beside", "foreign"}
    assert [(one.probe.role, one.probe.call.action, one.probe.resource) for one in answers if not one.denied] == []


def test_what_the_documents_allow_of_all_that_aws_knows_is_the_ledger(system: System) -> None:
    watch = Watch(system.stage, system.rights, system.resources)
    found = offline.judge(watch.stack(), system.rights, system.resources)
    assert (found.beyond, found.missing) == ((), ())
    assert found.judged > 100_000_000
    right = extensible(system.rights)
    with changed(system.stage.guide().aws("iam"), right.role, lambda said: [*said[1:], added(right)]):
        found = offline.judge(watch.stack(), system.rights, system.resources)
    assert {one.partition(" on ")[0] for one in found.beyond} == {f"{right.role}: s3:getobjecttagging"}
    assert found.missing == (str(right),)


def test_each_widening_is_reported_and_taken_back(system: System) -> None:
    watch = Watch(system.stage, system.rights, system.resources)
    sightings = [watch.sight(one) for one in list(widenings(system.rights, system.resources))[::2]]
    assert [one.what.startswith("posters") for one in sightings] == [True, True, True]
    assert [one.widening for one in sightings if not one.reports] == []
    assert watch.news() == []
