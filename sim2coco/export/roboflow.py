"""COCO in Roboflow's layout: one folder per split with its images and `_annotations.coco.json`."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import ClassVar, Literal

from sim2coco.datasets.errors import DataSetError
from sim2coco.datasets.labelled import DatasetInfo, LabelledImage
from sim2coco.export.coco import about
from sim2coco.export.cocofile import MaskStyle, coco_file
from sim2coco.export.format import Add, Format
from sim2coco.storage import Store

NAMES = {"val": "valid", "validation": "valid"}
"""Roboflow's names of splits; other splits keep their names."""


class Roboflow(Format):
    """COCO polygons as `roboflow/<split>/_annotations.coco.json` beside the images, for RF-DETR."""

    kind: Literal["roboflow"] = "roboflow"
    folders: ClassVar[tuple[str, ...]] = ("roboflow",)

    @contextmanager
    def write(self, target: Store, info: DatasetInfo) -> Iterator[Add]:
        """Writes a folder for every split with images."""
        folders = {split: f"roboflow/{NAMES.get(split, split)}" for split in info.splits}
        if len(set(folders.values())) < len(folders):
            raise DataSetError(f"roboflow: two of the splits {', '.join(folders)} would be named valid")
        with ExitStack() as stack:
            files = {split: stack.enter_context(coco_file(info)) for split in info.splits}

            def add(image: LabelledImage) -> None:
                target.link(image.file, f"{folders[image.split]}/{image.name}")
                files[image.split].add(image, MaskStyle(polygons=True))

            yield add
            for split, file in files.items():
                name = f"{folders[split]}/_annotations.coco.json"
                if file.images:
                    target.put(name, file.content(about(info, split, "visible")))
                else:
                    target.delete(name)
