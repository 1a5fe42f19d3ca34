"""Effects of the settings of categories and distractors: their meshes, masses, colours, stance and labels."""

from collections.abc import Callable
from typing import Any

import numpy as np

from scenes.assets.catalogue import Asset
from scenes.assets.keypoints import KeypointNames
from scenes.geometry import Array, rotation
from scenes.spec import Body
from tests.effects.effect import Effect, gives, in_proportion, same
from tests.effects.files import LIBRARY, MESHES, TWO_PARTS
from tests.effects.made import Made
from tests.effects.starting import UNIT_M

Measure = Callable[[Made], Any]
Effects = dict[str, Effect | tuple[Effect, ...]]
SIDES = ("x", "-x", "y", "-y", "z", "-z")


def side(axis: Array) -> str:
    """The side of a mesh in a direction (3,) of its frame."""
    index = int(np.abs(axis).argmax())
    return SIDES[2 * index + (axis[index] < 0)]


def of_both(group: str, distractor: bool) -> Effects:
    """The effects of the settings that categories and distractors have.

    Args:
        group: Key of the categories or of the distractors.
        distractor: Whether it is that of the distractors.
    """
    it = f"{group}.NAME"
    scene = {"scene.num_objects": 6, "scene.num_distractors": 6, "scene.spread": 6}
    shape = {**scene, f"{it}.shape": "box", f"{it}.size_m": UNIT_M}
    mesh = {**scene, f"{it}.path": MESHES, f"{it}.size_m": UNIT_M}

    def assets(made: Made) -> tuple[Asset, ...]:
        if distractor:
            names = list(made.recipe.assets.distractors)
            return made.catalogue.distractor_groups[names.index("it")]
        return made.catalogue.groups[made.catalogue.names.index("it")]

    def of(value: Callable[[Asset], Any]) -> Measure:
        return lambda made: value(assets(made)[0])

    def bodies(made: Made) -> list[Body]:
        keys = {asset.key for asset in assets(made)}
        return [body for body in made.spec.bodies if body.asset in keys]

    def shape_of(made: Made) -> str:
        return assets(made)[0].content.removeprefix("shape:")[:3]

    def colour(made: Made) -> list[float]:
        return list(bodies(made)[0].look.color_rgb or ())

    def leans(made: Made) -> bool:
        return any(body.pose.rotation()[2, 2] < 0.99 for body in bodies(made))

    def share(made: Made) -> float:
        role = "distractor" if distractor else "object"
        return len(bodies(made)) / sum(body.role == role for body in made.spec.bodies)

    return {
        f"{it}.shape": Effect(
            ("nut", "box"),
            of(lambda asset: asset.content[6:9]),
            gives("nut", "box"),
            {**scene, f"{it}.size_m": 0.1},
        ),
        f"{it}.path": Effect((MESHES,), lambda made: len(assets(made)), gives(4), {f"{it}.size_m": 0.1}),
        f"{it}.size_m": Effect(
            (0.05, 0.3), of(lambda asset: max(asset.extents_m) * asset.scale[1]), same, {f"{it}.shape": "box"}
        ),
        f"{it}.color": (
            Effect(
                ([1, 0, 0], [0, 0.5, 1]), lambda made: list(bodies(made)[0].look.color_rgb or ()), same, shape
            ),
            Effect(("own", "random"), of(lambda asset: asset.recolored), gives(False, True), mesh),
        ),
        f"{it}.density_kg_m3": Effect((200, 2000), of(lambda asset: asset.mass_kg), in_proportion, shape),
        f"{it}.mass_kg": Effect((0.1, 3), of(lambda asset: asset.mass_kg), same, shape),
        f"{it}.weight": Effect((1e-6, 1e6), share, gives(0, 1), {**shape, f"{group}.other": OTHER}),
        f"{it}.licence": Effect(("CC0-1.0", "mine"), of(lambda asset: asset.licence), same, shape),
        f"{it}.upright": Effect((False, True), leans, gives(True, False), shape),
        f"{it}.up": Effect(
            ("x", "y", "z"),
            lambda made: side(bodies(made)[0].pose.rotation()[2]),
            same,
            {**shape, f"{it}.upright": True},
        ),
        f"{it}.front": Effect(
            ("x", "-x", "y", "-y"), of(lambda asset: side(-rotation(asset.stance)[1])), same, shape
        ),
    }


