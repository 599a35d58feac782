"""An old application behind the pattern: what reaches it, what comes back, and how a path leaves it.

Limits of REST APIs are those of
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html and
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

import pytest
import requests

from local import monolith
from local.settings import MONOLITH_HOST, REPO, Settings
from tests.local.door import Door
from tests.local.program import Program

pytestmark = [pytest.mark.local, pytest.mark.xdist_group("monolith")]

SOURCE = f"""
from pathlib import Path

import pulumi

from components.api_gateway import ApiGatewayPattern, ApiGatewayPatternArgs, Front, Mock, Monolith, Public, Route

routes = [
    Route("GET", "/health", Mock(), Public("a test")),
]
old = Monolith("http://{MONOLITH_HOST}")
pages = Front(Path({str(REPO / "tests" / "data" / "front")!r}))
plain = ApiGatewayPattern("plain", ApiGatewayPatternArgs(routes=routes, monolith=old))
fronted = ApiGatewayPattern("fronted", ApiGatewayPatternArgs(routes=routes, monolith=old, front=pages))
pulumi.export("stage", plain.url)
pulumi.export("front", fronted.url)
"""
ONE_MORE_LINE = """    Route("GET", "/catalogue.json", Mock(body='{"new": true}'), Public("a test")),
"""


@dataclass(frozen=True)
class Deployed:
    """Two APIs before the same old shop, one with a front and one without."""

    program: Program
    doors: dict[str, Door]


@pytest.fixture(scope="module")
def deployed(local_aws: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    monolith.start(local_aws)
    program = Program(tmp_path_factory.mktemp("programs") / "strangled", local_aws)
    outputs = program.up(SOURCE)["outputs"]
    try:
        yield Deployed(program, {name: Door(url, local_aws) for name, url in outputs.items()})
    finally:
        program.destroy()
        monolith.stop(local_aws)


@pytest.fixture(params=["stage", "front"])
def door(deployed: Deployed, request: pytest.FixtureRequest) -> Door:
    return deployed.doors[request.param]


def echoed(door: Door, method: str = "GET", path: str = "/echo", **more: Any) -> dict[str, Any]:
    """What of a request reached the shop, headers by name."""
    answer = door.call(method, path, **more)
    assert answer.status == 200, answer.data
    seen = answer.json()
    return {**seen, "headers": dict(seen["headers"])}


def test_a_person_signs_in_and_is_known_by_the_cookie(door: Door) -> None:
    signed_in = door.call("POST", "/sign-in", fields={"name": "Ann"}, encode_multipart=False)
    session, name = signed_in.headers.getlist("set-cookie")
    assert signed_in.status == 303
    assert session.endswith("; Path=/; HttpOnly; SameSite=Lax")
    assert name == "name=Ann; Path=/; Max-Age=3600"
    cookies = "; ".join(cookie.partition(";")[0] for cookie in (session, name))
    account = door.call("GET", "/account", headers={"Cookie": cookies})
    assert (account.status, account.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "Account of Ann" in account.data.decode()


def test_redirects_come_back_as_they_are_and_lead_below_the_apis_path(door: Door) -> None:
    relative = door.call("POST", "/sign-in", fields={"name": "Ann"}, encode_multipart=False)
    assert relative.headers["location"] == "account"
    assert urljoin(f"{door.url}/sign-in", "account") == f"{door.url}/account"
    from_root = door.call("GET", "/account")
    assert (from_root.status, from_root.headers["location"]) == (302, f"{door.path}/sign-in")
    assert door.call("GET", from_root.headers["location"].removeprefix(door.path)).status == 200
    elsewhere = door.call("GET", "/offers")
    assert (elsewhere.status, elsewhere.headers["location"]) == (301, "https://partner.example/offers?from=old+shop")


@pytest.mark.parametrize("kind", ["image/png", "application/zip", "text/plain"])
def test_a_form_with_a_file_arrives_byte_for_byte(door: Door, kind: str) -> None:
    content = os.urandom(200_000)
    answer = door.call("POST", "/covers", fields={"cover": ("cover é.bin", content, kind), "note": "x"})
    digest = hashlib.sha256(content).hexdigest()
    assert answer.status == 201
    (described,) = answer.json()
    assert (described["type"], described["size"], described["sha256"]) == (kind, len(content), digest)


@pytest.mark.parametrize("kind", ["application/octet-stream", "application/pdf", "image/png", "video/mp4"])
def test_a_body_of_a_binary_type_arrives_byte_for_byte(door: Door, kind: str) -> None:
    content = bytes(range(256))
    seen = echoed(door, "PUT", body=content, headers={"Content-Type": kind})
    assert (seen["method"], seen["size"]) == ("PUT", 256)
    assert seen["sha256"] == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_methods_text_and_headers_arrive(door: Door, method: str) -> None:
    text = "" if method == "GET" else "Größe"
    sent = {
        "X-Mine": "1",
        "Cookie": "a=1; b=2",
        "Authorization": "Basic QTpC",
        "Accept-Language": "ja",
        "User-Agent": "me",
    }
    seen = echoed(
        door, method, body=text.encode() or None, headers=sent | {"Content-Type": "text/plain; charset=utf-8"}
    )
    assert seen["method"] == method
    assert seen["sha256"] == hashlib.sha256(text.encode()).hexdigest()
    assert {name: seen["headers"].get(name.lower()) for name in sent} == sent


def test_the_shop_is_told_who_calls_and_below_which_path_but_no_key(door: Door) -> None:
    headers = echoed(door, headers={"X-Forwarded-Prefix": "/forged"})["headers"]
    assert headers["host"] == MONOLITH_HOST
    assert headers["x-forwarded-for"]
    assert headers["x-forwarded-prefix"] == door.path
    assert headers.get("x-api-key") == {"/api": "withheld", "/v1": None}[door.path]


@pytest.mark.parametrize(
    ("sent", "got"),
    [
        ("/echo/caf%C3%A9%20%26%20bar", "/echo/caf%C3%A9%20&%20bar"),
        ("/echo/100%25?q=a%26b&q=%C3%A9&empty=", "/echo/100%25?q=a%26b&q=%C3%A9&empty="),
        ("/echo/with+plus", "/echo/with+plus"),
    ],
)
def test_paths_and_queries_with_encoded_characters_mean_the_same(door: Door, sent: str, got: str) -> None:
    assert echoed(door, path=sent)["target"] == got


def test_a_title_with_letters_of_other_alphabets_is_found(door: Door) -> None:
    assert "Amélie &amp; Anna" in door.call("GET", "/catalogue/Am%C3%A9lie%20%26%20Anna").data.decode()


def test_limit_an_encoded_slash_arrives_as_a_slash(door: Door) -> None:
    """Path parameters are decoded before they are passed on."""
    assert echoed(door, path="/echo/a%2Fb")["target"] == "/echo/a/b"


def test_limit_headers_that_the_gateway_keeps_or_renames(door: Door) -> None:
    answer = door.call("GET", "/catalogue.json", headers={"Connection": "keep-alive", "TE": "trailers", "Expect": ""})
    assert answer.headers["x-amzn-remapped-server"] == "hypercorn-h11"
    assert answer.headers["x-amzn-remapped-date"]
    assert not {"te", "expect"} & echoed(door, headers={"TE": "trailers"})["headers"].keys()


def test_limit_a_body_of_another_type_is_text_so_bytes_that_are_none_break(door: Door) -> None:
    seen = echoed(door, "POST", body=b"\xff\xfe", headers={"Content-Type": "application/x-own"})
    assert seen["sha256"] == hashlib.sha256("\ufffd\ufffd".encode()).hexdigest()


def test_limit_10_mb(door: Door) -> None:
    """CloudFront takes more; the API doesn't."""
    headers = {"Content-Type": "application/octet-stream"}
    assert echoed(door, "POST", body=bytes(10_000_000), headers=headers)["size"] == 10_000_000
    refused = door.call("POST", "/echo", body=bytes(10_485_761), headers=headers)
    assert (refused.status, refused.headers["content-type"]) == (413, "application/problem+json")


