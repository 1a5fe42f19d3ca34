"""Supported mesh formats and size limits for files from users, both for import and for `path:` settings."""

SUFFIXES = (".obj", ".stl", ".ply", ".off", ".glb", ".gltf", ".dae", ".3mf", ".urdf")
"""Suffixes of mesh files."""

MAX_FACES = 500_000
MAX_MATERIALS = 2_000
"""Largest number of groups of faces with a material of their own; each is prepared by itself."""
MAX_NODES = 100_000
"""Largest number of nodes of a glTF file."""
MAX_FILE_BYTES = 200 * 1024 * 1024
MAX_IMAGE_PX = 50_000_000
MAX_TEXTURE_PX = 1024
"""Largest width and height of a texture in pixels; larger ones are scaled down."""
MAX_PARTS = 16
"""Largest number of parts of a mesh.

PyBullet supports this many visual shapes per body; more are not drawn or crash the process.
"""
