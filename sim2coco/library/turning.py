"""Flips triangles of an imported mesh so that they face outward."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from scenes.assets.edges import face_normals, merged_positions
from scenes.assets.reading.raw import Raw
from scenes.assets.surface import Patches, doubled, patches_of


def outward(raws: list[Raw], both: list[NDArray[np.bool_]], repairs: list[str]) -> list[Raw]:
    """Flips triangles that face inward or are inconsistent with their neighbours.

    Args:
        raws: The triangles of each material.
        both: For each material, a mask (m,) of the triangles of which the file contains both sides. Flipping
            such triangles does not count as a repair.
        repairs: A note on the flipped triangles is appended to this list.
    """
    corners = np.concatenate([raw.corners for raw in raws])
    corner_of = merged_positions(corners.reshape(-1, 3)).reshape(-1, 3)
    once = ~doubled(corner_of)  # triangles of two materials may coincide
    patches = patches_of(corners[once], corner_of[once])
    if not patches.turned.any():
        return raws
    turned = np.zeros(len(corners), np.bool_)
    turned[once] = patches.turned
    one = ~np.concatenate(both)
    if (turned & one).any():
        repairs.append(_told(patches, turned[one]))
    parts = np.split(turned, np.cumsum([len(raw.corners) for raw in raws])[:-1])
    return [_turned(raw, part) for raw, part in zip(raws, parts, strict=True)]


def _told(patches: Patches, turned: NDArray[np.bool_]) -> str:
    """The note on flipped triangles."""
    if turned.all():
        return "was inside out: flipped"
    inward = "inward, or " if patches.inside_out else ""
    return f"{turned.sum():,} faces that faced {inward}opposite to their neighbours flipped"


def _turned(raw: Raw, which: NDArray[np.bool_]) -> Raw:
    """Returns `raw` with the winding of some triangles reversed.

    Normals of these triangles that then point to the inner side are flipped, too.

    Args:
        raw: Triangles.
        which: (m,) mask of the triangles whose winding is reversed.
    """
    if not which.any():
        return raw
    turned = raw.where(which, raw.turned())
    if turned.normals is None:
        return turned
    inward = (turned.normals * face_normals(turned.corners)[:, None]).sum(axis=2, keepdims=True) < 0
    return replace(turned, normals=np.where(which[:, None, None] & inward, -turned.normals, turned.normals))
