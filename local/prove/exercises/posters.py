"""Exercises of the fan-out converter."""

from __future__ import annotations

from local.prove.exercise import Exercise
from local.tour import posters

EXERCISES = (Exercise(name="posters.convert", needs="posters_renditions", run=posters.visit),)
