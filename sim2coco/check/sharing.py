"""What splits share: the meshes and textures of their scenes, whatever these are called there.

Meshes of furniture do not count: they are the same in all splits, as floors are; their textures do.

The evidence is what records and labels name. `run.json` tells only what is in a mesh that a label names, and
that two meshes are one at two sizes.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sim2coco.check.document import Document
from sim2coco.check.folder import Folder, Place
from sim2coco.check.values import Entry

MAX_TOLD = 10
MESH, SHAPE, TEXTURE = "mesh", "shape", "texture"
FORBIDDEN = {"asset": (MESH, SHAPE), "background": (TEXTURE,)}
"""What must not be shared, by the word of `split.by`; a shape is a mesh at any size."""

Thing = tuple[str, str]
"""A kind and what it is: its hash, or which picture of which procedural texture."""


@dataclass(frozen=True, slots=True)
class Holding:
    """How many different meshes and textures the scenes of a split have."""

    split: str
    meshes: int
    textures: int

    def __str__(self) -> str:
        """The numbers in words."""
        return f"{self.split}: {self.meshes} meshes, {self.textures} textures"


@dataclass(slots=True)
class Sharing:
    """Which split has what, and what two have that must not.

    Attributes:
        forbidden: The kinds that no two splits may share.
        meshes: A mesh's name with the hash of what is in it, by the bare name that labels have.
        shapes: What a mesh is at any size, by its name with the hash.
        first: Where a thing was seen first: its split and a picture.
        splits: The things of each split.
        leaks: How many things of each kind were found in a second split.
    """

    forbidden: frozenset[str]
    meshes: Mapping[str, str]
    shapes: Mapping[str, str]
    first: dict[Thing, tuple[str, str]] = field(default_factory=dict)
    splits: dict[str, set[Thing]] = field(default_factory=dict)
    leaks: Counter[str] = field(default_factory=Counter)

    def see_record(self, folder: Folder, name: str, record: Entry) -> None:
        """Looks at what the scene of a record is made of."""
        if record["status"] != "done":
            return
        try:
            things = [*_bodies(record), *_textures(record["settled"]), *_skies(record)]
        except (KeyError, TypeError, AttributeError):
            if self.forbidden:
                folder.at(name, "settled").fault("does not tell what the scene is made of")
            return
        picture = _picture(record) or f"scene {record['scene']}"
        for kind, called in things:
            self._see(folder.at(name, picture), record["split"], picture, kind, called)

    def see_labels(self, split: str, document: Document) -> None:
        """Looks at the meshes that the labels of a split name."""
        for identity, image in document.images.items():
            for annotation in document.of_image[identity]:
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
            more = "; further ones are not told" if self.leaks[kind] == MAX_TOLD else ""
            place.fault(what + more)

    def holdings(self) -> tuple[Holding, ...]:
        """How much each split has, and last, where there are several, how much is in more than one."""
        everywhere = Counter(thing for things in self.splits.values() for thing in things)
        shared = {thing for thing, splits in everywhere.items() if splits > 1}
        last = [("in more than one", shared)] if len(self.splits) > 1 else []
        return tuple(_holding(name, things) for name, things in [*sorted(self.splits.items()), *last])


def _holding(name: str, things: set[Thing]) -> Holding:
    kinds = Counter(kind for kind, _ in things)
    return Holding(name, kinds[MESH], kinds[TEXTURE])


def sharing_in(folder: Folder, run: Entry | None) -> Sharing:
    """Nothing seen so far, and what is said about it."""
    try:
        meshes = {str(key).rpartition("@")[0]: str(key) for key in (run or {}).get("assets", [])}
        words = (run or {}).get("recipe", {}).get("split", {}).get("by", [])
        said = (run or {}).get("held_out", {}).values()
        shapes = {key: str(what) for part in said for key, what in part.get("assets", {}).items()}
        forbidden = frozenset(kind for word in words for kind in FORBIDDEN.get(word, ()))
    except (AttributeError, TypeError):
        folder.at("run.json").fault("assets, recipe.split or held_out cannot be read")
        return Sharing(frozenset(), {}, {})
    return Sharing(forbidden, meshes, shapes)


def _bodies(record: Entry) -> Iterator[Thing]:
    """The mesh of each body of a scene but furniture."""
    for body in record["settled"]["spec"]["bodies"]:
        if body.get("role") != "furniture":
            yield MESH, str(body["asset"])


def _textures(node: object) -> Iterator[Thing]:
    """The texture of each surface, wherever in a scene it is: each has a `look`. Trees may be deep."""
    waiting = [node]
    for node in waiting:
        if isinstance(node, dict) and "look" in node:
            texture = node["look"]["texture"]
            if texture is not None:
                yield TEXTURE, str(texture["source"] or f"{texture['kind']} {texture['index']}")
        waiting += node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()


def _skies(record: Entry) -> Iterator[Thing]:
    """The pictures of all around that light the views of a scene."""
    for view in record["views"]:
        around = view["shot"]["light"].get("environment")
        if around is not None:
            yield TEXTURE, str(around["source"])


def _picture(record: Entry) -> str:
    """The name of the first picture of a record, "" if it has none."""
    views = [view for view in record["views"] if isinstance(view, dict)]
    pictures = [
        picture for view in views for picture in view.get("pictures") or () if isinstance(picture, dict)
    ]
    return next((str(picture["name"]) for picture in pictures if "name" in picture), "")
