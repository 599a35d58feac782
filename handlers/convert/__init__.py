"""Renditions of uploaded files: one module a converter, and what the converters share."""
