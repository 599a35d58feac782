"""`python -m local prove`: make the proof on the deployed stack, tell it, and keep it in `build/`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from local.prove import report
from local.prove.errors import ProofError
from local.prove.exercises import EXERCISES
from local.prove.page import page
from local.prove.probes import Answer
from local.prove.prover import Progress, Prover
from local.prove.removals import Removal
from local.prove.rights import rights
from local.prove.runs import Run, Stage
from local.prove.widenings import Sighting
from local.settings import REPO, Settings

BUILD = REPO / "build"


def run(
    resources: Sequence[Mapping[str, Any]],
    outputs: Mapping[str, Any],
    settings: Settings,
    *,
    only: str = "",
    sample: int = 0,
    as_json: bool = False,
    folder: Path = BUILD,
) -> bool:
    """Make the proof and write `prove.json` and `prove.html`; returns whether it holds.

    `only` names one pattern, `sample` how many rights of each pattern are taken away (0: all).
    Raises ProofError where nothing is deployed.
    """
    granted = [right for right in rights(resources) if only in ("", right.pattern)]
    if not granted:
        raise ProofError(f"no pattern is deployed{f' as {only}' if only else ''}: deploy the system with `make up`")
    exercises = [one for one in EXERCISES if one.fits(outputs) and only in ("", one.pattern)]
    console = Console(stderr=True, highlight=False)
    with _bar(console) as bar:
        stage = Stage(outputs=outputs, settings=settings, exercises=exercises)
        prover = Prover(stage=stage, rights=granted, resources=resources, progress=_progress(bar), sample=sample)
        proof = prover.prove()
    folder.mkdir(parents=True, exist_ok=True)
    told = report.to_json(proof)
    (folder / "prove.json").write_text(json.dumps(told, indent=1) + "\n")
    (folder / "prove.html").write_text(page(told))
    if as_json:
        print(json.dumps(told))
    report.tell(proof, console if as_json else Console(highlight=False))
    console.print(f"after {proof.seconds:.0f} s; see {folder}/prove.html, or prove.json beside it", soft_wrap=True)
    return proof.holds


def _bar(console: Console) -> Bar:
    return Bar(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=console
    )


def _progress(bar: Bar) -> Progress:
    tasks = []

    def begin(what: str, parts: int) -> None:
        tasks.append(bar.add_task(what, total=parts))
        if not bar.console.is_terminal:
            bar.console.print(f"{what} ({parts})", soft_wrap=True, markup=False)

    def ran(run: Run) -> None:
        if run.broken or run.crashed:
            bar.console.print(f"{run.exercise.name} failed: {run.broken or run.crashed}", soft_wrap=True, markup=False)
        bar.advance(tasks[-1])

    def removed(removal: Removal) -> None:
        if not removal.proves:
            bar.console.print(f"nobody missed {removal.right}", soft_wrap=True, markup=False)
        bar.advance(tasks[-1])

    def answered(answer: Answer) -> None:
        bar.advance(tasks[-1])

    def sighted(sighting: Sighting) -> None:
        if not sighting.reports:
            bar.console.print(f"nobody reported {sighting.widening}", soft_wrap=True, markup=False)
        bar.advance(tasks[-1])

    return Progress(begin=begin, ran=ran, removed=removed, answered=answered, sighted=sighted)
