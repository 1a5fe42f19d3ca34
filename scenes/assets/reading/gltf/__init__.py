"""Reads glTF 2.0 files: triangles with node transforms, base colours and textures."""
