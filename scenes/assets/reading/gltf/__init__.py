"""Reads glTF 2.0 files: triangles with the transforms of their nodes, base colours and textures."""
