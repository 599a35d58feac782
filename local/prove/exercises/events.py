"""Exercises of the event log."""

from __future__ import annotations

from local.prove.exercise import Exercise
from local.tour import events

EXERCISES = (Exercise(name="events.sum-up", needs="events_replay", run=events.visit),)
