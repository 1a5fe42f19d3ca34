"""Writes a realistic mixed folder of twenty meshes: seven formats, four units, some with colours.

python docs/mixed_meshes.py meshes
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import trimesh
from PIL import Image
from trimesh.visual import TextureVisuals
from trimesh.visual.material import PBRMaterial, SimpleMaterial

from scenes.assets.shapes import SHAPES
from scenes.assets.srgb import SRGB_TO_LINEAR
from scenes.assets.textures import texture

# category, file, shape, longest side in metres, units per metre, colour or texture
MESHES = (
    ("bolts", "m8.stl", "bolt", 0.06, 1000, None),
    ("bolts", "m8_long.stl", "bolt", 0.09, 1000, None),
    ("bolts", "m10.obj", "bolt", 0.07, 1000, "steel"),
    ("bolts", "m12.ply", "bolt", 0.08, 1000, None),
    ("nuts", "m8.3mf", "nut", 0.025, 1000, None),
    ("nuts", "m10.3mf", "nut", 0.030, 1000, None),
    ("nuts", "m12.off", "nut", 0.036, 1000, None),
    ("brackets", "left.dae", "bracket", 0.09, 1, "steel"),
    ("brackets", "right.glb", "bracket", 0.09, 1, "red"),
    ("brackets", "old.stl", "bracket", 0.10, 1 / 0.0254, None),
    ("pipes", "short.obj", "tube", 0.08, 100, "copper"),
    ("pipes", "long.obj", "tube", 0.16, 100, "copper"),
    ("pipes", "ring.glb", "torus", 0.10, 1, "copper"),
    ("boxes", "printed.glb", "box", 0.10, 1, "printed"),
    ("boxes", "printed_small.obj", "box", 0.06, 100, "printed"),
    ("boxes", "plain.ply", "box", 0.08, 1, "rainbow"),
    ("blocks", "wedge.stl", "wedge", 0.08, 1000, None),
    ("blocks", "prism.off", "prism", 0.07, 1, None),
    ("blocks", "cone.ply", "cone", 0.08, 1, "rainbow"),
    ("blocks", "dome.dae", "capsule", 0.09, 1, "red"),
)
COLORS = {"steel": (150, 155, 165, 255), "red": (190, 40, 35, 255), "copper": (190, 110, 60, 255)}


def main(folder: Path) -> None:
    """Writes all meshes, and some files that are not meshes."""
    for category, file, shape, size_m, units_a_metre, look in MESHES:
        path = folder / category / file
        path.parent.mkdir(parents=True, exist_ok=True)
        mesh = _mesh(shape, look, is_linear=path.suffix == ".glb")
        mesh.apply_scale(size_m / float(mesh.extents.max()) * units_a_metre)
        if path.suffix == ".glb":  # in glTF files y is up
            mesh.apply_transform(np.array([[1, 0, 0, 0], [0, 0, 1, 0], [0, -1, 0, 0], [0, 0, 0, 1.0]]))
        if path.suffix == ".obj":
            content: Any = mesh.export(path, mtl_name=f"{path.stem}.mtl")
        else:
            content = mesh.export(path)
        del content
    (folder / ".DS_Store").write_bytes(b"")
    (folder / "bolts" / "Thumbs.db").write_bytes(b"")


def _mesh(shape: str, look: str | None, is_linear: bool) -> trimesh.Trimesh:
    """A shape with a look; glTF files hold linear colours."""
    made = SHAPES[shape](1.0)
    mesh = trimesh.Trimesh(made.vertices_m, made.faces, vertex_normals=made.parts[0].normals, process=False)
    visuals: Any = TextureVisuals
    if look == "printed":
        image = Image.fromarray(texture("checker", np.random.Generator(np.random.PCG64(3))))
        image = image.resize((256, 256))
        mesh.visual = visuals(
            uv=made.parts[0].uvs, material=_material(SimpleMaterial, image=image, diffuse=[255] * 4)
        )
    elif look == "rainbow":
        low, high = mesh.bounds
        colors = np.rint(255 * (mesh.vertices - low) / (high - low))
        mesh.visual.vertex_colors = np.column_stack([colors, np.full(len(colors), 255)]).astype(np.uint8)
    elif look is not None:
        color = np.array(COLORS[look], np.uint8)
        if is_linear:
            color[:3] = np.rint(255 * SRGB_TO_LINEAR[color[:3]])
        mesh.visual = visuals(uv=made.parts[0].uvs, material=_material(PBRMaterial, baseColorFactor=color))
    return mesh


def _material(kind: Any, **facts: Any) -> Any:
    return kind(**facts)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
