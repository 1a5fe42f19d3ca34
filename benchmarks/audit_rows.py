"""The data sets that `benchmarks.audit` makes: every kind of scene, renderer, lens and preset of cameras."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sim2coco.cli.config import choices, settings_of
from sim2coco.recipe import Recipe

RENDERS = ("tiny", "relit", "egl")
BUILT_IN, LIBRARY = "built-in", "library"
COARSE_LIGHT = {"sky_directions": 8, "sky_map_px": 32, "sun_map_px": 64}
"""Cheap lighting: labels do not depend on it."""
Changes = Mapping[str, Mapping[str, Any]]

CAMERAS: dict[str, Changes] = {
    "angle of view 20°": {"camera": {"fov_deg": 20.0}},
    "angle of view 110°": {"camera": {"fov_deg": 110.0}},
    "fx = 300, fy = 225, principal point (100, 150)": {
        "camera": {"fx": 300.0, "fy": 225.0, "cx": 100.0, "cy": 150.0}
    },
    "roll 180°": {"camera": {"roll_deg": 180.0}},
    "97×641 px": {"image": {"width": 97, "height": 641}},
    "640×480 px": {"image": {"width": 640, "height": 480}},
}
BROWN = {"kind": "brown", "p1": [-0.002, 0.002], "p2": [-0.002, 0.002]}
LENSES: dict[str, Mapping[str, Any]] = {
    "barrel": {"fov_deg": 75.0, "distortion": {**BROWN, "k1": [-0.3, -0.2], "k2": 0.08}},
    "pincushion": {"fov_deg": 60.0, "distortion": {**BROWN, "k1": 0.12, "k2": 0.02}},
    "rational": {
        "fov_deg": 70.0,
        "distortion": {**BROWN, "k1": 0.4, "k2": 0.1, "k3": 0.01, "k4": 0.7, "k5": 0.2, "k6": 0.02},
    },
    "fisheye": {"fov_deg": [90.0, 115.0], "distortion": {"kind": "fisheye", "k1": [-0.02, 0.05]}},
}
PLAIN_CAMERA = "shell"


@dataclass(frozen=True, slots=True)
class Row:
    """A data set.

    Attributes:
        name: Description of the data set.
        scene, render, camera, augment: The selected config options.
        assets: Built-in meshes and shapes, or the library.
        share: Number of images, as a fraction of the usual number.
        changes: Settings that differ from those of the options, by group.
    """

    name: str
    scene: str
    render: str
    assets: str
    share: float = 1.0
    camera: str = PLAIN_CAMERA
    augment: str = "none"
    changes: Changes = field(default_factory=dict)

    def recipe(self, library: Path, seed: int) -> Recipe:
        """The settings of the data set."""
        tree: dict[str, Any] = {
            "seed": seed,
            "views": 5,
            "image": {"width": 320, "height": 240, "extra": ["depth"]},
            "assets": _built_in() if self.assets == BUILT_IN else {"path": str(library)},
            "scene": settings_of("scene", self.scene),
            "camera": settings_of("camera", self.camera),
            "light": settings_of("light", "day"),
            "render": settings_of("render", self.render) | (COARSE_LIGHT if self.render != "tiny" else {}),
            "quality": settings_of("quality", "default"),
            "augment": settings_of("augment", self.augment),
        }
        return Recipe.parse(tree | {group: {**tree[group], **new} for group, new in self.changes.items()})


def _built_in() -> dict[str, Any]:
    everyday, shapes = settings_of("assets", "everyday"), settings_of("assets", "shapes")
    return everyday | {"categories": everyday["categories"] | shapes["categories"]}


def rows() -> Iterator[Row]:
    """All data sets."""
    yield from _scenes()
    for name, changes in CAMERAS.items():
        yield from _with_each_renderer(name, changes=changes)
    for name, lens in LENSES.items():
        yield from _with_each_renderer(f"lens: {name}", changes={"camera": lens})
    yield from _choices_of_cameras()
    yield from _left_out()


def _scenes() -> Iterator[Row]:
    for assets in (BUILT_IN, LIBRARY):
        for scene in choices("scene"):
            for render in RENDERS:
                yield Row(f"{scene}, `{render}`, {assets}", scene, render, assets, 0.5)


def _with_each_renderer(name: str, changes: Changes) -> Iterator[Row]:
    for render in RENDERS:
        yield Row(f"{name}, `{render}`, {LIBRARY}", "drop", render, LIBRARY, 0.2, changes=changes)


def _choices_of_cameras() -> Iterator[Row]:
    """Data sets with the options of `conf/camera`; `tiny` supports neither blur nor a sensor."""
    for camera in choices("camera"):
        if camera != PLAIN_CAMERA:
            for render in ("relit", "egl"):
                name = f"`camera={camera}`, `{render}`, {BUILT_IN}"
                yield Row(name, "drop", render, BUILT_IN, 0.1, camera)


def _left_out() -> Iterator[Row]:
    """Data sets with images or labels that the audit leaves out."""
    for augment in ("light", "strong"):
        yield Row(f"`augment={augment}`, {BUILT_IN}", "drop", "relit", BUILT_IN, 0.2, augment=augment)
    rolling: Changes = {"camera": {"motion_px": [0.5, 3.0], "sensor": {"readout": 1.0}}}
    yield Row(f"rolling shutter, {BUILT_IN}", "drop", "relit", BUILT_IN, 0.1, changes=rolling)
    kinds = ("scratch", "dent", "stain", "crack")
    marks = {kind: {"kind": kind, "share": 0.5} for kind in kinds}
    defects: Changes = {"scene": {"defects": marks}}
    yield Row(f"defects, {BUILT_IN}", "drop", "relit", BUILT_IN, 0.1, changes=defects)
