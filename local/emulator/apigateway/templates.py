"""Mapping templates: Velocity with `$input`, `$util`, `$context` and `$stageVariables`.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
"""

from __future__ import annotations

import base64
import functools
import json
import re
from typing import Any
from urllib.parse import quote_plus, unquote_plus

# pyrefly: ignore [missing-import]  # airspeed lives in the server's environment only
import airspeed

# pyrefly: ignore [missing-import]
from airspeed import operators

from local.emulator.apigateway import json_path
from local.emulator.apigateway.call import Call

# AWS escapes what commons-lang does: quotes of both kinds (which is no JSON: templates undo it), slashes, non-ASCII.
_ESCAPES = {
    "'": "\\'",
    '"': '\\"',
    "\\": "\\\\",
    "/": "\\/",
    "\b": "\\b",
    "\n": "\\n",
    "\t": "\\t",
    "\f": "\\f",
    "\r": "\\r",
}


class TemplateFailed(Exception):
    """A mapping template that doesn't parse, or that failed while it was rendered."""


def render(template: str, call: Call, body: str) -> str:
    """The text that `template` makes of `body`; overrides that it sets end up in the call.

    Raises TemplateFailed.
    """
    names = {
        "context": call.context(),
        "input": Input(body, call),
        "stageVariables": call.stage_variables,
        "util": Util(),
    }
    try:
        return _compiled(template).merge(names)
    except Exception as error:
        raise TemplateFailed(f"{type(error).__name__}: {error}") from error


def as_json(value: Any) -> str:
    """Compact JSON, as the gateway writes it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


class Map(dict):
    """An object of the body: printed as Java prints a map, with its lists as JSON."""

    def __str__(self) -> str:
        return "{" + ", ".join(f"{name}={operators.value_to_string(_shown(self[name]))}" for name in self) + "}"

    def __getitem__(self, name: Any) -> Any:
        return _shown(super().__getitem__(name))

    def get(self, name: Any, default: Any = None) -> Any:
        """The value of `name`."""
        return _shown(super().get(name, default))


class List(list):
    """A list of the body: printed as JSON."""

    def __str__(self) -> str:
        return as_json(self)

    def __getitem__(self, index: Any) -> Any:
        return _shown(super().__getitem__(index))

    def __iter__(self) -> Any:
        return map(_shown, super().__iter__())


class Parameters(dict):
    """Parameters by name. Header names have no case here: the server sees them in lower case."""

    def get(self, name: str, default: Any = None) -> Any:
        """The value of `name`."""
        return super().get(name, super().get(name.lower(), default))

    def __getitem__(self, name: str) -> Any:
        return self.get(name)


class Input:
    """`$input`: the body and parameters of the call, or the body that the integration answered."""

    def __init__(self, body: str, call: Call) -> None:
        self.body = body or "{}"
        self._parameters = {
            "path": Parameters(call.path_parameters),
            "querystring": Parameters({name: values[-1] for name, values in call.query.items()}),
            "header": Parameters(call.headers),
        }

    def json(self, path: str) -> str:
        """What `path` names, as JSON; an empty string's JSON if nothing is there."""
        found = self._find(path)
        return as_json("" if found is None else found)

    def path(self, path: str) -> Any:
        """What `path` names, to look into; an empty string if nothing is there."""
        found = self._find(path)
        return "" if found is None else _shown(found)

    def params(self, name: str | None = None) -> Any:
        """All parameters by kind, or the one of that name: of the path, the query string or the headers."""
        if name is None:
            return self._parameters
        values = (parameters.get(name) for parameters in self._parameters.values())
        return next((value for value in values if value is not None), "")

    def _find(self, path: str) -> Any:
        return json_path.find(json.loads(self.body), path)


class Util:
    """`$util`."""

    def escapeJavaScript(self, value: Any) -> str:
        """`value` for a JavaScript string."""
        return "".join(_escaped(character) for character in _text(value))

    def parseJson(self, value: str) -> Any:
        """The object that the JSON text `value` describes."""
        return _shown(json.loads(value))

    def urlEncode(self, value: Any) -> str:
        """`value` for a query string or form."""
        return quote_plus(_text(value), safe="*-._")

    def urlDecode(self, value: str) -> str:
        """What `urlEncode` was given."""
        return unquote_plus(value)

    def base64Encode(self, value: Any) -> str:
        """`value` in base 64."""
        return base64.b64encode(_text(value).encode()).decode()

    def base64Decode(self, value: str) -> str:
        """What `base64Encode` was given."""
        return base64.b64decode(value).decode(errors="replace")


@functools.lru_cache(maxsize=512)
def _compiled(template: str) -> airspeed.Template:
    compiled = airspeed.Template(template)
    compiled.ensure_compiled()
    return compiled


def _shown(value: Any) -> Any:
    if isinstance(value, dict) and not isinstance(value, Map):
        return Map(value)
    return List(value) if isinstance(value, list) and not isinstance(value, List) else value


def _text(value: Any) -> str:
    return value if isinstance(value, str) else operators.value_to_string(value)


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if " " <= character <= "~":
        return character
    units = character.encode("utf-16-be")
    return "".join(f"\\u{int.from_bytes(units[i : i + 2], 'big'):04X}" for i in range(0, len(units), 2))


def _substring(text: str, start: int, end: int | None = None) -> str:
    return text[start:end]


class _Entry:
    """One pair of `map.entrySet()`."""

    def __init__(self, key: Any, value: Any) -> None:
        self.key, self.value = key, value

    def getKey(self) -> Any:
        return self.key

    def getValue(self) -> Any:
        return self.value


# Methods that Velocity's Java objects have and that neither Python's nor the library's do.
_TEXT_METHODS = {
    "concat": lambda text, other: text + other,
    "endsWith": lambda text, end: text.endswith(end),
    "equals": lambda text, other: text == other,
    "equalsIgnoreCase": lambda text, other: text.lower() == other.lower(),
    "indexOf": lambda text, other: text.find(other),
    "isEmpty": lambda text: not text,
    "replaceAll": lambda text, pattern, other: re.sub(pattern, other, text),
    "split": lambda text, pattern: re.split(pattern, text),
    "substring": _substring,
    "toLowerCase": str.lower,
    "toString": str,
    "toUpperCase": str.upper,
    "trim": str.strip,
}
_MAP_METHODS = {
    "containsKey": lambda pairs, key: key in pairs,
    "entrySet": lambda pairs: [_Entry(key, pairs[key]) for key in pairs],
    "isEmpty": lambda pairs: not pairs,
    "size": len,
    "toString": str,
}
operators.__additional_methods__[str].update(_TEXT_METHODS)
operators.__additional_methods__[dict].update(_MAP_METHODS)
operators.__additional_methods__[list].update({"toString": str})
for ours, theirs in ((Map, dict), (Parameters, dict), (List, list)):
    operators.__additional_methods__[ours] = operators.__additional_methods__[theirs]
for kind in (int, float, bool):
    operators.__additional_methods__[kind] = {"toString": operators.value_to_string}
