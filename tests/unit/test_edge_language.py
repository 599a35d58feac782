"""Code for the edge keeps to what CloudFront's runtime understands."""

from __future__ import annotations

import re

import pytest

from components.api_gateway.front import REWRITE
from components.core.distribution import STRIP
from components.core.edge import Fragment, compose
from components.waiting_room.gate import Guarded, gate_fragment, pieces
from local.settings import REPO
from tests.edge_language import problems

PAGES = {language: list(values) for language, values in pieces().items()}
ROOMS = {"shop": Guarded(paths=("/shop", "/cart"), bypass=("/health",)), "tickets": Guarded(paths=("/tickets",))}
GATE = gate_fragment(ROOMS, PAGES)
SHIPPED = {"pages": [GATE, REWRITE], "calls": [GATE, STRIP], "room": [GATE], "ungated": [REWRITE]}


@pytest.mark.parametrize("steps", SHIPPED.values(), ids=SHIPPED)
def test_what_is_shipped_is_in_the_language(steps: list[Fragment]) -> None:
    code = compose(steps, "edge")
    assert list(problems(code)) == []
    # At the top level there is nothing that one request could leave to the next.
    assert not re.search(r"^(let|var) ", code, re.MULTILINE)


def test_no_code_of_the_edge_is_left_out() -> None:
    known = {fragment.code for steps in SHIPPED.values() for fragment in steps}
    found = {path for path in (REPO / "components").rglob("*.js") if "(event) {" in path.read_text()}
    assert found == known


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("class A {}", "there is no class_declaration"),
        ("for (const one of []) {}", "there is no of"),
        ("const { a } = {};", "there is no object_pattern"),
        ("const [a] = [];", "there is no array_pattern"),
        ("function f(a = 1) {}", "there is no assignment_pattern"),
        ("const a = [...[]];", "there is no spread_element"),
        ("const a = {}; a?.b;", "there is no optional_chain"),
        ("const a = 1; const b = a ?? 2;", "there is no ??"),
        ("const a = 1; const b = { a };", "there is no shorthand_property_identifier"),
        ("const b = { f() {} };", "there is no method_definition"),
        ("const a = 1; const b = { [a]: 1 };", "there is no computed_property_name"),
        ("function* f() {}", "there is no generator_function_declaration"),
        ("try {} catch {}", "a catch names its error"),
        ("const a = /x/u;", "there are no flags u"),
        ("import fs from 'fs';", "there is no such module"),
        ("import { kvs } from 'cloudfront';", "there is no named_imports"),
        ("const a = fetch('https://x');", "there is no fetch"),
        ("function f() { undeclared = 1; }", "there is no undeclared"),
        ("const a = process.env;", "there is no process"),
        ("const a = new Function('return 1');", "there is no Function"),
        ("const a = eval('1');", "there is no eval"),
        ("setTimeout(() => 1, 1);", "there is no setTimeout"),
        ("const a = ''.matchAll(/x/g);", "there is no method matchAll"),
        ("const a = [[1]].flat();", "there is no method flat"),
        ("const a = [].at(-1);", "there is no method at"),
        ("const a = ''.charCodeAt(0);", "there is no method charCodeAt"),
        ("console.log('a', 'b');", "console.log takes one value"),
        ("async function f(g) { return g(await g()); }", "await stands alone"),
        ("async function f(g) { return (await g()) || 1; }", "await stands alone"),
        ("const f = async () => 1;", "async functions are no closures"),
        ("function f() { async function g() {} }", "async functions are no closures"),
        ("const a = ;", "it can't be parsed"),
    ],
)
def test_what_the_edge_does_not_understand_is_found(code: str, problem: str) -> None:
    assert any(problem in found for found in problems(code)), list(problems(code))


def test_what_the_edge_understands_is_not() -> None:
    code = """import cf from 'cloudfront';
    const store = cf.kvs();
    async function f(event, ...rest) {
        let value = '';
        try { value = await store.get(`a${rest.length}`); } catch (error) { throw error; }
        for (const key in event) { if (key === 'x') continue; value += key; }
        return value ** 2 ? rest.map((one) => one + 1) : /(?<name>x)/gi.exec(value);
    }"""
    assert list(problems(code)) == []
