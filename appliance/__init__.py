"""Tajdeed: what runs on the stick, and, for `central` and `verify`, elsewhere."""

__version__ = "0.1.0"
