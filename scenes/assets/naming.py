"""Asset names for a `path:` setting."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

from scenes.assets.filenames import readable
from scenes.assets.paths import AssetPath


def asset_names(name: str, path: AssetPath) -> dict[Path, str]:
    """Returns a dict from each mesh file of a category to its asset name.

    If `path` is a file, its asset name is the category name. Otherwise, an asset name is the category name
    followed by the stem of the file. If files have the same stem, their folder, their suffix or both are
    added; if that does not distinguish them, the index of the file is used.

    Args:
        name: The category name.
        path: The file, or the folder or pattern with the files.
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
