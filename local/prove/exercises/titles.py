"""Exercises of the workflow that finds titles."""

from __future__ import annotations

from local.prove.exercise import Exercise
from local.tour import titles

EXERCISES = (Exercise(name="titles.publish", needs="titles_uploads", run=titles.visit),)
