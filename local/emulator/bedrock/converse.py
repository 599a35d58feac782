"""Converse: what it asks, and the shape of its answer.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
"""

from __future__ import annotations

import json
import time
from typing import Any

from local.emulator.bedrock.models import Model
from local.emulator.bedrock.prompts import Ask
from local.emulator.bedrock.replies import Refused, Reply


def ask(model: Model, body: dict[str, Any]) -> Ask:
    """What a call of Converse, or a body of a Nova model, asks. Raises Refused for what the model doesn't take."""
    messages = body.get("messages")
    if not messages or messages[0].get("role") != "user":
        raise Refused("ValidationException", "A conversation must start with a user message. Try again.")
    schema, tool = _tool(body.get("toolConfig") or {})
    output = (body.get("outputConfig") or {}).get("textFormat")
    if output:
        if not model.structured:
            raise Refused("ValidationException", f"The model {model.id} doesn't support outputConfig.textFormat.")
        schema = schema or json.loads(output["structure"]["jsonSchema"]["schema"])
    inference = body.get("inferenceConfig") or {}
    return Ask(
        model=model.id,
        system=_texts(body.get("system") or []),
        messages="\n".join(_texts(message.get("content") or []) for message in messages),
        schema=schema,
        tool=tool,
        temperature=inference.get("temperature"),
        most_tokens=inference.get("maxTokens") or inference.get("max_new_tokens"),
    )


def answer(asked: Ask, reply: Reply, started: float) -> dict[str, Any]:
    """The answer of Converse to a call that came in at `started` on the clock of `time.monotonic`."""
    return {**nova_answer(asked, reply), "metrics": {"latencyMs": int((time.monotonic() - started) * 1000) + 1}}


def nova_answer(asked: Ask, reply: Reply) -> dict[str, Any]:
    """The answer in the body of a Nova model."""
    block: dict[str, Any] = {"text": reply.text}
    if reply.stop == "tool_use":
        block = {"toolUse": {"toolUseId": reply.tool_id, "name": asked.tool, "input": json.loads(reply.text)}}
    spent = {"inputTokens": reply.input_tokens, "outputTokens": reply.output_tokens}
    return {
        "output": {"message": {"role": "assistant", "content": [block]}},
        "stopReason": reply.stop,
        "usage": {**spent, "totalTokens": reply.input_tokens + reply.output_tokens},
    }


def _tool(config: dict[str, Any]) -> tuple[dict[str, Any] | None, str | None]:
    """The schema and the name of the tool that the model must use; a stand-in uses no tool of its own accord."""
    choice = config.get("toolChoice") or {}
    tools = {tool["toolSpec"]["name"]: tool["toolSpec"] for tool in config.get("tools") or [] if "toolSpec" in tool}
    name = choice["tool"]["name"] if "tool" in choice else next(iter(tools), None) if "any" in choice else None
    if name is None:
        return None, None
    if name not in tools:
        raise Refused("ValidationException", f"There is no tool {name}.")
    return tools[name]["inputSchema"]["json"], name


def _texts(blocks: list[dict[str, Any]]) -> str:
    """All that is said in the blocks, what tools answered included."""
    said: list[str] = []
    for block in blocks:
        if "text" in block:
            said.append(block["text"])
        elif "guardContent" in block:
            said.append(block["guardContent"].get("text", {}).get("text", ""))
        elif "toolResult" in block:
            said += [part.get("text") or json.dumps(part.get("json")) for part in block["toolResult"]["content"]]
    return "\n".join(said)
