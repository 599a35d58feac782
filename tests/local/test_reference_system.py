"""The reference system, deployed to the local AWS as `make up` does, and used as its users would."""

from __future__ import annotations

import json
import urllib.parse
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import pytest
import pyvips

from examples.poster import make_poster
from local import browse
from local.settings import Settings
from tests.local.command import run_local
from tests.local.grants import revoked

pytestmark = pytest.mark.xdist_group("reference-system")

# What AWS says of a resource that is used, by another resource or by events, or that an exercise started anew.
CHANGES_BY_USE = {
    ("EventSourceMapping", "lastModified"),
    ("EventSourceMapping", "lastProcessingResult"),
    ("Function", "lastModified"),
    ("Function", "status"),
    ("KeyvaluestoreKey", "totalSizeInBytes"),
    ("UserPool", "domain"),
}

Client = Callable[..., Any]
Eventually = Callable[..., Any]


@dataclass(frozen=True)
class Posters:
    """The deployed system and what a user does with it."""

    settings: Settings
    deployed: dict[str, Any]
    aws: Client

    @property
    def outputs(self) -> dict[str, Any]:
        return self.deployed["outputs"]

    def form(self, filename: str) -> dict[str, Any]:
        answer = self.aws("lambda").invoke(
            FunctionName=self.outputs["posters_upload_function"], Payload=json.dumps({"filename": filename})
        )
        return json.loads(answer["Payload"].read())

    def call(self, method: str, path: str, body: Any = None) -> Any:
        url = f"{self.outputs['api_url']}{path}"
        return browse.post(url, body, self.settings) if method == "POST" else browse.get(url, self.settings)

    def upload(self, filename: str, content: bytes) -> str:
        form = self.form(filename)
        assert browse.upload(form, filename, content).status < 300
        return form["key"]

    def rendition(self, converter: str, key: str) -> Any:
        upload = key.removeprefix("uploads/")
        return browse.get(self.outputs["posters_renditions"][converter].replace("{upload}", upload), self.settings)

    def physical(self, suffix: str) -> str:
        return f"serviceful-local-posters-{suffix}"

    def dead_letters(self, converter: str, upload: str) -> list[dict[str, Any]]:
        """The messages about an upload in a branch's dead-letter queue, left where they are."""
        sqs = self.aws("sqs")
        url = sqs.get_queue_url(QueueName=self.physical(f"{converter}-dlq"))["QueueUrl"]
        received = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0)
        letters = [json.loads(message["Body"]) for message in received.get("Messages", [])]
        return [letter for letter in letters if letter["source"]["key"] == upload]

    def renditions(self) -> dict[str, str]:
        """Key → ETag and time of everything in the renditions bucket."""
        bucket = self.physical("renditions-000000000000-us-east-1")
        listed = self.aws("s3").list_objects_v2(Bucket=bucket).get("Contents", [])
        return {one["Key"]: f"{one['ETag']} {one['LastModified']}" for one in listed}


@pytest.fixture(scope="module")
def posters(local_aws: Settings, reference_system: dict[str, Any], aws: Client) -> Posters:
    return Posters(local_aws, reference_system, aws)


@pytest.fixture(scope="module")
def uploaded(posters: Posters, eventually: Eventually) -> str:
    """A poster whose renditions are all there; its key."""
    key = posters.upload("launch day.png", make_poster())
    for converter in posters.outputs["posters_renditions"]:
        eventually(lambda name=converter: posters.rendition(name, key).status == 200, 40)
    return key


def test_the_first_deployment_creates_everything_and_breaks_no_rule(posters: Posters) -> None:
    changes = posters.deployed["changes"]
    assert changes["create"] > 40
    assert changes["update"] == changes["replace"] == changes["delete"] == 0
    assert posters.deployed["policies"] == []


def test_a_second_deployment_reports_every_resource_unchanged(posters: Posters) -> None:
    code, again, errors = run_local(posters.settings, "up", "--json")
    assert code == 0, errors
    assert again["changes"] | {"same": 0} == {"create": 0, "update": 0, "replace": 0, "delete": 0, "same": 0}
    assert again["changes"]["same"] == posters.deployed["changes"]["create"]


def test_a_refresh_finds_what_was_deployed(posters: Posters) -> None:
    code, refreshed, errors = run_local(posters.settings, "refresh", "--json")
    assert code == 0, errors
    drifted = {
        (one["type"].rpartition(":")[2], name)
        for one in refreshed["resources"]
        if one["op"] != "same"
        for name in one["diff"]
    }
    assert drifted <= CHANGES_BY_USE


