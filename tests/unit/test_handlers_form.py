"""Which forms are signed, and for what."""

from __future__ import annotations

import base64
import importlib
import json
import sys
from types import ModuleType
from typing import Any

import pytest

from handlers.environment import SettingsError
from tests.fake_aws import CONTEXT, ENVIRONMENT

SETTINGS = {
    **ENVIRONMENT,
    "UPLOADS_BUCKET": "uploads-bucket",
    "UPLOADS_PREFIX": "uploads/",
    "MAX_BYTES": "1000",
    "SUFFIXES": ".png,.jpg,.webp,.avif",
    "EXPIRES_S": "300",
}


def load(monkeypatch: pytest.MonkeyPatch, **environment: str) -> ModuleType:
    for variable, value in {**SETTINGS, **environment}.items():
        monkeypatch.setenv(variable, value)
    sys.modules.pop("handlers.uploads.form", None)
    return importlib.import_module("handlers.uploads.form")


def asked(monkeypatch: pytest.MonkeyPatch, filename: Any, **environment: str) -> dict[str, Any]:
    return load(monkeypatch, **environment).handler({"filename": filename}, CONTEXT)


def conditions(form: dict[str, Any]) -> list[Any]:
    return json.loads(base64.b64decode(form["fields"]["policy"]))["conditions"]


def test_a_form_allows_one_key_one_type_and_a_limited_size(monkeypatch: pytest.MonkeyPatch) -> None:
    form = asked(monkeypatch, "poster.png")
    assert form["key"].startswith("uploads/") and form["key"].endswith("/poster.png")
    assert form["expires_s"] == 300
    assert form["fields"]["Content-Type"] == "image/png"
    allowed = conditions(form)
    for condition in (
        {"Content-Type": "image/png"},
        ["content-length-range", 1, 1000],
        {"bucket": "uploads-bucket"},
        {"key": form["key"]},
    ):
        assert condition in allowed


def test_no_two_forms_share_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    module = load(monkeypatch)
    keys = {module.handler({"filename": "poster.png"}, CONTEXT)["key"] for _ in range(50)}
    assert len(keys) == 50


@pytest.mark.parametrize(
    ("filename", "ending", "content_type"),
    [
        ("POSTER.PNG", "/POSTER.png", "image/png"),
        ("夏の ポスター.JpG", "/夏の ポスター.jpg", "image/jpeg"),
        ("e\u0301te\u0301.webp", "/\u00e9t\u00e9.webp", "image/webp"),
        ("a.b.avif", "/a.b.avif", "image/avif"),
        ("100% + more?.png", "/100% + more?.png", "image/png"),
    ],
)
def test_names_keep_their_letters_and_get_a_lower_case_suffix(
    monkeypatch: pytest.MonkeyPatch, filename: str, ending: str, content_type: str
) -> None:
    form = asked(monkeypatch, filename)
    assert form["key"].endswith(ending)
    assert form["fields"]["Content-Type"] == content_type


@pytest.mark.parametrize(
    "filename",
    [
        "",
        None,
        7,
        ["poster.png"],
        "poster",
        "poster.gif",
        "poster.png.exe",
        ".png",
        "../poster.png",
        "a/b.png",
        "a\\b.png",
        "a\x00.png",
        "a\nb.png",
        "a\u2028b.png",
        "\ud800.png",
        "gpj\u202e.png",
        "${filename}.png",
        "x" * 252 + ".png",
    ],
)
def test_a_name_that_is_none_is_refused_in_words(monkeypatch: pytest.MonkeyPatch, filename: Any) -> None:
    answer = asked(monkeypatch, filename)
    assert set(answer) == {"error"}
    assert answer["error"]["title"] == "This file can't be uploaded"
    assert answer["error"]["detail"]


@pytest.mark.parametrize(
    ("environment", "url"),
    [
        ({"AWS_DEFAULT_REGION": "us-east-1"}, "https://uploads-bucket.s3.us-east-1.amazonaws.com/"),
        ({"AWS_DEFAULT_REGION": "eu-central-1"}, "https://uploads-bucket.s3.eu-central-1.amazonaws.com/"),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:4747"}, "http://127.0.0.1:4747/uploads-bucket"),
    ],
)
def test_a_form_is_sent_to_the_region_or_to_the_local_aws(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], url: str
) -> None:
    form = asked(monkeypatch, "poster.png", **environment)
    assert form["url"] == url
    assert form["fields"]["x-amz-algorithm"] == "AWS4-HMAC-SHA256"


@pytest.mark.parametrize(
    ("variable", "value"),
    [("EXPIRES_S", "3601"), ("SUFFIXES", ".png,jpg"), ("SUFFIXES", ".PNG"), ("SUFFIXES", ".gz"), ("SUFFIXES", ".nope")],
)
def test_a_wrong_deployment_fails_at_import(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    with pytest.raises(SettingsError, match=variable):
        load(monkeypatch, **{variable: value})
