"""A refused body says why, in `$context.error.validationErrorString`.

On AWS the validator's findings are in that variable, for the gateway response BAD_REQUEST_BODY and access logs
(https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-variables-for-access-logging.html), in the
words of the JSON Schema validator that it uses. The stock server only says "Invalid request body".
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ministack.services import apigateway_v1

from local.emulator import frame
from local.emulator.frame import Server

NAME = "api_request_validation"


def install(server: Server) -> None:
    for name in ("_JSON_TYPES", "_json_schema_valid", "_model_schema", "_regex_search", "_resolve_schema_ref"):
        frame.require(NAME, apigateway_v1, name)
    parameters = "method_obj api_id request headers body query_params"
    frame.replace(NAME, apigateway_v1, "_check_request_validation", parameters, _explained)


def findings(schema: Any, value: Any, root: Any) -> Iterator[str]:
    """What is wrong with `value`, in the validator's words."""
    if isinstance(schema, dict) and isinstance(schema.get("$ref"), str):
        schema, root = apigateway_v1._resolve_schema_ref(schema["$ref"], root)
    if not isinstance(schema, dict):
        return
    yield from _of_value(schema, value)
    if isinstance(value, dict):
        yield from _of_object(schema, value)
    for part, item in _parts(schema, value):
        yield from findings(part, item, root)


def _explained(original: Any) -> Any:
    def check(method_obj: dict, api_id: str, *call: Any) -> Any:
        error = original(method_obj, api_id, *call)
        if error is not None and error.response_type == "BAD_REQUEST_BODY":
            _, headers, body, _ = call
            models = method_obj.get("requestModels") or {}
            media_type = headers.get("content-type", "application/json").partition(";")[0].strip()
            schema = apigateway_v1._model_schema(api_id, models.get(media_type) or models.get("application/json"))
            error.reasons = _reasons(schema, body)
        return error

    return check


def _reasons(schema: Any, body: bytes) -> str:
    try:
        found = [*findings(schema, json.loads(body), schema)]
    except (ValueError, RecursionError):
        return "[Invalid JSON]"
    # Escaped, so that a template can put it between the quotes of a JSON string.
    return json.dumps(f"[{', '.join(found or ['instance failed to match the schema'])}]")[1:-1]


def _of_value(schema: dict[str, Any], value: Any) -> Iterator[str]:
    types = schema.get("type")
    allowed = types if isinstance(types, list) else [types] if types else []
    if allowed and not any(apigateway_v1._JSON_TYPES.get(name, lambda v: True)(value) for name in allowed):
        yield (
            f"instance type ({_type_of(value)}) does not match any allowed primitive type (allowed: {_listed(allowed)})"
        )
    if "enum" in schema and value not in schema["enum"]:
        yield f"instance value ({json.dumps(value)}) not found in enum (possible values: {_listed(schema['enum'])})"
    if isinstance(value, str):
        yield from _of_text(schema, value)
    elif isinstance(value, list):
        yield from _of_list(schema, value)
    elif apigateway_v1._JSON_TYPES["number"](value):
        yield from _of_number(schema, value)


def _of_text(schema: dict[str, Any], value: str) -> Iterator[str]:
    shown = json.dumps(value)
    if len(value) < schema.get("minLength", 0):
        yield f"string {shown} is too short (length: {len(value)}, required minimum: {schema['minLength']})"
    if len(value) > schema.get("maxLength", len(value)):
        yield f"string {shown} is too long (length: {len(value)}, maximum allowed: {schema['maxLength']})"
    if "pattern" in schema and apigateway_v1._regex_search(schema["pattern"], value) is False:
        yield f"ECMA 262 regex {json.dumps(schema['pattern'])} does not match input string {shown}"


def _of_number(schema: dict[str, Any], value: float) -> Iterator[str]:
    if "minimum" in schema and value < schema["minimum"]:
        limit = f"(minimum: {schema['minimum']}, found: {value})"
        yield f"numeric instance is lower than the required minimum {limit}"
    if "maximum" in schema and value > schema["maximum"]:
        limit = f"(maximum: {schema['maximum']}, found: {value})"
        yield f"numeric instance is greater than the required maximum {limit}"


def _of_list(schema: dict[str, Any], value: list[Any]) -> Iterator[str]:
    if len(value) < schema.get("minItems", 0):
        limit = f"must have at least {schema['minItems']} elements but instance has {len(value)} elements"
        yield f"array is too short: {limit}"
    if len(value) > schema.get("maxItems", len(value)):
        limit = f"must have at most {schema['maxItems']} elements but instance has {len(value)} elements"
        yield f"array is too long: {limit}"


def _of_object(schema: dict[str, Any], value: dict[str, Any]) -> Iterator[str]:
    missing = sorted(name for name in schema.get("required") or [] if name not in value)
    if missing:
        yield f"object has missing required properties ({_listed(missing)})"
    patterns = schema.get("patternProperties") or {}
    if schema.get("additionalProperties") is False:
        unknown = sorted(
            name
            for name in value
            if name not in (schema.get("properties") or {})
            and not any(apigateway_v1._regex_search(pattern, name) for pattern in patterns)
        )
        if unknown:
            yield f"object instance has properties which are not allowed by the schema: {_listed(unknown)}"


def _parts(schema: dict[str, Any], value: Any) -> Iterator[tuple[Any, Any]]:
    """The members of `value` with their schemas."""
    if isinstance(value, dict):
        for name, part in (schema.get("properties") or {}).items():
            if name in value:
                yield part, value[name]
    elif isinstance(value, list) and isinstance(schema.get("items"), dict):
        for item in value:
            yield schema["items"], item


def _type_of(value: Any) -> str:
    order = ("null", "boolean", "integer", "number", "string", "array", "object")
    return next(name for name in order if apigateway_v1._JSON_TYPES[name](value))


def _listed(values: list[Any]) -> str:
    return json.dumps(values, separators=(",", ":"))
