"""Reads the files that people bring: meshes of every format with their units, axes and textures, and images."""
