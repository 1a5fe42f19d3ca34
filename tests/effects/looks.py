"""Effects of the settings of looks: colours and textures of each kind of surface, roughness, friction."""

import colorsys
from collections.abc import Callable, Mapping
from typing import Any

from scenes.assets.images import IMAGE
from scenes.spec import Body, Look, SceneSpec, Surface, WallPlan
from tests.effects.effect import Effect, Values, grows, same
from tests.effects.files import PICTURES
from tests.effects.made import Made
from tests.effects.starting import UNIT_M

SCENES = 2
"""Number of scenes of which fractions are measured."""
Bodies = Callable[[SceneSpec], list[Body]]
Given = Mapping[str, Any]


def of_looks(group: str, looks: Callable[[SceneSpec], list[Look]], given: Given) -> dict[str, Effect]:
    """The effects of `LookSettings`.

    Args:
        group: Key of the group, such as `scene.floor`.
        looks: The looks of the surfaces of a scene that the group is about.
        given: Other settings with which there are such surfaces.
    """
    plain = {**given, f"{group}.textured": 0.0, f"{group}.saturation": 1.0}
    textured = {**given, f"{group}.textured": 1.0}

    def hsv(channel: int) -> Callable[[Made], float]:
        return lambda made: colorsys.rgb_to_hsv(*(looks(made.spec)[0].color_rgb or ()))[channel]

    def textures(made: Made) -> list[Any]:
        return [look.texture for spec in made.specs(SCENES) for look in looks(spec)]

    def share(made: Made) -> float:
        return sum(texture is not None for texture in textures(made)) / len(textures(made))

    def kinds(made: Made) -> list[str]:
        return sorted({texture.kind for texture in textures(made)})

    def variants(made: Made) -> int:
        return len(set(textures(made)))

    return {
        f"{group}.hue": Effect((0.1, 1 / 3, 2 / 3), hsv(0), same, plain),
        f"{group}.saturation": Effect((0.2, 1.0), hsv(1), same, plain),
        f"{group}.value": Effect((0.2, 1.0), hsv(2), same, plain),
        f"{group}.textured": Effect((0.0, 1.0), share, same, given),
        f"{group}.textures": Effect((["dots"], ["planks"]), kinds, same, textured),
        f"{group}.pool": Effect((1, 256), variants, grows, {**textured, f"{group}.textures": ["noise"]}),
        f"{group}.images": Effect((None, PICTURES), kinds, _from_folder, textured),
    }


def _from_folder(values: Values, measured: Values) -> bool:
    patterns, images = measured
    return IMAGE not in patterns and images == [IMAGE]


def of_furniture(group: str, bodies: Bodies, given: Given) -> dict[str, Effect]:
    """The effects of `FurnitureSettings`, for the bodies of a piece of furniture."""
    return {
        **of_looks(group, lambda spec: [body.look for body in bodies(spec)], given),
        f"{group}.roughness": Effect(
            (0.1, 0.8), lambda made: _all(body.roughness for body in bodies(made.spec)), same, given
        ),
        f"{group}.friction": Effect(
            (0.1, 0.8), lambda made: _all(body.friction for body in bodies(made.spec)), same, given
        ),
    }


def _all(values: Any) -> Any:
    """The value that all have."""
    (only,) = set(values)
    return only


def _of(role: str) -> Callable[[SceneSpec], list[Look]]:
    return lambda spec: [body.look for body in spec.bodies if body.role == role]


def _floor(spec: SceneSpec) -> Surface:
    assert spec.floor is not None
    return spec.floor


def walls(spec: SceneSpec) -> WallPlan:
    assert spec.room is not None
    return spec.room


OWN = {"scene.metallic": 0.0, "scene.num_distractors": 2}
WALL = {"scene.walls.number": 1}
TILES = {"scene.floor.textured": 0.0, "scene.walls.textured": 0.0}
EFFECTS: dict[str, Effect] = {
    **of_looks("scene.objects", _of("object"), OWN),
    **of_looks("scene.distractors", _of("distractor"), OWN),
    **of_looks("scene.background", lambda spec: [spec.background.look], {}),
    **of_looks("scene.floor", lambda spec: [_floor(spec).look], {}),
    "scene.floor.tile": Effect((2, 5), lambda made: _floor(made.spec).tile_m / UNIT_M, same, TILES),
    "scene.floor.tile_m": Effect((0.3, 2), lambda made: _floor(made.spec).tile_m, same),
    "scene.floor.roughness": Effect((None, 0, 0.7), lambda made: _floor(made.spec).roughness, same),
    **of_looks("scene.walls", lambda spec: [walls(spec).surface.look], WALL),
    "scene.walls.tile": Effect(
        (2, 5), lambda made: walls(made.spec).surface.tile_m / UNIT_M, same, {**WALL, **TILES}
    ),
    "scene.walls.tile_m": Effect((0.3, 2), lambda made: walls(made.spec).surface.tile_m, same, WALL),
    "scene.walls.number": Effect(
        (0, 1, 4), lambda made: len(made.spec.room.gaps_m) if made.spec.room else 0, same
    ),
    "scene.walls.gap": Effect((0.5, 5), lambda made: _all(walls(made.spec).gaps_m) / UNIT_M, same, WALL),
    "scene.walls.gap_m": Effect((0.5, 5), lambda made: _all(walls(made.spec).gaps_m), same, WALL),
    "scene.walls.height": Effect((3, 12), lambda made: walls(made.spec).height_m / UNIT_M, same, WALL),
    "scene.walls.height_m": Effect((3, 12), lambda made: walls(made.spec).height_m, same, WALL),
}
"""Of surfaces that many kinds of scenes have."""
