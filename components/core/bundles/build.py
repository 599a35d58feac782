"""Build a handler's bundle, or find the one that was built of the same things before."""

from __future__ import annotations

import fcntl
import hashlib
import os
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from . import archive
from .errors import BundleError
from .packages import Platform, chosen, install
from .sources import PACKAGE, Sources, trace

LOCK = "requirements.lock"
BUILD_LOCK = "build.lock"


def bundle_of(handler: str, platform: Platform) -> Path:
    """The bundle of one of the handlers that come with these components.

    Kept in `SERVICEFUL_CACHE`, else in `cache` below `SERVICEFUL_HOME`, by default `.serviceful` beside the program.
    """
    home = os.environ.get("SERVICEFUL_HOME") or ".serviceful"
    cache = os.environ.get("SERVICEFUL_CACHE") or Path(home, "cache")
    return bundle(handler, platform, source_root=source_root(), cache=Path(cache).absolute())


def source_root() -> Path:
    """The folder that holds the package `handlers`: this package's own in a wheel, the repository in a checkout."""
    package = Path(__file__).resolve().parents[2]
    return next(root for root in (package, package.parent) if (root / PACKAGE / "__init__.py").is_file())


def bundle(handler: str, platform: Platform, *, source_root: Path, cache: Path) -> Path:
    """The zip for the module `handler`, such as `handlers.convert.thumbnail`: itself, what it imports, and no more.

    Packages come from the lock file of its bounded context, `handlers/convert/requirements.lock`; boto3 never, for
    Lambda has it. The zip is named after the hash of all that it is made from, so a second call finds it; processes may
    call at once. Raises BundleError.
    """
    sources = trace(handler, source_root)
    lock = source_root.joinpath(*handler.split(".")[:-1], LOCK)
    if sources.packages and not lock.is_file():
        raise BundleError(f"{handler} imports {', '.join(sorted(sources.packages))}, and there is no {lock}")
    locks = [path for path in (lock, source_root / PACKAGE / BUILD_LOCK) if sources.packages and path.is_file()]
    path = cache / "bundles" / f"{_hash(sources, locks, platform)}.zip"
    if not path.is_file():
        with _exclusive(cache):
            if not path.is_file():
                path.parent.mkdir(exist_ok=True)
                packages = _packages(handler, sources, locks, platform=platform, cache=cache) if locks else {}
                archive.write(path, {**packages, **sources.files})
    return path


def _packages(handler: str, sources: Sources, locks: list[Path], *, platform: Platform, cache: Path) -> dict[str, Path]:
    lock, *build_locks = locks
    folder = cache / "deps" / _hash(None, locks, platform)
    if not folder.is_dir():
        folder.parent.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".install-") as draft:
            install(lock, build_locks, platform, Path(draft, "target"))
            Path(draft, "target").rename(folder)
    try:
        return chosen(folder, sources.packages, platform)
    except BundleError as error:
        raise BundleError(f"{handler}: {error} ({lock})") from error


def _hash(sources: Sources | None, locks: list[Path], platform: Platform) -> str:
    """Of everything that decides the bytes: this code and zlib too."""
    parts = {f"builder/{path.name}": path.read_bytes() for path in Path(__file__).parent.glob("*.py")}
    parts |= {f"lock/{path.name}": path.read_bytes() for path in locks}
    parts |= {"platform": platform.tag.encode(), "zlib": zlib.ZLIB_RUNTIME_VERSION.encode()}
    parts |= sources.files if sources else {}
    digest = hashlib.sha256()
    for name in sorted(parts):
        digest.update(f"{name}\0{len(parts[name])}\0".encode() + parts[name])
    return digest.hexdigest()[:32]


@contextmanager
def _exclusive(cache: Path) -> Iterator[None]:
    """One builder a cache at a time; the lock goes with the process that holds it."""
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "bundles.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
