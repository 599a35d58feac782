"""The third-party packages of a bundle: installed by uv out of a lock file, once for each platform."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Collection, Iterable, Iterator
from enum import Enum
from importlib.metadata import Distribution, distributions
from pathlib import Path

from uv import find_uv_bin

from .errors import BundleError

SOURCE_ONLY = ("pyvips",)
"""On PyPI as source alone. Built out of libvips' sight it is pure Python; its binary part is a wheel of its own."""

_UNUSED_FOLDERS = {"__pycache__", "test", "tests"}
_UNUSED_SUFFIXES = {".pyc", ".pyi"}
_KEPT_OF_DIST_INFO = re.compile(r"METADATA|(licenses/.*|LICEN[CS]E|COPYING|NOTICE|AUTHORS)[^/]*")
_AARCH64 = (183).to_bytes(2, "little")  # e_machine, at offset 18 of an ELF file
_NAME = re.compile(r"[A-Za-z0-9._-]+")


class Platform(Enum):
    """Where a bundle runs."""

    AWS = "aws"
    """Lambda's python3.13 on arm64: Amazon Linux 2023 with glibc 2.34 takes manylinux_2_28 wheels.

    https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
    """

    HOST = "host"
    """This machine, under the interpreter that makes the bundle."""

    @property
    def tag(self) -> str:
        """What tells its bundles from other platforms'."""
        if self is Platform.AWS:
            return "aarch64-manylinux_2_28-cpython-313"
        return f"{sysconfig.get_platform()}-{sys.implementation.cache_tag}"

    @property
    def options(self) -> list[str]:
        """Of uv, to install for it."""
        if self is Platform.AWS:
            return ["--python-platform", "aarch64-manylinux_2_28", "--python-version", "3.13"]
        return []


def install(lock: Path, build_locks: Iterable[Path], platform: Platform, target: Path) -> None:
    """Install what `lock` holds into the new folder `target`; every file's hash is checked, those of build tools too.

    Raises BundleError with uv's own words.
    """
    command = [find_uv_bin(), "pip", "install", "--quiet", "--target", str(target), "--python", sys.executable]
    command += ["--require-hashes", "--no-deps", "--link-mode", "copy", "--only-binary", ":all:"]
    for package in SOURCE_ONLY:
        # The setting means nothing to the builder: it keeps this build apart from others of the package in uv's cache.
        command += ["--no-binary", package, "--config-settings-package", f"{package}:bundle=pure"]
    for build_lock in build_locks:
        command += ["--build-constraints", str(build_lock)]
    command += [*platform.options, "--requirements", str(lock)]
    environment = {**os.environ, "PKG_CONFIG": "false"}  # so finds no libvips to compile against
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        raise BundleError(f"uv could not install {lock} for {platform.tag}:\n{done.stderr.strip()}")


def chosen(folder: Path, imported: Collection[str], platform: Platform) -> dict[str, Path]:
    """The files that a handler needs of those installed in `folder`, by their path in the bundle.

    That is each distribution that `imported` names come from and whatever it names as a requirement, as far as it is
    installed; without tests, type stubs and installer's notes, but with licences.
    Raises BundleError for a name that nothing installed provides, and for a compiled file of another machine.
    """
    installed = {_normal(one.name): one for one in distributions(path=[str(folder)])}
    providers = {_top(path): name for name, one in installed.items() for path in _files(one)}
    missing = sorted(name for name in imported if name not in providers)
    if missing:
        raise BundleError(f"nothing in the lock file provides {', '.join(missing)}: add it to requirements.in and lock")
    needed: set[str] = set()
    waiting = [providers[name] for name in imported]
    while waiting:
        name = waiting.pop()
        if name in installed and name not in needed:
            needed.add(name)
            waiting += [_normal(found[0]) for text in installed[name].requires or () if (found := _NAME.match(text))]
    files = {path: folder / path for name in needed for path in _files(installed[name]) if _is_used(path)}
    if platform is Platform.AWS:
        for path in files.values():
            _check_machine(path)
    return files


def _files(distribution: Distribution) -> Iterator[str]:
    return (str(path) for path in distribution.files or () if not str(path).startswith((".", "/")))


def _top(path: str) -> str:
    """`yaml/loader.py` → `yaml`, `six.py` → `six`, `_cffi_backend.cpython-313-….so` → `_cffi_backend`."""
    first, _, rest = path.partition("/")
    return first if rest else first.partition(".")[0]


def _is_used(path: str) -> bool:
    folder, _, name = path.partition("/")
    if folder.endswith(".dist-info"):
        return _KEPT_OF_DIST_INFO.fullmatch(name) is not None
    if folder == "bin":
        return False
    return not _UNUSED_FOLDERS & set(path.split("/")[:-1]) and Path(path).suffix not in _UNUSED_SUFFIXES


def _check_machine(path: Path) -> None:
    if ".so" not in path.suffixes and path.suffix != ".dylib":
        return
    with path.open("rb") as file:
        header = file.read(20)
    if header[:4] != b"\x7fELF" or header[18:20] != _AARCH64:
        raise BundleError(f"{path.name} is not compiled for Linux on arm64: empty the bundle cache and uv's, try again")


def _normal(name: str) -> str:
    """https://packaging.python.org/en/latest/specifications/name-normalization/"""
    return re.sub(r"[-_.]+", "-", name).lower()
