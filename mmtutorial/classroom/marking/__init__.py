"""Marking: many submitted notebooks, each tried in a process of its own; the verdict is found outside of it."""
