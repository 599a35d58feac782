"""Start, stop and find the local AWS of one home folder."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from local import processes
from local.emulator import envs
from local.emulator.errors import EmulatorError
from local.emulator.functions.code import FUNCTION_PREFIX
from local.settings import REPO, Settings

HEALTH = "/_serviceful/health"
START_SECONDS = 60
STOP_SECONDS = 10
BUSY_SECONDS = 30
_ANSWER_SECONDS = 10
_PROBE_SECONDS = 2

# What a running server doesn't notice the change of.
_CODE = ("local/emulator/**/*.py", "local/settings.py", "requirements/emulator.lock", "requirements/lambda.lock")

# All that the server inherits: it must not see the caller's credentials, proxies or Python settings.
_INHERITED = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ")


@dataclass(frozen=True, kw_only=True)
class Instance:
    """A running server. Its resources live and die with it: another id means that everything is gone."""

    id: str
    pid: int
    port: int
    code: str = ""
    """Digest of the code that it was started with."""


def start(settings: Settings) -> Instance:
    """Return the local AWS of this home, starting it if it isn't running.

    The first start builds two environments, which takes a minute. Raises EmulatorError when the port belongs to
    something else, when an environment can't be built, or when the server ends or doesn't answer within
    `START_SECONDS`.
    """
    with envs.exclusive(settings.home / "aws.lock"):
        running = _running(settings)
        if running:
            return _on_same_port(running, settings)
        _clear(settings)
        _refuse_taken_port(settings)
        return _launch(settings)


def stop(settings: Settings) -> bool:
    """Stop the local AWS of this home and the functions that it runs. Returns whether one was running.

    A program that only happens to have the process id of the pid file is left alone.
    """
    with envs.exclusive(settings.home / "aws.lock"):
        return _clear(settings)


def status(settings: Settings) -> Instance | None:
    """The running and answering local AWS of this home, or None."""
    recorded = _recorded(settings)
    if recorded is None:
        return None
    return (
        recorded
        if (processes.ask(recorded.port, HEALTH, _ANSWER_SECONDS) or {}).get("instance") == recorded.id
        else None
    )


def require(settings: Settings) -> Instance:
    """The running local AWS; raises EmulatorError with the next step when there is none."""
    instance = status(settings)
    if instance is None:
        raise EmulatorError("the local AWS isn't running: start it with `make up` or `python -m local start`")
    return instance


def code_digest() -> str:
    """A digest of the code of this checkout that a server runs; a running one keeps what it was started with."""
    files = sorted(path for pattern in _CODE for path in REPO.glob(pattern))
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{file.relative_to(REPO)}\n".encode() + file.read_bytes())
    return digest.hexdigest()[:16]


def log_path(settings: Settings) -> Path:
    """What the server and the functions print."""
    return settings.home / "aws.log"


def data_path(settings: Settings) -> Path:
    """The server's temporary folder: it holds unpacked functions, and nothing that outlives the server."""
    return settings.home / "aws"


def _running(settings: Settings) -> Instance | None:
    """The server of this home. One that is too busy to answer is waited for: replaced, it would lose everything."""
    if _server(settings):
        processes.wait(lambda: status(settings) is not None or _server(settings) is None, BUSY_SECONDS)
    return status(settings)


def _launch(settings: Settings) -> Instance:
    identity = str(uuid.uuid4())
    server, functions = envs.server_python(settings.cache), envs.function_python(settings.cache)
    arguments = ["--instance", identity, "--functions", str(functions), "--node", envs.node(settings.cache)]
    arguments += _hosts(settings)
    data_path(settings).mkdir(parents=True, exist_ok=True)
    with log_path(settings).open("w") as log:
        process = subprocess.Popen(
            [server, "-m", "local.emulator.server", *arguments],
            cwd=REPO,
            env=environment(settings),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    instance = Instance(id=identity, pid=process.pid, port=settings.port, code=code_digest())
    _pid_file(settings).write_text(json.dumps(asdict(instance)))

    def answers() -> bool:
        if process.poll() is not None:
            log = processes.tail(log_path(settings))
            raise EmulatorError(f"the local AWS ended while it started (exit {process.returncode}):\n{log}")
        return status(settings) is not None

    try:
        if not processes.wait(answers, START_SECONDS):
            log = processes.tail(log_path(settings))
            raise EmulatorError(f"the local AWS did not answer within {START_SECONDS} s:\n{log}")
    except BaseException:
        _clear(settings)
        raise
    process.returncode = 0  # it outlives this process: without it Popen warns that nobody waits for the server
    return instance


def inherited() -> dict[str, str]:
    """What a program that is started here may see of the caller's environment."""
    return {name: os.environ[name] for name in _INHERITED if name in os.environ}


def environment(settings: Settings) -> dict[str, str]:
    """All that the server sees of its surroundings."""
    return {
        **inherited(),
        "AUTH": "true",
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(settings.port),
        "MINISTACK_ACCOUNT_ID": settings.account,
        "MINISTACK_REGION": settings.region,
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "HOME": str(data_path(settings)),
        "TMPDIR": str(data_path(settings)),
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def _clear(settings: Settings) -> bool:
    """End whatever runs for this home, and remove what it leaves behind."""
    server = _server(settings)
    left = [*(server.children(recursive=True) if server else []), *_functions(settings)]
    if server:
        left += processes.end([server], STOP_SECONDS)
    # Functions end with the server; what outlived it (or outlived a crash) has nothing left to save.
    processes.kill(left, STOP_SECONDS)
    _pid_file(settings).unlink(missing_ok=True)
    shutil.rmtree(data_path(settings), ignore_errors=True)
    return server is not None


def _server(settings: Settings) -> psutil.Process | None:
    """The recorded process, if it is still ours: its id alone may belong to another program by now."""
    recorded = _recorded(settings)
    try:
        process = psutil.Process(recorded.pid) if recorded else None
        return process if recorded and process and recorded.id in process.cmdline() else None
    except psutil.Error:
        return None


def _functions(settings: Settings) -> list[psutil.Process]:
    """Functions of this home, the orphans of a server that crashed included."""
    unpacked = f"{data_path(settings)}{os.sep}{FUNCTION_PREFIX}"
    return processes.with_argument(lambda argument: argument.startswith(unpacked))


def _recorded(settings: Settings) -> Instance | None:
    try:
        return Instance(**json.loads(_pid_file(settings).read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def _pid_file(settings: Settings) -> Path:
    return settings.home / "aws.json"


def _hosts(settings: Settings) -> list[str]:
    return [f"--host={name}={address}" for name, address in settings.hosts.items()]


def _on_same_port(running: Instance, settings: Settings) -> Instance:
    if running.port == settings.port:
        return running
    raise EmulatorError(
        f"the local AWS of {settings.home} already runs on port {running.port}. "
        f"Set SERVICEFUL_PORT={running.port}, stop it first, or give this one a SERVICEFUL_HOME of its own."
    )


def _refuse_taken_port(settings: Settings) -> None:
    if processes.is_taken(settings.port):
        ours = processes.ask(settings.port, HEALTH, _PROBE_SECONDS)
        other = "the local AWS of another folder" if ours else "another program"
        raise EmulatorError(
            f"port {settings.port} is in use by {other}. End it, or set SERVICEFUL_PORT to a free port."
        )
