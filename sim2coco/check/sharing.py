"""Finds leakage between splits: meshes and textures used in several splits, even under different names.

Furniture meshes and floors are not compared, because all splits use the same ones. Furniture textures are
compared.

Meshes and textures are collected from records and labels. `run.json` is only used to look up the content hash
of a mesh by the asset name in a label, and to detect meshes that differ only in size.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sim2coco.check.document import Document
from sim2coco.check.faults import Place
from sim2coco.check.folder import Folder
from sim2coco.check.values import Entry

MAX_TOLD = 10
"""Maximum number of shared meshes, and of shared textures, that are reported individually."""
MESH, SHAPE, TEXTURE = "mesh", "shape", "texture"
FORBIDDEN = {"asset": (MESH, SHAPE), "background": (TEXTURE,)}
"""Kinds that splits must not share, by value of `split.by`; a `SHAPE` is a mesh regardless of its size."""

Thing = tuple[str, str]
"""A kind (`MESH`, `SHAPE` or `TEXTURE`), and an identifier.

The identifier is a content hash or, for a procedural texture, its name and index.
"""


@dataclass(frozen=True, slots=True)
class Holding:
    """The number of distinct meshes and textures in the scenes of a split."""

    split: str
    meshes: int
    textures: int

    def __str__(self) -> str:
        """Formats the numbers, such as `train: 12 meshes, 3 textures`."""
        return f"{self.split}: {self.meshes} meshes, {self.textures} textures"


@dataclass(slots=True)
class Sharing:
    """Registers the meshes, shapes and textures of each split, and reports those that splits must not share.

    Attributes:
        forbidden: What splits must not share: a subset of `mesh`, `shape` and `texture`.
        meshes: Dict from mesh name to mesh key `name@hash`; needed because labels only contain the name.
        shapes: Dict from mesh key to shape identifier, which is equal for meshes that differ only in size.
        first: Dict from a mesh, shape or texture to the split and image in which it was found first.
        splits: Dict from split name to the meshes, shapes and textures found in the split.
        leaks: Number of forbidden meshes and textures that splits share, keyed by `mesh` and `texture`.
    """

    forbidden: frozenset[str]
    meshes: Mapping[str, str]
    shapes: Mapping[str, str]
    first: dict[Thing, tuple[str, str]] = field(default_factory=dict)
    splits: dict[str, set[Thing]] = field(default_factory=dict)
    leaks: Counter[str] = field(default_factory=Counter)

    def see_record(self, folder: Folder, name: str, record: Entry) -> None:
        """Registers the meshes, textures and environment maps of a record's scene.

        Reports those that another split also uses, if their kind must not be shared.
        """
        if record["status"] != "done":
            return
        try:
            things = [*_bodies(record), *_textures(record["settled"]), *_skies(record)]
        except (KeyError, TypeError, AttributeError):
            if self.forbidden:
                folder.at(name, "settled").fault(
                    "scene", "does not list the meshes and textures of the scene"
                )
            return
        picture = _picture(record) or f"scene {record['scene']}"
        for kind, called in things:
            self._see(folder.at(name, picture), record["split"], picture, kind, called)

    def see_labels(self, split: str, document: Document) -> None:
        """Like `see_record`, for the meshes in the labels of a split."""
        for identity, image in document.images.items():
            for annotation in document.annotations_of(identity):
                asset, picture = annotation["attributes"]["asset"], image["file_name"]
                self._see(document.at(picture), split, picture, MESH, self.meshes.get(asset, asset))

    def _see(self, place: Place, split: str, picture: str, kind: str, called: str) -> None:
        things = {(kind, called.rpartition("@")[2])}
        if kind == MESH and called in self.shapes:
            things.add((SHAPE, self.shapes[called]))
        seen = self.splits.setdefault(split, set())
        if things <= seen:
            return
        seen |= things
        for thing in sorted(things):
            other, there = self.first.setdefault(thing, (split, picture))
            if other != split and thing[0] in self.forbidden:
                self._leak(place, kind, f"{kind} {called} is in split {other} too ({there})")
                return

    def _leak(self, place: Place, kind: str, what: str) -> None:
        self.leaks[kind] += 1
        if self.leaks[kind] <= MAX_TOLD:
            more = "; others are not listed" if self.leaks[kind] == MAX_TOLD else ""
            place.fault("splits", what + more)

    def holdings(self) -> tuple[Holding, ...]:
        """Returns one `Holding` per split, sorted by split name.

        If there are several splits, a last `Holding` counts the meshes and textures that are used in more
        than one split.
        """
        everywhere = Counter(thing for things in self.splits.values() for thing in things)
        shared = {thing for thing, splits in everywhere.items() if splits > 1}
        last = [("in more than one", shared)] if len(self.splits) > 1 else []
        return tuple(_holding(name, things) for name, things in [*sorted(self.splits.items()), *last])


def _holding(name: str, things: set[Thing]) -> Holding:
    kinds = Counter(kind for kind, _ in things)
    return Holding(name, kinds[MESH], kinds[TEXTURE])


def sharing_in(folder: Folder, run: Entry | None) -> Sharing:
    """Creates an empty `Sharing` with the rules and hashes from `run.json`.

    Args:
        folder: The data set.
        run: The content of `run.json`; None if it is missing.
    """
    try:
        meshes = {str(key).rpartition("@")[0]: str(key) for key in (run or {}).get("assets", [])}
        words = (run or {}).get("recipe", {}).get("split", {}).get("by", [])
        said = (run or {}).get("held_out", {}).values()
        shapes = {key: str(what) for part in said for key, what in part.get("assets", {}).items()}
        forbidden = frozenset(kind for word in words for kind in FORBIDDEN.get(word, ()))
    except (AttributeError, TypeError):
        folder.at("run.json").fault("run", "assets, recipe.split or held_out cannot be read")
        return Sharing(frozenset(), {}, {})
    return Sharing(forbidden, meshes, shapes)


def _bodies(record: Entry) -> Iterator[Thing]:
    """Yields the mesh of each body in the scene of a record; skips furniture."""
    for body in record["settled"]["spec"]["bodies"]:
        if body.get("role") != "furniture":
            yield MESH, str(body["asset"])


def _textures(node: object) -> Iterator[Thing]:
    """Yields the texture of each surface in a scene; a surface is any mapping with a key `look`.

    Not recursive, because the tree of a broken record may be nested too deeply for recursion.
    """
    waiting = [node]
    for node in waiting:
        if isinstance(node, dict) and "look" in node:
            texture = node["look"]["texture"]
            if texture is not None:
                yield TEXTURE, str(texture["source"] or f"{texture['kind']} {texture['index']}")
        waiting += node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()


def _skies(record: Entry) -> Iterator[Thing]:
    """Yields the environment maps that light the views of a scene."""
    for view in record["views"]:
        around = view["shot"]["light"].get("environment")
        if around is not None:
            yield TEXTURE, str(around["source"])


def _picture(record: Entry) -> str:
    """The name of the first image of a record; "" if it has none."""
    listed = [view.get("pictures") for view in record["views"] if isinstance(view, dict)]
    pictures = [picture for some in listed if isinstance(some, list) for picture in some]
    return next((str(one["name"]) for one in pictures if isinstance(one, dict) and "name" in one), "")
