"""Reads finished or unfinished data sets."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from scenes.assets.reading.image import decode_image
from sim2coco.check.paths import LOADER
from sim2coco.datasets.errors import DataSetError
from sim2coco.datasets.runs import REPAIR, category_names, read_run
from sim2coco.records import (
    Picture,
    Record,
    View,
    from_bytes,
    kept_views,
    picture_files,
    picture_path,
    record_name,
    record_names,
)
from sim2coco.store import LocalStore

MAX_SETTINGS_BYTES, MAX_NESTING = 2**20, 50
"""Limits of `config.yaml`: its size, and the nesting depth of its mappings and lists."""


class DataSet:
    """A data set on disk. Its images are found through the records of its scenes.

    Args:
        root: Folder of the data set.

    Raises:
        DataSetError: The folder is not a data set of sim2coco.
    """

    def __init__(self, root: Path) -> None:
        """Reads `run.json`."""
        self.store = LocalStore(root)
        self.run = read_run(root)
        self.names = category_names(self.run)
        self._num_images = int(self.run["num_images"])

    def settings(self) -> dict[str, Any]:
        """The settings in `config.yaml`.

        Raises:
            DataSetError: The settings cannot be read.
        """
        name = "config.yaml"
        try:
            content = self.store.get(name)
            if len(content) > MAX_SETTINGS_BYTES or _is_deep(content):
                raise ValueError("no settings of sim2coco")
            tree = yaml.load(content, Loader=LOADER)  # noqa: S506 - a loader of plain values, C or Python
            if type(tree) is not dict:
                raise ValueError("no settings of sim2coco")
        except (OSError, ValueError, yaml.YAMLError):
            raise DataSetError(f"{self.store}/{name}: cannot be read; {REPAIR}") from None
        return tree

    def find(self, name: str) -> tuple[Record, View, Picture]:
        """Finds an image by its name.

        Args:
            name: Name of the image, with or without suffix, for example `s000057_v02`.

        Returns:
            The record of the scene, the view in this record, and the image's entry in this view.

        Raises:
            DataSetError: There is no such image.
        """
        stem = Path(name).stem
        try:
            record = from_bytes(self.store.get(record_name(int(stem[1:7]))))
        except (OSError, ValueError):
            raise DataSetError(f"{self.store}: no image {name!r}; names look like s000057_v02") from None
        for view in record.views:
            for picture in view.pictures:
                if Path(picture.name).stem == stem:
                    return record, view, picture
        raise DataSetError(f"{self.store}: scene {record.scene} has no accepted image {name!r}")

    def pictures(self) -> Iterator[tuple[Record, View, Picture]]:
        """Yields (record, view, picture) for each image, in the order of the records.

        Raises:
            DataSetError: A record cannot be read.
        """
        limit = self._num_images
        for name in record_names(self.store):
            try:
                record = from_bytes(self.store.get(name))
            except ValueError:
                raise DataSetError(f"{self.store}/{name}: cannot be read; {REPAIR}") from None
            for view in kept_views(record, limit):
                limit -= 1
                for picture in view.pictures:
                    yield record, view, picture

    def files(self, record: Record, picture: Picture) -> dict[str, bytes]:
        """Returns a dict from file name to content, for all files of an image; the image file comes first.

        Raises:
            DataSetError: A file is missing.
        """
        return {name: self._content(name) for name in picture_files(record.split, picture)}

    def content(self, record: Record, picture: Picture) -> bytes:
        """The bytes of the image file.

        Raises:
            DataSetError: The file is missing.
        """
        return self._content(picture_path(record.split, picture.name))

    def _content(self, name: str) -> bytes:
        try:
            return self.store.get(name)
        except OSError:
            raise DataSetError(f"{self.store}/{name}: missing; {REPAIR}") from None

    def image(self, record: Record, picture: Picture) -> NDArray[np.uint8]:
        """The decoded image, RGB, of shape (H, W, 3).

        Raises:
            DataSetError: The file is missing or broken.
        """
        try:
            name = picture_path(record.split, picture.name)
            return decode_image(BytesIO(self._content(name)), f"{self.store}/{name}")
        except ValueError as error:
            raise DataSetError(f"{error}; {REPAIR}") from error


def _is_deep(content: bytes) -> bool:
    """Whether a YAML text is deeply nested or has aliases, which can expand to any number of values."""
    level = 0
    for event in yaml.parse(content, Loader=LOADER):
        if isinstance(event, yaml.CollectionStartEvent | yaml.CollectionEndEvent):
            level += 1 if isinstance(event, yaml.CollectionStartEvent) else -1
        if isinstance(event, yaml.AliasEvent) or level > MAX_NESTING:
            return True
    return False
