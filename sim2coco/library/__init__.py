"""Imports folders of user meshes into libraries of cleaned, measured and tested assets."""
