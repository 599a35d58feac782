"""Assertions in JSONata are what the JSON schema says: both judge the same values alike."""

from __future__ import annotations

import json
from typing import Any

import fastjsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonata import Jsonata

from components.genai.approval import CANDIDATE
from components.genai.assertions import SchemaError, assertions

SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["title", "tags"],
    "additionalProperties": False,
    "properties": {
        "title": {"type": "string", "minLength": 2, "maxLength": 5, "pattern": "^[a-z/]+$"},
        "tags": {"type": "array", "maxItems": 2, "items": {"type": "string", "enum": ["a", "b's"]}},
        "share": {"type": "number", "minimum": 0, "maximum": 1},
        "shown": {"type": "boolean"},
        "two words": {"type": "object", "additionalProperties": False, "properties": {}},
    },
}


def judge(schema: dict[str, Any], value: Any) -> str:
    """What the assertions say; "" when all hold."""
    try:
        assert Jsonata(f"($answer := $states.answer; {assertions(schema, '$answer')}; true)").evaluate(
            None, _frame(value)
        )
    except Exception as error:
        return str(error)
    return ""


def _frame(value: Any) -> Any:
    return {"states": {"answer": value}}


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({"title": "kite", "tags": []}, ""),
        ({"title": "a/b", "tags": ["a", "b's"], "share": 0.5, "shown": False, "two words": {}}, ""),
        ([], "the answer is no object"),
        ("text", "the answer is no object"),
        ({"tags": []}, "the answer has no title"),
        ({"title": "kite", "tags": [], "more": 1}, "the answer has more than title, tags"),
        ({"title": 7, "tags": []}, "title is no string"),
        ({"title": "k", "tags": []}, "title has less than 2 characters"),
        ({"title": "kiting", "tags": []}, "title has more than 5 characters"),
        ({"title": "KITE", "tags": []}, "title doesn't match"),
        ({"title": "kite", "tags": ["a", "a", "a"]}, "tags has more than 2 entries"),
        ({"title": "kite", "tags": ["c"]}, "an entry of tags is none of a, b's"),
        ({"title": "kite", "tags": [], "share": 2}, "share has more than 1"),
        ({"title": "kite", "tags": [], "shown": "yes"}, "shown is no boolean"),
        ({"title": "kite", "tags": [], "two words": {"x": 1}}, "two words has more than"),
    ],
    ids=json.dumps,
)
def test_each_keyword_is_asserted_with_its_reason(value: Any, reason: str) -> None:
    said = judge(SCHEMA, value)
    assert (reason in said) if reason else said == ""


def valid(value: Any) -> bool:
    """Whether the schema allows it, as another implementation reads it."""
    try:
        _VALIDATE(value)
    except fastjsonschema.JsonSchemaValueException:
        return False
    return True


_VALIDATE = fastjsonschema.compile(CANDIDATE)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "title": st.one_of(st.text(max_size=90), st.integers()),
            "description": st.one_of(st.text(max_size=420), st.none()),
            "more": st.booleans(),
        },
    )
)
def test_a_candidate_is_judged_as_the_schema_judges_it(value: dict[str, Any]) -> None:
    assert (judge(CANDIDATE, value) == "") is valid(value)


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ({"type": "integer"}, "type is 'integer'"),
        ({"type": "string", "format": "uri"}, "format of a string can't be asserted"),
        ({"type": "object", "properties": {}}, "additionalProperties must be false"),
        ({"type": "object", "additionalProperties": False, "required": ["x"]}, "x is required and not described"),
    ],
)
def test_what_cannot_be_asserted_is_refused(schema: dict[str, Any], message: str) -> None:
    with pytest.raises(SchemaError, match=message):
        assertions(schema, "$answer")
