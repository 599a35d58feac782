"""What goes into a Lambda bundle, that its bytes are the same everywhere, and what is refused.

The packages here are wheels made by the tests, so that nothing comes from an index; two tests use the real handlers.
"""

from __future__ import annotations

import base64
import hashlib
import os
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from components.core.bundles import BundleError, Platform, archive, bundle, bundle_of
from components.core.bundles.build import source_root
from local.settings import REPO, Settings

HANDLER = "handlers.shop.order"
ARM64, X86_64 = (183).to_bytes(2, "little"), (62).to_bytes(2, "little")
SOURCES = {
    "handlers/__init__.py": "",
    "handlers/common.py": "import json\n",
    "handlers/other/__init__.py": "",
    "handlers/other/unused.json": "{}",
    "handlers/other/unused.py": "import nothing_at_all\n",
    "handlers/shop/__init__.py": "",
    "handlers/shop/order.v1.json": '{"type": "object"}',
    "handlers/shop/order.py": """
        from typing import TYPE_CHECKING
        import boto3
        from handlers.shop import prices
        from handlers.common import json
        if TYPE_CHECKING:
            from mypy_boto3_s3 import S3Client
        def handler(event, context):
            import spoon.deep
    """,
    "handlers/shop/prices.py": "RATE = 2\n",
}


def elf(machine: bytes) -> bytes:
    return b"\x7fELF" + bytes(14) + machine + bytes(44)


def wheel(folder: Path, name: str, files: dict[str, bytes], *, requires: str = "", tag: str = "py3-none-any") -> str:
    """Write a wheel; the line that locks it."""
    info = f"{name}-1.0.dist-info"
    needs = f"Requires-Dist: {requires}\n" if requires else ""
    content = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{needs}".encode(),
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: false\nTag: {tag}\n".encode(),
        f"{info}/licenses/LICENSE": b"free",
    }
    rows = [
        f"{path},sha256={base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b'=').decode()},{len(data)}"
        for path, data in content.items()
    ]
    content[f"{info}/RECORD"] = "\n".join([*rows, f"{info}/RECORD,,"]).encode()
    path = folder / f"{name}-1.0-{tag}.whl"
    with zipfile.ZipFile(path, "w") as packed:
        for member, data in content.items():
            packed.writestr(member, data)
    return f"{name}==1.0 --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where uv finds wheels, and nowhere else."""
    folder = tmp_path / "shelf"
    folder.mkdir()
    for variable, value in {"UV_NO_INDEX": "1", "UV_FIND_LINKS": str(folder), "UV_NO_CONFIG": "1"}.items():
        monkeypatch.setenv(variable, value)
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    return folder


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = text.strip("\n").splitlines()
        indent = len(lines[0]) - len(lines[0].lstrip()) if lines else 0
        path.write_text("".join(f"{line[indent:]}\n" for line in lines))
    return root


@pytest.fixture
def project(tmp_path: Path, shelf: Path) -> Path:
    """A handler that imports one package, which needs another; a third is locked and not imported."""
    spoon = {
        "spoon/__init__.py": b"",
        "spoon/deep.py": b"DEPTH = 1\n",
        "spoon/deep.pyi": b"DEPTH: int\n",
        "spoon/tests/test_deep.py": b"",
    }
    lock = wheel(shelf, "spoon", spoon, requires="Soup.Bowl>=1; python_version>'3'")
    lock += wheel(shelf, "soup_bowl", {"soup.py": b"HOT = True\n"})
    lock += wheel(shelf, "fork", {"fork.py": b""})
    return write(tmp_path / "project", {**SOURCES, "handlers/shop/requirements.lock": lock})


def build(project: Path, cache: Path, platform: Platform = Platform.HOST) -> Path:
    return bundle(HANDLER, platform, source_root=project, cache=cache)


def names(path: Path) -> list[str]:
    with zipfile.ZipFile(path) as archive:
        return archive.namelist()


def test_a_bundle_holds_what_the_handler_imports_and_no_more(project: Path, tmp_path: Path) -> None:
    assert names(build(project, tmp_path / "cache")) == [
        "handlers/__init__.py",
        "handlers/common.py",
        "handlers/shop/__init__.py",
        "handlers/shop/order.py",
        "handlers/shop/order.v1.json",
        "handlers/shop/prices.py",
        "soup.py",
        "soup_bowl-1.0.dist-info/METADATA",
        "soup_bowl-1.0.dist-info/licenses/LICENSE",
        "spoon-1.0.dist-info/METADATA",
        "spoon-1.0.dist-info/licenses/LICENSE",
        "spoon/__init__.py",
        "spoon/deep.py",
    ]


