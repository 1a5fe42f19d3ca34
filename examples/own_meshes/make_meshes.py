"""Writes three meshes in millimetres, as CAD programs export them: a washer, a knob and a bar.

python examples/own_meshes/make_meshes.py meshes

It needs trimesh, which requirements.lock includes.
"""

import sys
from pathlib import Path

import trimesh

KNOB_MM = ((0, 0), (14, 0), (14, 8), (6, 12), (6, 20), (0, 20))
"""Half the knob's outline: distance from its axis, and height."""

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    trimesh.creation.annulus(r_min=6.5, r_max=12, height=2.5).export(folder / "washer.stl")
    trimesh.creation.revolve(KNOB_MM, sections=48).export(folder / "knob.obj")
    trimesh.creation.box(extents=(60, 12, 6)).export(folder / "bar.ply")
