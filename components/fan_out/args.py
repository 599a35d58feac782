"""What a FanOutConverter is made of, and what it refuses."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..core.function import VISIBILITY_FACTOR
from ..core.naming import check_component_name
from ..core.pattern import NotYet, check_name, outside
from ..core.queue import DEAD_LETTERS, LONGEST_VISIBILITY_S
from . import defaults
from .converters import BUILT_IN, IMAGES, Converter

PAGE = "docs/fan-out.md"


@dataclass(frozen=True, kw_only=True)
class FanOutConverterArgs:
    """Arguments of a FanOutConverter. Values that decide names or permissions are plain Python."""

    converters: Sequence[Converter]
    """What to make of each upload: at least one; names are unique and output prefixes don't overlap."""

    max_upload_mb: int = defaults.MAX_UPLOAD_MB
    """Largest accepted upload, in MiB (1-5,120: a form's one PUT takes up to 5 GiB). The form refuses larger ones.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html"""

    max_megapixels: int = defaults.MAX_MEGAPIXELS
    """Largest image that is decoded, in millions of pixels (1-1,000)."""

    accept: Sequence[str] = IMAGES
    """Suffixes that the upload form accepts, in lower case."""

    form_expires_s: int = defaults.FORM_EXPIRES_S
    """How long an upload form is valid, in seconds (1-3,600).

    https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html"""

    upload_origins: Sequence[str] = defaults.UPLOAD_ORIGINS
    """Pages that may send a form by script, as `https://host`; by default any page, since a form carries its own
    permission and no cookie.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/cors.html"""

    physical_name: str | None = None
    """Pins the part of physical names that is otherwise the component's name, so that a rename changes nothing."""

    kms_key_arn: str | None = None
    """Customer key for buckets, queues and topic. Not available yet."""

    completion_bus_arn: str | None = None
    """Bus for one event when all renditions of an upload are made. Not available yet."""

    def check(self, name: str) -> None:
        """Refuse what can't work: raises ValueError with every problem, NotYet for what is to come."""
        where = f'FanOutConverter("{name}")'
        check_name("FanOutConverter", name, self.physical_name)
        for argument in ("kms_key_arn", "completion_bus_arn"):
            if getattr(self, argument):
                raise NotYet(where, argument, PAGE)
        for converter in self.converters:
            if not isinstance(converter, BUILT_IN):
                raise NotYet(where, f"a converter of one's own ({type(converter).__name__})", PAGE)
        problems = [*self._problems(), *self._converter_problems(), *self._overlaps()]
        if problems:
            raise ValueError(f"{where}: " + "; ".join(problems))

    def _problems(self) -> Iterator[str]:
        if not self.converters:
            yield "converters is empty; give at least one, such as Thumbnail(300, 300)"
        yield from outside("max_upload_mb", self.max_upload_mb, 1, 5120)
        yield from outside("max_megapixels", self.max_megapixels, 1, 1000)
        yield from outside("form_expires_s", self.form_expires_s, 1, 3600)
        if not self.upload_origins:
            yield "upload_origins is empty; give a page's https://host, or leave it out"
        if not self.accept:
            yield "accept is empty, so that nothing could be uploaded"
        for suffix in self.accept:
            if not suffix.startswith(".") or suffix != suffix.lower():
                yield f"accept holds {suffix!r}; suffixes begin with a dot and are in lower case"

    def _converter_problems(self) -> Iterator[str]:
        for converter in self.converters:
            try:
                check_component_name("name", converter.name)
            except ValueError as error:
                yield f"converter {error}"
            yield from (f"{converter.name}: {problem}" for problem in converter.problems())
            if converter.suffixes and not set(converter.suffixes) & set(self.accept):
                yield f"{converter.name} takes only {', '.join(converter.suffixes)}, none of which is accepted"
            if VISIBILITY_FACTOR * converter.timeout_s > LONGEST_VISIBILITY_S:
                yield f"{converter.name}: {VISIBILITY_FACTOR} timeouts are over SQS's longest visibility timeout, 12 h"
        own = {"form", *(f"{converter.name}{DEAD_LETTERS}" for converter in self.converters)}
        for name, count in Counter(converter.name for converter in self.converters).items():
            if name in own:
                yield f"a converter can't be named {name!r}, which is a part of the component; give it another name"
            if count > 1:
                yield f"{count} converters are named {name!r}; give each its own name"

    def _overlaps(self) -> Iterator[str]:
        for one, other in itertools.combinations(self.converters, 2):
            if one.name != other.name and (one.prefix.startswith(other.prefix) or other.prefix.startswith(one.prefix)):
                yield (
                    f"{one.name} and {other.name} write below {one.prefix!r} and {other.prefix!r}, "
                    "which overlap; give one another prefix"
                )