def test_an_upload_comes_back_as_thumbnail_jpeg_and_archive(posters: Posters, uploaded: str) -> None:
    thumbnail = posters.rendition("thumbnail-300x300", uploaded)
    image: Any = pyvips.Image.new_from_buffer(thumbnail.data, "")
    assert (image.width, image.height) == (300, 300)
    assert thumbnail.headers["Content-Type"] == "image/jpeg"
    assert "immutable" in thumbnail.headers["Cache-Control"]
    original: Any = pyvips.Image.new_from_buffer(make_poster(), "")
    jpeg: Any = pyvips.Image.new_from_buffer(posters.rendition("jpeg", uploaded).data, "")
    assert (jpeg.width, jpeg.height) == (original.width, original.height)
    with zipfile.ZipFile(BytesIO(posters.rendition("zip", uploaded).data)) as archive:
        (name,) = archive.namelist()
        assert archive.read(name) == make_poster()


def test_renditions_are_served_with_security_headers(posters: Posters, uploaded: str) -> None:
    headers = posters.rendition("zip", uploaded).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Strict-Transport-Security"]


def test_the_distribution_is_the_only_way_to_a_rendition(posters: Posters, uploaded: str) -> None:
    bucket = posters.physical("renditions-000000000000-us-east-1")
    path = f"{bucket}/zip/{urllib.parse.quote(uploaded.removeprefix('uploads/'))}.zip"
    direct = browse.CONNECTIONS.request("GET", f"{posters.settings.endpoint}/{path}")
    assert direct.status == 403


def test_a_duplicate_or_late_event_changes_nothing(posters: Posters, uploaded: str, eventually: Eventually) -> None:
    before = posters.renditions()
    uploads = posters.physical("uploads-000000000000-us-east-1")
    head = posters.aws("s3").head_object(Bucket=uploads, Key=uploaded)
    rendition = posters.aws("s3").head_object(
        Bucket=posters.physical("renditions-000000000000-us-east-1"),
        Key=f"zip/{uploaded.removeprefix('uploads/')}.zip",
    )
    for sequencer in (rendition["Metadata"]["source-sequencer"], "0"):
        thing = {"key": urllib.parse.quote_plus(uploaded), "eTag": head["ETag"].strip('"'), "sequencer": sequencer}
        record = {
            "eventSource": "aws:s3",
            "eventName": "ObjectCreated:Post",
            "responseElements": {"x-amz-request-id": "again"},
            "s3": {"bucket": {"name": uploads}, "object": {**thing, "size": head["ContentLength"]}},
        }
        topic = f"arn:aws:sns:us-east-1:000000000000:{posters.physical('arrivals')}"
        for _ in range(2):
            posters.aws("sns").publish(TopicArn=topic, Message=json.dumps({"Records": [record]}))
    eventually(lambda: all(_is_drained(posters, name) for name in posters.outputs["posters_renditions"]), 40)
    assert posters.renditions() == before
    assert posters.dead_letters("zip", uploaded) == []


def test_a_jpeg_wakes_no_branch_that_takes_none(posters: Posters, eventually: Eventually) -> None:
    picture: Any = pyvips.Image.black(40, 30)
    key = posters.upload("small.jpg", picture.jpegsave_buffer())
    eventually(lambda: posters.rendition("zip", key).status == 200, 40)
    eventually(lambda: posters.rendition("thumbnail-300x300", key).status == 200, 40)
    assert posters.rendition("jpeg", key).status != 200
    assert posters.dead_letters("jpeg", key) == []


def test_a_broken_picture_is_one_dead_letter_with_the_reason_and_the_rest_goes_on(
    posters: Posters, eventually: Eventually
) -> None:
    broken = posters.upload("broken.png", make_poster()[:2000])
    (letter,) = eventually(lambda: posters.dead_letters("thumbnail-300x300", broken), 40)
    assert letter["reason"]
    eventually(lambda: posters.rendition("zip", broken).status == 200, 40)
    whole = posters.upload("whole.png", make_poster())
    eventually(lambda: posters.rendition("thumbnail-300x300", whole).status == 200, 40)
    assert len(posters.dead_letters("thumbnail-300x300", broken)) == 1
    assert posters.dead_letters("thumbnail-300x300", whole) == []


