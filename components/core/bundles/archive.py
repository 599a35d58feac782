"""A zip whose bytes depend on nothing but its content."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

from .errors import BundleError

MAX_UNZIPPED_BYTES = 250 * 1024**2
MAX_ZIPPED_BYTES = 50 * 1024**2
"""What Lambda takes, unzipped and in a direct upload.

https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html#function-configuration-deployment-and-execution
"""

_EPOCH = (1980, 1, 1, 0, 0, 0)
_UNIX, _MODE, _LEVEL = 3, 0o100644, 9


def write(path: Path, files: Mapping[str, bytes | Path]) -> None:
    """Write `files`, by their path in the zip, to `path`, which appears only when it is complete.

    The same files give the same bytes on every machine with the same zlib. Raises BundleError over Lambda's limits.
    """
    size = sum(len(content) if isinstance(content, bytes) else content.stat().st_size for content in files.values())
    if size > MAX_UNZIPPED_BYTES:
        raise BundleError(f"{size:,} bytes unzipped; Lambda takes {MAX_UNZIPPED_BYTES:,}: use a container image")
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".zip-") as folder:
        draft = Path(folder, path.name)
        with zipfile.ZipFile(draft, "w") as archive:
            for name in sorted(files):
                content = files[name]
                archive.writestr(
                    _entry(name), content if isinstance(content, bytes) else content.read_bytes(), compresslevel=_LEVEL
                )
        zipped = draft.stat().st_size
        if zipped > MAX_ZIPPED_BYTES:
            raise BundleError(
                f"{zipped:,} bytes zipped; Lambda takes {MAX_ZIPPED_BYTES:,} directly: use fewer packages"
            )
        draft.replace(path)


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.create_system = _UNIX
    entry.external_attr = _MODE << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry
