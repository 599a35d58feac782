"""What the proof runs: the exercises of all patterns, a pattern's in their order."""

from local.prove.exercise import Exercise

from . import api, events, posters, room, titles

__all__ = ["EXERCISES"]

EXERCISES: tuple[Exercise, ...] = tuple(
    exercise for module in (posters, api, room, events, titles) for exercise in module.EXERCISES
)
