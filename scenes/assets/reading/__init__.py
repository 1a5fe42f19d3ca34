"""Reads user files: images, and meshes in all supported formats with their units, axes and textures."""