def test_the_bytes_are_the_same_from_other_folders_umasks_and_time_zones(project: Path, tmp_path: Path) -> None:
    program = (
        "import os, sys, pathlib; os.umask(int(sys.argv[1], 8))\n"
        "from components.core.bundles import bundle, Platform\n"
        "root, cache = pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])\n"
        f"print(bundle({HANDLER!r}, Platform.HOST, source_root=root, cache=cache))\n"
    )
    found = []
    for number, (umask, zone) in enumerate([("022", "UTC"), ("077", "Asia/Tokyo")]):
        root = tmp_path / f"copy-{number}" / ("deeper" * number)
        for path in sorted(project.rglob("*"), reverse=bool(number)):
            if path.is_file():
                (root / path.relative_to(project)).parent.mkdir(parents=True, exist_ok=True)
                (root / path.relative_to(project)).write_bytes(path.read_bytes())
        done = subprocess.run(
            [sys.executable, "-c", program, umask, str(root), str(tmp_path / f"cache-{number}")],
            env={**os.environ, "TZ": zone},
            cwd=REPO,
            capture_output=True,
            text=True,
            check=True,
        )
        found.append(Path(done.stdout.strip()))
    assert found[0] != found[1]
    assert hashlib.sha256(found[0].read_bytes()).digest() == hashlib.sha256(found[1].read_bytes()).digest()


