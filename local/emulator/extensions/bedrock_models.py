"""Models answer in their own shapes, by the schema they are given, under guardrails; unknown ones are refused.

On AWS a call names a model, or an inference profile, that exists (ValidationException); it needs bedrock:InvokeModel on
the profile and on the model in each of its regions, and bedrock:ApplyGuardrail on the guardrail that it names
(https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-prereq.html,
https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-permissions-id.html). Image models give base64 PNGs.
The stock server takes any model and guardrail, answers one sentence whatever is asked, and gives text for images.

Nothing is understood here: answers are made of the prompt's words, say that they are a local stand-in, and are always
the same. Markers in a prompt order faults (`local.emulator.bedrock.prompts`). With MINISTACK_BEDROCK_PROXY_URL an
OpenAI-compatible server answers text instead.
"""

from __future__ import annotations

import functools
import json
import time
from contextvars import ContextVar
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

from ministack.core import iam_actions, iam_evaluator, responses, router
from ministack.services import bedrock_runtime

from local.emulator import frame
from local.emulator.bedrock import bodies, converse, models
from local.emulator.bedrock.models import Called, Model
from local.emulator.bedrock.prompts import Ask
from local.emulator.bedrock.replies import Refused, Reply, reply, tokens
from local.emulator.frame import Server

NAME = "bedrock_models"
_CALL = "/model/"
_Answer = tuple[int, dict[str, str], bytes]

_guardrail: ContextVar[str | None] = ContextVar("bedrock_guardrail", default=None)
"""The guardrail that the call being judged names, as the condition key has it."""


def install(server: Server) -> None:
    for name in ("_PROXY_URL", "_evaluate_guardrail", "_resolve_guardrail"):
        frame.require(NAME, bedrock_runtime, name)
    parameters = "service method path headers body query_params region account_id"
    frame.replace(NAME, iam_actions, "extract_resource_arn", parameters, _on_models)
    frame.replace(NAME, iam_actions, "request_tag_context", "service iam_action body params", _with_guardrail)
    for name in ("_converse", "_invoke_model"):
        answer = _converse if name == "_converse" else _invoke
        make = functools.partial(_answering, answer=answer)
        frame.replace(NAME, bedrock_runtime, name, "model_id headers body", make)
    for name in ("_converse_stream", "_invoke_model_with_response_stream"):
        frame.replace(NAME, bedrock_runtime, name, "model_id headers body", lambda original: _no_streams)


def _answering(original: Any, answer: Any) -> Any:
    def call(model_id: str, headers: dict[str, str], body: bytes) -> _Answer:
        try:
            called = _called(model_id)
            content = json.loads(body or b"{}")
            if bedrock_runtime._PROXY_URL and called.model.family != "canvas":
                _permit(headers, called, _named_guardrail(headers, content)[0])
                return original(model_id, headers, body)
            return answer(called, headers, content)
        except Refused as refused:
            return bedrock_runtime._error(refused.code, str(refused), refused.status)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            return bedrock_runtime._error("ValidationException", f"Malformed input request: {error!r}", 400)

    return call


def _called(model_id: str) -> Called:
    found = models.find(model_id)
    if found is None or found.model.family not in ("nova", "anthropic", "canvas"):
        raise Refused("ValidationException", "The provided model identifier is invalid.")
    if not found.profile and not found.model.on_demand:
        message = (
            f"Invocation of model ID {found.model.id} with on-demand throughput isn't supported. Retry your request "
            "with the ID or ARN of an inference profile that contains this model."
        )
        raise Refused("ValidationException", message)
    return found


def _converse(called: Called, headers: dict[str, str], body: dict[str, Any]) -> _Answer:
    started = time.monotonic()
    if called.model.family == "canvas":
        raise Refused("ValidationException", "This action doesn't support the model that you provided.")
    asked = converse.ask(called.model, body)
    found, assessments = _guarded(called, headers, body, asked)
    answered = converse.answer(asked, found, started)
    if assessments and (body.get("guardrailConfig") or {}).get("trace", "disabled") != "disabled":
        answered["trace"] = {"guardrail": assessments}
    return _sent(answered, found)


def _invoke(called: Called, headers: dict[str, str], body: dict[str, Any]) -> _Answer:
    if called.model.family == "canvas":
        prompt = bodies.picture_prompt(body)
        asked = Ask(model=called.model.id, system="", messages=prompt)
        if asked.orders("throttle"):
            raise Refused("ThrottlingException", "Too many requests, please wait before trying again.", 429)
        if asked.orders("refuse"):
            raise Refused("ValidationException", "This request has been blocked by our content filters.")
        guard, result = _input_guard(called, headers, body, prompt)
        blocked = bool(guard and result["blocked"])
        drawn = {"images": [], "error": guard["BlockedInputMessaging"]} if guard and blocked else bodies.draw(body)
        return _sent(_marked(drawn, guard, blocked), Reply("", "end_turn", tokens(prompt), 0))
    asked = bodies.ask(called.model, body)
    found, assessments = _guarded(called, headers, body, asked)
    answered = bodies.answer(called.model, asked, found)
    return _sent(_marked(answered, assessments, found.stop == "guardrail_intervened"), found)


