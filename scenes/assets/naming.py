"""Asset names for a `path:` setting."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

from scenes.assets.filenames import readable
from scenes.assets.paths import AssetPath


def asset_names(name: str, path: AssetPath) -> dict[Path, str]:
    """Returns the asset name of each mesh file.

    The name of a single file is the category name. The name of one of several files is the category name
    followed by the file stem. Where stems are not unique, the folder, the suffix or both are added. If the
    names are still not unique, the index of the file is used.
    """
    files = path.files()
    if path.resolved.is_file():
        return {files[0]: name}
    callings: tuple[Callable[[Path], str], ...] = (
        lambda file: file.stem,
        lambda file: f"{file.parent.name}/{file.stem}",
        lambda file: file.name,
        lambda file: f"{file.parent.name}/{file.name}",
        lambda file: str(numbers[file]),
    )
    numbers = {file: number for number, file in enumerate(files)}
    counts = [Counter(map(call, files)) for call in callings]

    def called(file: Path) -> str:
        return next(
            call(file) for call, count in zip(callings, counts, strict=True) if count[call(file)] == 1
        )

    return {file: f"{name}/{readable(called(file))}" for file in files}
