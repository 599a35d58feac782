"""Transcription on the local AWS: the sample's own transcript, the caller's permissions, and media that is refused."""

import json

import pytest
from botocore.exceptions import ClientError

from tests.local.emulation import TRUST_ROOT, allow, unique
from tests.local.machines import task

pytestmark = pytest.mark.local

MP4 = b"\x00\x00\x00\x18ftypmp42 a very short film"


@pytest.fixture
def media(aws, bucket):
    """`media(key, body, **more)` puts an object and returns its address."""

    def put(key, body=MP4, **more):
        aws("s3").put_object(Bucket=bucket, Key=key, Body=body, **more)
        return f"s3://{bucket}/{key}"

    return put


@pytest.fixture
def transcribe(aws, bucket, eventually):
    """`transcribe(uri)` runs a job; returns it and what it wrote."""

    def run(uri, client=None, **more):
        name = unique("job")
        client = client or aws("transcribe")
        where = {"OutputBucketName": bucket, "OutputKey": f"transcripts/{name}.json"}
        started = client.start_transcription_job(
            TranscriptionJobName=name, Media={"MediaFileUri": uri}, LanguageCode="en-US", **{**where, **more}
        )
        assert started["TranscriptionJob"]["TranscriptionJobStatus"] == "IN_PROGRESS"

        def ended():
            job = aws("transcribe").get_transcription_job(TranscriptionJobName=name)["TranscriptionJob"]
            return None if job["TranscriptionJobStatus"] == "IN_PROGRESS" else job

        job = eventually(ended)
        if job["TranscriptionJobStatus"] == "FAILED":
            return job, None
        written = aws("s3").get_object(Bucket=bucket, Key=where["OutputKey"])
        return job, json.loads(written["Body"].read())

    return run


def test_what_lies_beside_a_sample_is_its_transcript(media, transcribe):
    by_text, by_result, without = media("a.mp4"), media("b.mp4"), media("c.mp4")
    media("a.mp4.transcript.txt", b"Queues and streams.")
    shape = {"results": {"transcripts": [{"transcript": "In the shape of a result."}]}}
    media("b.mp4.transcript.json", json.dumps(shape).encode())

    job, written = transcribe(by_text)
    said = [transcribe(uri)[1]["results"]["transcripts"][0]["transcript"] for uri in (by_result, without)]

    assert job["TranscriptionJobStatus"] == "COMPLETED"
    assert job["Transcript"]["TranscriptFileUri"].endswith(f"transcripts/{job['TranscriptionJobName']}.json")
    assert (written["jobName"], written["status"]) == (job["TranscriptionJobName"], "COMPLETED")
    assert written["results"]["transcripts"] == [{"transcript": "Queues and streams."}]
    assert [item["alternatives"][0]["content"] for item in written["results"]["items"]][:2] == ["Queues", "and"]
    assert said[0] == "In the shape of a result."
    assert "local stand-in" in said[1]


def test_two_hours_of_talk_are_transcribed(media, transcribe):
    uri = media("long.mp4", Metadata={"duration-seconds": "7200"})
    media("long.mp4.transcript.txt", ("word " * 18_000).encode())

    _, written = transcribe(uri)

    assert len(written["results"]["items"]) == 18_000


@pytest.mark.parametrize(
    ("body", "more", "reason"),
    [
        (b"no film at all", {}, "Unsupported media format."),
        (b"", {}, "Unsupported media format."),
        (MP4, {"MediaFormat": "wav"}, "does not match the detected media format"),
    ],
)
def test_a_job_on_what_is_no_such_media_fails_with_the_reason(media, transcribe, body, more, reason):
    job, _ = transcribe(media("wrong.mp4", body), **more)

    assert job["TranscriptionJobStatus"] == "FAILED"
    assert reason in job["FailureReason"]


def test_a_job_on_more_than_four_hours_fails(media, transcribe):
    job, _ = transcribe(media("endless.mp4", Metadata={"duration-seconds": "14401"}))

    assert job["FailureReason"] == "Invalid file size: file size too large."


