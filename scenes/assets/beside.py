"""Reads mesh metadata from YAML files next to a mesh, such as `mug.keypoints.yaml` for `mug.obj`."""

from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import ValidationError

from scenes.assets.mesh import MeshError
from scenes.settings import Settings

Facts = TypeVar("Facts", bound=Settings)
MAX_BYTES = 1 << 20


def facts_beside(mesh: Path, suffix: str, facts: type[Facts]) -> Facts | None:
    """Reads the metadata file next to a mesh file; returns None if there is none.

    Args:
        mesh: The mesh file.
        suffix: Suffix of the metadata file, which replaces the suffix of the mesh file.
        facts: The settings class of the metadata.

    Raises:
        MeshError: The file cannot be read, or is a symbolic link to a file outside the mesh's folder. The
            message is one line.
    """
    path = mesh.with_name(f"{mesh.stem}{suffix}")
    if not path.is_file():
        return None
    folders = {mesh.parent.resolve(), mesh.resolve().parent}
    if path.resolve().parent not in folders:
        raise MeshError(
            f"{path.name}: is a symbolic link to a file outside its folder; copy the file into it"
        )
    try:
        return facts.parse(_tree(path))
    except ValidationError as error:
        first = error.errors()[0]
        where = [".".join(map(str, first["loc"]))] if first["loc"] else []
        told = first["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
        told = told.replace("Extra inputs are not permitted", "unknown key")
        raise MeshError(": ".join([path.name, *where, told])) from error
    except (OSError, ValueError, TypeError, RecursionError, yaml.YAMLError) as error:
        told = str(error).split("\n")[0]
        raise MeshError(f"{path.name}: cannot be read: {told}") from error


def _tree(path: Path) -> Any:
    """Parses a YAML file. Rejects aliases, because a short file with aliases may expand without limit."""
    if path.stat().st_size > MAX_BYTES:
        raise ValueError(f"larger than {MAX_BYTES >> 20} MiB")
    content = path.read_bytes()
    if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(content, Loader=yaml.SafeLoader)):
        raise ValueError("YAML aliases are not supported")
    return yaml.safe_load(content)
