"""A resource's outputs: what AWS answers, in the form that the program gave, with secrets still secret."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from local.provider import archives
from local.provider.diff import Change, Comparison
from local.provider.schema import DEFAULTS, Property, TypeFacts
from local.wire import UNKNOWN, Secret, contains_secret, leaves, without_secrets


def previewed_create(facts: TypeFacts, inputs: dict[str, Any], region: str, root: Path) -> dict[str, Any]:
    """Outputs of a resource that doesn't exist yet: what only AWS can say is unknown."""
    outputs = {key: archives.hashed(value, root) for key, value in inputs.items() if key != DEFAULTS}
    if "region" in facts.inputs:
        outputs.setdefault("region", region)
    for key, prop in facts.inputs.items():
        if prop.computed and key not in outputs:
            outputs[key] = UNKNOWN
    outputs.update(dict.fromkeys(("id", *facts.outputs), UNKNOWN))
    outputs.update({name: outputs[given] for name, given in facts.echoes.items() if given in outputs})
    return outputs


def previewed_update(
    facts: TypeFacts, old: dict[str, Any], inputs: dict[str, Any], changes: list[Change], root: Path
) -> dict[str, Any]:
    """Outputs after an update that hasn't happened: the old ones, the new inputs, and what they leave open."""
    outputs = {key: value for key, value in old.items() if key not in facts.inputs or facts.inputs[key].computed}
    outputs.update({key: archives.hashed(value, root) for key, value in inputs.items() if key != DEFAULTS})
    touched = {change.top for change in changes}
    for row in facts.unknown_on_update:
        if touched and (not row.when or touched & set(row.when)):
            outputs.update({name: UNKNOWN for name in row.outputs if name not in inputs})
    for name, given in facts.echoes.items():
        outputs.pop(name, None)
        if given in outputs:
            outputs[name] = outputs[given]
    return outputs


def completed(facts: TypeFacts, given: dict[str, Any], read: dict[str, Any], root: Path) -> dict[str, Any]:
    """What AWS answers, plus what it never does (`unread` in the facts).

    Where an answer says the same as what was given, the given form stays: a policy isn't rewritten.
    """
    comparison = Comparison(root)
    plain = without_secrets(given)
    outputs = {key: value for key, value in read.items() if value is not None}
    for name, prop in facts.inputs.items():
        if prop.unread and plain.get(name) is not None:
            outputs[name] = archives.hashed(plain[name], root)
        elif name in read and plain.get(name) is not None:
            aligned = _align(comparison, prop, plain[name], read[name])
            if aligned is not None:
                outputs[name] = aligned
    for name, source in facts.echoes.items():
        if source in outputs:
            outputs[name] = outputs[source]
    return with_secrets(given, outputs)


def read_inputs(facts: TypeFacts, given: dict[str, Any], outputs: dict[str, Any], root: Path) -> dict[str, Any]:
    """The inputs that would give what AWS has now: of those the program gave, or of all when it gave none (import)."""
    if given:
        drifted = {change.top for change in Comparison(root).changes(facts, outputs, given)}
        kept = {name: outputs.get(name) if name in drifted else value for name, value in given.items()}
        return {name: value for name, value in kept.items() if value is not None}
    return {
        name: outputs[name]
        for name, prop in facts.inputs.items()
        if name in outputs and not prop.computed and not prop.unavailable and outputs[name] not in (None, "", [], {})
    }


def with_secrets(given: dict[str, Any], outputs: dict[str, Any]) -> dict[str, Any]:
    """Make secret what came from a secret: the same property, and any other output that contains its text."""
    marked = {name: _mark(given.get(name), value) for name, value in outputs.items()}
    texts = {text for text in _secret_texts(given) if text}
    return {name: _hide(value, texts) for name, value in marked.items()} if texts else marked


def redacted(given: dict[str, Any], message: str) -> str:
    """`message` without the text of any secret in `given`: AWS quotes what it refuses."""
    for text in sorted(_secret_texts(given), key=len, reverse=True):
        if text:
            message = message.replace(text, "[secret]")
    return message


def _align(comparison: Comparison, prop: Property, given: Any, actual: Any) -> Any:
    if actual is None:
        return given if comparison.same(prop, None, given) else None
    if prop.kind == "object" and isinstance(given, dict) and isinstance(actual, dict):
        aligned = {key: value for key, value in actual.items() if value is not None}
        for name, child in prop.properties.items():
            if given.get(name) is not None and (child.unread or actual.get(name) is None):
                if child.unread or comparison.same(child, None, given[name]):
                    aligned[name] = given[name]
            elif given.get(name) is not None:
                aligned[name] = _align(comparison, child, given[name], actual[name])
        return aligned
    if prop.kind in ("list", "set") and isinstance(given, list) and isinstance(actual, list):
        return _align_elements(comparison, prop, given, actual)
    return given if comparison.same(prop, actual, given) else actual


def _align_elements(comparison: Comparison, prop: Property, given: list[Any], actual: list[Any]) -> list[Any]:
    element, left, aligned = prop.element, list(actual), []
    if prop.kind == "list":
        twins = zip(given, actual, strict=False)
        return [_align(comparison, element, *pair) for pair in twins] + actual[len(given) :]
    for entry in given:
        twin = next((index for index, other in enumerate(left) if comparison.same(element, other, entry)), None)
        if twin is not None:
            aligned.append(_align(comparison, element, entry, left.pop(twin)))
    return aligned + left


def _mark(given: Any, value: Any) -> Any:
    if isinstance(given, Secret):
        return value if isinstance(value, Secret) or value is None else Secret(value)
    if isinstance(given, dict) and isinstance(value, dict):
        return {key: _mark(given.get(key), child) for key, child in value.items()}
    if isinstance(given, list) and contains_secret(given):
        return Secret(value)
    return value


def _hide(value: Any, texts: set[str]) -> Any:
    if isinstance(value, dict):
        return {key: _hide(child, texts) for key, child in value.items()}
    if isinstance(value, list):
        return [_hide(child, texts) for child in value]
    if isinstance(value, str) and any(text in value for text in texts):
        return Secret(value)
    return value


def _secret_texts(value: Any) -> set[str]:
    if isinstance(value, Secret):
        return {leaf for leaf in leaves(value) if isinstance(leaf, str)}
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return {text for child in children for text in _secret_texts(child)}
