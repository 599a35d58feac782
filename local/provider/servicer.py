"""The ResourceProvider protocol, and nothing of AWS.

https://github.com/pulumi/pulumi/blob/master/proto/pulumi/provider.proto
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
from botocore.exceptions import BotoCoreError, ClientError
from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from local.provider import check, config, diff, invokes, outputs, schema
from local.provider.clients import Aws, Clients
from local.provider.errors import InitFailedError, ProviderError, RefusedError, explain
from local.provider.protocol import answers, refusal
from local.provider.registry import find
from local.provider.resource import Props, Resource
from local.settings import Settings
from local.wire import (
    Reference,
    Secret,
    contains_unknown,
    from_struct,
    to_struct,
    without_secrets,
)

VERSION = "7.51.1"
"""The official provider's version that this one stands for."""

_WAIT_SECONDS = 600
_REFUSED = (
    "Parameterize",
    "Call",
    "List",
    "Construct",
    "Attach",
    "GetMapping",
    "GetMappings",
)


class AwsProvider(provider_pb2_grpc.ResourceProviderServicer):
    """The provider, for the engine over gRPC or in its process (`context=None`, then it raises ProviderError).

    `root` is where relative paths of archives start: the folder of the Pulumi project, by default the process's own.
    """

    def __init__(self, endpoint: str | None = None, root: Path | None = None) -> None:
        self._endpoint = endpoint
        self._root = root or Path.cwd()
        self._clients: Clients | None = None
        self._cancelled = threading.Event()
        # Here, in one thread: of many that ask at once, each would read all the files.
        schema.load()

    @answers
    def Handshake(self, request: provider_pb2.ProviderHandshakeRequest, context: Any = None) -> Any:
        """Agree on what values look like."""
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True, accept_resources=True)

    @answers
    def GetPluginInfo(self, request: empty_pb2.Empty, context: Any = None) -> Any:
        """The version that this provider stands for."""
        return plugin_pb2.PluginInfo(version=VERSION)

    @answers
    def GetSchema(self, request: provider_pb2.GetSchemaRequest, context: Any = None) -> Any:
        """The package's name only: programs bring the official SDK."""
        return provider_pb2.GetSchemaResponse(schema=json.dumps({"name": "aws", "version": VERSION}))

    @answers
    def CheckConfig(self, request: provider_pb2.CheckRequest, context: Any = None) -> Any:
        """Refuse a configuration that would lead anywhere but here."""
        found = list(config.failures(from_struct(request.news)))
        return provider_pb2.CheckResponse(inputs=request.news, failures=_failures(found))

    @answers
    def DiffConfig(self, request: provider_pb2.DiffRequest, context: Any = None) -> Any:
        """Another region is another provider; nothing else is."""
        old, new = from_struct(request.old_inputs), from_struct(request.news)
        changed = sorted(key for key in {*old, *new} if old.get(key) != new.get(key))
        kind = provider_pb2.DiffResponse
        return kind(
            changes=kind.DIFF_SOME if changed else kind.DIFF_NONE,
            diffs=changed,
            replaces=[key for key in changed if key == "region" and old.get(key)],
        )

    @answers
    def Configure(self, request: provider_pb2.ConfigureRequest, context: Any = None) -> Any:
        """Bind the provider to the local AWS. Refuses any endpoint but loopback, and any account but the local one."""
        given = from_struct(request.args) or {
            key.removeprefix("aws:config:"): v for key, v in request.variables.items()
        }
        refused = list(config.failures(given))
        if refused:
            raise RefusedError("; ".join(failure.reason for failure in refused))
        known = config.decoded(given)
        endpoint = self._endpoint or os.environ.get("AWS_ENDPOINT_URL") or ""
        region = known.get("region") or os.environ.get("AWS_REGION") or Settings().region
        clients = Clients(endpoint, region, self._root)
        clients.verify_account()
        self._clients = clients
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True, acceptResources=True)

    @answers
    def Invoke(self, request: provider_pb2.InvokeRequest, context: Any = None) -> Any:
        """Answer one of the functions of `invokes`."""
        function = invokes.FUNCTIONS.get(request.tok)
        if function is None:
            raise ProviderError(grpc.StatusCode.UNIMPLEMENTED, f"the function {request.tok} is not available locally")
        args = {key: value for key, value in from_struct(request.args).items() if value is not None}
        for key in args.keys() - invokes.ARGUMENTS[request.tok]:
            raise RefusedError(f"{request.tok} takes no argument {key!r} here")
        response = provider_pb2.InvokeResponse()
        # The field is called like a keyword of Python.
        getattr(response, "return").CopyFrom(to_struct(function(self._aws(args))))
        return response

    @answers
    def Check(self, request: provider_pb2.CheckRequest, context: Any = None) -> Any:
        """Fill in defaults and names; answer what isn't accepted as failures."""
        kind = _kind(request)
        name = request.name or request.urn.split("::")[-1]
        olds = from_struct(request.olds)
        inputs = check.fill_in(kind.facts, from_struct(request.news), olds, name, request.randomSeed)
        found = list(check.failures(kind.facts, inputs))
        if not found:
            found = list(kind.check(_plain(inputs)))
        reasons = [check.Failure(f.property, outputs.redacted(inputs, f.reason)) for f in found]
        return provider_pb2.CheckResponse(inputs=to_struct(inputs), failures=_failures(reasons))

    @answers
    def Diff(self, request: provider_pb2.DiffRequest, context: Any = None) -> Any:
        """Compare the state with the inputs, property by property."""
        facts = _kind(request).facts
        old, new = from_struct(request.olds), from_struct(request.news)
        found = diff.Comparison(self._root).changes(facts, old, new)
        found = [change for change in found if not diff.ignored(change, list(request.ignoreChanges))]
        return diff.answer(facts, found, new)

    @answers
    def Create(self, request: provider_pb2.CreateRequest, context: Any = None) -> Any:
        """Make the resource, or in a preview say what is known of it."""
        kind, inputs = _kind(request), from_struct(request.properties)
        if request.preview:
            region = self._aws(_plain(inputs)).region
            properties = outputs.previewed_create(kind.facts, inputs, region, self._root)
            return provider_pb2.CreateResponse(properties=to_struct(properties))
        known = _known(inputs)
        aws = self._aws(known, request.timeout)
        with _explaining(f"creating {_title(request)}", inputs):
            id_ = kind.create(aws, known)
        try:
            kind.settle(aws, id_, known)
            properties = self._read(kind, aws, id_, inputs, known)
            if properties is None:
                raise ProviderError(grpc.StatusCode.UNKNOWN, "it was gone as soon as it was made")
        except (ClientError, BotoCoreError, ProviderError) as error:
            reason = outputs.redacted(inputs, f"{_title(request)} was made but is not ready: {explain(error)}")
            raise InitFailedError(id_, self._salvaged(kind, aws, id_, inputs, known), inputs, [reason]) from error
        return provider_pb2.CreateResponse(id=id_, properties=to_struct(properties))

    @answers
    def Read(self, request: provider_pb2.ReadRequest, context: Any = None) -> Any:
        """What AWS has now; an empty id if that is nothing."""
        kind, state, given = _kind(request), from_struct(request.properties), from_struct(request.inputs)
        aws = self._aws(_plain(state), request.timeout)
        with _explaining(f"reading {_title(request)}", state):
            properties = self._read(kind, aws, request.id, {**state, **given}, _plain(state))
        if properties is None:
            return provider_pb2.ReadResponse()
        inputs = outputs.read_inputs(kind.facts, given, properties, self._root)
        return provider_pb2.ReadResponse(id=request.id, properties=to_struct(properties), inputs=to_struct(inputs))

    @answers
    def Update(self, request: provider_pb2.UpdateRequest, context: Any = None) -> Any:
        """Change the resource in place, or in a preview say what will be known of it."""
        kind, old, inputs = _kind(request), from_struct(request.olds), from_struct(request.news)
        found = diff.Comparison(self._root).changes(kind.facts, old, inputs)
        if request.preview:
            properties = outputs.previewed_update(kind.facts, old, inputs, found, self._root)
            return provider_pb2.UpdateResponse(properties=to_struct(properties))
        known = _known(inputs)
        aws = self._aws(known, request.timeout)
        with _explaining(f"updating {_title(request)}", inputs):
            kind.update(aws, request.id, _plain(old), known, {change.top for change in found})
            properties = self._read(kind, aws, request.id, inputs, known)
        if properties is None:
            raise ProviderError(grpc.StatusCode.NOT_FOUND, f"{_title(request)} is gone: refresh, then update again")
        return provider_pb2.UpdateResponse(properties=to_struct(properties))

    @answers
    def Delete(self, request: provider_pb2.DeleteRequest, context: Any = None) -> Any:
        """Remove the resource."""
        kind, state = _kind(request), from_struct(request.properties)
        aws = self._aws(_plain(state), request.timeout)
        with _explaining(f"deleting {_title(request)}", state):
            kind.delete(aws, request.id, _plain(state))
        return empty_pb2.Empty()

    @answers
    def Cancel(self, request: empty_pb2.Empty, context: Any = None) -> Any:
        """Stop waiting for anything."""
        self._cancelled.set()
        return empty_pb2.Empty()

    def _aws(self, values: Props, timeout: float = 0) -> Aws:
        if self._clients is None:
            raise ProviderError(grpc.StatusCode.FAILED_PRECONDITION, "Configure comes first")
        region = values.get("region")
        return Aws(
            clients=self._clients,
            region=region if isinstance(region, str) and region else self._clients.region,
            deadline=time.monotonic() + (timeout or _WAIT_SECONDS),
            cancelled=self._cancelled,
        )

    def _read(self, kind: Resource, aws: Aws, id_: str, given: Props, state: Props) -> Props | None:
        read = kind.read(aws, id_, state)
        if read is None:
            return None
        if "region" in kind.facts.inputs:
            read.setdefault("region", aws.region)
        # The official provider answers the id among the outputs, too; policy rules follow wires by it.
        return {"id": id_, **outputs.completed(kind.facts, given, read, self._root)}

    def _salvaged(self, kind: Resource, aws: Aws, id_: str, inputs: Props, known: Props) -> Props:
        """What there is of a half-made resource; what was asked for if AWS can't say."""
        with contextlib.suppress(ClientError, BotoCoreError, ProviderError):
            return self._read(kind, aws, id_, inputs, known) or inputs
        return inputs


