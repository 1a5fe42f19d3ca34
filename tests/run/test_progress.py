"""Progress counts every image that is made, in whatever order the scenes are finished."""

from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

import numpy as np

from scenes.assets.mesh import Mesh
from scenes.assets.shapes import sphere
from sim.objfile import obj_file
from sim2coco import Recipe, generate
from sim2coco.engines.engine import Engine, Job
from sim2coco.engines.inline import Inline
from sim2coco.records import Summary
from sim2coco.tally import Tally

RECIPE = Recipe.parse(
    {
        "seed": 2,
        "views": 1,
        "image": {"width": 64, "height": 48},
        "assets": {"categories": {"box": {"shape": "box", "size_m": 0.08}}},
        "scene": {"kind": "drop", "num_objects": 1, "empty_share": 0.0},
        "quality": {"checks": {}},
    }
)
WANTED = 6


class FirstLast(Engine):
    """Makes the first scene of the run after all others."""

    kind: str

    def run(self, job: Job, scenes: Iterator[int | None]) -> Iterator[Summary | None]:
        given = [scene for scene in islice(scenes, WANTED - 1) if scene is not None]
        yield from Inline().run(job, iter([*given[1:], given[0]]))
        yield from Inline().run(job, scenes)


def counted(out: Path, engine: Engine) -> list[tuple[int, int]]:
    """Number of images that were made, and number of them that are counted in order, after each scene."""
    seen = []
    generate(RECIPE, out, WANTED, engine=engine, progress=lambda t: seen.append((t.made, t.accepted)))
    return seen


def test_scenes_that_are_finished_out_of_order_count(tmp_path: Path) -> None:
    seen = counted(tmp_path / "data", FirstLast(kind="first_last"))
    assert seen == [(0, 0), (1, 0), (2, 0), (3, 0), (4, 0), (5, 5), (6, 6)]


def test_a_resumed_run_counts_what_is_there_beyond_a_gap(tmp_path: Path) -> None:
    assert counted(tmp_path / "data", Inline()) == [(done, done) for done in range(WANTED + 1)]
    (tmp_path / "data" / "records" / "000" / "000001.json").unlink()
    assert counted(tmp_path / "data", Inline()) == [(5, 1), (6, 6)]


def test_more_images_than_are_wanted_do_not_count(tmp_path: Path) -> None:
    seen: list[Tally] = []

    def stop(tally: Tally) -> None:
        seen.append(tally)
        if tally.made == WANTED - 1:
            raise KeyboardInterrupt

    with suppress(KeyboardInterrupt):
        generate(RECIPE, tmp_path / "data", WANTED, engine=FirstLast(kind="first_last"), progress=stop)
    made = [(tally.made, tally.wanted) for tally in seen]
    assert made[-1] == (WANTED - 1, WANTED)
    (tmp_path / "data" / "records" / "000" / "000000.json").unlink(missing_ok=True)
    fewer: list[int] = []
    generate(RECIPE, tmp_path / "data", 3, progress=lambda tally: fewer.append(tally.made))
    assert fewer == [3, 3]


def test_big_meshes_are_prepared_before_the_first_scene(tmp_path: Path) -> None:
    """So that they do not count towards the time of scenes; the images are those of one process."""
    (tmp_path / "ball.obj").write_bytes(_obj_of(sphere(0.1, 120)))
    tree = RECIPE.model_dump(mode="json")
    tree["assets"] = {"categories": {"ball": {"path": str(tmp_path / "ball.obj"), "size_m": 0.1}}}
    recipe, seen = Recipe.parse(tree), []

    def note(tally: Tally) -> None:
        seen.append((tally.preparing, tally.made))

    generate(recipe, tmp_path / "two", 2, workers=2, progress=note)
    before = [preparing for preparing, _ in seen[1:] if preparing is not None]
    assert before and set(before) == {(0, 1)}
    assert seen[1 : 1 + len(before)] == [((0, 1), 0)] * len(before)
    generate(recipe, tmp_path / "one", 2)
    assert images_of(tmp_path / "two") == images_of(tmp_path / "one")


def images_of(out: Path) -> list[bytes]:
    """The content of the images of a data set."""
    return [path.read_bytes() for path in sorted((out / "images").rglob("*.jpg"))]


def _obj_of(mesh: Mesh) -> bytes:
    corners = mesh.faces.astype(np.int64)
    (part,) = mesh.parts
    return obj_file(part.vertices_m, part.normals, part.uvs, corners, corners)