def test_media_that_is_not_there_is_refused_at_once(bucket, media, transcribe):
    with pytest.raises(ClientError, match=r"BadRequestException.*can't be accessed"):
        transcribe(f"s3://{bucket}/nothing.mp4")


def test_a_job_needs_what_it_reads_and_writes_of_its_caller(as_role, bench, bucket, media, transcribe):
    uri = media("mine.mp4")
    role = bench.role(trust=TRUST_ROOT)
    start = allow(["transcribe:StartTranscriptionJob"], ["*"])
    read = allow(["s3:GetObject"], [f"arn:aws:s3:::{bucket}/mine.mp4"])
    write = allow(["s3:PutObject"], [f"arn:aws:s3:::{bucket}/transcripts/*"])
    client = as_role(role)("transcribe")

    for grants, message in (
        ((read, write), "AccessDenied"),
        ((start, write), r"BadRequestException.*read permission"),
        ((start, read), r"BadRequestException.*write permission"),
    ):
        bench.grant(role, *grants)
        with pytest.raises(ClientError, match=message):
            transcribe(uri, client)
    bench.grant(role, start, read, write)
    job, _ = transcribe(uri, client)

    assert job["TranscriptionJobStatus"] == "COMPLETED"


def test_personal_data_is_taken_out_if_asked(media, transcribe):
    uri = media("mail.mp4")
    media("mail.mp4.transcript.txt", b"Write to me@example.com today.")
    redaction = {"RedactionType": "PII", "RedactionOutput": "redacted_and_unredacted"}

    job, written = transcribe(uri, ContentRedaction=redaction)

    assert "RedactedTranscriptFileUri" in job["Transcript"]
    assert "me@example.com" in written["results"]["transcripts"][0]["transcript"]


def test_a_machine_starts_a_job_and_polls_it(aws, bucket, machines, media):
    uri, name = media("polled.mp4"), unique("job")
    call = {
        "TranscriptionJobName": name,
        "LanguageCode": "en-US",
        "Media": {"MediaFileUri": uri},
        "OutputBucketName": bucket,
        "OutputKey": f"transcripts/{name}.json",
    }
    look = {"TranscriptionJobName": name}
    status = "{% $states.input.TranscriptionJob.TranscriptionJobStatus = 'IN_PROGRESS' %}"
    states = {
        "Start": task("aws-sdk:transcribe:startTranscriptionJob", call, Next="Wait"),
        "Wait": {"Type": "Wait", "Seconds": 1, "Next": "Look"},
        "Look": task("aws-sdk:transcribe:getTranscriptionJob", look, Next="Done?"),
        "Done?": {"Type": "Choice", "Choices": [{"Condition": status, "Next": "Wait"}], "Default": "Done"},
        "Done": {"Type": "Succeed"},
    }
    to_bucket = {"StringEquals": {"transcribe:OutputBucketName": bucket}}
    start = allow(["transcribe:StartTranscriptionJob"], ["*"], Condition=to_bucket)
    job = f"arn:aws:transcribe:us-east-1:000000000000:transcription-job/{name}"
    get, other = (allow(["transcribe:GetTranscriptionJob"], [arn]) for arn in (job, f"{job}-another"))
    objects = allow(["s3:GetObject", "s3:PutObject"], [f"arn:aws:s3:::{bucket}/*"])

    unread = machines.run(states, start, get)
    done = machines.run(states, start, get, objects)
    again = machines.run(states, start, get, objects)
    unseen = machines.run({"Look": task("aws-sdk:transcribe:getTranscriptionJob", look)}, other)

    assert unread["error"] == "Transcribe.BadRequestException"
    assert unseen["error"] == "Transcribe.TranscribeException"
    assert done["output"]["TranscriptionJob"]["TranscriptionJobStatus"] == "COMPLETED"
    assert again["error"] == "Transcribe.ConflictException"
