"""Where routes lead. Each target knows its integration, its templates, and the one permission that it needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ..bus import Bus
from ..function import Function
from ..naming import Names
from ..queue import Queue
from ..state_machine import StateMachine
from ..stream import Stream
from ..table import Table
from .integration import Answer, Integration, failure, json_string, problem, template

NOT_FOUND = "NotFound"
"""Error of an Express workflow that becomes 404."""


def _service(names: Names, service: str, path: str) -> str:
    return f"arn:{names.partition}:apigateway:{names.region}:{service}:{path}"


def _accepted() -> Answer:
    return Answer(status=202, template=template("accepted.vtl"))


@dataclass(frozen=True, kw_only=True)
class Message:
    """What of a request goes into a queue or stream: the body as it came, unless VTL makes something of it."""

    before: str = ""
    """VTL that comes first."""

    expression: str = "$input.body"


@dataclass(frozen=True, kw_only=True)
class SendToQueue:
    """Put the body into a queue and answer 202. `group` and `deduplication` are JSONPaths into it, for FIFO queues.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
    """

    queue: Queue
    group: str = ""
    deduplication: str = ""
    message: Message = field(default_factory=Message)

    def integration(self, names: Names) -> Integration:
        """SQS's Query protocol, by the queue's path."""
        if self.queue.fifo != bool(self.group and self.deduplication):
            raise ValueError(f"{self.queue.tree_name}: group and deduplication are for FIFO queues, and needed there")
        if self.queue.fifo:
            request = template(
                "send_to_fifo_queue.vtl",
                Before=self.message.before,
                Message=self.message.expression,
                Group=self.group,
                Deduplication=self.deduplication,
            )
        else:
            request = template("send_to_queue.vtl")
        return Integration(
            type="AWS",
            uri=_service(names, "sqs", f"path/{names.account}/{self.queue.physical_name}"),
            permissions=(self.queue.send(),),
            request=request,
            parameters={"integration.request.header.Content-Type": "'application/x-www-form-urlencoded'"},
            answers=(_accepted(), failure()),
        )


@dataclass(frozen=True, kw_only=True)
class PutToStream:
    """Put the body into a Kinesis stream and answer 202. `key` is a JSONPath to the partition key.

    https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecord.html
    """

    stream: Stream
    key: str
    message: Message = field(default_factory=Message)

    def integration(self, names: Names) -> Integration:
        """One record."""
        return Integration(
            type="AWS",
            uri=_service(names, "kinesis", "action/PutRecord"),
            permissions=(self.stream.put(),),
            request=template(
                "put_to_stream.vtl",
                Before=self.message.before,
                Message=self.message.expression,
                Stream=self.stream.physical_name,
                Key=self.key,
            ),
            parameters=_JSON_1_1,
            answers=(_accepted(), failure()),
        )


@dataclass(frozen=True, kw_only=True)
class PutEvent:
    """Put the body as the detail of an event on a bus and answer 202.

    PutEvents answers 200 also when it takes nothing:
    https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
    """

    bus: Bus
    source: str
    detail_type: str

    def integration(self, names: Names) -> Integration:
        """One entry; an untaken one is 502."""
        request = template("put_event.vtl", Bus=self.bus.physical_name, Source=self.source, DetailType=self.detail_type)
        return Integration(
            type="AWS",
            uri=_service(names, "events", "action/PutEvents"),
            permissions=(self.bus.put(self.source),),
            request=request,
            parameters={**_JSON_1_1, "integration.request.header.X-Amz-Target": "'AWSEvents.PutEvents'"},
            answers=(Answer(status=202, template=template("event_put.vtl")), failure()),
        )


@dataclass(frozen=True, kw_only=True)
class StartWorkflow:
    """Start an execution with the body as its input and answer 202.

    https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
    """

    machine: StateMachine

    def integration(self, names: Names) -> Integration:
        """The execution's ARN stays inside."""
        return Integration(
            type="AWS",
            uri=_service(names, "states", "action/StartExecution"),
            permissions=(self.machine.start(),),
            request=template("start_execution.vtl", Machine=self.machine.arn),
            answers=(_accepted(), failure()),
        )


