"""Sottovoce turns speech into text on your own computer."""

__version__ = "0.1.0"
