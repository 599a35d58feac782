"""Bundles and single files: their bytes, and the hash by which two are compared."""

from __future__ import annotations

import hashlib
import io
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from local.provider.errors import RefusedError
from local.wire import Archive, Asset

_EPOCH = (1980, 1, 1, 0, 0, 0)
_MODE = 0o644 << 16


def content(archive: Archive, root: Path) -> bytes:
    """The zip to upload: a file as it is, a folder or named assets as a reproducible zip.

    Relative paths start at `root`. Raises RefusedError for an archive that only its hash is left of.
    """
    if archive.path:
        path = root / archive.path
        if path.is_file():
            return path.read_bytes()
        if path.is_dir():
            return _zip({str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*") if file.is_file()})
        raise RefusedError(f"there is no bundle at {archive.path}: build it first")
    if archive.assets is not None:
        return _zip({name: _bytes(asset, root, name) for name, asset in archive.assets.items()})
    if archive.uri:
        raise RefusedError(f"the archive {archive.uri} is remote: only local files are read here")
    raise RefusedError("only the hash of this archive is left: give the program's own again")


def asset_content(asset: Asset, root: Path) -> bytes:
    """The bytes of one file. Raises RefusedError for one that isn't there, or that only its hash is left of."""
    if asset.path:
        path = root / asset.path
        if not path.is_file():
            raise RefusedError(f"there is no file at {asset.path}")
        return path.read_bytes()
    if asset.text is not None:
        return asset.text.encode()
    raise RefusedError(f"the file {asset.uri or 'of which only the hash is left'} is not on this machine")


def digest(given: Archive | Asset, root: Path) -> str:
    """SHA-256, in hex, of what `content` or `asset_content` answers; the engine's own hash where it sent one.

    A file is hashed as raw bytes, as the official engine does
    (https://github.com/pulumi/pulumi/blob/master/sdk/go/common/resource/archive/archive.go).
    """
    if given.hash:
        return given.hash
    found = content(given, root) if isinstance(given, Archive) else asset_content(given, root)
    return hashlib.sha256(found).hexdigest()


def hashed(value: Any, root: Path) -> Any:
    """`value` with the hash written into each archive and file, as a state holds them."""
    if isinstance(value, Archive | Asset):
        return replace(value, hash=digest(value, root))
    if isinstance(value, dict):
        return {key: hashed(child, root) for key, child in value.items()}
    return value


def _bytes(asset: Any, root: Path, name: str) -> bytes:
    if isinstance(asset, Asset):
        return asset_content(asset, root)
    raise RefusedError(f"{name} in the archive is neither a file nor a text")


def _zip(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.external_attr = _MODE
            entry.compress_type = zipfile.ZIP_DEFLATED
            bundle.writestr(entry, files[name])
    return buffer.getvalue()
