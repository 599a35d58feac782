"""A person decides: a link that is signed, expires and decides once, and a token that stays behind it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from ..core.mac_key import MacKey
from ..core.pattern import Pattern
from ..core.rest_api.auth import Public
from ..core.rest_api.route import Route
from ..core.rest_api.targets import RunExpress
from ..core.state_machine import StateMachine
from ..core.table import Table
from ..core.topic import Topic

HERE: Final = Path(__file__).parent
APPROVAL_PAGE: Final = next(
    folder for folder in (HERE / "page", HERE.parents[1] / "web" / "approval") if folder.is_dir()
)
"""The folder of the page where a person decides, for a `Front`: in the wheel, or in the repository."""

CANDIDATE: Final[dict[str, Any]] = json.loads((HERE / "schemas" / "candidate.json").read_text())

_LINK: Final = {
    "reference": {"type": "string", "pattern": "^[0-9a-f-]{36}$"},
    "expires": {"type": "integer", "minimum": 0},
    "mac": {"type": "string", "pattern": "^[A-Za-z0-9+/]{43}=$"},
}
_COMMENT: Final = {"type": "string", "minLength": 1, "maxLength": 2000}
_PUBLIC: Final = Public("who has the link may decide: its parts are signed by KMS, expire, and decide once")
_ERRORS: Final = {
    "Expired": (410, "The review is over"),
    "Used": (409, "The link was used already"),
}


class Approval:
    """Reviews, their links, and the two machines that look at one and decide it.

    The tokens stand in a table of their own: the workflow writes into it, and the machine that decides reads it, alone.
    `SendTaskSuccess` takes no resource, so whoever holds it could answer any token that it knows: that one alone does.
    https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html#connect-wait-token
    """

    def __init__(self, owner: Pattern) -> None:
        self.key = MacKey(owner, "links")
        self.reviews = Table(owner, "reviews", key=("reference", "S"))
        self.tokens = Table(owner, "tokens", key=("reference", "S"), expires="expires")
        self.reviewers = Topic(owner, "reviewers", encrypted=True)
        self.reviewers.policy()
        self.read = StateMachine(
            owner,
            "read-review",
            kind="EXPRESS",
            definition=HERE / "read_review.asl.json",
            substitutions={"LinkKey": self.key.alias, "ReviewsTable": self.reviews.physical_name},
            resources={"Check the link": self.key.verify()},
        )
        self.decide = StateMachine(
            owner,
            "decide",
            kind="EXPRESS",
            definition=HERE / "decide.asl.json",
            substitutions={
                "LinkKey": self.key.alias,
                "ReviewsTable": self.reviews.physical_name,
                "TokensTable": self.tokens.physical_name,
            },
            resources={"Check the link": self.key.verify()},
        )

    def routes(self) -> list[Route]:
        """What the page asks: POST, so that no part of a link stands in a URL, a log or a cache."""
        reading = {"type": "object", "required": list(_LINK), "additionalProperties": False, "properties": _LINK}
        return [
            Route("POST", "/reviews", RunExpress(machine=self.read, errors=_ERRORS), _PUBLIC, body=reading),
            Route("POST", "/decisions", RunExpress(machine=self.decide, errors=_ERRORS), _PUBLIC, body=decision()),
        ]


def decision() -> dict[str, Any]:
    """JSON Schema (draft 4) of a decision: approved with a title and a description, or sent back with a comment."""
    fields = {**_LINK, "decision": {"enum": ["approve", "revise"]}, **CANDIDATE["properties"], "comment": _COMMENT}
    return {
        "type": "object",
        "required": [*_LINK, "decision"],
        "additionalProperties": False,
        "properties": fields,
        "oneOf": [
            {"required": ["title", "description"], "properties": {"decision": {"enum": ["approve"]}}},
            {"required": ["comment"], "properties": {"decision": {"enum": ["revise"]}}},
        ],
    }
