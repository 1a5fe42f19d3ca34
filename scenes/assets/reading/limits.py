"""Supported mesh formats and size limits of user files.

They are the same for meshes in `path:` settings and for meshes that are imported into a library.
"""

SUFFIXES = (".obj", ".stl", ".ply", ".off", ".glb", ".gltf", ".dae", ".3mf", ".urdf")
"""Suffixes of mesh files."""

MAX_FACES = 500_000
MAX_MATERIALS = 2_000
"""Largest number of face groups with their own material; each is prepared separately."""
MAX_NODES = 100_000
"""Largest number of nodes in a glTF file."""
MAX_FILE_BYTES = 200 * 1024 * 1024
MAX_IMAGE_PX = 50_000_000
MAX_TEXTURE_PX = 1024
"""Largest width and height of a texture in pixels; larger textures are downscaled."""
MAX_PARTS = 16
"""Largest number of parts of a mesh.

PyBullet supports this many visual shapes per body; more are not rendered or crash the process."""
