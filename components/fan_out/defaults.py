"""Default settings of the FanOutConverter. `docs/fan-out.md` lists the same, and a test holds the two equal."""

from __future__ import annotations

from typing import Final

UPLOADS_PREFIX: Final = "uploads/"
"""Where uploads arrive in their bucket."""

MAX_UPLOAD_MB: Final = 100
"""Largest accepted upload, in MiB."""

MAX_MEGAPIXELS: Final = 50
"""Largest image that is decoded, in millions of pixels; so many take up to 782 MiB (AVIF, the hungriest)."""

FORM_EXPIRES_S: Final = 300
"""How long an upload form is valid, in seconds."""

UPLOAD_ORIGINS: Final = ("*",)
"""Pages that may send an upload form by script."""

FORM_MEMORY_MB: Final = 256
FORM_TIMEOUT_S: Final = 10

BATCH: Final = 5
"""Messages a call of a converter gets at most."""

ATTEMPTS: Final = 5
"""Deliveries of a message before it goes to the dead-letter queue."""

MAX_CONCURRENCY: Final = 10
"""Calls of one converter at once."""

THUMBNAIL_MEMORY_MB: Final = 1024
THUMBNAIL_TIMEOUT_S: Final = 60
JPEG_MEMORY_MB: Final = 1769  # one full vCPU: docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
JPEG_TIMEOUT_S: Final = 60
ZIP_MEMORY_MB: Final = 512
ZIP_TIMEOUT_S: Final = 120
QUALITY: Final = 80
"""Quality of lossy formats, 1-100."""
