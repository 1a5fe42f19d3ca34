"""Exports a finished data set to other formats in a separate folder."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sim2coco.datasets.errors import DataSetError, no_images
from sim2coco.datasets.labelled import LabelledImage
from sim2coco.export.format import Format, write_formats
from sim2coco.export.newfolder import refuse_inside
from sim2coco.outputs import refuse_strangers
from sim2coco.storage import Store, StoreError
from sim2coco.store import LocalStore

if TYPE_CHECKING:
    from sim2coco.datasets.reading import Dataset

MARK = "export.json"
"""The file in the output folder that describes the export."""


def export(
    data: "Dataset", formats: Sequence[Format], out: Path, progress: Callable[[int], None] = lambda done: None
) -> Counter[str]:
    """Writes a data set in several formats.

    Args:
        data: The data set.
        formats: The formats.
        out: The output folder: new, empty, or from an earlier export of the same data set in the same
            formats, which is then completed.
        progress: Called with the number of images done so far.

    Returns:
        The number of labels of each category.

    Raises:
        StoreError: `out` cannot be written, holds other files, or lies inside the data set.
        DataSetError: The data set is invalid or empty, or one of the formats cannot represent any image.
    """
    refuse_inside(out, [data.root])
    _refuse_impossible(data, formats)
    store = LocalStore(out)
    with store.claim():
        _begin(store, data, formats)
        labels = write_formats(formats, store, data.info, _counted(data, progress))
    return labels


def _refuse_impossible(data: "Dataset", formats: Sequence[Format]) -> None:
    """Checks, before anything is written, that each format can represent at least one image.

    Raises:
        DataSetError: There are no images, or a format cannot represent any of the images.
    """
    images, left = 0, list(formats)
    for image in data.images():
        images += 1
        left = [format for format in left if not format.represents(image)]
        if not left:
            return
    if not images:
        raise no_images(data.root)
    raise DataSetError(f"{data.root}: {left[0].kind}: nothing to write: {left[0].needs}")


def _begin(store: Store, data: "Dataset", formats: Sequence[Format]) -> None:
    """Writes `export.json`; if it already exists, checks that it describes the same export.

    Raises:
        StoreError: The folder contains something else.
    """
    listed = [json.loads(format.model_dump_json()) for format in formats]
    mark = json.dumps({"format": 1, "dataset": data.identity, "formats": listed}, indent=1).encode() + b"\n"
    if store.exists(MARK):
        if store.get(MARK) != mark:
            raise StoreError(f"--out: {store} contains another export; name an empty folder")
        store.sweep()
        return
    refuse_strangers(store, "--out")
    store.put(MARK, mark)


def _counted(data: "Dataset", progress: Callable[[int], None]) -> Iterator[LabelledImage]:
    """Yields the images, and reports the progress after each."""
    for done, image in enumerate(data.images(), 1):
        yield image
        progress(done)
