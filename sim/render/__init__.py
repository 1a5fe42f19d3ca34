"""Rendering: from a settled scene and a shot to an image."""
