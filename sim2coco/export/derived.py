"""Writes a data set derived from others as a COCO data set, atomically."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

from sim2coco.datasets.derived import Derived
from sim2coco.datasets.labelled import LabelledImage
from sim2coco.datasets.provenance import FILE, origin, sources_file
from sim2coco.datasets.size import Size
from sim2coco.export.coco import Coco
from sim2coco.export.format import write_formats
from sim2coco.export.newfolder import new_folder, refuse_inside


def write_derived(derived: Derived, out: Path, progress: Callable[[int], None]) -> dict[str, Size]:
    """Writes a derived data set; images are hard-linked where the file system allows it, otherwise copied.

    Args:
        derived: The data set.
        out: The output folder, which must not exist yet or must be empty.
        progress: Called with the number of images written so far.

    Returns:
        The number of images and annotations of each split.

    Raises:
        DataSetError: A source data set cannot be read.
        StoreError: The output folder cannot be written, or lies inside a source data set.
    """
    from sim2coco.card import Contents, Origin, write_card  # slow to import; runs do not need it

    by_source: dict[str, Size] = {}
    by_split = dict.fromkeys(derived.info.splits, Size())

    def counted() -> Iterator[LabelledImage]:
        for done, image in enumerate(derived.images, 1):
            size, source = Size(1, len(image.labels)), origin(image) or ""
            by_source[source] = by_source.get(source, Size()) + size
            by_split[image.split] += size
            yield image
            progress(done)

    refuse_inside(out, derived.roots)
    with new_folder(out) as store:
        contents = Contents(derived.info)
        write_formats((Coco(),), store, derived.info, contents.counted(counted()))
        store.put(FILE, sources_file(derived.made_by, derived.sources, by_source))
        for name, (content, _) in derived.files.items():
            store.put(name, content)
        told = {name: what for name, (_, what) in derived.files.items()}
        files = {FILE: "where the images come from", **told}
        write_card(store, contents, Origin(_made(derived), files=files))
    return {split: size for split, size in by_split.items() if size.images}


def _made(derived: Derived) -> dict[str, str]:
    """Returns how the data set was made, for the table in its card: a dict from row names to texts."""
    settings = {
        key: value if isinstance(value, str) else json.dumps(value) for key, value in derived.made_by.items()
    }
    return settings | {
        f"source {number}": source.identity for number, source in enumerate(derived.sources, 1)
    }
