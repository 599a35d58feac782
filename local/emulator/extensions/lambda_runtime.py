"""Functions run as under Lambda's Python runtime.

On AWS a function finds its own bundle, its layers and the SDK, the variables that Lambda sets and its own
(https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html); an error comes back with its type and stack
trace (https://docs.aws.amazon.com/lambda/latest/dg/python-exceptions.html), and the environment lives on after it.
The stock server runs functions with its own interpreter, packages and whole environment, calls every error
`Runtime.HandlerError` without a trace, ends the process after an error, and waits 50 ms for a log line after each
invocation that prints nothing.
"""

from __future__ import annotations

import time
from typing import Any

from ministack.core import lambda_runtime as stock
from ministack.services import lambda_svc

from local.emulator import frame
from local.emulator.extensions.function_logs import log_stream
from local.emulator.frame import Server
from local.emulator.functions import outcome
from local.emulator.functions.code import unpack
from local.emulator.functions.environment import variables
from local.emulator.functions.outcome import Outcome
from local.emulator.functions.worker import Exited, Process

NAME = "lambda_runtime"

INIT_SECONDS = 10
"""How long a function may take to import, on top of its timeout.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html#runtimes-lifecycle-ib
"""

_DEFAULT_TIMEOUT = 3


class PythonWorker(stock.Worker):
    """The server's pool keeps these: one execution environment each."""

    server: Server
    _log_stream = ""

    def run(self, event: Any, request_id: str, trace_id: str | None) -> Outcome:
        """Run one invocation in this environment, starting it first if it is new or ended."""
        with self._lock:
            try:
                log = self._ensure_started()
                return self._invoke(event, request_id, trace_id, log)
            except InitFailed as failure:
                return outcome.answered(failure.answer, failure.log, request_id)
            except TimeoutError:
                return outcome.timed_out(self._timeout, self._end(), request_id)
            except Exited as error:
                return outcome.exited(error, self._end(), request_id)
            finally:
                log_stream.set(self._log_stream)

    def _ensure_started(self) -> list[str]:
        if self._proc is not None and self._proc.poll() is None:
            return []
        folder = unpack(self.code_zip)
        layers = [unpack(lambda_svc._resolve_layer_zip(layer)) for layer in self.config.get("Layers", [])]
        keys = stock.execution_credentials(self.config)
        environment = variables(self.config, folder, layers, keys, self.server.endpoint)
        self._log_stream = environment["AWS_LAMBDA_LOG_STREAM_NAME"]
        self._process = Process(self.server.function_python, self.config["Handler"], folder, environment)
        self._proc = self._process.popen
        answer, log = self._process.answer(INIT_SECONDS + self._timeout)
        if answer["status"] != "ready":
            self._end()
            raise InitFailed(answer, log)
        return log

    def _invoke(self, event: Any, request_id: str, trace_id: str | None, log: list[str]) -> Outcome:
        arn = self.config["FunctionArn"]
        deadline = time.time() + self._timeout
        request = {"event": event, "request_id": request_id, "function_arn": arn, "trace_id": trace_id}
        self._process.send({**request, "deadline": deadline})
        answer, printed = self._process.answer(self._timeout)
        return outcome.answered(answer, log + printed, request_id)

    def _end(self) -> list[str]:
        self._proc = None
        return self._process.end()

    @property
    def _timeout(self) -> int:
        return self.config.get("Timeout", _DEFAULT_TIMEOUT)


class InitFailed(Exception):
    """The function could not be imported."""

    def __init__(self, answer: dict[str, Any], log: list[str]) -> None:
        super().__init__(answer["error"]["errorMessage"])
        self.answer = answer
        self.log = log


def install(server: Server) -> None:
    PythonWorker.server = server
    frame.require(NAME, lambda_svc, "_resolve_layer_zip")
    frame.require(NAME, lambda_svc, "_xray_trace_id_for_invocation")
    frame.replace(NAME, stock, "_worker_class_for", "config", _worker_class)
    frame.replace(NAME, lambda_svc, "_execute_function_warm", "func event request_id", _execute)


def _worker_class(original: Any) -> Any:
    def worker_class(config: dict[str, Any]) -> type:
        return PythonWorker if config.get("Runtime", "").startswith("python") else original(config)

    return worker_class


def _execute(original: Any) -> Any:
    def execute(func: dict[str, Any], event: Any, request_id: str) -> dict[str, Any]:
        config = func.get("config") or func
        if not config.get("Runtime", "").startswith("python"):
            return original(func, event, request_id)
        lambda_svc._ensure_reaper_thread()
        version = config.get("Version", "$LATEST")
        worker, _ = stock.acquire_worker(config["FunctionName"], config, func["code_zip"], qualifier=version)
        try:
            done = worker.run(event, request_id, lambda_svc._xray_trace_id_for_invocation(config))
        finally:
            stock.release_worker(worker)
        error = {"error": True} if done.failed else {}
        return {"body": done.body, "log": "\n".join(done.log), **error}

    return execute
