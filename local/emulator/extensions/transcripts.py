"""Transcription jobs read and write with the caller's permissions, and say what a sample's own transcript says.

On AWS StartTranscriptionJob reads the media and writes the transcript as its caller, and refuses what the caller can't
reach; a job fails for media that it doesn't know, or that is longer than four hours
(https://docs.aws.amazon.com/transcribe/latest/dg/security_iam_id-based-policy-examples.html,
https://docs.aws.amazon.com/transcribe/latest/APIReference/API_TranscriptionJob.html has the reasons). A job is judged
on its ARN, its start by the keys transcribe:OutputBucketName and transcribe:OutputKey
(https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazontranscribe.html).
The stock server reads and writes everything for anybody, judges all jobs as one, looks at no media, and always
says the same.

Nothing is heard here: the transcript of `KEY` is the object `KEY.transcript.txt` beside it, or `KEY.transcript.json` in
the shape of Transcribe's results; without one the transcript says that it is a local stand-in. A metadata entry
`duration-seconds` of the media is taken for its length.
"""

from __future__ import annotations

import asyncio
import contextvars
import functools
import json
import re
import time
from contextvars import ContextVar
from typing import Any

from ministack.core import iam_actions, iam_evaluator, responses, router
from ministack.services import bedrock_runtime, s3, transcribe

from local.emulator import frame
from local.emulator.frame import Server

NAME = "transcripts"
_RUN_SECONDS = 1.0
_LONGEST_SECONDS = 4 * 3600
_LARGEST = 2 * 1024**3
_UNREACHABLE = (
    "The S3 URI that you provided can't be accessed. Make sure that you have read permission and try your request "
    "again."
)
_HEADS = (
    ("mp4", re.compile(rb".{4}ftyp", re.DOTALL)),
    ("wav", re.compile(rb"RIFF.{4}WAVE", re.DOTALL)),
    ("flac", re.compile(rb"fLaC")),
    ("ogg", re.compile(rb"OggS")),
    ("amr", re.compile(rb"#!AMR")),
    ("webm", re.compile(rb"\x1a\x45\xdf\xa3")),
    ("mp3", re.compile(rb"ID3|\xff[\xe2-\xff]")),
)
"""How each kind of media begins."""
_SAME = {"m4a": "mp4"}
_ON_JOBS = (".GetTranscriptionJob", ".DeleteTranscriptionJob")

_caller: ContextVar[str] = ContextVar("transcribe_caller", default="")
"""The access key of the request being served."""


def install(server: Server) -> None:
    for name in ("_DISPATCH", "_JOB_RUN_SECONDS", "_emit_state_change", "_jobs", "_live_job", "_parse_s3_uri"):
        frame.require(NAME, transcribe, name)
    frame.require(NAME, s3, "_get_object")
    frame.require(NAME, bedrock_runtime, "_PII_PATTERNS")
    transcribe._JOB_RUN_SECONDS = _RUN_SECONDS
    request = "method path headers body query_params"
    parameters = "service method path headers body query_params region account_id"
    frame.replace(NAME, iam_actions, "extract_resource_arn", parameters, _on_jobs)
    frame.replace(NAME, iam_actions, "request_tag_context", "service iam_action body params", _with_output)
    frame.replace(NAME, transcribe, "handle_request", request, _knowing_the_caller)
    frame.replace(NAME, transcribe, "_start_transcription_job", "data", _as_caller)
    transcribe._DISPATCH["StartTranscriptionJob"] = transcribe._start_transcription_job
    frame.replace(NAME, transcribe, "_run_job_inner", "job_name run_id netloc", _looking_at_the_media)
    frame.replace(NAME, transcribe, "_mock_transcript", "media_uri redacted", lambda original: _said)


def _on_jobs(original: Any) -> Any:
    @functools.wraps(original)
    def extract_resource_arn(service: str, *call: Any, **named: Any) -> str:
        if service != "transcribe" or not str(call[2].get("x-amz-target", "")).endswith(_ON_JOBS):
            return original(service, *call, **named)
        name = json.loads(call[3] or b"{}").get("TranscriptionJobName", "")
        return f"arn:aws:transcribe:{call[5]}:{call[6]}:transcription-job/{name}"

    return extract_resource_arn


