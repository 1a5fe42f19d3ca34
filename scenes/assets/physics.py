"""Physical properties of a mesh: mass, centre of mass and extents."""

import numpy as np

from scenes.assets.catalogue import Asset, Standing
from scenes.assets.categories import Category
from scenes.assets.mesh import Mesh
from scenes.assets.paths import AssetPath
from scenes.assets.pieces import Array

DENSITY_KG_M3 = 600.0
"""Density of assets for which neither the settings nor a library give one, in kg/m³."""
MIN_MASS_KG, MAX_MASS_KG = 0.01, 50.0
"""Range to which masses computed from a density are clipped, in kg."""


def asset_of(name: str, category: Category, index: int | None, mesh: Mesh, content: str) -> Asset:
    """The asset of a mesh, with mass, centre of mass and extents.

    If the mesh is not watertight, its volume is taken as 0.3 times that of its bounding box.

    Args:
        name: Name of the asset, unique in a catalogue.
        category: Settings of its category.
        index: Index of the category, or None for a distractor.
        mesh: The mesh at scale 1.
        content: Identifier of the mesh that does not depend on its size; see `Asset.content`.
    """
    volume = mesh.volume_m3 if mesh.is_watertight else 0.3 * float(np.prod(mesh.extents_m))
    density_kg_m3 = category.density_kg_m3 or DENSITY_KG_M3
    mass_kg = category.mass_kg or float(np.clip(density_kg_m3 * volume, MIN_MASS_KG, MAX_MASS_KG))
    low, high = category.size_m or (1.0, 1.0)
    center = mesh.center_of_mass_m
    return Asset(
        key=f"{name}@{mesh.content_hash[:16]}",
        name=name,
        content=content,
        category=index,
        mesh=mesh,
        scale=(low / high, 1.0),
        mass_kg=mass_kg,
        center_of_mass_m=(float(center[0]), float(center[1]), float(center[2])),
        radius_m=float(np.linalg.norm(mesh.vertices_m - center, axis=1).max()),
        recolored=category.recolored,
        color_rgb=category.color if isinstance(category.color, tuple) else None,
        licence=category.licence,
        standing=_standing(mesh.vertices_m - center) if category.upright else None,
    )


def _standing(points_m: Array) -> Standing:
    """Extents of points (n, 3) that are relative to the centre of mass."""
    low_m, high_m = float(points_m[:, 2].min()), float(points_m[:, 2].max())
    return Standing(float(np.linalg.norm(points_m[:, :2], axis=1).max()), -low_m, high_m)


def one_asset(name: str, mesh: Mesh, density_kg_m3: float = DENSITY_KG_M3) -> Asset:
    """The asset of a mesh that is the only one in its category, which has the index 0."""
    known = Category(path=AssetPath.parse(name), density_kg_m3=density_kg_m3)
    return asset_of(name, known, 0, mesh, mesh.content_hash)