def _marked(body: dict[str, Any], guarded: Any, intervened: bool) -> dict[str, Any]:
    """The body with what InvokeModel says of a guardrail."""
    return {**body, "amazon-bedrock-guardrailAction": "INTERVENED" if intervened else "NONE"} if guarded else body


def _guarded(called: Called, headers: dict[str, str], body: dict[str, Any], asked: Ask) -> tuple[Reply, dict[str, Any]]:
    """The reply, held against the guardrail on its way in and out; with what the guardrail found."""
    guard, result = _input_guard(called, headers, body, asked.messages)
    if guard is None:
        return reply(asked), {}
    name = guard["GuardrailId"]
    if result["blocked"]:
        stopped = Reply(guard["BlockedInputMessaging"], "guardrail_intervened", tokens(asked.text), 0)
        return stopped, {"inputAssessment": {name: result["assessment"]}}
    found = reply(replace(asked, messages=result["masked_text"]))
    result = bedrock_runtime._evaluate_guardrail(guard, "OUTPUT", found.text)
    assessed = {"outputAssessments": {name: [result["assessment"]]}}
    if result["blocked"]:
        text = guard["BlockedOutputsMessaging"]
        return Reply(text, "guardrail_intervened", found.input_tokens, tokens(text)), assessed
    return Reply(result["masked_text"], found.stop, found.input_tokens, found.output_tokens), assessed


def _input_guard(
    called: Called, headers: dict[str, str], body: dict[str, Any], text: str
) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    """The guardrail of the call, if it names one, and what it finds in the text."""
    name, version = _named_guardrail(headers, body)
    guard = bedrock_runtime._resolve_guardrail(name, version) if name else None
    _permit(headers, called, guard["GuardrailArn"] if guard else name)
    if name is None:
        return None, {}
    if guard is None:
        message = f"The guardrail identifier or version provided in the request does not exist: {name} {version}"
        raise Refused("ValidationException", message)
    return guard, bedrock_runtime._evaluate_guardrail(guard, "INPUT", text)


def _named_guardrail(headers: dict[str, str], body: dict[str, Any]) -> tuple[str | None, str]:
    config = body.get("guardrailConfig") or {}
    name = config.get("guardrailIdentifier") or headers.get("x-amzn-bedrock-guardrailidentifier")
    return name, config.get("guardrailVersion") or headers.get("x-amzn-bedrock-guardrailversion") or "DRAFT"


def _permit(headers: dict[str, str], called: Called, guardrail: str | None) -> None:
    """Raise Refused for what the caller needs beside the action that was already judged."""
    region, account = responses.get_region(), responses.get_account_id()
    arn = called.arn(region, account)
    needed = [("bedrock:InvokeModel", model, {"bedrock:InferenceProfileArn": arn}) for model in called.behind()]
    if guardrail:
        needed.append(("bedrock:ApplyGuardrail", _guardrail_arn(guardrail, region, account), {}))
    key = router.extract_access_key_id(headers, {})
    for action, resource, keys in needed:
        denied = iam_evaluator.enforce(
            key, action, "bedrock-runtime", region, resource_arn=resource, service_context=keys
        )
        if denied:
            who = getattr(denied, "principal_arn", "")
            message = f"User: {who} is not authorized to perform: {action} on resource: {resource}"
            raise Refused("AccessDeniedException", message, 403)


def _guardrail_arn(name: str, region: str, account: str) -> str:
    return name if name.startswith("arn:") else f"arn:aws:bedrock:{region}:{account}:guardrail/{name}"


def _sent(body: dict[str, Any], found: Reply) -> _Answer:
    counts = {
        "x-amzn-bedrock-input-token-count": str(found.input_tokens),
        "x-amzn-bedrock-output-token-count": str(found.output_tokens),
    }
    return 200, {"Content-Type": "application/json", **counts}, json.dumps(body).encode()


def _no_streams(model_id: str, headers: dict[str, str], body: bytes) -> _Answer:
    message = "Answers as a stream are not available on the local AWS."
    return bedrock_runtime._error("ValidationException", message, 400)


def _on_models(original: Any) -> Any:
    @functools.wraps(original)
    def extract_resource_arn(service: str, *call: Any, **named: Any) -> str:
        path, headers, body = call[1], call[2], call[3]
        if service != "bedrock-runtime" or not path.startswith(_CALL):
            return original(service, *call, **named)
        region, account = call[5], call[6]
        content = json.loads(body) if body[:1] == b"{" else {}
        name, version = _named_guardrail(headers, content if isinstance(content, dict) else {})
        arn = _guardrail_arn(name, region, account) if name else None
        _guardrail.set(f"{arn}:{version}" if arn and version != "DRAFT" else arn)
        identifier = unquote(path.removeprefix(_CALL).rpartition("/")[0])
        called = models.find(identifier)
        return called.arn(region, account) if called else Model(identifier, "").arn(region)

    return extract_resource_arn


def _with_guardrail(original: Any) -> Any:
    """The condition keys of a request are put together where those of its tags are."""

    def context(service: str, iam_action: str, body: bytes, params: dict[str, Any]) -> dict[str, Any]:
        found = original(service, iam_action, body, params)
        if service == "bedrock-runtime":
            found = {**found, "bedrock:GuardrailIdentifier": _guardrail.get()}
        return found

    return context
