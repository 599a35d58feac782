"""Property values in the state file: JSON, with secrets encrypted.

The shape is that of `pulumi stack export`
(https://github.com/pulumi/pulumi/blob/master/pkg/resource/stack/deployment.go).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from pulumi.runtime import rpc

from local.wire import SIGNATURE, UNKNOWN, Archive, Asset, Reference, Secret

_SECRET: Final = rpc._special_secret_sig
_ASSET: Final = rpc._special_asset_sig
_ARCHIVE: Final = rpc._special_archive_sig
_REFERENCE: Final = rpc._special_resource_sig

Seal = Callable[[str], str]
Open = Callable[[str], str]

REDACTED: Final = "[secret]"


def to_json(value: Any, seal: Seal) -> Any:
    """`value` as JSON; `seal` encrypts the JSON text of each secret. Raises ValueError for an unknown value."""
    match value:
        case dict():
            return {key: to_json(child, seal) for key, child in sorted(value.items())}
        case list():
            return [to_json(child, seal) for child in value]
        case Secret(inner):
            return {SIGNATURE: _SECRET, "ciphertext": seal(json.dumps(to_json(inner, str), separators=(",", ":")))}
        case Asset(path, text, uri, digest):
            return {SIGNATURE: _ASSET, **_present(hash=digest, text=text, path=path, uri=uri)}
        case Archive(path, assets, uri, digest):
            members = None if assets is None else to_json(assets, seal)
            return {SIGNATURE: _ARCHIVE, **_present(hash=digest, assets=members, path=path, uri=uri)}
        case Reference(urn, id_, version):
            identity = {} if id_ is None else {"id": id_}
            return {SIGNATURE: _REFERENCE, "urn": urn, "packageVersion": version, **identity}
        case _ if value is UNKNOWN:
            raise ValueError("a value that is known only after the update cannot be stored")
    return value


def from_json(value: Any, unseal: Open) -> Any:
    """Read back what `to_json` wrote; `unseal` decrypts."""
    if isinstance(value, list):
        return [from_json(child, unseal) for child in value]
    if not isinstance(value, dict):
        return value
    match value.get(SIGNATURE):
        case None:
            return {key: from_json(child, unseal) for key, child in value.items()}
        case sig if sig == _SECRET:
            text = value["plaintext"] if "plaintext" in value else unseal(value["ciphertext"])
            return Secret(from_json(json.loads(text), str))
        case sig if sig == _ASSET:
            return Asset(value.get("path", ""), value.get("text"), value.get("uri", ""), value.get("hash", ""))
        case sig if sig == _ARCHIVE:
            assets = from_json(value["assets"], unseal) if "assets" in value else None
            return Archive(value.get("path", ""), assets, value.get("uri", ""), value.get("hash", ""))
        case sig if sig == _REFERENCE:
            return Reference(value["urn"], value.get("id"), value.get("packageVersion", ""))
        case sig:
            raise ValueError(f"the state holds a value with the signature {sig!r}, which this engine doesn't know")


def shown(value: Any, *, secrets: bool = False) -> Any:
    """`value` for people and for scripts: plain JSON, secrets redacted unless `secrets`, unknown as None."""
    match value:
        case dict():
            return {key: shown(child, secrets=secrets) for key, child in value.items()}
        case list():
            return [shown(child, secrets=secrets) for child in value]
        case Secret(inner):
            return shown(inner, secrets=True) if secrets else REDACTED
        case Asset(path, text, uri, digest):
            return path or uri or (text if text is not None else digest)
        case Archive(path, assets, uri, digest):
            return path or uri or (sorted(assets) if assets else digest)
        case Reference(urn, id_, _):
            return id_ or urn
        case _ if value is UNKNOWN:
            return None
    return value


def holds_secret(value: Any) -> bool:
    """Whether JSON out of a state holds an encrypted value."""
    if isinstance(value, list):
        return any(holds_secret(child) for child in value)
    if isinstance(value, dict):
        return value.get(SIGNATURE) == _SECRET or any(holds_secret(child) for child in value.values())
    return False


def redacted(value: Any) -> Any:
    """JSON out of a state with each encrypted value as `[secret]`, without decrypting anything."""
    if isinstance(value, list):
        return [redacted(child) for child in value]
    if not isinstance(value, dict):
        return value
    return REDACTED if value.get(SIGNATURE) == _SECRET else {key: redacted(child) for key, child in value.items()}


def _present(**fields: Any) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if value is not None and value != ""}
