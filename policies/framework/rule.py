"""A rule: one definition that the pack enforces, the catalogue prints and the tests try."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Generic, TypeVar

from pulumi_policy.proxy import UnknownValueError

from ..iam.documents import MalformedDocument
from ..iam.facts import NoFacts
from .resources import Resource
from .stack import Stack

T = TypeVar("T")

Example = Mapping[str, Mapping[str, Any]]
"""Resources of an example: `"type name"` → properties; and `"exceptions"` → the `list` that the stack configures."""


class Severity(Enum):
    """How bad a violation is. Severity orders reports; it doesn't say whether a rule is mandatory."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Scope(Enum):
    """What a rule needs to see."""

    RESOURCE = "resource"
    """One resource's checked inputs: judged before it is created, and before the ledger is there."""

    STACK = "stack"
    """The ledger, or how resources are wired: judged when the whole stack is planned."""


@dataclass(frozen=True)
class Finding:
    """A violation."""

    rule: str
    urn: str
    message: str
    level: str = "mandatory"


@dataclass(frozen=True)
class Option:
    """A number or list that a stack may choose, by the policy pack's configuration."""

    default: Any
    meaning: str
    schema: Mapping[str, Any]
    """JSON schema of the value."""


@dataclass(frozen=True)
class Context:
    """What a rule sees beside the subject that it judges."""

    stack: Stack
    options: Mapping[str, Any]


@dataclass(frozen=True)
class Subject(Generic[T]):
    """What a rule judges, one at a time."""

    types: tuple[str, ...]
    """Types of the resources that hold subjects; one that ends in a colon is a prefix."""

    of: Callable[[Resource, Context], Iterable[T]]
    """The subjects in one such resource."""

    example: Callable[[Any], Example] = lambda example: example
    """Makes resources of what a rule gives as an example."""

    _covered: dict[str, bool] = field(default_factory=dict, init=False, repr=False, compare=False)

    def covers(self, type_: str) -> bool:
        """Whether resources of `type_` hold subjects."""
        if type_ not in self._covered:  # asked for each rule and type of every stack
            self._covered[type_] = any(
                type_.startswith(own) if own.endswith(":") else type_ == own for own in self.types
            )
        return self._covered[type_]


def resources(*types: str) -> Subject[Resource]:
    """Whole resources of `types`."""
    return Subject(types, lambda resource, _: (resource,))


