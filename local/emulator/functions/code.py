"""A function's code on disk, unpacked once for all its processes."""

from __future__ import annotations

import hashlib
import io
import os
import tempfile
import threading
import zipfile
from pathlib import Path

FUNCTION_PREFIX = "ministack-lambda-"
"""How every folder begins that belongs to a function; the manager knows leftover processes by it."""

_lock = threading.Lock()


def unpack(archive: bytes) -> Path:
    """The folder that holds the unpacked `archive`. It is shared: on AWS, too, a function can't write to its code."""
    folder = Path(tempfile.gettempdir()) / f"{FUNCTION_PREFIX}code" / hashlib.sha256(archive).hexdigest()
    with _lock:
        if not folder.exists():
            folder.parent.mkdir(parents=True, exist_ok=True)
            unfinished = Path(tempfile.mkdtemp(dir=folder.parent))
            _extract(archive, unfinished)
            unfinished.rename(folder)
    return folder


def _extract(archive: bytes, folder: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(archive)) as bundle:
        for entry in bundle.infolist():
            path = bundle.extract(entry, folder)  # keeps within the folder whatever the entry is called
            mode = entry.external_attr >> 16 & 0o777
            if mode and not entry.is_dir():
                os.chmod(path, mode)  # noqa: PTH101 - extract returns a str; zipfile itself drops the modes
