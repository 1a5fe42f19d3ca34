"""The solid represented by a mesh surface: its volume and centre of mass."""

from dataclasses import dataclass

import numpy as np

from scenes.assets.centroid import center_of_mass
from scenes.assets.mesh import Mesh
from scenes.assets.pieces import Array
from scenes.assets.surface import doubled, patches_of

SHEET_M = 0.001
"""Assumed thickness, in metres, of surfaces that enclose no volume, such as leaves and paper."""


@dataclass(frozen=True, slots=True, eq=False)
class Solid:
    """The solid represented by a surface.

    Attributes:
        volume_m3: The enclosed volume, without cavities and with holes closed. Parts of the surface that
            enclose no volume count as sheets of thickness `SHEET_M`.
        center_m: (3,) centre of mass.
        doubled: Number of duplicate triangles, which count only once.
        turned: Number of triangles that face inward or disagree with their neighbours' orientation.
    """

    volume_m3: float
    center_m: Array
    doubled: int
    turned: int

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes on triangles that were ignored or flipped."""
        told = (
            (self.doubled, "faces occur twice; each counts once for the mass"),
            (
                self.turned,
                "faces point inward or opposite to their neighbours; they are flipped for the mass",
            ),
        )
        return tuple(f"{number:,} {what}" for number, what in told if number)


def solid_of(mesh: Mesh) -> Solid:
    """Computes the solid represented by a mesh, whatever the orientation of its triangles."""
    if mesh.is_plain_solid:
        return Solid(mesh.volume_m3, mesh.center_of_mass_m, 0, 0)
    corners, corner_of = mesh.vertices_m[mesh.faces], mesh.merged_faces
    double = doubled(corner_of)
    patches = patches_of(corners[~double], corner_of[~double])
    low, extents_m = mesh.vertices_m.min(axis=0), mesh.extents_m
    enclosed_m3 = min(float(patches.volumes[patches.solid].sum()), float(np.prod(extents_m)))
    sheets_m2 = float(patches.areas[~patches.solid].sum())
    if enclosed_m3 <= 0 and not sheets_m2:
        sheets_m2 = float(patches.areas.sum())
    center_m = low + extents_m / 2 + center_of_mass(patches.corners, extents_m, patches.closed)
    volume_m3 = max(enclosed_m3, 0.0) + SHEET_M * sheets_m2
    return Solid(volume_m3, center_m, int(double.sum()), int(patches.turned.sum()))