def _with_output(original: Any) -> Any:
    """The condition keys of a request are put together where those of its tags are."""

    def context(service: str, iam_action: str, body: bytes, params: dict[str, Any]) -> dict[str, Any]:
        found = original(service, iam_action, body, params)
        if iam_action != "transcribe:StartTranscriptionJob":
            return found
        call = json.loads(body or b"{}")
        return {**found, **{f"transcribe:{name}": call.get(name) for name in ("OutputBucketName", "OutputKey")}}

    return context


def _knowing_the_caller(original: Any) -> Any:
    async def handle_request(method: str, path: str, headers: dict[str, str], body: bytes, query: Any) -> Any:
        _caller.set(router.extract_access_key_id(headers, query))
        return await original(method, path, headers, body, query)

    return handle_request


def _as_caller(original: Any) -> Any:
    def start(data: dict[str, Any]) -> Any:
        if (data.get("JobExecutionSettings") or {}).get("DataAccessRoleArn"):
            return transcribe._bad_request("DataAccessRoleArn is not available on the local AWS.")
        bucket, key = transcribe._parse_s3_uri((data.get("Media") or {}).get("MediaFileUri"))
        if bucket and (not _allowed("s3:GetObject", bucket, key) or _object(bucket, key) is None):
            return transcribe._bad_request(_UNREACHABLE)
        output = data.get("OutputBucketName")
        where = data.get("OutputKey") or f"{data.get('TranscriptionJobName')}.json"
        if where.endswith("/"):
            where += f"{data.get('TranscriptionJobName')}.json"
        if output and not _allowed("s3:PutObject", output, where):
            message = f"The specified S3 bucket can't be accessed: s3://{output}/{where}. Make sure that you have write"
            return transcribe._bad_request(f"{message} permission.")
        return original(data)

    return start


def _looking_at_the_media(original: Any) -> Any:
    async def run(job_name: str, run_id: str, netloc: str) -> None:
        job = transcribe._live_job(job_name, run_id)
        reason = job and _unfit(job)
        if not reason:
            await original(job_name, run_id, netloc)
            return
        await asyncio.sleep(_RUN_SECONDS)
        if transcribe._live_job(job_name, run_id) is not None:
            job.update(TranscriptionJobStatus="FAILED", FailureReason=reason, CompletionTime=time.time())
            transcribe._emit_state_change(job_name, "FAILED")

    return run


def _unfit(job: dict[str, Any]) -> str | None:
    """Why Transcribe can't take the media."""
    found = _object(*transcribe._parse_s3_uri(job["Media"]["MediaFileUri"]))
    if found is None:
        return None  # The job fails for that itself.
    headers, body = found
    kind = next((name for name, head in _HEADS if head.match(body)), None)
    asked = job.get("MediaFormat")
    if kind is None:
        return "Unsupported media format."
    if asked and _SAME.get(asked, asked) != kind:
        return "The media format provided does not match the detected media format."
    if len(body) > _LARGEST or float(headers.get("x-amz-meta-duration-seconds", 0)) > _LONGEST_SECONDS:
        return "Invalid file size: file size too large."
    return None


def _said(media_uri: str, redacted: bool = False) -> str:
    """The transcript that lies beside the media."""
    bucket, key = transcribe._parse_s3_uri(media_uri)
    plain, shaped = _object(bucket, f"{key}.transcript.txt"), _object(bucket, f"{key}.transcript.json")
    if plain:
        text = plain[1].decode()
    elif shaped:
        text = json.loads(shaped[1])["results"]["transcripts"][0]["transcript"]
    else:
        text = f"This is a local stand-in for a transcript, since none lies beside {key}."
    if redacted:
        for pattern in bedrock_runtime._PII_PATTERNS.values():
            text = re.sub(pattern, "[PII]", text)
    return text


def _object(bucket: str, key: str) -> tuple[dict[str, str], bytes] | None:
    """The headers, by lower-case name, and the content of an object."""
    status, headers, body = s3._get_object(bucket, key, {}, {})
    return ({name.lower(): value for name, value in headers.items()}, body) if status == 200 else None


def _allowed(action: str, bucket: str, key: str) -> bool:
    scope = (responses.get_account_id(), responses.get_region())
    # A context of its own: the signature of the request being served is one for Transcribe.
    return contextvars.Context().run(_judged, _caller.get(), action, f"arn:aws:s3:::{bucket}/{key}", scope)


def _judged(access_key: str, action: str, resource: str, scope: tuple[str, str]) -> bool:
    with responses.request_scope(*scope):
        return iam_evaluator.enforce(access_key, action, "s3", scope[1], resource_arn=resource) is None
