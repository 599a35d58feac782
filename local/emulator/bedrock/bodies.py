"""InvokeModel: the bodies that the families of models take and give.

https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages.html
https://docs.aws.amazon.com/nova/latest/userguide/complete-request-schema.html
https://docs.aws.amazon.com/nova/latest/userguide/image-gen-req-resp-structure.html
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from local.emulator.bedrock import converse, pictures
from local.emulator.bedrock.models import Model
from local.emulator.bedrock.prompts import Ask
from local.emulator.bedrock.replies import Refused, Reply

_SIDES = (320, 4096)
_MOST_PIXELS = 4_194_304
_LONGEST_PROMPT = 1024
_MOST_PICTURES = 5
_ANTHROPIC_VERSION = "bedrock-2023-05-31"


def ask(model: Model, body: dict[str, Any]) -> Ask:
    """What the body of a text model asks. Raises Refused for what the model doesn't take."""
    if model.family == "nova":
        return converse.ask(model, body)
    if body.get("anthropic_version") != _ANTHROPIC_VERSION:
        raise Refused("ValidationException", f"anthropic_version: Field required, {_ANTHROPIC_VERSION}")
    if not isinstance(body.get("max_tokens"), int):
        raise Refused("ValidationException", "max_tokens: Field required")
    if not body.get("messages"):
        raise Refused("ValidationException", "messages: at least one message is required")
    schema, tool = _anthropic_tool(body)
    form = (body.get("output_config") or {}).get("format") or {}
    if form and not model.structured:
        raise Refused("ValidationException", f"output_config.format: not supported by {model.id}")
    return Ask(
        model=model.id,
        system=_said(body.get("system") or ""),
        messages="\n".join(_said(message["content"]) for message in body["messages"]),
        schema=schema or form.get("schema"),
        tool=tool,
        temperature=body.get("temperature"),
        most_tokens=body["max_tokens"],
    )


def answer(model: Model, asked: Ask, reply: Reply) -> dict[str, Any]:
    """The body that the family answers."""
    if model.family == "nova":
        return converse.nova_answer(asked, reply)
    block: dict[str, Any] = {"type": "text", "text": reply.text}
    if reply.stop == "tool_use":
        block = {"type": "tool_use", "id": reply.tool_id, "name": asked.tool, "input": json.loads(reply.text)}
    return {
        "id": f"msg_bdrk_{hashlib.sha256(asked.seed.encode()).hexdigest()[:24]}",
        "type": "message",
        "role": "assistant",
        "model": model.id,
        "content": [block],
        "stop_reason": reply.stop,
        "stop_sequence": None,
        "usage": {"input_tokens": reply.input_tokens, "output_tokens": reply.output_tokens},
    }


def picture_prompt(body: dict[str, Any]) -> str:
    """The text that pictures are asked for with. Raises Refused for anything else."""
    if body.get("taskType") != "TEXT_IMAGE":
        raise Refused("ValidationException", "The local stand-in knows the taskType TEXT_IMAGE alone.")
    text = (body.get("textToImageParams") or {}).get("text") or ""
    if not 1 <= len(text) <= _LONGEST_PROMPT:
        raise Refused("ValidationException", f"textToImageParams.text has 1 to {_LONGEST_PROMPT:,} characters.")
    return text


def draw(body: dict[str, Any]) -> dict[str, Any]:
    """The pictures that the body asks for, as base64. Raises Refused for a size that the model doesn't make."""
    config = body.get("imageGenerationConfig") or {}
    width, height = config.get("width", 1024), config.get("height", 1024)
    for side in (width, height):
        if not _SIDES[0] <= side <= _SIDES[1] or side % 16:
            raise Refused("ValidationException", f"A side has {_SIDES[0]} to {_SIDES[1]} pixels, by 16; not {side}.")
    if width * height > _MOST_PIXELS:
        raise Refused("ValidationException", f"An image has at most {_MOST_PIXELS:,} pixels.")
    number = config.get("numberOfImages", 1)
    if not 1 <= number <= _MOST_PICTURES:
        raise Refused("ValidationException", f"numberOfImages is 1 to {_MOST_PICTURES}.")
    prompt, seed = picture_prompt(body), config.get("seed", 12)
    drawn = (pictures.png(prompt, width, height, seed + index) for index in range(number))
    return {"images": [base64.b64encode(image).decode() for image in drawn], "error": None}


def _anthropic_tool(body: dict[str, Any]) -> tuple[dict[str, Any] | None, str | None]:
    tools = {tool["name"]: tool for tool in body.get("tools") or []}
    choice = body.get("tool_choice") or {}
    name = choice.get("name") if choice.get("type") == "tool" else None
    if choice.get("type") == "any":
        name = next(iter(tools), None)
    if name is None:
        return None, None
    if name not in tools:
        raise Refused("ValidationException", f"tool_choice: there is no tool {name}")
    return tools[name]["input_schema"], name


def _said(content: str | list[dict[str, Any]]) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(block.get("text") or _said(block.get("content") or "") for block in content)
