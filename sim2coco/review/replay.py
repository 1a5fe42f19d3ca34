"""Renders a picture again from its record."""

import tempfile
from contextlib import closing
from pathlib import Path

import yaml

from sim2coco.pipeline import make_view
from sim2coco.recipe import Recipe
from sim2coco.review.dataset import DataSet, DataSetError
from sim2coco.studio import Studio


def replay(data: DataSet, name: str, meshes: Path | None) -> tuple[bytes, bytes]:
    """The bytes of a picture as they are, and as its recorded poses and shot give them now.

    Args:
        data: The data set.
        name: The picture.
        meshes: The folder where the data set's own mesh and image files lie now.

    Raises:
        DataSetError: The picture is not there, or its meshes are others now.
    """
    record, view, picture = data.find(name)
    tree = yaml.safe_load(data.store.get("config.yaml"))
    if meshes is not None:
        _look_in(tree, meshes)
    recipe = Recipe.parse(tree)
    assert record.settled is not None
    with (
        tempfile.TemporaryDirectory(prefix="sim2coco-") as folder,
        closing(Studio(recipe, Path(folder))) as studio,
    ):
        missing = {body.asset for body in record.settled.spec.bodies} - set(studio.catalogue.assets)
        if missing:
            raise DataSetError(
                f"{min(missing)}: that mesh is another one now; --meshes FOLDER says where it lies"
            )
        written, reasons = make_view(studio, record.settled, view.shot)
    for again in written:
        if again.picture.name == picture.name:
            return data.content(record, picture), again.content
    raise DataSetError(f"{picture.name}: rendered again, it is rejected ({', '.join(reasons)})")


def _look_in(node: object, folder: Path) -> None:
    if not isinstance(node, dict):
        return
    for key, value in node.items():
        if key in ("path", "images") and isinstance(value, str) and not value.startswith("pybullet_data:"):
            node[key] = str(folder / value)
        else:
            _look_in(value, folder)
