"""Writes a finished data set in other formats, into a folder of its own."""

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
"""The file of the folder that says what was exported to it."""


def export(
    data: "Dataset", formats: Sequence[Format], out: Path, progress: Callable[[int], None] = lambda done: None
) -> Counter[str]:
    """Writes a data set in several formats.

    Args:
        data: The data set.
        formats: The formats.
        out: The folder to write to: new or empty, or from an earlier export of the data set in these formats,
            which is then completed.
        progress: Called with the number of finished images.

    Returns:
        The number of labels of each category.

    Raises:
        StoreError: `out` cannot be written, holds other files, or lies in the data set.
        DataSetError: The data set has no images, none that one of the formats can represent, or is invalid.
    """
    refuse_inside(out, [data.root])
    _refuse_impossible(data, formats)
    store = LocalStore(out)
    with store.claim():
        _begin(store, data, formats)
        labels = write_formats(formats, store, data.info, _counted(data, progress))
    return labels


def _refuse_impossible(data: "Dataset", formats: Sequence[Format]) -> None:
    """Refuses formats that would write nothing, before anything is written.

    Raises:
        DataSetError: A format cannot represent any of the images, or there are none.
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
    """Notes what is exported to a new folder, or checks that the same was exported to it.

    Raises:
        StoreError: The folder holds something else.
    """
    listed = [json.loads(format.model_dump_json()) for format in formats]
    mark = json.dumps({"format": 1, "dataset": data.identity, "formats": listed}, indent=1).encode() + b"\n"
    if store.exists(MARK):
        if store.get(MARK) != mark:
            raise StoreError(f"--out: {store} holds another export; name an empty folder")
        store.sweep()
        return
    refuse_strangers(store, "--out")
    store.put(MARK, mark)


def _counted(data: "Dataset", progress: Callable[[int], None]) -> Iterator[LabelledImage]:
    """Yields the images, and reports each after it is used."""
    for done, image in enumerate(data.images(), 1):
        yield image
        progress(done)
