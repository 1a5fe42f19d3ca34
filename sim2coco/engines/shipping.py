"""Sends the files of a catalogue to machines that have no access to them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from scenes.assets.catalogue import Asset, Catalogue
from scenes.assets.stored import PREPARED, StoredMesh

Contents = Mapping[Path, bytes]
"""The content of each file, by the path of the file."""


def contents_of(catalogue: Catalogue) -> Contents:
    """Reads the files that a worker needs besides the catalogue: images, and meshes of libraries.

    The catalogue itself contains all other meshes. The result maps each path to the content of the file.

    Raises:
        OSError: A file cannot be read.
    """
    paths = [image.path for images in catalogue.images.values() for image in images]
    for asset in (*catalogue.assets.values(), *catalogue.furniture.values()):
        if isinstance(asset.surface, StoredMesh):
            prepared = [asset.surface.path.with_suffix(PREPARED)] if asset.surface.prepared else []
            paths += [asset.surface.path, *(path for path in prepared if path.is_file())]
    return {path: path.read_bytes() for path in dict.fromkeys(paths)}


def unpacked(catalogue: Catalogue, contents: Contents, folder: Path) -> Catalogue:
    """Writes the sent files of a catalogue to a folder.

    Args:
        catalogue: The catalogue, with the paths on the machine that sent it.
        contents: The content of each file, keyed by its path on that machine.
        folder: Folder on this machine.

    Returns:
        The catalogue with the paths of the written files.
    """
    numbers = {parent: index for index, parent in enumerate(dict.fromkeys(path.parent for path in contents))}

    def place(path: Path) -> Path:
        return folder / str(numbers[path.parent]) / path.name

    for path, content in contents.items():
        place(path).parent.mkdir(parents=True, exist_ok=True)
        place(path).write_bytes(content)
    return _moved(catalogue, place)


def _moved(catalogue: Catalogue, place: Callable[[Path], Path]) -> Catalogue:
    def asset(one: Asset) -> Asset:
        surface = one.surface
        if not isinstance(surface, StoredMesh):
            return one
        return replace(one, surface=replace(surface, path=place(surface.path)))

    def groups(all_assets: Iterable[Iterable[Asset]]) -> Any:
        return tuple(tuple(map(asset, group)) for group in all_assets)

    return replace(
        catalogue,
        groups=groups(catalogue.groups),
        distractor_groups=groups(catalogue.distractor_groups),
        furniture={name: asset(one) for name, one in catalogue.furniture.items()},
        images={
            role: tuple(replace(image, path=place(image.path)) for image in images)
            for role, images in catalogue.images.items()
        },
    )
