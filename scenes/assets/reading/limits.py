"""What is read of files that people made, and how much of it: the same by import and by `path:`."""

SUFFIXES = (".obj", ".stl", ".ply", ".off", ".glb", ".gltf", ".dae", ".3mf", ".urdf")
"""Of mesh files."""

MAX_FACES = 500_000
MAX_FILE_BYTES = 200 * 1024 * 1024
MAX_IMAGE_PX = 50_000_000
MAX_TEXTURE_PX = 1024
MAX_PARTS = 16
"""PyBullet keeps that many shapes of a body; more are lost, or end the process."""
