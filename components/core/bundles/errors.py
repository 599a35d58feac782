"""What can go wrong while bundling."""

from __future__ import annotations


class BundleError(Exception):
    """A handler can't be bundled. The message says which, why, and what to do."""
