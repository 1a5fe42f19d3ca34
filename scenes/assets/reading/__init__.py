"""Reads the files that people bring: meshes of every format, their units, axes and textures; and images."""
