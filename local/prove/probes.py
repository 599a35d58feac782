"""The other direction: what a role isn't granted, IAM refuses it, by real calls in a session of the role."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import boto3
import urllib3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from local import key_value_stores
from local.emulator.decision import Decision
from local.prove import decisions
from local.prove.calls import CALLS, Call, concrete, kind
from local.prove.errors import ProofError
from local.prove.rights import Right
from local.settings import Settings

_ALL = 1_000
_SESSION = "/proof"


@dataclass(frozen=True)
class Sample:
    """How many probes are made of a role."""

    elsewhere: int = 2
    """For each action that it may do."""
    beside: int = 2
    """On each resource that it may do something on."""
    foreign: int = 6
    """Of services that it has nothing of."""


@dataclass(frozen=True, kw_only=True)
class Probe:
    """Something that a role isn't granted."""

    role: str
    call: Call
    resource: str
    kind: str
    """`elsewhere` (what it may do, on another resource), `beside` (something else there), `unconditional` (what it may
    do, but for the grant's conditions) or `foreign`."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What IAM said to a probe."""

    probe: Probe
    decision: Decision | None
    """None where nobody asked IAM: such a probe shows nothing."""

    @property
    def denied(self) -> bool:
        """Whether it was refused."""
        return self.decision is not None and not self.decision.allowed


def probes(
    rights: Sequence[Right], resources: Iterable[Mapping[str, Any]], *, role: str = "", every: bool = False
) -> Iterator[Probe]:
    """For each role: what it may do on a resource of others, what it may not do on its own, and what it never needs.

    A sample of them, or `every` one that `CALLS` can make; with `role` for that one alone.
    """
    there = _by_kind(rights, resources)
    for one in [role] if role else dict.fromkeys(right.role for right in rights):
        own = [right for right in rights if right.role == one]
        size = Sample(*(3 * [_ALL])) if every else Sample()
        wanted = [
            *_elsewhere(own, there, size),
            *_beside(own, size),
            *_unconditional(own, there),
            *_foreign(one, own, there, size),
        ]
        seen: set[tuple[str, str]] = set()
        for how, call, resource in wanted:
            if (call.action, resource) not in seen and not _granted(own, call.action, resource):
                seen.add((call.action, resource))
                yield Probe(role=one, call=call, resource=resource, kind=how)


def ask(
    probes: Iterable[Probe], settings: Settings, tell: Callable[[Answer], None] = lambda answer: None
) -> list[Answer]:
    """Make each call in a session of its role."""
    answers: list[Answer] = []
    sessions: dict[str, _Session] = {}
    for probe in probes:
        session = sessions.setdefault(probe.role, _Session(probe.role, settings))
        answers.append(session.ask(probe))
        tell(answers[-1])
    return answers


class _Session:
    """Calls in the name of one role."""

    def __init__(self, role: str, settings: Settings) -> None:
        self._settings = settings
        arn = f"arn:aws:iam::{settings.account}:role/{role}"
        answer = urllib3.request("GET", f"{settings.endpoint}/_serviceful/session?role={arn}")
        self._keys = json.loads(answer.data)
        self._clients: dict[str, Any] = {}

    def ask(self, probe: Probe) -> Answer:
        before = decisions.last(self._settings)
        method = getattr(self._client(probe.call.client), probe.call.method)
        try:
            method(**probe.call.arguments(probe.resource))
        except ClientError:
            pass  # whether IAM refused or somebody else, the log tells
        except BotoCoreError as error:
            raise ProofError(f"the probe {probe.call.method} can't be sent: {error}") from error
        asked = [
            one
            for one in decisions.since(self._settings, before)
            if one.role == probe.role and one.principal.endswith(_SESSION) and one.action == probe.call.action
        ]
        denied = (one for one in asked if not one.allowed)
        return Answer(probe=probe, decision=next(denied, asked[0] if asked else None))

    def _client(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = _boto.client(
                service,
                endpoint_url=self._settings.endpoint,
                region_name=self._settings.region,
                config=_CONFIG,
                **self._keys,
            )
            made = self._clients[service]
            made.meta.events.register(key_value_stores.CALLS, key_value_stores.address(self._settings.endpoint))
        return self._clients[service]


_boto: Any = boto3.session.Session()
_CONFIG = Config(
    inject_host_prefix=False,
    proxies={},
    s3={"addressing_style": "path"},
    retries={"total_max_attempts": 1},
    parameter_validation=False,  # the service shall refuse what IAM lets pass
)

_Wanted = Iterator[tuple[str, Call, str]]


def _by_kind(rights: Iterable[Right], resources: Iterable[Mapping[str, Any]]) -> dict[str, list[str]]:
    """The resources that somebody uses, and those that are just there, by their kind."""
    found: dict[str, dict[str, None]] = {}
    arns = [right.resource for right in rights if right.resource.startswith("arn:")]
    arns += [str(arn) for one in resources if (arn := (one.get("outputs") or {}).get("arn"))]
    for arn in arns:
        found.setdefault(kind(arn), {})[concrete(arn)] = None
    return {name: list(those) for name, those in found.items()}


def _elsewhere(own: Sequence[Right], there: Mapping[str, Sequence[str]], size: Sample) -> _Wanted:
    for call in CALLS:
        if any(right.action == call.action for right in own):
            others = [arn for arn in there.get(call.on, ()) if not _granted(own, call.action, arn)]
            for arn in _some(others, own[0].role + call.action, size.elsewhere):
                yield "elsewhere", call, arn


def _beside(own: Sequence[Right], size: Sample) -> _Wanted:
    for arn in dict.fromkeys(concrete(right.resource) for right in own):
        others = [call for call in CALLS if call.on == kind(arn) and call.on and not _granted(own, call.action, arn)]
        for call in _some(others, own[0].role + arn, size.beside):
            yield "beside", call, arn


def _unconditional(own: Sequence[Right], there: Mapping[str, Sequence[str]]) -> _Wanted:
    for right in own:
        for call in CALLS:
            if right.conditions and call.action == right.action:
                covered = [arn for arn in there.get(call.on, ()) if right.covers(arn)]
                for arn in _some(covered, right.role, 1):
                    yield "unconditional", call, arn


def _foreign(role: str, own: Sequence[Right], there: Mapping[str, Sequence[str]], size: Sample) -> _Wanted:
    services = {right.action.partition(":")[0] for right in own}
    strangers = [call for call in CALLS if call.action.partition(":")[0] not in services]
    for call in _some(strangers, role, size.foreign):
        for arn in _some(there.get(call.on, ["*"] if not call.on else []), role, 1):
            yield "foreign", call, arn


def _granted(own: Iterable[Right], action: str, resource: str) -> bool:
    """Whether some right allows it under all conditions; the calls of probes meet none."""
    return any(
        right.action.lower() == action.lower() and right.covers(resource) and not right.conditions for right in own
    )


def _some(many: Sequence[Any], seed: str, number: int) -> list[Any]:
    """So many of them, the same each time, others for another seed."""
    start = zlib.crc32(seed.encode())
    return [many[(start + index) % len(many)] for index in range(min(number, len(many)))]
