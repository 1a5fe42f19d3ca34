"""A finished or growing data set, as its files tell it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scenes.assets.reading.image import read_image
from sim2coco.records import Picture, Record, View, from_bytes, kept_views, picture_path, record_name
from sim2coco.store import Store


class DataSetError(ValueError):
    """A folder or a picture that is not what it is taken for, in one line."""


class DataSet:
    """Reads a data set.

    Args:
        root: Its folder.

    Raises:
        DataSetError: The folder holds no data set of ours.
    """

    def __init__(self, root: Path) -> None:
        """Reads what it is."""
        self.store = Store(root)
        try:
            self.run: dict[str, Any] = json.loads(self.store.get("run.json"))
            self.names = tuple(self.run["recipe"]["assets"]["categories"])
            self._num_images = int(self.run["num_images"])
        except (OSError, ValueError, KeyError, TypeError):
            raise DataSetError(f"{root}: no data set (it has no readable run.json)") from None

    def find(self, name: str) -> tuple[Record, View, Picture]:
        """A picture by its name, with or without its suffix.

        Raises:
            DataSetError: There is none.
        """
        stem = Path(name).stem
        try:
            record = from_bytes(self.store.get(record_name(int(stem[1:7]))))
        except (OSError, ValueError):
            raise DataSetError(
                f"{self.store.root}: no picture {name!r}; names look like s000057_v02"
            ) from None
        for view in record.views:
            for picture in view.pictures:
                if Path(picture.name).stem == stem:
                    return record, view, picture
        raise DataSetError(f"{self.store.root}: scene {record.scene} has no accepted picture {name!r}")

    def pictures(self) -> Iterator[tuple[Record, View, Picture]]:
        """All pictures, in order."""
        limit = self._num_images
        for name in self.store.list("records"):
            try:
                record = from_bytes(self.store.get(name))
            except ValueError:
                raise DataSetError(
                    f"{self.store.root / name}: cannot be read; the same command repairs it"
                ) from None
            for view in kept_views(record, limit):
                limit -= 1
                for picture in view.pictures:
                    yield record, view, picture

    def content(self, record: Record, picture: Picture) -> bytes:
        """The bytes of a picture's file.

        Raises:
            DataSetError: It is not there.
        """
        name = picture_path(record.split, picture.name)
        try:
            return self.store.get(name)
        except OSError:
            raise DataSetError(f"{self.store.root / name}: missing") from None

    def image(self, record: Record, picture: Picture) -> NDArray[np.uint8]:
        """A picture's pixels (H, W, 3) RGB.

        Raises:
            DataSetError: It is not there, or broken.
        """
        try:
            return read_image(self.store.root / picture_path(record.split, picture.name))
        except ValueError as error:
            raise DataSetError(f"{error}; the same command repairs it") from error
