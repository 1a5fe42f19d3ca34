"""Facts about a mesh in a YAML file beside it: `mug.keypoints.yaml` and `mug.regions.yaml` for `mug.obj`."""

from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import ValidationError

from scenes.assets.mesh import MeshError
from scenes.settings import Settings

Facts = TypeVar("Facts", bound=Settings)
MAX_BYTES = 1 << 20


def facts_beside(mesh: Path, suffix: str, facts: type[Facts]) -> Facts | None:
    """The facts in the file beside a mesh file; None without such a file.

    Args:
        mesh: The mesh file.
        suffix: End of the name of the other file; its beginning is that of the mesh file without its suffix.
        facts: The settings that the file contains.

    Raises:
        MeshError: The file cannot be read, or is a link out of the folder; the message is one line.
    """
    path = mesh.with_name(f"{mesh.stem}{suffix}")
    if not path.is_file():
        return None
    folders = {mesh.parent.resolve(), mesh.resolve().parent}
    if path.resolve().parent not in folders:
        raise MeshError(f"{path.name}: is a link that leads out of its folder; copy the file there")
    try:
        return facts.parse(_tree(path))
    except ValidationError as error:
        first = error.errors()[0]
        where = [".".join(map(str, first["loc"]))] if first["loc"] else []
        told = first["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
        told = told.replace("Extra inputs are not permitted", "no such entry")
        raise MeshError(": ".join([path.name, *where, told])) from error
    except (OSError, ValueError, TypeError, RecursionError, yaml.YAMLError) as error:
        told = str(error).split("\n")[0]
        raise MeshError(f"{path.name}: cannot be read: {told}") from error


def _tree(path: Path) -> Any:
    """The values of a YAML file; aliases are refused, because a short file of them may expand without end."""
    if path.stat().st_size > MAX_BYTES:
        raise ValueError(f"larger than {MAX_BYTES >> 20} MiB")
    content = path.read_bytes()
    if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(content, Loader=yaml.SafeLoader)):
        raise ValueError("has aliases")
    return yaml.safe_load(content)
