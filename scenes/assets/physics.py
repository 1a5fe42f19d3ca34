"""Physical properties of a mesh: mass, centre of mass and extents."""

from dataclasses import replace

import numpy as np

from scenes.assets.catalogue import Asset, Standing
from scenes.assets.categories import Category
from scenes.assets.dimensions import Dimensions, measured
from scenes.assets.mesh import Mesh
from scenes.assets.paths import AssetPath
from scenes.assets.solid import Solid
from scenes.assets.stance import stance, standing_box
from scenes.assets.stored import StoredMesh
from scenes.geometry import rotation

DENSITY_KG_M3 = 600.0
"""Density of assets without a density in the settings or a library, in kg/m³."""
MIN_MASS_KG, MAX_MASS_KG = 0.01, 50.0
"""Range to which masses computed from a density are clipped, in kg."""


def asset_of(
    name: str, category: Category, index: int | None, mesh: Mesh, content: str, solid: Solid | None = None
) -> Asset:
    """Creates the asset of a mesh; computes its mass, centre of mass and extents.

    Args:
        name: Name of the asset, unique in a catalogue.
        category: Settings of its category.
        index: Index of the category, or None for a distractor.
        mesh: The mesh at scale 1.
        content: Identifier of the mesh that does not depend on its size; see `Asset.content`.
        solid: The solid that the mesh represents, if already computed.
    """
    return asset_with(name, category, index, mesh, measured(mesh, solid), (mesh.content_hash, content))


def asset_with(
    name: str,
    category: Category,
    index: int | None,
    surface: Mesh | StoredMesh,
    dimensions: Dimensions,
    hashes: tuple[str, str],
) -> Asset:
    """Creates the asset of a mesh with known dimensions.

    Args:
        name: Name of the asset, unique in a catalogue.
        category: Settings of its category.
        index: Index of the category, or None for a distractor.
        surface: The mesh at scale 1.
        dimensions: The dimensions of the mesh at scale 1.
        hashes: Hash of the mesh at scale 1 (for `Asset.key`), and the value of `Asset.content`.
    """
    density_kg_m3 = category.density_kg_m3 or DENSITY_KG_M3
    mass_kg = float(np.clip(density_kg_m3 * dimensions.volume_m3, MIN_MASS_KG, MAX_MASS_KG))
    low, high = category.size_m or (1.0, 1.0)
    asset = Asset(
        key=f"{name}@{hashes[0][:16]}",
        name=name,
        content=hashes[1],
        category=index,
        surface=surface,
        extents_m=dimensions.extents_m,
        scale=(low / high, 1.0),
        mass_kg=category.mass_kg or mass_kg,
        center_of_mass_m=dimensions.center_of_mass_m,
        radius_m=dimensions.radius_m,
        recolored=category.recolored,
        color_rgb=category.color if isinstance(category.color, tuple) else None,
        licence=category.licence,
        stance=stance(category.up, category.front),
    )
    return replace(asset, standing=_standing(asset, dimensions)) if category.upright else asset


def _standing(asset: Asset, dimensions: Dimensions) -> Standing:
    """Computes the extents of an asset's mesh after it has been rotated to stand upright.

    Args:
        asset: The asset.
        dimensions: Dimensions of the mesh as stored. They contain the result if z is already the up axis.
    """
    if np.isclose(rotation(asset.stance)[2, 2], 1.0):
        return Standing(dimensions.aside_m, dimensions.below_m, dimensions.above_m)
    low, high = standing_box(asset)
    beside = (asset.mesh.vertices_m - dimensions.center_of_mass_m) @ rotation(asset.stance).T[:, :2]
    return Standing(float(np.linalg.norm(beside, axis=1).max()), -low[2], high[2])


def one_asset(
    name: str, mesh: Mesh, density_kg_m3: float = DENSITY_KG_M3, solid: Solid | None = None
) -> Asset:
    """Creates the asset of a mesh that is the only one in its category, which has index 0.

    Args:
        name: Name of the asset.
        mesh: The mesh.
        density_kg_m3: Its density.
        solid: The solid that the mesh represents, if already computed.
    """
    known = Category(path=AssetPath.parse(name), density_kg_m3=density_kg_m3)
    return asset_of(name, known, 0, mesh, mesh.content_hash, solid)
