"""Runs a Python function as Lambda's runtime does; the first and only program of a function's process.

It speaks with the server over three pipes: requests come in on one, one JSON line each, answers go out on another, and
what the function prints goes to the third (stdout and stderr), closed by a marker line after each answer. So the server
knows without waiting that it has the whole log of an invocation.
It imports nothing but the standard library: the function's own packages must not be shadowed.

Facts: https://docs.aws.amazon.com/lambda/latest/dg/python-handler.html, python-context.html, python-exceptions.html and
python-logging.html beside it.
"""

from __future__ import annotations

import argparse
import importlib
import json
import logging
import os
import socket
import sys
import time
import traceback
from collections.abc import Callable
from decimal import Decimal
from types import ModuleType, SimpleNamespace, TracebackType
from typing import Any
from urllib.parse import urlsplit

Answer = dict[str, Any]
Handler = Callable[[Any, "LambdaContext"], Any]


class LambdaContext:
    """What a handler gets as its second argument."""

    identity = SimpleNamespace(cognito_identity_id=None, cognito_identity_pool_id=None)
    client_context = None

    def __init__(self, request: dict[str, Any]) -> None:
        self.aws_request_id: str = request["request_id"]
        self.invoked_function_arn: str = request["function_arn"]
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self._deadline: float = request["deadline"]

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until Lambda ends the invocation."""
        return max(0, int((self._deadline - time.time()) * 1000))

    def log(self, message: object) -> None:
        """Write to the function's log."""
        sys.stdout.write(str(message))


class RuntimeFailure(Exception):
    """A failure that Lambda's runtime names itself: it has no stack trace."""

    def __init__(self, error_type: str, message: str) -> None:
        super().__init__(message)
        self.error_type = error_type


class RuntimeLogs(logging.Handler):
    """What Lambda installs on the root logger: text with the request id, or one JSON object a record."""

    def __init__(self, as_json: bool) -> None:
        super().__init__()
        self.request_id = ""
        self._as_json = as_json
        self._text = logging.Formatter("[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(request_id)s\t%(message)s")
        self._text.datefmt = "%Y-%m-%dT%H:%M:%S"
        self._text.converter = time.gmtime

    def emit(self, record: logging.LogRecord) -> None:
        record.request_id = self.request_id
        sys.stdout.write((self._json_line(record) if self._as_json else self._text.format(record)) + "\n")

    def report(self, error: Answer) -> None:
        """Log what the handler or its import raised."""
        if self._as_json:
            line = {"timestamp": _timestamp(time.time()), "log_level": "ERROR", "requestId": self.request_id, **error}
            print(json.dumps(line))
            return
        print(f"[ERROR] {error['errorType']}: {error['errorMessage']}")
        if error["stackTrace"]:
            print("Traceback (most recent call last):\n" + "".join(error["stackTrace"]), end="")

    def _json_line(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "timestamp": _timestamp(record.created),
            "level": record.levelname,
            "message": record.getMessage(),
            "logger": record.name,
            "requestId": self.request_id,
        }
        if record.exc_info:
            line["stackTrace"] = traceback.format_exception(*record.exc_info)
        return json.dumps(line, default=str)


def main() -> None:
    arguments = _arguments()
    os.set_inheritable(arguments.answers, False)  # a child of the function must not hold the server's pipe open
    answers = os.fdopen(arguments.answers, "w", buffering=1)
    requests = os.fdopen(os.dup(0))
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)  # the function reads nothing

    def send(answer: Answer) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        os.write(1, f"\n{arguments.marker}\n".encode())
        answers.write(json.dumps(answer) + "\n")

    logs = _runtime_logs()
    _find_hosts_of_accounts()
    try:
        handler = load(arguments.handler)
    except BaseException as error:
        send(_failed(error, logs))
        return
    send({"status": "ready"})
    for line in requests:
        send(respond(handler, json.loads(line), logs))


def load(name: str) -> Handler:
    """Import the handler `folder/module.function`."""
    module_name, _, function_name = name.rpartition(".")
    module = _import(module_name.replace("/", "."))
    try:
        return getattr(module, function_name)
    except AttributeError:
        message = f"Handler '{function_name}' missing on module '{module_name}'"
        raise RuntimeFailure("Runtime.HandlerNotFound", message) from None


def respond(handler: Handler, request: dict[str, Any], logs: RuntimeLogs) -> Answer:
    """Run one invocation. Its error keeps the process, as on AWS; only a timeout or an exit ends it."""
    logs.request_id = request["request_id"]
    if request["trace_id"]:
        os.environ["_X_AMZN_TRACE_ID"] = request["trace_id"]
    try:
        return {"status": "ok", "result": _marshalled(handler(request["event"], LambdaContext(request)))}
    except Exception as error:
        return _failed(error, logs)


def _import(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise RuntimeFailure("Runtime.ImportModuleError", f"Unable to import module '{name}': {error}") from error
    except SyntaxError as error:
        message = f"Syntax error in module '{name}': {error}"
        raise RuntimeFailure("Runtime.UserCodeSyntaxError", message) from error


def _marshalled(result: Any) -> str:
    def number(value: Any) -> float:
        if isinstance(value, Decimal):
            return float(value)
        raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")

    try:
        return json.dumps(result, default=number)
    except (TypeError, ValueError) as error:
        raise RuntimeFailure("Runtime.MarshalError", f"Unable to marshal response: {error}") from None


def _failed(error: BaseException, logs: RuntimeLogs) -> Answer:
    described = _described(error)
    logs.report(described)
    return {"status": "failed", "error": described}


def _described(error: BaseException) -> Answer:
    if isinstance(error, RuntimeFailure):
        return {"errorMessage": str(error), "errorType": error.error_type, "stackTrace": []}
    return {
        "errorMessage": str(error),
        "errorType": type(error).__name__,
        "stackTrace": traceback.format_list(_own_frames(error.__traceback__)),
    }


def _own_frames(trace: TracebackType | None) -> list[traceback.FrameSummary]:
    return [
        frame
        for frame in traceback.extract_tb(trace)
        if frame.filename != __file__ and not frame.filename.startswith("<frozen importlib")
    ]


def _timestamp(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def _runtime_logs() -> RuntimeLogs:
    as_json = os.environ.get("AWS_LAMBDA_LOG_FORMAT") == "JSON"
    logs = RuntimeLogs(as_json)
    logging.root.addHandler(logs)
    level = os.environ.get("AWS_LAMBDA_LOG_LEVEL")
    if as_json and level:
        logging.root.setLevel({"TRACE": "DEBUG", "FATAL": "CRITICAL"}.get(level, level))
    return logs


def _find_hosts_of_accounts() -> None:
    """Some clients (key value stores) put the account before the endpoint's host, which makes no name of an address."""
    endpoint, look_up = urlsplit(os.environ["AWS_ENDPOINT_URL"]).hostname, socket.getaddrinfo

    def found(host: Any, *more: Any, **named: Any) -> Any:
        account, _, rest = host.partition(".") if isinstance(host, str) else ("", "", "")
        return look_up(endpoint if account.isdecimal() and rest == endpoint else host, *more, **named)

    socket.getaddrinfo = found


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("code", help="where the function is unpacked: marks this process as one of the local AWS")
    parser.add_argument("--handler", required=True)
    parser.add_argument("--answers", type=int, required=True, help="the file descriptor for answers")
    parser.add_argument("--marker", required=True, help="the line that ends the log of an invocation")
    return parser.parse_args()


if __name__ == "__main__":
    main()
