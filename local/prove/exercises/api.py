"""Exercises of the API."""

from __future__ import annotations

from local.prove.exercise import Exercise
from local.tour import api

EXERCISES = (Exercise(name="api.serve", needs="api_url", run=api.visit),)
