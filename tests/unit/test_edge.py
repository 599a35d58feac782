"""Functions at the edge are composed of fragments, and a gate comes before everything."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from components.api_gateway import ApiGatewayPattern, ApiGatewayPatternArgs, Front, HttpProxy, Public, Route
from components.core.edge import LARGEST, Fragment, Gate, WebOrigin, compose
from local.emulator.edge.runtime import EdgeRuntime, Store
from local.settings import REPO
from tests.recorder import Plan, record

FRONT = REPO / "tests" / "data" / "front"
STORE = "arn:aws:cloudfront::123456789012:key-value-store/id"


def fragment(folder: Path, name: str, code: str, **constants: Any) -> Fragment:
    path = folder / f"{name}.js"
    path.write_text(code)
    return Fragment(path, constants)


GUARD = """import cf from 'cloudfront';
import crypto from 'crypto';

// Nobody passes
const store = cf.kvs();

async function guard(event) {
    // but who knows the word.
    if (event.request.uri.endsWith(await store.get('word'))) return event.request;
    return { statusCode: 403, body: WORDS.no };
}
"""


def event(uri: str) -> dict[str, Any]:
    return {"request": {"uri": uri, "headers": {}}}


def test_fragments_run_in_order_until_one_answers(edge: EdgeRuntime, tmp_path: Path) -> None:
    first = fragment(tmp_path, "guard", GUARD, WORDS={"no": "だめ\u2028です"})
    more = fragment(tmp_path, "add_mark", "function addMark(event) { event.request.uri += '!'; return event.request; }")
    code = compose([first, more], "front")
    store = Store(items={"word": "sesame"})

    assert edge.run(code, event("/sesame"), store=store)["uri"] == "/sesame!"
    assert edge.run(code, event("/other"), store=store) == {"statusCode": 403, "body": "だめ\u2028です"}
    assert code.startswith("import cf from 'cloudfront';\nimport crypto from 'crypto';\n")
    assert "Nobody" not in code


def test_one_fragment_is_a_whole_function(edge: EdgeRuntime) -> None:
    code = compose([Fragment(REPO / "components" / "core" / "strip_prefix.js")], "calls")

    assert [edge.run(code, event(uri))["uri"] for uri in ("/api/x/y", "/api")] == ["/x/y", "/"]


def test_a_function_that_is_too_large_is_refused_with_the_sizes(tmp_path: Path) -> None:
    large = fragment(tmp_path, "large", "function large(event) { return WORDS; }", WORDS="x" * LARGEST)
    small = fragment(tmp_path, "small", "function small(event) { return event.request; }")
    problem = r"front-pages: the edge function has 10,4\d\d bytes.*large\.js 10,\d\d\d, small\.js \d\d\)"

    with pytest.raises(ValueError, match=problem):
        compose([large, small], "front-pages")


def test_the_largest_function_counts_bytes(tmp_path: Path) -> None:
    def written(letter: str, count: int) -> Fragment:
        return fragment(tmp_path, "large", "function large(event) { return WORDS; }", WORDS=letter * count)

    spare = LARGEST - len(compose([written("x", 1)], "front").encode()) + 1
    assert len(compose([written("x", spare)], "front").encode()) == LARGEST
    with pytest.raises(ValueError, match="the edge function has"):
        compose([written("あ", spare // 2)], "front")


def test_two_fragments_with_one_name_are_refused(tmp_path: Path) -> None:
    texts = {"one": "const top = 1;\nfunction one(event) {}", "two": "const top = 2;\nfunction two(event) {}"}
    fragments = [fragment(tmp_path, name, text) for name, text in texts.items()]

    with pytest.raises(ValueError, match=r"front: two fragments .* declare top"):
        compose(fragments, "front")


def test_a_file_without_its_function_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"front: strip_it\.js has no function stripIt\(event\)"):
        compose([fragment(tmp_path, "strip_it", "function handler(event) {}")], "front")


def test_what_only_people_read_is_left_out_and_nothing_else(edge: EdgeRuntime, tmp_path: Path) -> None:
    code = """// a comment
function texts(event) { /* another */
    var inside = ['// no comment', "/* nor this */", `and
  lines`, /[/*]  {1}/.test('*  ')];
    return inside;
}"""
    composed = compose([fragment(tmp_path, "texts", code)], "front")

    assert "comment */" not in composed
    assert "another" not in composed
    assert edge.run(composed, {}) == ["// no comment", "/* nor this */", "and\n  lines", True]


def gated(tmp_path: Path) -> Plan:
    gate = Gate(
        fragment=fragment(tmp_path, "guard", GUARD, WORDS={"no": "no"}),
        store=STORE,
        reception=WebOrigin(path="/.room/*", domain="reception.example.com", headers={"x-api-key": "key"}),
        assets=FRONT,
    )
    route = Route("GET", "/x", HttpProxy(url="http://x"), Public("anybody may"))
    front = Front(FRONT, room=gate)
    return record(lambda: ApiGatewayPattern("api", ApiGatewayPatternArgs(routes=[route], front=front)))


def test_a_gate_decides_over_every_request_but_those_for_its_assets(tmp_path: Path) -> None:
    plan = gated(tmp_path)
    (distribution,) = plan.of_type("aws:cloudfront/distribution:Distribution")
    ordered = distribution.inputs["orderedCacheBehaviors"]
    functions = plan.of_type("aws:cloudfront/function:Function")
    steps = {one.name: re.findall(r"await (\w+)\(event\)", one.inputs["code"]) for one in functions}

    assert [one["pathPattern"] for one in ordered] == ["/.room/assets/*", "/.room/*", "/api/*"]
    assert [one["targetOriginId"] for one in ordered] == ["api-pages", "room", "api"]
    assert [len(one.get("functionAssociations") or []) for one in ordered] == [0, 1, 1]
    assert steps == {
        "api-front-room": ["guard"],
        "api-front-calls": ["guard", "stripPrefix"],
        "api-front-pages": ["guard", "rewrite"],
    }
    assert all(one.inputs["keyValueStoreAssociations"] == [STORE] for one in functions)


def test_a_gates_assets_and_reception_are_behind_the_distribution(tmp_path: Path) -> None:
    plan = gated(tmp_path)
    (distribution,) = plan.of_type("aws:cloudfront/distribution:Distribution")
    (room,) = [one for one in distribution.inputs["origins"] if one["originId"] == "room"]
    keys = {one.inputs["key"] for one in plan.of_type("aws:s3/bucketObjectv2:BucketObjectv2")}

    assert room["domainName"] == "reception.example.com"
    assert room["customHeaders"] == [{"name": "x-api-key", "value": "key"}]
    assert keys == {"index.html", "app.js", ".room/assets/index.html", ".room/assets/app.js", "config.json"}


def test_without_a_gate_no_function_reads_a_store() -> None:
    route = Route("GET", "/x", HttpProxy(url="http://x"), Public("anybody may"))
    plan = record(lambda: ApiGatewayPattern("api", ApiGatewayPatternArgs(routes=[route], front=Front(FRONT))))
    functions = plan.of_type("aws:cloudfront/function:Function")

    assert {one.name for one in functions} == {"api-front-calls", "api-front-pages"}
    assert not any(one.inputs.get("keyValueStoreAssociations") for one in functions)
    assert not any("import" in one.inputs["code"] for one in functions)
