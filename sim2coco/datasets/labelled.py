"""Labelled images and what they share: the input of annotation formats, for data sets of any origin.

Pixel edges are at integer coordinates; boxes are x, y, width, height in pixels; masks are COCO's compressed
run lengths for the whole image.
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
    """An object inside the image, hidden parts included.

    Attributes:
        counts: Its mask.
        area: Pixels of the mask.
        bbox: Its box.
    """

    counts: str
    area: float
    bbox: Xywh


@dataclass(frozen=True, slots=True)
class Solid:
    """The object that was rendered, in the camera that rendered it.

    Attributes:
        asset: Name and hash of its mesh.
        pose: From the frame of the mesh (metres, z up) to the camera.
        scale: Scale of the mesh in its frame, before `pose` is applied.
        whole_px: Pixels of the unoccluded object, not clipped to the image.
        whole_bbox: Its box, not clipped to the image.
        from_file: From the coordinates of the user's file to the frame of the mesh, scale included; None if
            it is not known.
        box_m: The smallest and the largest coordinates of the mesh in its frame, before `scale`; None in
            data sets of earlier versions.
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
    """One labelled object of an image.

    Attributes:
        category: Index of its category in `DatasetInfo.categories`.
        bbox: Box of its visible part.
        area: Visible pixels; what the annotation states if there is no mask.
        counts: Its visible mask; None for a box without a mask.
        crowd: Whether it is a region with several objects.
        amodal: Mask and box with hidden parts, if they are known.
        attributes: Scalars that the annotation has in addition.
        keypoints: One for each name of the category's skeleton, if there are any.
        solid: The rendered object, where it is known; None if an augmentation has moved pixels.
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
        """Whether this is the label of a defect or a region, which lies on the object of another label."""
        return all(type(self.attributes.get(key)) is int for key in ("on", "instance"))


@dataclass(frozen=True, slots=True)
class IgnoredObject:
    """A visible object without a label: index of its category, box of its visible part, and the reason."""

    category: int
    bbox: Xywh
    reason: str


@dataclass(frozen=True, slots=True)
class LabelledImage:
    """An image with its labels.

    Attributes:
        split: The split of the image.
        name: Its name below the folder of its split: COCO's `file_name`. It may contain `/`, but never leaves
            the folder.
        file: Where the image file lies on this machine.
        width: Width in pixels.
        height: Height in pixels.
        labels: Its labels.
        ignored: Visible objects without a label; None if the data set does not say which there are.
        scene: Number of the scene that it shows, where it is known.
        facts: Scalars that the image's entry has in addition, such as `view`, `lighting` and `copy`.
        camera: The camera, where it is known; None if an augmentation has moved pixels.
        other_files: Further files of the image, such as depth: names in the data set, and where they lie.
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
        """The image with the labels of objects only, without those of defects and regions on them."""
        return replace(self, labels=tuple(label for label in self.labels if not label.on_object))

    @property
    def path(self) -> str:
        """The name of the image file in a data set of ours: `images/<split>/<name>`."""
        return f"images/{self.split}/{self.name}"


@dataclass(frozen=True, slots=True)
class Licence:
    """A licence of the images or of what they show."""

    name: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Skeleton:
    """The keypoints of a category.

    Attributes:
        names: Names of its keypoints.
        edges: Pairs of connected keypoints, as indices from 0.
    """

    names: tuple[str, ...]
    edges: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class DatasetInfo:
    """What all images of a data set share. Labels refer to the index of a category in each of its lists.

    Attributes:
        splits: Names of the splits, in order; a split may have no images.
        categories: Names of the categories, each once.
        supercategories: Name of the supercategory of each category.
        licences: The licences, each once.
        category_ids: COCO's id of each category: 1, 2, 3, ... in our data sets.
        attributes: Scalars that the user has given each category; labels have them too.
        skeletons: The keypoints of each category; None for a category without any.
        amodal: Whether all labels have amodal masks.
        about: What COCO's `info` says of the data set; empty in our data sets.
        depth_scale_mm: Millimetres for each step of a depth file.
        meshes: Finds the mesh of an asset by its name and hash, while a run makes the data set.
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
        """Completes the lists of categories: ids from 1, no attributes, no keypoints."""
        number = len(self.categories)
        defaults: dict[str, tuple[object, ...]] = {
            "category_ids": tuple(range(1, number + 1)),
            "attributes": ({},) * number,
            "skeletons": (None,) * number,
        }
        for name, default in defaults.items():
            if not getattr(self, name):
                object.__setattr__(self, name, default)
