"""Where the Chromium for the browser tests is. `python -m local.browser` prints it, or fails."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome")


def chromium() -> str | None:
    """Path of a Chromium on PATH, or of the one that Playwright installed; None where there is neither."""
    for name in _NAMES:
        if found := shutil.which(name):
            return found
    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    return own if Path(own).is_file() else None


if __name__ == "__main__":
    path = chromium()
    print(path or "no Chromium", file=sys.stdout if path else sys.stderr)
    sys.exit(0 if path else 1)