OTHER = {"shape": "sphere", "size_m": UNIT_M}


def names(made: Made) -> tuple[str, ...]:
    return made.catalogue.names


def keypoint_names(made: Made) -> KeypointNames:
    """The keypoints of the category `it`; without names if it has none."""
    found = dict(enumerate(made.catalogue.keypoint_names)).get(made.catalogue.names.index("it"))
    return found or KeypointNames(())


def keypoints(made: Made) -> list[str]:
    return list(keypoint_names(made).names)


def edges(made: Made) -> list[list[str]]:
    found = keypoint_names(made)
    return [[found.names[one], found.names[other]] for one, other in found.edges]


def region_at(made: Made) -> float:
    """Mean x of the triangles of a region, over the length of the mesh."""
    regions = made.catalogue.groups[made.catalogue.names.index("it")][0].regions
    assert regions is not None
    across, (area,) = regions.corners_m[..., 0], regions.areas
    return float((across[area.faces].mean() - across.min()) / np.ptp(across))


def is_masked(made: Made) -> bool:
    regions = made.catalogue.groups[made.catalogue.names.index("it")][0].regions
    assert regions is not None
    return regions.areas[0].mask is not None


IT = "assets.categories.NAME"
BOX = {f"{IT}.shape": "box", f"{IT}.size_m": UNIT_M}
POINTS = {"low": [0, 0, -0.05], "high": [0, 0, 0.05]}
PARTS = {f"{IT}.path": TWO_PARTS, f"{IT}.size_m": UNIT_M}
REGION = f"{IT}.regions.NAME"


EFFECTS: Effects = {
    **of_both("assets.categories", distractor=False),
    **of_both("assets.distractors", distractor=True),
    "assets.categories": Effect(({"a": OTHER}, {"b": OTHER, "a": OTHER}), names, gives(("a",), ("b", "a"))),
    "assets.path": Effect((None, LIBRARY), names, gives(("block",), ("boxes", "block")), slow=True),
    "assets.distractors": Effect(
        ({}, {"a": OTHER}), lambda made: len(made.catalogue.distractor_groups), gives(0, 1)
    ),
    f"{IT}.supercategory": Effect(
        ("tool", "toy"), lambda made: made.catalogue.supercategories[-1], same, BOX
    ),
    f"{IT}.attributes": Effect(
        ({"sku": 17}, {"kind": "a", "sold": True}),
        lambda made: dict(made.catalogue.attributes[-1]),
        same,
        BOX,
    ),
    f"{IT}.keypoints": Effect(({}, POINTS), keypoints, gives([], ["low", "high"]), BOX),
    f"{IT}.skeleton": Effect(([["low", "high"]],), edges, same, {**BOX, f"{IT}.keypoints": POINTS}),
    f"{IT}.regions": Effect(
        ({}, {"end": {"group": "left"}}), lambda made: list(made.catalogue.regions), gives([], ["end"]), PARTS
    ),
    f"{REGION}.material": Effect((["Red"], ["Blue"], ["*"]), region_at, gives(0.2, 0.8, 0.5), PARTS),
    f"{REGION}.group": Effect((["left"], ["right"]), region_at, gives(0.2, 0.8), PARTS),
    f"{REGION}.texture_mask": Effect(
        (None, "mask.png"), is_masked, gives(False, True), {**PARTS, f"{REGION}.group": ["left"]}
    ),
    f"{REGION}.supercategory": Effect(
        ("region", "part"),
        lambda made: made.catalogue.regions["part"],
        same,
        {**PARTS, f"{REGION}.group": ["left"]},
    ),
}
