"""What every converter promises about duplicates, order, races, bad uploads and failures; shown with `zip`."""

from __future__ import annotations

import dataclasses
import io
import json
import zipfile
from typing import Any

import pytest
from aws_lambda_powertools.utilities.batch.exceptions import BatchProcessingError
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.convert.events import precedes, uploads
from handlers.convert.renditions import FOREVER, MAX_SWAPS
from handlers.environment import SettingsError
from tests.fake_aws import RENDITIONS, UPLOADS, Deployed, Stored, deploy, refusal

KEY, MADE = "uploads/ab12/notes.txt", "made/ab12/notes.txt.zip"


@pytest.fixture
def packer(monkeypatch: pytest.MonkeyPatch) -> Deployed:
    return deploy("zip", monkeypatch)


def packed(deployed: Deployed, key: str = MADE) -> bytes:
    with zipfile.ZipFile(io.BytesIO(deployed.s3.rendition(key).body)) as archive:
        return archive.read(archive.namelist()[0])


def test_an_upload_becomes_a_rendition_that_says_what_it_was_made_from(packer: Deployed) -> None:
    event = packer.s3.upload(KEY, b"words")
    assert packer.deliver(event) == {"batchItemFailures": []}
    made = packer.s3.rendition(MADE)
    source = event["Records"][0]["s3"]["object"]
    assert packed(packer) == b"words"
    assert made.metadata == {"source-sequencer": source["sequencer"], "source-etag": source["eTag"]}
    assert (made.content_type, made.cache_control) == ("application/zip", FOREVER)


def test_a_duplicate_event_changes_nothing(packer: Deployed) -> None:
    event = packer.s3.upload(KEY, b"words")
    packer.deliver(event, event)
    packer.deliver(event)
    assert (packer.s3.writes, packer.s3.reads) == (1, 1)


def test_an_overwritten_source_replaces_its_rendition(packer: Deployed) -> None:
    packer.deliver(packer.s3.upload(KEY, b"first"))
    packer.deliver(packer.s3.upload(KEY, b"second"))
    assert packed(packer) == b"second"


def test_renditions_are_made_and_replaced_without_a_right_to_list(packer: Deployed) -> None:
    packer.s3.may_list = False
    packer.deliver(packer.s3.upload(KEY, b"first"))
    packer.deliver(packer.s3.upload(KEY, b"second"))
    assert packed(packer) == b"second"


def test_an_event_whose_source_was_overwritten_is_done(packer: Deployed) -> None:
    late = packer.s3.upload(KEY, b"first")
    packer.s3.upload(KEY, b"second")
    assert packer.deliver(late) == {"batchItemFailures": []}
    assert (RENDITIONS, MADE) not in packer.s3.objects


def test_an_event_whose_source_was_deleted_is_done(packer: Deployed) -> None:
    event = packer.s3.upload(KEY, b"gone")
    del packer.s3.objects[UPLOADS, KEY]
    assert packer.deliver(event) == {"batchItemFailures": []}
    assert packer.sqs.letters == []


def test_a_rendition_written_meanwhile_by_a_later_upload_stays(packer: Deployed) -> None:
    early = packer.s3.upload(KEY, b"early")
    later = Stored(body=b"later", metadata={"source-sequencer": "FF"})
    packer.s3.interruptions.append(lambda: packer.s3.objects.update({(RENDITIONS, MADE): later}))
    packer.deliver(early)
    assert packer.s3.rendition(MADE) == later


def test_a_rendition_written_meanwhile_by_an_earlier_upload_is_replaced(packer: Deployed) -> None:
    event = packer.s3.upload(KEY, b"newest")
    earlier = Stored(body=b"earlier", metadata={"source-sequencer": "00"})
    packer.s3.interruptions.append(lambda: packer.s3.objects.update({(RENDITIONS, MADE): earlier}))
    packer.deliver(event)
    assert packed(packer) == b"newest"


def test_a_rendition_deleted_meanwhile_is_written_again(packer: Deployed) -> None:
    packer.deliver(packer.s3.upload(KEY, b"first"))
    event = packer.s3.upload(KEY, b"second")
    packer.s3.interruptions.append(lambda: packer.s3.objects.pop((RENDITIONS, MADE)))
    packer.deliver(event)
    assert packed(packer) == b"second"


def test_endless_contention_leaves_the_message_to_its_queue(packer: Deployed) -> None:
    event, other = packer.s3.upload(KEY, b"words"), packer.s3.upload("uploads/ab12/other.txt", b"words")
    changing = iter(range(1000))

    def meddle() -> None:
        earlier = Stored(body=str(next(changing)).encode(), metadata={"source-sequencer": "00"})
        packer.s3.objects[RENDITIONS, MADE] = earlier

    packer.s3.interruptions += [meddle] * MAX_SWAPS
    assert packer.deliver(event, other) == {"batchItemFailures": [{"itemIdentifier": "0"}]}