@dataclass(frozen=True, kw_only=True)
class RunExpress:
    """Run an Express workflow and answer with its output; one that fails with `NotFound` is 404.

    `parameters` are the path and query parameters that make its input; without any the body is the input. `errors` says
    what other errors of the workflow become: name → status and title.
    StartSyncExecution answers 200 also when the execution fails:
    https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartSyncExecution.html
    """

    machine: StateMachine
    parameters: tuple[str, ...] = ()
    errors: Mapping[str, tuple[int, str]] = field(default_factory=dict)

    def integration(self, names: Names) -> Integration:
        """Waits at most 29 s."""
        return Integration(
            type="AWS",
            uri=_service(names, "states", "action/StartSyncExecution"),
            permissions=(self.machine.run(),),
            request=self._request(),
            answers=(Answer(status=200, template=template("ran.vtl", Errors=self._errors())), failure()),
        )

    def _errors(self) -> str:
        known = {NOT_FOUND: (404, "There is no such thing"), **self.errors}
        return "\n".join(
            template("ran_error.vtl", Error=error, Status=str(status), Problem=problem(status, title))
            for error, (status, title) in known.items()
        )

    def _request(self) -> str:
        if not self.parameters:
            return template("start_execution.vtl", Machine=self.machine.arn)
        members = (f'\\"{name}\\": \\"{json_string(json_string(_parameter(name)))}\\"' for name in self.parameters)
        return template("run_express.vtl", Machine=self.machine.arn, Members=", ".join(members))


@dataclass(frozen=True, kw_only=True)
class ReadItem:
    """Read one item of a table; a missing one is 404, which DynamoDB answers as 200 without an item.

    `key` is attribute → path or query parameter; `returns` is attribute → type (`S`, `N`, `BOOL`), and nothing else of
    the item leaves the table. https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_GetItem.html
    """

    table: Table
    key: Mapping[str, str]
    returns: Mapping[str, Literal["S", "N", "BOOL"]] = field(default_factory=dict)

    def integration(self, names: Names) -> Integration:
        """String keys only."""
        key = ", ".join(
            f'"{name}": {{"S": "{json_string(_parameter(parameter))}"}}' for name, parameter in self.key.items()
        )
        aliases = [f"#a{number}" for number in range(len(self.returns))]
        request = template(
            "get_item.vtl",
            Table=self.table.physical_name,
            Key=key,
            Projection=", ".join(aliases),
            Names=", ".join(f'"{alias}": "{name}"' for alias, name in zip(aliases, self.returns, strict=True)),
        )
        item = template("item.vtl", Attributes=", ".join(_attribute(*one) for one in self.returns.items()))
        return Integration(
            type="AWS",
            uri=_service(names, "dynamodb", "action/GetItem"),
            permissions=(self.table.get(),),
            request=request,
            answers=(Answer(status=200, template=item), failure()),
        )


@dataclass(frozen=True, kw_only=True)
class InvokeFunction:
    """Call a function with the body and answer with what it returns.

    A function that returns `{"error": {"title", "detail"}}` refuses the request: 400. One that raises is 502.
    """

    function: Function

    def integration(self, names: Names) -> Integration:
        """Under the route's role, so the function needs no resource policy."""
        failed = Answer(status=502, pattern=r"(\n|.)+", template=problem(502, "The function failed"), problem=True)
        return Integration(
            type="AWS",
            uri=_service(names, "lambda", f"path/2015-03-31/functions/{self.function.arn}/invocations"),
            permissions=(self.function.invoke(),),
            request="$input.json('$')",
            answers=(Answer(status=200, template=template("invoked.vtl")), failed),
        )


@dataclass(frozen=True, kw_only=True)
class HttpProxy:
    """Pass the request on to a URL of http or https, and its answer back, as they are.

    `headers` are added, name → value.
    """

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)

    def integration(self, names: Names) -> Integration:
        """Path parameters of the route fill `{name}` in the URL."""
        parameters = {
            f"integration.request.path.{part[1:-1].rstrip('+')}": f"method.request.path.{part[1:-1].rstrip('+')}"
            for part in self.url.split("/")
            if part.startswith("{")
        }
        parameters |= {f"integration.request.header.{name}": f"'{value}'" for name, value in self.headers.items()}
        return Integration(type="HTTP_PROXY", uri=self.url.replace("+}", "}"), method="ANY", parameters=parameters)


@dataclass(frozen=True, kw_only=True)
class Mock:
    """Answer with a fixed status and JSON body: health checks, and preflight requests of browsers."""

    body: str = '{"ok": true}'
    status: int = 200

    def integration(self, names: Names) -> Integration:
        """No backend."""
        return Integration(
            type="MOCK",
            request=f'{{"statusCode": {self.status}}}',
            answers=(Answer(status=self.status, template=self.body),),
        )


_JSON_1_1 = {"integration.request.header.Content-Type": "'application/x-amz-json-1.1'"}


def _parameter(name: str) -> str:
    return f"$input.params('{name}')"


def _attribute(name: str, type_: str) -> str:
    path = f"$input.path('$.Item.{name}.{type_}')"
    return f'"{name}": "{json_string(path)}"' if type_ == "S" else f'"{name}": {path}'
