"""Guardrails are answered as they were made, and a version can go without its guardrail.

On AWS GetGuardrail answers the policies of a guardrail or of one version, ids are lower-case letters and digits, and
DeleteGuardrail with a version deletes that version alone
(https://docs.aws.amazon.com/bedrock/latest/APIReference/API_GetGuardrail.html, API_DeleteGuardrail.html beside it).
The stock server answers no policy, has other ids, deletes everything, and finds no guardrail by its ARN.
"""

from __future__ import annotations

import json
import re
import uuid
from typing import Any
from urllib.parse import unquote

from ministack.services import bedrock

from local.emulator import frame
from local.emulator.frame import Server

NAME = "guardrails"
_ID_LENGTH = 12
_POLICIES = ("TopicPolicy", "ContentPolicy", "WordPolicy", "SensitiveInformationPolicy", "ContextualGroundingPolicy")
_BY_ARN = re.compile(r"/guardrails/arn:[^/]*:guardrail/([^/]+)")
_Answer = tuple[int, dict[str, str], bytes]


def install(server: Server) -> None:
    for name in ("_guardrails", "_guardrail_versions", "_guardrail_arn", "_tags"):
        frame.require(NAME, bedrock, name)
    call = "method path headers body query_params"
    frame.replace(NAME, bedrock, "handle_request", call, _by_id)
    frame.replace(NAME, bedrock, "_create_guardrail", "body", _with_id)
    frame.replace(NAME, bedrock, "_get_guardrail", "identifier query_params", _with_policies)
    frame.replace(NAME, bedrock, "_create_guardrail_version", "identifier body", _described)
    frame.replace(NAME, bedrock, "_update_guardrail", "identifier body", _whole)
    frame.replace(NAME, bedrock, "_delete_guardrail", "identifier query_params", _one_version)


def _by_id(original: Any) -> Any:
    async def handle_request(method: str, path: str, *call: Any) -> _Answer:
        found = _BY_ARN.fullmatch(unquote(path))
        return await original(method, f"/guardrails/{found[1]}" if found else path, *call)

    return handle_request


def _with_id(original: Any) -> Any:
    def create(body: bytes) -> _Answer:
        status, headers, answer = original(body)
        if status >= 300:
            return status, headers, answer
        made = json.loads(answer)
        found = bedrock._guardrails.pop(made["guardrailId"])
        name = uuid.uuid4().hex[:_ID_LENGTH]
        arn = bedrock._guardrail_arn(name)
        bedrock._guardrails[name] = {**found, "GuardrailId": name, "GuardrailArn": arn}
        if made["guardrailArn"] in bedrock._tags:
            bedrock._tags[arn] = bedrock._tags.pop(made["guardrailArn"])
        return status, headers, json.dumps({**made, "guardrailId": name, "guardrailArn": arn}).encode()

    return create


def _with_policies(original: Any) -> Any:
    def get(identifier: str, query_params: dict[str, list[str]]) -> _Answer:
        status, headers, body = original(identifier, query_params)
        if status >= 300:
            return status, headers, body
        found = json.loads(body)
        for name in _POLICIES:
            member = name[0].lower() + name[1:]
            policy = found.pop(member, None)
            if policy:
                # What is asked as `wordsConfig` is answered as `words`.
                found[member] = {key.removesuffix("Config"): value for key, value in policy.items()}
        return status, headers, json.dumps({key: value for key, value in found.items() if value is not None}).encode()

    return get


def _described(original: Any) -> Any:
    def create(identifier: str, body: bytes) -> _Answer:
        status, headers, answer = original(identifier, body)
        if status < 300:
            made = json.loads(answer)
            description = json.loads(body or b"{}").get("description") or ""
            bedrock._guardrail_versions[f"{made['guardrailId']}/{made['version']}"]["Description"] = description
        return status, headers, answer

    return create


def _whole(original: Any) -> Any:
    """An update says everything: a policy that it doesn't name is gone."""

    def update(identifier: str, body: bytes) -> _Answer:
        said = json.loads(body or b"{}")
        names = {f"{name[0].lower()}{name[1:]}Config": None for name in _POLICIES}
        return original(identifier, json.dumps({**names, "description": "", **said}).encode())

    return update


def _one_version(original: Any) -> Any:
    def delete(identifier: str, query_params: dict[str, list[str]]) -> _Answer:
        version = (query_params.get("guardrailVersion") or [None])[0]
        if version is None:
            return original(identifier, query_params)
        name = identifier.rpartition("/")[2]
        if bedrock._guardrail_versions.pop(f"{name}/{version}", None) is None:
            return bedrock._not_found(f"Guardrail {identifier} version {version} not found.")
        return bedrock._empty(status=202)

    return delete