def test_a_failing_request_is_retried_alone(packer: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    good, bad = packer.s3.upload(KEY, b"words"), packer.s3.upload("uploads/x/slow.txt", b"words")
    get = packer.s3.get_object

    def sometimes(**request: Any) -> dict[str, Any]:
        if request["Key"].endswith("slow.txt"):
            raise refusal("SlowDown", 503)
        return get(**request)

    monkeypatch.setattr(packer.s3, "get_object", sometimes)
    assert packer.deliver(bad, good) == {"batchItemFailures": [{"itemIdentifier": "0"}]}
    assert packed(packer) == b"words"
    assert packer.sqs.letters == []


def test_a_batch_that_fails_as_a_whole_counts_as_an_error_of_the_function(
    packer: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(**request: Any) -> None:
        raise refusal("AccessDenied", 403)

    monkeypatch.setattr(packer.s3, "get_object", forbidden)
    with pytest.raises(BatchProcessingError):
        packer.deliver(packer.s3.upload(KEY, b"words"))


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("uploads/ab12/夏の ポスター+1.png", "夏の ポスター+1.png"),
        ("uploads/100% & more.txt", "100% & more.txt"),
        ("uploads/a/C:\\evil\\..\\x.txt", "C__evil_.._x.txt"),
        ("uploads/a/..", "file"),
        ("uploads/a/\x07bell", "_bell"),
    ],
)
def test_any_key_is_converted_and_unpacks_to_a_harmless_name(packer: Deployed, key: str, name: str) -> None:
    packer.deliver(packer.s3.upload(key, b"words"))
    made = packer.s3.rendition(key.replace("uploads/", "made/", 1) + ".zip")
    assert zipfile.ZipFile(io.BytesIO(made.body)).namelist() == [name]