for _method in _REFUSED:
    setattr(AwsProvider, _method, refusal(_method))


@contextlib.contextmanager
def _explaining(what: str, given: Props) -> Iterator[None]:
    """Say in each error what was being done, without the secrets that it was done with."""
    try:
        yield
    except (ClientError, BotoCoreError, ProviderError) as error:
        code = error.code if isinstance(error, ProviderError) else grpc.StatusCode.UNKNOWN
        raise ProviderError(code, outputs.redacted(given, f"{what}: {explain(error)}")) from error


def _kind(request: Any) -> Resource:
    """The type of a request; a URN holds it behind its parents' types."""
    return find(request.type or request.urn.split("::")[2].split("$")[-1])


def _title(request: Any) -> str:
    return f"{request.urn.split('::')[2].split('$')[-1]} {request.urn.split('::')[-1]!r}"


def _plain(values: Props) -> Props:
    """Without secrets, and with a resource's id where the program gave the resource."""
    return {key: _without_references(value) for key, value in without_secrets(values).items()}


def _known(values: Props) -> Props:
    if contains_unknown(values):
        raise RefusedError("an input is unknown outside a preview")
    return _plain(values)


def _without_references(value: Any) -> Any:
    if isinstance(value, Reference):
        return value.id.value if isinstance(value.id, Secret) else value.id
    if isinstance(value, dict):
        return {key: _without_references(child) for key, child in value.items()}
    if isinstance(value, list):
        return [_without_references(child) for child in value]
    return value


def _failures(found: list[check.Failure]) -> list[provider_pb2.CheckFailure]:
    return [provider_pb2.CheckFailure(property=failure.property, reason=failure.reason) for failure in found]
