"""COCO: visible masks in `annotations/`, amodal masks in `annotations_amodal/`, one file per split."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Literal

from sim2coco.datasets.labelled import DatasetInfo, LabelledImage, Scalar
from sim2coco.export.cocofile import MaskStyle, coco_file
from sim2coco.export.format import Add, Format
from sim2coco.storage import Store

NAMES = {
    "instances": "annotations/instances_{split}.json",
    # In its own folder, because converters take every file in a folder for a split.
    "amodal": "annotations_amodal/amodal_{split}.json",
}
EARLIER = "annotations/amodal_{split}.json"
"""The amodal file in data sets from earlier versions."""


class Coco(Format):
    """COCO: visible and amodal masks in two files for each split; keypoints where the data set has them."""

    kind: Literal["coco"] = "coco"
    segmentation: Literal["rle", "polygons"] = "rle"
    """Masks as `rle`, or as `polygons`: one per object, with its parts and holes joined by bridges."""
    rle: Literal["compressed", "uncompressed"] = "compressed"
    """RLE as a `compressed` string, or `uncompressed` as a list of numbers, which some readers need."""
    boxes_3d: bool = False
    """Whether to write the corners of each object's 3D bounding box, in metres and in pixels."""

    @contextmanager
    def write(self, target: Store, info: DatasetInfo) -> Iterator[Add]:
        """Writes the files of every split with images, and deletes the files of splits without images."""
        masks = MaskStyle(self.segmentation == "polygons", self.rle == "compressed")
        kinds = [kind for kind in NAMES if kind == "instances" or info.amodal]
        with ExitStack() as stack:
            files = {
                (kind, split): stack.enter_context(coco_file(info)) for split in info.splits for kind in kinds
            }

            def add(image: LabelledImage) -> None:
                target.link(image.file, image.path)
                for kind in kinds:
                    amodal = kind == "amodal"
                    files[kind, image.split].add(image, masks, amodal, self.boxes_3d and not amodal)

            yield add
            for split in info.splits:
                for kind, name in NAMES.items():
                    file = files.get((kind, split))
                    if file is not None and file.images:
                        what = "visible" if kind == "instances" else kind
                        target.put(name.format(split=split), file.content(about(info, split, what)))
                    else:
                        target.delete(name.format(split=split))
                target.delete(EARLIER.format(split=split))


def about(info: DatasetInfo, split: str, masks: str) -> Mapping[str, Scalar]:
    """Returns COCO's `info`: the data set's own, otherwise a description of the split and the masks."""
    ours = {"description": f"sim2coco, split {split}, {masks} masks", "version": "1.0"}
    return info.about or ours