def test_an_archive_has_the_same_bytes_each_time(packer: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    packer.deliver(packer.s3.upload(KEY, b"words" * 100_000))
    again = deploy("zip", monkeypatch)
    again.deliver(again.s3.upload(KEY, b"words" * 100_000))
    assert again.s3.rendition(MADE).body == packer.s3.rendition(MADE).body


def test_the_test_event_and_removals_are_nothing_to_convert(packer: Deployed) -> None:
    removed = packer.s3.upload(KEY, b"words")
    removed["Records"][0]["eventName"] = "ObjectRemoved:Delete"
    hello = {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": UPLOADS}
    assert packer.deliver(hello, removed) == {"batchItemFailures": []}
    assert (packer.s3.writes, packer.sqs.letters) == (0, [])


def test_a_bad_upload_ends_as_one_letter_with_the_reason(packer: Deployed) -> None:
    event = packer.s3.upload(KEY, b"")
    assert packer.deliver(event, event) == {"batchItemFailures": []}
    packer.deliver(event)
    (letter,) = packer.sqs.letters
    record = event["Records"][0]
    source = record["s3"]["object"]
    assert (letter["reason"], letter["converter"], letter["record"]) == ("empty", "zip", record)
    assert letter["source"] == {
        "bucket": UPLOADS,
        "key": KEY,
        "etag": source["eTag"],
        "sequencer": source["sequencer"],
        "size": 0,
    }


def test_a_letter_moved_back_is_tried_again(packer: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    event = packer.s3.upload(KEY, b"x" * 5_000_001)
    packer.deliver(event)
    (letter,) = packer.sqs.letters
    packer.deliver(letter)
    assert [one["reason"] for one in packer.sqs.letters] == ["too-many-bytes"] * 2
    roomier = dataclasses.replace(packer.module.branch.settings, max_bytes=6_000_000)
    monkeypatch.setattr(packer.module.branch, "settings", roomier)
    packer.deliver(letter, letter, event)
    assert packed(packer) == b"x" * 5_000_001
    assert len(packer.sqs.letters) == 2


def test_a_letter_moved_back_changes_nothing_once_a_later_upload_is_there(packer: Deployed) -> None:
    packer.deliver(packer.s3.upload(KEY, b""))
    packer.deliver(packer.s3.upload(KEY, b"later"))
    packer.deliver(*packer.sqs.letters)
    assert packed(packer) == b"later"
    assert len(packer.sqs.letters) == 1


def test_a_refusal_takes_the_place_of_the_rendition_until_a_good_upload_comes(packer: Deployed) -> None:
    packer.deliver(packer.s3.upload(KEY, b"good"))
    packer.deliver(packer.s3.upload(KEY, b""))
    refused = packer.s3.rendition(MADE)
    assert (refused.content_type, refused.cache_control) == ("application/problem+json", "no-cache")
    assert json.loads(refused.body) == {"title": "empty"}
    assert refused.metadata["refused"] == "empty"
    packer.deliver(packer.s3.upload(KEY, b"good again"))
    assert packed(packer) == b"good again"


@pytest.mark.parametrize("claimed", [5_000_001, 1])
def test_a_file_over_the_limit_is_not_read(packer: Deployed, claimed: int) -> None:
    event = packer.s3.upload(KEY, b"x" * 5_000_001)
    event["Records"][0]["s3"]["object"]["size"] = claimed
    packer.deliver(event)
    assert [letter["reason"] for letter in packer.sqs.letters] == ["too-many-bytes"]


@pytest.mark.parametrize(
    ("key", "reason"), [("elsewhere/x.txt", "outside-prefix"), (f"uploads/{'x' * 1016}", "key-too-long")]
)
def test_an_upload_without_a_place_for_its_rendition_is_refused(packer: Deployed, key: str, reason: str) -> None:
    assert packer.deliver(packer.s3.upload(key, b"words")) == {"batchItemFailures": []}
    assert [letter["reason"] for letter in packer.sqs.letters] == [reason]


@pytest.mark.parametrize(
    "body",
    [
        "no json",
        "[]",
        "null",
        '{"Records": [{}]}',
        '{"Records": [{"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": "b"}, "object": {"key": "%ff"}}}]}',
        '{"Type": "Notification", "Message": "raw delivery is off"}',
    ],
)
def test_a_message_that_is_no_s3_event_is_refused_with_its_text(packer: Deployed, body: str) -> None:
    assert packer.deliver(body) == {"batchItemFailures": []}
    (letter,) = packer.sqs.letters
    assert (letter["reason"], letter["source"], letter["record"]) == ("not-an-s3-event", None, body)


@pytest.mark.parametrize(
    ("variable", "value", "complaint"),
    [
        ("MAX_BYTES", "many", "MAX_BYTES=many: give a whole number from 1 to 5368709120"),
        ("MAX_BYTES", "0", "MAX_BYTES=0"),
        ("TARGET_PREFIX", "made", "TARGET_PREFIX=made: give a key prefix"),
        ("TARGET_BUCKET", "", "TARGET_BUCKET is not set"),
    ],
)
def test_a_wrong_deployment_fails_at_import(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, complaint: str
) -> None:
    with pytest.raises(SettingsError, match=complaint):
        deploy("zip", monkeypatch, **{variable: value})


@pytest.mark.parametrize(
    ("earlier", "later"), [("0062A1", "0062A2"), ("0062A1", "0062A180"), ("0062A180", "0062A2"), ("0a", "0B")]
)
def test_sequencers_are_ordered_as_if_padded_with_zeros_on_the_right(earlier: str, later: str) -> None:
    assert precedes(earlier, later)
    assert not precedes(later, earlier)
    assert not precedes(earlier, earlier + "00")


CONTENTS = st.sampled_from([b"a", b"b", b"c", b""])
DELIVERIES = st.lists(st.integers(0, 4), max_size=4)


@given(
    history=st.lists(st.tuples(CONTENTS, DELIVERIES), min_size=1, max_size=5),
    final=st.permutations(range(5)),
    late=DELIVERIES,
)
@settings(max_examples=100, deadline=None)
def test_any_order_and_duplication_of_events_leaves_the_newest_upload(
    history: list[tuple[bytes, list[int]]], final: list[int], late: list[int]
) -> None:
    """Each upload of one key is followed by some deliveries of events so far; in the end every event is delivered."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        packer = deploy("zip", monkeypatch)
        events = []
        for content, deliveries in history:
            events.append(packer.s3.upload(KEY, content))
            for chosen in deliveries:
                packer.deliver(events[chosen % len(events)])
        for chosen in [n for n in final if n < len(events)] + [n % len(events) for n in late]:
            packer.deliver(events[chosen])
        newest, made = history[-1][0], packer.s3.rendition(MADE)
        assert made.metadata["source-sequencer"] == events[-1]["Records"][0]["s3"]["object"]["sequencer"]
        assert packed(packer) == newest if newest else made.metadata["refused"] == "empty"
        letters = [letter["source"]["sequencer"] for letter in packer.sqs.letters]
        assert len(letters) == len(set(letters))


@given(contents=st.lists(CONTENTS, min_size=2, max_size=4), overlaps=st.lists(st.integers(0, 3), max_size=4))
@settings(max_examples=100, deadline=None)
def test_deliveries_that_overlap_leave_the_newest_upload(contents: list[bytes], overlaps: list[int]) -> None:
    """Between a delivery's look at the rendition and its write, whole other deliveries happen."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        packer = deploy("zip", monkeypatch)
        announced = []
        for content in contents:
            announced += uploads(json.dumps(packer.s3.upload(KEY, content)))
        for overlap in overlaps:
            other = announced[overlap % len(announced)]
            packer.s3.interruptions.append(lambda other=other: packer.module.branch.convert(other))
        for upload in reversed(announced):
            packer.module.branch.convert(upload)
        assert packer.s3.rendition(MADE).metadata["source-sequencer"] == announced[-1].sequencer
        if contents[-1]:
            assert packed(packer) == contents[-1]
