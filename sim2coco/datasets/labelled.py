"""Labelled images and metadata of data sets of any origin, from which annotation formats are written.

Pixel edges are at integer coordinates. Boxes are x, y, width, height in pixels. Masks are COCO's compressed
RLE of the whole image.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from scenes.assets.mesh import Mesh
from scenes.geometry import Matrix, Pose, Scale, Vec3
from scenes.shot import Camera

Xywh = tuple[float, float, float, float]
Scalar = str | int | float | bool | None
Keypoint = tuple[float, float, int]
"""x, y and visibility: 0 not labelled, 1 labelled and hidden, 2 visible."""


@dataclass(frozen=True, slots=True)
class Amodal:
    """The amodal mask of an object: it includes hidden parts, and is clipped to the image.

    Attributes:
        counts: The mask as compressed RLE.
        area: Number of pixels in the mask.
        bbox: Bounding box of the mask.
    """

    counts: str
    area: float
    bbox: Xywh


@dataclass(frozen=True, slots=True)
class Solid:
    """The rendered object, relative to the camera that rendered it.

    Attributes:
        asset: Name and hash of the mesh.
        pose: Transform from the object frame (metres, z up) to the camera frame.
        scale: Scale that is applied to the mesh, about the origin of the object frame.
        whole_px: Number of pixels of the unoccluded object, not clipped to the image.
        whole_bbox: Bounding box of the unoccluded object, not clipped to the image.
        from_file: Transform from the coordinates in the user's file to the object frame, including the scale;
            None if unknown.
        box_m: Minimum and maximum coordinates of the mesh before `scale` is applied; None in data
            sets from earlier versions.
    """

    asset: str
    pose: Pose
    scale: Scale
    whole_px: int
    whole_bbox: Xywh
    from_file: Matrix | None = None
    box_m: tuple[Vec3, Vec3] | None = None


@dataclass(frozen=True, slots=True)
class Label:
    """A labelled object in an image.

    Attributes:
        category: Index of the category in `DatasetInfo.categories`.
        bbox: Bounding box of the visible part.
        area: Number of visible pixels; without a mask, the annotation's `area`.
        counts: The visible mask as compressed RLE; None for a box without a mask.
        crowd: Whether the label is a region with several objects.
        amodal: The amodal mask and box; None if unknown.
        attributes: Additional scalars of the annotation.
        keypoints: One keypoint for each name in the category's skeleton; None if there are none.
        solid: The rendered object; None if unknown or if an augmentation has moved pixels.
    """

    category: int
    bbox: Xywh
    area: float
    counts: str | None
    crowd: bool = False
    amodal: Amodal | None = None
    attributes: Mapping[str, Scalar] = field(default_factory=dict)
    keypoints: tuple[Keypoint, ...] | None = None
    solid: Solid | None = None

    @property
    def on_object(self) -> bool:
        """Whether the label is a defect or region that lies on an object, and not an object itself."""
        return all(type(self.attributes.get(key)) is int for key in ("on", "instance"))


@dataclass(frozen=True, slots=True)
class IgnoredObject:
    """A visible object without a label.

    Attributes:
        category: Index of the category in `DatasetInfo.categories`.
        bbox: Bounding box of the visible part.
        reason: Why the object has no label.
    """

    category: int
    bbox: Xywh
    reason: str


@dataclass(frozen=True, slots=True)
class LabelledImage:
    """An image with its labels.

    Attributes:
        split: The split of the image.
        name: File name relative to the split's folder (COCO's `file_name`). It may contain `/`, but never
            leads out of the folder.
        file: Path of the image file on this machine.
        width: Width in pixels.
        height: Height in pixels.
        labels: The labels.
        ignored: Visible objects without a label; None if the data set does not list them.
        scene: Number of the scene; None if unknown.
        facts: Additional scalars of the image's entry, such as `view`, `lighting` and `copy`.
        camera: The camera; None if unknown or if an augmentation has moved pixels.
        other_files: Maps the name of each additional file, such as a depth file, to its path on this machine.
            The name is the path in the data set.
    """

    split: str
    name: str
    file: Path
    width: int
    height: int
    labels: tuple[Label, ...]
    ignored: tuple[IgnoredObject, ...] | None = None
    scene: int | None = None
    facts: Mapping[str, Scalar] = field(default_factory=dict)
    camera: Camera | None = None
    other_files: Mapping[str, Path] = field(default_factory=dict)

    def objects_only(self) -> "LabelledImage":
        """Returns the image with object labels only, without defects and regions."""
        return replace(self, labels=tuple(label for label in self.labels if not label.on_object))

    @property
    def path(self) -> str:
        """The image file name in sim2coco's layout: `images/<split>/<name>`."""
        return f"images/{self.split}/{self.name}"


@dataclass(frozen=True, slots=True)
class Licence:
    """A licence of the images or their content."""

    name: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Skeleton:
    """The keypoints of a category.

    Attributes:
        names: Names of the keypoints.
        edges: Pairs of connected keypoints, as 0-based indices.
    """

    names: tuple[str, ...]
    edges: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class DatasetInfo:
    """Metadata of a data set. Labels refer to categories by their index in the category lists.

    Attributes:
        splits: Split names, in order; a split may have no images.
        categories: Unique category names.
        supercategories: Supercategory of each category.
        licences: Unique licences.
        category_ids: COCO's id of each category: 1, 2, 3, ... in sim2coco data sets.
        attributes: User-defined scalars of each category; they are repeated in each label of the category.
        skeletons: Keypoints of each category; None for categories without keypoints.
        amodal: Whether all labels have amodal masks.
        about: COCO's `info`; empty in sim2coco data sets.
        depth_scale_mm: Millimetres per unit in a depth file.
        meshes: Function from the name and hash of an asset to its mesh; None except in a run and in
            `export --meshes`.
    """

    splits: tuple[str, ...]
    categories: tuple[str, ...]
    supercategories: tuple[str, ...]
    licences: tuple[Licence, ...] = ()
    category_ids: tuple[int, ...] = ()
    attributes: tuple[Mapping[str, Scalar], ...] = ()
    skeletons: tuple[Skeleton | None, ...] = ()
    amodal: bool = False
    about: Mapping[str, Scalar] = field(default_factory=dict)
    depth_scale_mm: float = 1.0
    meshes: Callable[[str], Mesh] | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Fills empty category lists with defaults: ids from 1, no attributes, no keypoints."""
        number = len(self.categories)
        defaults: dict[str, tuple[object, ...]] = {
            "category_ids": tuple(range(1, number + 1)),
            "attributes": ({},) * number,
            "skeletons": (None,) * number,
        }
        for name, default in defaults.items():
            if not getattr(self, name):
                object.__setattr__(self, name, default)
