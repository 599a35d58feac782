"""Bundles: bytes and hashes."""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path

import pytest

from local.provider.archives import content, digest, hashed
from local.provider.errors import RefusedError
from local.wire import Archive, Asset


def test_a_file_is_uploaded_and_hashed_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "bundle.zip").write_bytes(b"bytes")
    archive = Archive(path="bundle.zip")

    assert content(archive, tmp_path) == b"bytes"
    assert digest(archive, tmp_path) == hashlib.sha256(b"bytes").hexdigest()


def test_a_folder_and_named_assets_make_the_same_zip(tmp_path: Path) -> None:
    (tmp_path / "code" / "deep").mkdir(parents=True)
    (tmp_path / "code" / "a.py").write_text("a")
    (tmp_path / "code" / "deep" / "b.py").write_text("b")
    folder = Archive(path="code")
    assets = Archive(assets={"deep/b.py": Asset(path="code/deep/b.py"), "a.py": Asset(text="a")})

    assert content(folder, tmp_path) == content(assets, tmp_path)
    assert zipfile.ZipFile(io.BytesIO(content(folder, tmp_path))).namelist() == ["a.py", "deep/b.py"]


def test_the_engines_hash_wins_and_a_hash_alone_is_enough_to_compare(tmp_path: Path) -> None:
    assert digest(Archive(hash="abc"), tmp_path) == "abc"
    assert hashed({"code": Archive(path="gone.zip", hash="abc")}, tmp_path) == {
        "code": Archive(path="gone.zip", hash="abc")
    }


@pytest.mark.parametrize(
    "archive", [Archive(path="nowhere.zip"), Archive(uri="https://example.com/a.zip"), Archive(hash="abc")]
)
def test_what_cannot_be_read_is_refused_with_the_reason(archive: Archive, tmp_path: Path) -> None:
    with pytest.raises(RefusedError):
        content(archive, tmp_path)
