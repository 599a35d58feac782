"""The proof is told in numbers, in words and on a page; each finding makes it fail."""

from __future__ import annotations

import io
import json
import re
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console

from local.emulator.decision import Decision
from local.prove import flows, report
from local.prove.calls import CALLS
from local.prove.evidence import by_evidence
from local.prove.exercise import Exercise
from local.prove.page import page
from local.prove.probes import Answer, Probe
from local.prove.proof import Proof
from local.prove.removals import Removal
from local.prove.rights import Right
from local.prove.runs import Run, Usage
from local.prove.widenings import Sighting

XRAY = "https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html"
COMMON = {"service": "lambda.amazonaws.com", "pattern": "films", "because": "reads </script> & writes"}
READER, SENDER = "shop-local-reader-us-east-1", "shop-local-sender-us-east-1"
READ = Right(role=READER, action="s3:GetObject", resource="arn:aws:s3:::shop-local-f/*", **COMMON)
SEND = Right(role=SENDER, action="sqs:SendMessage", resource="arn:aws:sqs:us-east-1:0:shop-local-q", **COMMON)
TRACE = Right(role=READER, action="xray:PutTraceSegments", resource="*", page=XRAY, **COMMON)
PROBE = Probe(role=READER, call=CALLS[0], resource="arn:aws:s3:::other/proof", kind="elsewhere")
WATCH = Exercise(name="films.watch", needs="films", run=lambda guide: None)


def decision(right: Right, *, allowed: bool) -> Decision:
    return Decision(
        n=7,
        principal=f"arn:aws:sts::000000000000:assumed-role/{right.role}/films",
        action=right.action,
        resource=right.resource,
        allowed=allowed,
        reason="" if allowed else "No matching Allow statement",
        time=0.0,
    )


def removal(right: Right) -> Removal:
    denial = decision(right, allowed=False)
    return Removal(right=right, exercise="films.watch", denial=denial, broken="the film <b>stays dark</b>", seconds=2.0)


def made(**changes: Any) -> Proof:
    run = Run(exercise=WATCH, seconds=1.5)
    given: dict[str, Any] = {
        "rights": by_evidence([READ, SEND, TRACE]),
        "usage": Usage(
            runs={"films.watch": run}, uses={READ: Counter({"films.watch": 3}), SEND: Counter({"films.watch": 1})}
        ),
        "removals": {READ: removal(READ), SEND: removal(SEND)},
        "answers": [Answer(probe=PROBE, decision=decision(READ, allowed=False))],
        "flows": flows.Proof((), (), ()),
        "sightings": [Sighting(widening="a queue that everybody may send to", what="q", reports=("rule: q is open",))],
        "stack": "shop/local",
        "made": "2026-01-01 00:00 UTC",
        "seconds": 60.0,
    }
    return Proof(**{**given, **changes})


def told(proof: Proof) -> str:
    out = io.StringIO()
    report.tell(proof, Console(file=out, width=150))
    return out.getvalue()


def test_a_proof_without_findings_holds() -> None:
    found = report.to_json(made())
    assert found["holds"] is True
    assert {key: found[key] for key in ("grants", "run", "evaluator", "unused", "unbreakable")} == {
        "grants": 3,
        "run": 2,
        "evaluator": 0,
        "unused": [],
        "unbreakable": [],
    }
    assert {key: found[key] for key in ("outside_denied", "outside_allowed", "flows", "flows_unproven")} == {
        "outside_denied": 1,
        "outside_allowed": [],
        "flows": 0,
        "flows_unproven": [],
    }


def test_what_only_aws_needs_is_listed_apart_with_its_page_and_never_fails() -> None:
    (traced,) = report.to_json(made())["documented"]
    assert (traced["action"], traced["page"]) == ("xray:PutTraceSegments", XRAY)


def test_a_removal_is_told_with_what_was_refused_and_what_broke() -> None:
    rights = {one["action"]: one for one in report.to_json(made())["rights"]}
    assert rights["s3:GetObject"]["uses"] == {"films.watch": 3}
    assert rights["s3:GetObject"]["removal"]["denial"]["reason"] == "No matching Allow statement"
    assert rights["s3:GetObject"]["removal"]["broken"] == "the film <b>stays dark</b>"
    assert [rights[one]["state"] for one in ("s3:GetObject", "xray:PutTraceSegments")] == ["proven", "documented"]


UNNOTICED = replace(removal(SEND), broken="", tried=("films.watch passed, although IAM refused",))
NOT_REFUSED = replace(removal(SEND), denial=None, tried=("films.watch broke without a denial: dark",))
STRAY = decision(replace(READ, action="s3:PutObject"), allowed=True)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"usage": Usage(uses={READ: Counter({"films.watch": 1})}), "removals": {}}, "granted, and never used (1)"),
        ({"removals": {SEND: UNNOTICED}}, "films.watch passed, although IAM refused"),
        ({"removals": {SEND: NOT_REFUSED}}, "films.watch broke without a denial: dark"),
        (
            {"answers": [Answer(probe=PROBE, decision=STRAY)]},
            "outside the grants, and not refused (1)",
        ),
        (
            {"answers": [Answer(probe=PROBE, decision=None)]},
            "outside the grants, and not refused (1)",
        ),
        ({"sightings": [Sighting(widening="an open queue", what="q", reports=())]}, "nobody reported it (1)"),
        ({"changed": ["shop-local-reader"]}, "not what they were before the proof (1)"),
        ({"after": Usage(runs={"films.watch": Run(exercise=WATCH, seconds=1.0, broken="dark")})}, "films.watch: dark"),
        ({"usage": replace(made().usage, unexplained=[STRAY])}, "no grant of the ledger says so (1)"),
    ],
)
def test_each_finding_fails_the_proof_and_is_told(changes: dict[str, Any], says: str) -> None:
    proof = made(**changes)
    assert not proof.holds
    assert says in told(proof)
    assert 'class="verdict fails"' in page(report.to_json(proof))


def test_the_page_needs_nothing_from_anywhere() -> None:
    shown = page(json.loads(json.dumps(report.to_json(made()))))
    assert not re.findall(r'(?:src|href)="(?!https://docs\.aws\.amazon\.com/)[^"]*"|@import|url\(|fetch\(', shown)
    assert "the film &lt;b&gt;stays dark&lt;/b&gt;" in shown
    assert "reads <\\/script> & writes" in shown  # as data: a script that an ended tag can't end
    assert XRAY in shown


def test_the_page_names_things_without_what_all_share() -> None:
    shown = page(report.to_json(made()))
    assert "reader as films" in shown
    assert ">s3 f/*<" in shown
