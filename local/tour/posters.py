"""Posters: one upload comes back in every format."""

from __future__ import annotations

from local import job
from local.tour.guide import Guide, TourError


def visit(guide: Guide) -> None:
    """The job of `make up`."""
    try:
        job.run(dict(guide.outputs), guide.settings, guide.console)
    except job.JobError as error:
        raise TourError(str(error)) from error
