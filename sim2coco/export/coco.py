"""COCO: visible masks in `annotations/instances_<split>.json`, amodal masks in a file of the same split."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Literal

from sim2coco.datasets.labelled import DatasetInfo, LabelledImage, Scalar
from sim2coco.export.cocofile import MaskStyle, coco_file
from sim2coco.export.format import Add, Format
from sim2coco.store import Store


def annotations_name(kind: str, split: str) -> str:
    """The name of an annotation file in the data set; `kind` is `instances` or `amodal`."""
    return f"annotations/{kind}_{split}.json"


class Coco(Format):
    """COCO: visible and amodal masks in two files for each split; keypoints where the data set has them."""

    kind: Literal["coco"] = "coco"
    segmentation: Literal["rle", "polygons"] = "rle"
    """`rle`: run lengths; `polygons`: one polygon for each object, its parts and holes joined by bridges."""
    rle: Literal["compressed", "uncompressed"] = "compressed"
    """Run lengths as text, or as lists of numbers, which some readers need."""

    @contextmanager
    def write(self, target: Store, info: DatasetInfo) -> Iterator[Add]:
        """Writes the files of every split that has images, and deletes those of splits without images."""
        masks = MaskStyle(self.segmentation == "polygons", self.rle == "compressed")
        kinds = {"instances": False, "amodal": True} if info.amodal else {"instances": False}
        with ExitStack() as stack:
            files = {
                (kind, split): stack.enter_context(coco_file(info)) for split in info.splits for kind in kinds
            }

            def add(image: LabelledImage) -> None:
                target.link(image.file, image.path)
                for kind, amodal in kinds.items():
                    files[kind, image.split].add(image, masks, amodal)

            yield add
            for (kind, split), file in files.items():
                if file.images:
                    what = "visible" if kind == "instances" else kind
                    target.put(annotations_name(kind, split), file.content(about(info, split, what)))
                else:
                    target.delete(annotations_name(kind, split))


def about(info: DatasetInfo, split: str, masks: str) -> Mapping[str, Scalar]:
    """COCO's `info`: what the data set says of itself, or else the split and the masks of a file of ours."""
    ours = {"description": f"sim2coco, split {split}, {masks} masks", "version": "1.0"}
    return info.about or ours