def test_an_error_of_the_shop_is_the_shops(door: Door) -> None:
    failed = door.call("GET", "/refund")
    assert (failed.status, failed.headers["content-type"], failed.data) == (500, "text/plain", b"Internal error")
    missing = door.call("GET", "/nowhere")
    assert (missing.status, missing.headers["content-type"]) == (404, "text/html; charset=utf-8")
    wrong = door.call("DELETE", "/catalogue")
    assert (wrong.status, wrong.headers["allow"]) == (405, "GET")


def test_a_path_with_one_claimed_method_leaves_the_others_to_the_shop(door: Door) -> None:
    assert door.call("GET", "/health").json() == {"ok": True}
    assert door.call("POST", "/health").status == 405


def test_without_the_origin_key_there_is_no_way_round_the_front(deployed: Deployed, aws: Callable[..., Any]) -> None:
    apis = {one["name"]: one["id"] for one in aws("apigateway").get_rest_apis(limit=500)["items"]}
    api = apis["strangled-local-fronted"]
    url = f"{deployed.program.settings.endpoint}/_aws/execute-api/{api}/v1/catalogue.json"
    assert requests.get(url, timeout=10).status_code == 403
    assert requests.get(url, timeout=10, headers={"x-api-key": "withheld"}).status_code == 403


def test_one_more_line_moves_one_path_and_nothing_else(deployed: Deployed) -> None:
    others = ["/", "/catalogue", "/catalogue/Launch%20day", "/sign-in", "/offers", "/refund", "/nowhere", "/health"]

    def answers(door: Door) -> dict[str, Any]:
        found = {path: door.call("GET", path) for path in others}
        return {path: (one.status, one.headers.get("location"), one.data) for path, one in found.items()}

    before = {name: answers(door) for name, door in deployed.doors.items()}
    assert all(door.call("GET", "/catalogue.json").json()["Launch day"] == 1200 for door in deployed.doors.values())
    updated = deployed.program.up(SOURCE.replace("]\nold", f"{ONE_MORE_LINE}]\nold"))
    changed = {one["urn"].rpartition("::")[2] for one in updated["resources"] if one["op"] in ("update", "replace")}
    made = {one["urn"].rpartition("::")[2] for one in updated["resources"] if one["op"] == "create"}
    assert changed <= {"plain", "fronted"}, "the deployment and stage of each, and the ledger"
    assert made
    assert all("catalogue-json" in name for name in made)
    for name, door in deployed.doors.items():
        assert door.call("GET", "/catalogue.json").json() == {"new": True}
        assert door.call("PUT", "/catalogue.json").status == 405
        assert answers(door) == before[name]


def test_a_shop_that_is_away_is_a_problem_document(deployed: Deployed) -> None:
    monolith.stop(deployed.program.settings)
    try:
        for door in deployed.doors.values():
            away = door.call("GET", "/catalogue")
            assert (away.status, away.headers["content-type"]) == (504, "application/problem+json")
            assert away.json()["correlation"]
            assert MONOLITH_HOST not in away.data.decode()
    finally:
        monolith.start(deployed.program.settings)
