"""Exercises of the waiting room."""

from __future__ import annotations

from local.prove.exercise import Exercise
from local.tour import room

EXERCISES = (Exercise(name="room.admit", needs="room_controller", run=room.visit, alone=True),)
