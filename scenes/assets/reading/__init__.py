"""Reads user files: images, and meshes in all supported formats, including units, axes and textures."""