def test_the_api_answers_through_cloudfront_and_nowhere_else(posters: Posters) -> None:
    assert posters.call("GET", "/health").json() == {"ok": True}
    apis = posters.aws("apigateway").get_rest_apis(limit=500)["items"]
    api = next(item["id"] for item in apis if item["name"] == "serviceful-local-api")
    direct = browse.CONNECTIONS.request("GET", f"{posters.settings.endpoint}/_aws/execute-api/{api}/v1/health")
    assert direct.status == 403
    assert direct.headers["Content-Type"] == "application/problem+json"
    forged = browse.CONNECTIONS.request(
        "GET", f"{posters.settings.endpoint}/_aws/execute-api/{api}/v1/health", headers={"x-api-key": "guess"}
    )
    assert forged.status == 403


def test_the_pages_are_served_through_cloudfront_and_nowhere_else(posters: Posters) -> None:
    assert b"Launch day" in browse.get(f"{posters.outputs['front_url']}/", posters.settings).data
    bucket = "serviceful-local-api-pages-000000000000-us-east-1"
    assert browse.CONNECTIONS.request("GET", f"{posters.settings.endpoint}/{bucket}/index.html").status == 403


@pytest.mark.parametrize("body", [{}, {"filename": 7}, {"filename": "a.png", "more": 1}, [], "text"])
def test_a_request_of_another_shape_is_refused_before_the_function(posters: Posters, body: Any) -> None:
    refused = posters.call("POST", "/uploads", body)
    assert refused.status == 400
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert refused.json()["title"] == "The body is not what this route takes"
    assert refused.json()["correlation"]


def test_what_the_function_refuses_is_a_problem_with_its_reason(posters: Posters) -> None:
    refused = posters.call("POST", "/uploads", {"filename": "virus.exe"})
    assert refused.status == 400
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert refused.json()["detail"].startswith("the file's name must end in one of .avif")


def test_what_no_route_claims_is_the_old_shops(posters: Posters) -> None:
    assert posters.call("GET", "/catalogue.json").json()["Launch day"] == 1200
    missing = posters.call("GET", "/nowhere")
    assert (missing.status, missing.headers["Content-Type"]) == (404, "text/html; charset=utf-8")


def test_without_its_roles_grant_a_route_is_a_bad_gateway_that_leaks_nothing(posters: Posters) -> None:
    with revoked(posters.aws, "serviceful-local-api-post-uploads-us-east-1"):
        refused = posters.call("POST", "/uploads", {"filename": "a.png"})
    assert refused.status >= 500
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert "arn:" not in refused.data.decode()
    assert posters.call("POST", "/uploads", {"filename": "a.png"}).status == 200


def test_a_form_accepts_one_key_one_type_and_one_size(posters: Posters) -> None:
    form = posters.form("poster.png")
    elsewhere = {**form, "fields": {**form["fields"], "key": "elsewhere/poster.png"}}
    as_html = {**form, "fields": {**form["fields"], "Content-Type": "text/html"}}
    assert browse.upload(elsewhere, "poster.png", b"x").status == 403
    assert browse.upload(as_html, "poster.png", b"x").status == 403
    assert browse.upload(form, "poster.png", b"").status in (400, 403)
    assert browse.upload(form, "poster.png", make_poster()).status < 300


def test_a_form_for_what_nobody_converts_is_refused_with_a_reason(posters: Posters) -> None:
    refused = posters.form("virus.exe")
    assert "fields" not in refused
    assert refused["error"]["detail"].startswith("the file's name must end in one of .avif, .gif")


def test_a_form_stops_working_when_its_signers_grant_is_revoked(posters: Posters) -> None:
    form = posters.form("poster.png")
    with revoked(posters.aws, posters.physical("form-us-east-1"), "s3:PutObject") as taken:
        assert taken == 1
        assert browse.upload(form, "poster.png", make_poster()).status == 403
        assert browse.upload(posters.form("poster.png"), "poster.png", make_poster()).status == 403
    assert browse.upload(form, "poster.png", make_poster()).status < 300


def test_each_function_logs_json_to_its_own_group(posters: Posters, uploaded: str) -> None:
    for name in ("form", *posters.outputs["posters_renditions"]):
        group = f"/aws/lambda/{posters.physical(name)}"
        events = posters.aws("logs").filter_log_events(logGroupName=group)["events"]
        lines = [json.loads(event["message"]) for event in events if event["message"].startswith("{")]
        assert any(line.get("service") == f"posters-{name}" for line in lines), group


def _is_drained(posters: Posters, converter: str) -> bool:
    sqs = posters.aws("sqs")
    url = sqs.get_queue_url(QueueName=posters.physical(converter))["QueueUrl"]
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    return not any(map(int, sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"].values()))
