"""Effects of the settings of a target: what accepted images are like together."""

from collections.abc import Callable

from tests.effects.effect import Effect, gives, grows, same, shrinks
from tests.effects.files import REFERENCE
from tests.effects.made import Made
from tests.effects.run import FAST
from tests.effects.starting import UNIT_M

VARIED = {
    **FAST,
    "scene.kind": "floating",
    "scene.num_objects": [1, 6],
    "scene.spread": 2.0,
    "assets.categories.ball": {"shape": "sphere", "size_m": UNIT_M},
    "light.exposure_ev": [-2, 1],
    "camera.fill": [0.3, 1.2],
    "views": 3,
    "num_images": 6,
    "quality.checks": {"instances": {"kind": "instances"}},
}
"""Images that differ much; each of the wanted ones is rare."""


def nearer(name: str) -> Callable[[Made], bool]:
    """Measures whether the images that are kept are nearer to a histogram than all that were accepted."""

    def measure(made: Made) -> bool:
        every, chosen = made.run.target[name]
        return chosen < every

    return measure


def compared(made: Made) -> list[str]:
    return sorted(made.run.target)


def scenes(made: Made) -> int:
    return made.run.scenes


def named(made: Made) -> str:
    """The name of the target in the configuration that the run writes."""
    lines = (made.run.out / "config.yaml").read_text().splitlines()
    return next(
        line.split("name:")[1].strip() for line in lines if "target" not in line and "name: set" in line
    )


DARK = {"quality.target.brightness": [1, 1, 1, 1, 1, 1, 1]}
EFFECTS: dict[str, Effect | tuple[Effect, ...]] = {
    "quality.target": (
        Effect((None, "balanced"), compared, gives([], ["categories"]), VARIED),
        Effect((REFERENCE,), lambda made: "brightness" in compared(made), gives(True), VARIED),
    ),
    "quality.target.name": Effect(("set_1", "set_2"), named, same, {**VARIED, **DARK}),
    "quality.target.objects": Effect(([0, 1],), nearer("objects"), gives(True), VARIED),
    "quality.target.box_size": Effect(([0] * 28 + [1] * 4,), nearer("box_size"), gives(True), VARIED),
    "quality.target.occlusion": Effect(([0, 0, 1, 1, 1, 1],), nearer("occlusion"), gives(True), VARIED),
    "quality.target.brightness": Effect(([1] * 7,), nearer("brightness"), gives(True), VARIED),
    "quality.target.categories": Effect(
        ({"ball": 9, "block": 1},), nearer("categories"), gives(True), {**VARIED, "num_images": 12}
    ),
    "quality.target_histograms": Effect(
        (["brightness"], ["brightness", "objects"]), compared, same, {**VARIED, "quality.target": REFERENCE}
    ),
    "quality.target_tolerance": Effect((0.0, 10.0), scenes, shrinks, {**VARIED, **DARK}),
    "quality.target_effort": Effect((1, 4), scenes, grows, {**VARIED, **DARK}),
}
