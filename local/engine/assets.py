"""The hash by which a file or bundle in a property is compared with the one in the state.

A file and an archive file hash as their bytes, as the official engine does it. A folder, or an archive made of several
assets, hashes as the sorted list of its members: the official engine hashes a tar of them, so bundles that both
engines should call unchanged are archive files.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

from local.engine.errors import EngineError, UnsupportedError
from local.wire import Archive, Asset, Secret


def hashed(value: Any, root: Path) -> Any:
    """`value` with the hash of every asset and archive inside it; relative paths begin at `root`.

    Raises EngineError when a file can't be read.
    """
    match value:
        case dict():
            return {key: hashed(child, root) for key, child in value.items()}
        case list():
            return [hashed(child, root) for child in value]
        case Secret(inner):
            return Secret(hashed(inner, root))
        case Asset():
            return replace(value, hash=_asset(value, root))
        case Archive():
            members = None if value.assets is None else hashed(value.assets, root)
            return replace(value, assets=members, hash=_archive(value, root))
    return value


def _asset(asset: Asset, root: Path) -> str:
    if asset.uri:
        raise UnsupportedError(f"the remote asset {asset.uri}")
    if asset.text is not None:
        return hashlib.sha256(asset.text.encode()).hexdigest()
    return _file(root / asset.path) if asset.path else asset.hash


def _archive(archive: Archive, root: Path) -> str:
    if archive.uri:
        raise UnsupportedError(f"the remote archive {archive.uri}")
    if archive.assets is not None:
        return _members({name: _member(asset, root) for name, asset in archive.assets.items()})
    path = root / archive.path
    if archive.path and path.is_dir():
        files = (file for file in path.rglob("*") if file.is_file())
        return _members({file.relative_to(path).as_posix(): _file(file) for file in files})
    return _file(path) if archive.path else archive.hash


def _member(value: Any, root: Path) -> str:
    return _archive(value, root) if isinstance(value, Archive) else _asset(value, root)


def _members(digests: dict[str, str]) -> str:
    listing = "\n".join(f"{digest}  {name}" for name, digest in sorted(digests.items()))
    return hashlib.sha256(listing.encode()).hexdigest()


def _file(path: Path) -> str:
    try:
        with path.open("rb") as data:
            return hashlib.file_digest(data, "sha256").hexdigest()
    except OSError as error:
        raise EngineError(f"the asset {path} can't be read: {error.strerror}") from error
