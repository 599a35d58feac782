"""Lambda bundles: one reproducible zip a handler and platform."""

from .build import bundle, bundle_of
from .errors import BundleError
from .packages import Platform

__all__ = ["BundleError", "Platform", "bundle", "bundle_of"]
