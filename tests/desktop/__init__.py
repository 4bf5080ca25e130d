"""Drives the real window on a display of its own: keys, clicks, pictures, and files dropped from another program."""