def test_every_file_is_readable_by_all_and_dated_1980(project: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(build(project, tmp_path / "cache")) as opened:
        assert {(one.date_time, one.external_attr >> 16) for one in opened.infolist()} == {
            ((1980, 1, 1, 0, 0, 0), 0o100644)
        }


def test_the_second_bundle_is_the_first_and_needs_no_package_index(
    project: Path, tmp_path: Path, shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = build(project, tmp_path / "cache")
    made = first.stat().st_mtime_ns
    monkeypatch.setenv("UV_FIND_LINKS", str(tmp_path / "nowhere"))
    assert build(project, tmp_path / "cache") == first
    assert first.stat().st_mtime_ns == made


def test_a_changed_handler_is_bundled_anew_with_the_packages_that_are_there(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = build(project, tmp_path / "cache")
    monkeypatch.setenv("UV_FIND_LINKS", str(tmp_path / "nowhere"))
    (project / "handlers/shop/prices.py").write_text("RATE = 3\n")
    assert build(project, tmp_path / "cache") != first


def test_a_change_elsewhere_changes_nothing(project: Path, tmp_path: Path) -> None:
    first = build(project, tmp_path / "cache")
    (project / "handlers/other/unused.py").write_text("import something_else\n")
    assert build(project, tmp_path / "cache") == first


def test_builders_at_once_make_one_bundle(project: Path, tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        paths = {done.result() for done in [pool.submit(build, project, tmp_path / "cache") for _ in range(4)]}
    (path,) = paths
    assert zipfile.ZipFile(path).testzip() is None
    assert sorted(one.name for one in (tmp_path / "cache/bundles").iterdir()) == [path.name]
    assert len(list((tmp_path / "cache/deps").iterdir())) == 1


def test_a_platform_gets_its_own_binaries(project: Path, tmp_path: Path, shelf: Path) -> None:
    tag = "cp313-cp313-manylinux_2_28_aarch64"
    line = wheel(shelf, "knife", {"knife.cpython-313-aarch64-linux-gnu.so": elf(ARM64)}, tag=tag)
    write(project, {"handlers/shop/order.py": "import knife\ndef handler(event, context): ...\n"})
    (project / "handlers/shop/requirements.lock").write_text(line)
    assert "knife.cpython-313-aarch64-linux-gnu.so" in names(build(project, tmp_path / "cache", Platform.AWS))
    with pytest.raises(BundleError, match="uv could not install"):
        build(project, tmp_path / "cache", Platform.HOST)


def test_a_binary_of_another_machine_is_refused_for_aws(project: Path, tmp_path: Path, shelf: Path) -> None:
    line = wheel(shelf, "knife", {"knife/blade.so.42": elf(X86_64), "knife/__init__.py": b""})
    write(project, {"handlers/shop/order.py": "import knife\ndef handler(event, context): ...\n"})
    (project / "handlers/shop/requirements.lock").write_text(line)
    with pytest.raises(BundleError, match=r"blade\.so\.42 is not compiled for Linux on arm64"):
        build(project, tmp_path / "cache", Platform.AWS)


def test_a_package_with_another_hash_is_refused(project: Path, tmp_path: Path, shelf: Path) -> None:
    wheel(shelf, "fork", {"fork.py": b"TAMPERED = True\n"})
    with pytest.raises(BundleError, match=r"(?s)uv could not install .*[Hh]ash"):
        build(project, tmp_path / "cache")


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("import pulumi\ndef handler(event, context): ...", "imports pulumi: a handler runs without the program"),
        ("from . import prices\ndef handler(event, context): ...", "order:1: write relative imports in full"),
        ("import ladle\ndef handler(event, context): ...", "nothing in the lock file provides ladle"),
        ("import handlers.shop.nothing\ndef handler(event, context): ...", "handlers.shop.nothing: there is no such"),
        ("handler = 1", "defines no function `handler`"),
    ],
)
def test_what_can_not_run_is_refused_by_name(project: Path, tmp_path: Path, source: str, complaint: str) -> None:
    write(project, {"handlers/shop/order.py": source})
    with pytest.raises(BundleError, match=complaint):
        build(project, tmp_path / "cache")


def test_a_package_without_a_lock_file_is_refused(project: Path, tmp_path: Path) -> None:
    (project / "handlers/shop/requirements.lock").unlink()
    with pytest.raises(BundleError, match="imports spoon, and there is no"):
        build(project, tmp_path / "cache")


@pytest.mark.parametrize("limit", ["MAX_UNZIPPED_BYTES", "MAX_ZIPPED_BYTES"])
def test_a_bundle_that_lambda_would_not_take_is_refused(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.setattr(archive, limit, 100)
    with pytest.raises(BundleError, match="Lambda takes 100"):
        build(project, tmp_path / "cache")
    assert list((tmp_path / "cache/bundles").iterdir()) == []


@pytest.mark.parametrize("handler", ["thumbnail", "zip"])
def test_a_converter_runs_out_of_its_bundle_alone(
    handler: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.fake_aws import ENVIRONMENT

    monkeypatch.setenv("SERVICEFUL_CACHE", str(Settings.from_environment().cache))
    path = bundle_of(f"handlers.convert.{handler}", Platform.HOST)
    with zipfile.ZipFile(path) as opened:
        opened.extractall(tmp_path)
    # boto3 is what Lambda has; everything else must come out of the bundle.
    import boto3

    runtime = tmp_path / "runtime"
    runtime.mkdir()
    for name in ("boto3", "botocore", "s3transfer", "urllib3", "dateutil", "six.py"):
        (runtime / name).symlink_to(Path(boto3.__file__).parents[1] / name)
    program = (
        f"import sys; sys.path[:0] = [{str(tmp_path)!r}, {str(runtime)!r}]; import handlers.convert.{handler} as it\n"
        "outside = [m for m in ('pyvips', 'aws_lambda_powertools', 'jmespath', 'handlers') if m in sys.modules\n"
        f"           and not sys.modules[m].__file__.startswith({str(tmp_path)!r})]\n"
        "print(it.handler.__name__, outside, 'pulumi' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program], env=ENVIRONMENT, capture_output=True, text=True, check=False
    )
    assert (done.stdout.strip(), done.returncode) == ("handler [] False", 0), done.stderr


@pytest.mark.slow
def test_the_thumbnail_of_aws_carries_libvips_for_arm64() -> None:
    cache = Settings.from_environment().cache
    path = bundle("handlers.convert.thumbnail", Platform.AWS, source_root=REPO, cache=cache)
    with zipfile.ZipFile(path) as opened:
        libraries = {one: opened.read(one) for one in opened.namelist() if ".so" in one}
        tops = {one.split("/")[0].split("-")[0] for one in opened.namelist()}
    assert {one.split("-")[0] for one in libraries} >= {"_cffi_backend.cpython", "pyvips_binary.libs/libvips"}
    assert {data[18:20] for data in libraries.values()} == {ARM64}
    assert not tops & {"boto3", "botocore", "pulumi"}


def test_the_upload_form_needs_no_image_library() -> None:
    cache = Settings.from_environment().cache
    path = bundle("handlers.uploads.form", Platform.HOST, source_root=REPO, cache=cache)
    assert not [one for one in names(path) if one.startswith(("pyvips", "cffi", "_libvips"))]
    assert path.stat().st_size < 1_500_000


def test_the_handlers_are_found_beside_the_components() -> None:
    assert source_root() == REPO
