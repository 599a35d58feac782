"""A walk through the deployed system: each pattern does one real job and says what just happened."""

from .walk import TourError, take

__all__ = ["TourError", "take"]