Remedy = Callable[[Resource, Context], Mapping[str, Any]]
"""Properties to set → values; what is within a mapping is merged into it."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule. What it judges and cannot know is a violation, unless the ledger answers it."""

    id: str
    title: str
    severity: Severity
    scope: Scope
    on: Subject[Any]
    judges: Mapping[str, tuple[str, ...]]
    """Type → properties that the verdict rests on."""

    why: str
    fix: str
    """What to do, as an imperative without a full stop: it ends each message."""

    page: str
    """AWS's page."""

    same_as: tuple[str, ...] = ()
    """Rules of other tools that look for the same, or for part of it."""

    frameworks: tuple[str, ...] = ()
    """What it answers in AWS's Well-Architected Framework (`SEC03-BP02`) and CIS AWS Foundations (`CIS 1.16`)."""

    passes: Any
    fails: Any
    options: Mapping[str, Option] = field(default_factory=dict)
    acceptable: bool = False
    """Whether a pattern may accept, in the ledger and with a reason, that a resource of its own doesn't meet it."""

    advisory: bool = False
    """Whether it only tells; every other rule is mandatory."""

    check: Callable[[Any, Context], Iterable[str]]

    remedy: Remedy | None = None
    """Puts right, before a resource is made, what can be put right safely. Only for a rule over one resource."""

    remedied: Any = None
    """What the failing example becomes by it; what it leaves is a violation still."""

    @property
    def level(self) -> str:
        """What a violation means: `mandatory` ones refuse the update."""
        return "advisory" if self.advisory else "mandatory"

    def settings(self, given: Mapping[str, Any] | None) -> dict[str, Any]:
        """Values of the options: the stack's, else the defaults."""
        return {name: (given or {}).get(name, option.default) for name, option in self.options.items()}

    def judge(self, resource: Resource, stack: Stack, given: Mapping[str, Any] | None = None) -> Iterator[Finding]:
        """The violations in one resource."""
        if not self.on.covers(resource.type):
            return
        messages = list(self.messages(resource, stack, given))
        if messages and self._accepted(resource, stack):
            return
        if not stack.exceptions.excuse(self.id, resource, violated=bool(messages)):
            yield from (Finding(self.id, resource.urn, message, self.level) for message in messages)

    def remedies(self, resource: Resource, stack: Stack, given: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        """What to set in one resource, to be merged into its inputs: nothing where it passes, or is in doubt."""
        if self.remedy is None or not self.on.covers(resource.type):
            return {}
        said = list(self._said(resource, stack, given))
        if any(doubt for _, doubt in said) or stack.exceptions.excuse(self.id, resource, violated=bool(said)):
            return {}
        return self.remedy(resource, Context(stack, self.settings(given))) if said else {}

    def messages(self, resource: Resource, stack: Stack, given: Mapping[str, Any] | None = None) -> Iterator[str]:
        """What is wrong with one resource, whether or not the ledger accepts it."""
        return (message for message, _ in self._said(resource, stack, given))

    def _said(self, resource: Resource, stack: Stack, given: Mapping[str, Any] | None) -> Iterator[tuple[str, bool]]:
        """Each message, and whether it is only a doubt."""
        context = Context(stack, self.settings(given))
        subjects = _guarded(lambda: self.on.of(resource, context))
        for subject, complaint in subjects:
            if complaint:
                yield complaint, True
                continue
            for message, doubt in _guarded(lambda subject=subject: self.check(subject, context)):
                yield (doubt, True) if doubt else (f"{message}. {self.fix}", False)

    def _accepted(self, resource: Resource, stack: Stack) -> bool:
        if not self.acceptable or self.scope is not Scope.STACK:
            return False
        try:
            return stack.ledger.accepts(self.id, resource.key)
        except (UnknownValueError, MalformedDocument):
            return False


def _guarded(items: Callable[[], Iterable[T]]) -> Iterator[tuple[T | None, str]]:
    """Each item, or why there are no more: this is the one place where a rule's doubt becomes a violation."""
    try:
        for item in items():
            yield item, ""
    except UnknownValueError as error:
        path = ".".join(error.props)
        yield None, f"cannot be judged: {path} is known only after the update. Make it of names and computed ARNs"
    except MalformedDocument as error:
        yield None, f"cannot be judged: the document {error}"
    except NoFacts as error:
        yield None, f"cannot be judged: {error}"


def rule(
    id: str,
    title: str,
    *,
    severity: Severity,
    on: Subject[T],
    judges: Mapping[str, tuple[str, ...]],
    why: str,
    fix: str,
    page: str,
    passes: Any,
    fails: Any,
    scope: Scope = Scope.STACK,
    same_as: tuple[str, ...] = (),
    frameworks: tuple[str, ...] = (),
    options: Mapping[str, Option] | None = None,
    acceptable: bool = False,
    advisory: bool = False,
    remedy: Remedy | None = None,
    remedied: Any = None,
) -> Callable[[Callable[[T, Context], Iterable[str]]], Rule]:
    """Define a rule by a function that yields a message for each violation in one subject."""

    def define(check: Callable[[T, Context], Iterable[str]]) -> Rule:
        return Rule(
            id=id,
            title=title,
            severity=severity,
            scope=scope,
            on=on,
            judges=judges,
            why=why,
            fix=fix,
            page=page,
            same_as=same_as,
            frameworks=frameworks,
            passes=on.example(passes),
            fails=on.example(fails),
            options=options or {},
            acceptable=acceptable,
            advisory=advisory,
            check=check,
            remedy=remedy,
            remedied=None if remedied is None else on.example(remedied),
        )

    return define
