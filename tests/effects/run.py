"""Effects of the settings of a run: seed, views, splits, number of images, and when it stops."""

from pathlib import Path
from typing import Any

from scenes.assets.materials.kinds import MATERIALS
from scenes.assets.textures import TEXTURES
from sim2coco.pipeline import aim
from sim2coco.records import FORMAT, Record, from_bytes, record_name, to_bytes
from sim2coco.store import LocalStore
from sim2coco.tally import GenerationError
from tests.effects.effect import Effect, gives, same
from tests.effects.files import MESHES
from tests.effects.made import Made
from tests.effects.starting import UNIT_M

FAST = {"render": {"kind": "tiny"}}


def files(made: Made) -> list[str]:
    """The names of all files of a run."""
    folder = made.run.out
    return [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]


def images(made: Made) -> int:
    return sum(name.startswith("images/") for name in files(made))


def kept_of_rejected(made: Made) -> int:
    """Number of pictures of rejected views."""
    return sum(name.startswith("rejected/") for name in files(made))


def has(name: str) -> Any:
    return lambda made: name in files(made)


def shots(made: Made) -> tuple[int, int]:
    """Number of shots of a view, and of their cameras."""
    found = aim(made.context, made.settled, 0)
    return len(found), len({shot.camera for shot in found})


def views(made: Made) -> int:
    record = from_bytes((made.run.out / record_name(0)).read_bytes())
    return len(record.views)


def textures(made: Made) -> str:
    """What floors and backgrounds are made of."""
    surfaces = [spec.floor for spec in made.specs(4)] + [spec.background for spec in made.specs(4)]
    kinds = {surface.look.texture.kind for surface in surfaces if surface and surface.look.texture}
    return "natural" if kinds <= set(MATERIALS) else "abstract" if kinds <= set(TEXTURES) else "both"


def splits(made: Made) -> dict[str, int]:
    """Number of scenes of each split among the first ten."""
    found = [made.recipe.split_of(scene) for scene in range(10)]
    return {name: found.count(name) for name in sorted(set(found))}


def apart(made: Made) -> tuple[str, ...]:
    """What the splits do not share."""
    first, second = made.catalogues.values()
    meshes = {asset.key for asset in first.drawn()} & {asset.key for asset in second.drawn()}
    textures = set(first.members) & set(second.members)
    return tuple(name for name, shared in (("asset", meshes), ("background", textures)) if not shared)


def retried(made: Made) -> int:
    """Number of failed scenes after a second run, if the only scene of the first one has failed."""
    folder: Path = made.new_folder()
    store = LocalStore(made.run_in(folder).out)
    store.delete(record_name(0))
    store.put_new(record_name(0), to_bytes(Record(FORMAT, 0, "train", "failed", (), "lost", None, ())))
    return len(made.run_in(folder).failed)


def stopped_after(made: Made) -> int:
    """Number of views after which a run stops that accepts none."""
    try:
        made.run  # noqa: B018 - a property that runs
    except GenerationError as error:
        return int(str(error).split()[4])
    return 0


def finished(made: Made) -> bool:
    return stopped_after(made) == 0


SOME = {
    **FAST,
    "num_images": 4,
    "scene.num_objects": [1, 2],
    "quality.checks": {"one": {"kind": "instances", "maximum": 1}},
    "quality.patience": 4,
}
NONE = {**FAST, "quality.checks": {"many": {"kind": "instances", "minimum": 99}}}
BOXES = {"boxes": {"path": MESHES, "size_m": UNIT_M}}
FEW = {"scene.kind": "floating", "assets.distractors": {}, "assets.categories": BOXES}
EFFECTS: dict[str, Effect | tuple[Effect, ...]] = {
    "out": Effect(("a", "b"), lambda made: made.run.out.name, same, FAST),
    "num_images": Effect((1, 3), images, same, FAST),
    "retry_failed": Effect((False, True), retried, gives(1, 0), FAST),
    "seed": Effect((1, 2, 1), lambda made: made.spec, lambda _, found: found[0] == found[2] != found[1]),
    "views": Effect((1, 3), views, same, FAST),
    "lightings": Effect((1, 3), shots, gives((1, 1), (3, 1))),
    "looks": Effect(("natural", "abstract"), textures, same),
    "split": Effect(({"train": 1}, {"a": 1, "b": 4}), splits, gives({"train": 10}, {"a": 2, "b": 8})),
    "split.by": Effect(
        (["scene"], ["asset"], ["background"], ["asset", "background"]),
        apart,
        gives((), ("asset",), ("background",), ("asset", "background")),
        FEW,
    ),
    "quality.patience": Effect((3, 6), stopped_after, same, NONE),
    "quality.min_yield": Effect((0.01, 1.0), finished, gives(True, False), SOME),
    "export.card": Effect((False, True), has("README.md"), same, FAST),
    "export.rejected": Effect((0, 1), kept_of_rejected, same, SOME),
    "export.report": Effect((False, True), has("report.html"), same, FAST),
}
