"""One real job through the deployed system: upload a poster, wait for its renditions, show them."""

from __future__ import annotations

import time
import zipfile
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import pyvips
from rich.console import Console
from rich.table import Table

from examples.poster import make_poster
from local import browse
from local.settings import Settings

FILENAME = "poster.png"
PATIENCE_S = 60
_UNCUT = 1000
"""Columns: an address that is cut can't be opened."""


class JobError(Exception):
    """The job did not end as it should; the message says where it stopped and what to look at."""


@dataclass(frozen=True, kw_only=True)
class Rendition:
    """What one converter made of the upload."""

    name: str
    url: str
    size: int
    content: str


def run(outputs: dict[str, Any], settings: Settings, console: Console) -> None:
    """Upload a poster and print its renditions. Raises JobError when one is missing after `PATIENCE_S` seconds."""
    picture = make_poster()
    with console.status("uploading a poster"):
        upload = _upload(outputs["api_url"], picture, settings)
    console.print(f"uploaded [bold]{FILENAME}[/] ({_size(len(picture))}, {_describe('png', picture)}) as {upload}")
    urls = {name: url.replace("{upload}", upload) for name, url in outputs["posters_renditions"].items()}
    with console.status(f"waiting for {len(urls)} renditions"):
        renditions = _await(urls, settings)
    Console(width=_UNCUT).print(_table(renditions, settings))
    front = browse.address_here(outputs["front_url"], settings)
    console.print(f"the front, to do the same by hand: {front}/", soft_wrap=True)


def _upload(api_url: str, picture: bytes, settings: Settings) -> str:
    """Ask the API for a form and post the picture with it; returns the upload's key without its prefix."""
    answer = browse.post(f"{api_url}/uploads", {"filename": FILENAME}, settings)
    if answer.status != 200:
        raise JobError(f"{api_url}/uploads gave no form but {answer.status} {answer.data.decode()}; see `make logs`")
    form = answer.json()
    response = browse.upload(form, FILENAME, picture)
    if response.status >= 300:
        raise JobError(f"the upload was refused with {response.status}: {response.data.decode(errors='replace')[:500]}")
    return form["key"].partition("/")[2]


def _await(urls: dict[str, str], settings: Settings) -> list[Rendition]:
    found: dict[str, Rendition] = {}
    deadline = time.monotonic() + PATIENCE_S
    while len(found) < len(urls):
        for name in urls.keys() - found.keys():
            response = browse.get(urls[name], settings)
            if response.headers.get("Content-Type") == "application/problem+json":
                raise JobError(f"the upload has no {name}: {response.data.decode(errors='replace')}")
            if response.status == 200:
                content = _describe(urls[name].rpartition(".")[2], response.data)
                found[name] = Rendition(name=name, url=urls[name], size=len(response.data), content=content)
        if time.monotonic() > deadline:
            missing = ", ".join(sorted(urls.keys() - found.keys()))
            raise JobError(f"no {missing} after {PATIENCE_S} s; see `make logs`, and the dead-letter queues")
        time.sleep(0.1)
    return [found[name] for name in urls]


def _table(renditions: list[Rendition], settings: Settings) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("rendition", no_wrap=True)
    table.add_column("size", justify="right", no_wrap=True)
    table.add_column("content", no_wrap=True)
    table.add_column("URL", no_wrap=True)
    for one in renditions:
        table.add_row(one.name, _size(one.size), one.content, browse.address_here(one.url, settings))
    return table


def _describe(extension: str, content: bytes) -> str:
    if extension == "zip":
        with zipfile.ZipFile(BytesIO(content)) as archive:
            return ", ".join(f"{entry.filename} ({_size(entry.file_size)})" for entry in archive.infolist())
    image: Any = pyvips.Image.new_from_buffer(content, "")
    return f"{image.width}×{image.height} pixels"


def _size(number: int) -> str:
    return f"{number / 1024:,.1f} KiB"
