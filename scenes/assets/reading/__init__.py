"""Reads files from users: meshes in all supported formats with their units, axes and textures, and images."""
