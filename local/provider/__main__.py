"""Serve the provider as a plugin: the port is the first line on stdout, and it ends with the engine."""

from __future__ import annotations

import os
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from local.provider.servicer import AwsProvider

_MESSAGE_BYTES = 400 * 1024 * 1024
"""The engine's own limit (sdk/go/common/util/rpcutil): bundles travel by path, but states may be large."""


def main() -> int:
    """Serve on a free port of 127.0.0.1 until the process is told to end, or the engine is gone."""
    server = grpc.server(
        ThreadPoolExecutor(max_workers=64),
        options=[("grpc.max_receive_message_length", _MESSAGE_BYTES), ("grpc.max_send_message_length", _MESSAGE_BYTES)],
    )
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(AwsProvider(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    if port == 0:
        sys.stderr.write("no free port on 127.0.0.1\n")
        return 1
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    engine = os.getppid()
    # An engine that is killed tells nobody.
    while not ended.wait(timeout=1) and os.getppid() == engine:
        pass
    server.stop(grace=1).wait()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
