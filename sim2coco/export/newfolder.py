"""Creates an output folder atomically: the folder gets its final name when all files are written."""

import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sim2coco.storage import LOCK, StoreError
from sim2coco.store import LocalStore


@contextmanager
def new_folder(out: Path) -> Iterator[LocalStore]:
    """Provides a store in a temporary folder beside `out`, which is renamed to `out` when the block ends.

    If the block raises an exception, the temporary folder is removed. If the process is killed, the next call
    with the same `out` removes the folder. At the start, it is checked that the final rename is possible.

    Args:
        out: The folder, or a symbolic link to it. It may exist if it is empty.

    Raises:
        StoreError: `out` is not empty, cannot be written or replaced, or is being written by another process.
    """
    out = check_new(out)
    store = LocalStore(_partial(out))
    with store.claim():
        try:
            _clear(store.root)
            yield store
            store.sync()
        except BaseException:
            shutil.rmtree(store.root, ignore_errors=True)
            raise
    try:
        store.root.rename(out)
    except OSError as error:
        raise StoreError(f"--out: cannot write {out}: {error.strerror}") from error


def check_new(out: Path) -> Path:
    """Checks that `new_folder` can create a folder, and returns its resolved path.

    Raises:
        StoreError: The folder is not empty, or cannot be written or replaced.
    """
    out = _resolved(out)
    _check_free(out)
    _check_left_over(_partial(out))
    return out


def _partial(out: Path) -> Path:
    """The temporary folder beside the output folder."""
    return out.with_name(f".{out.name}.partial")


def refuse_inside(out: Path, roots: Iterable[Path]) -> None:
    """Refuses an output folder inside an input data set.

    Raises:
        StoreError: The folder lies inside one of the data sets, or is one of them.
    """
    for root in roots:
        if _resolved(out).is_relative_to(root.resolve()):
            raise StoreError(f"--out: {out} is inside the data set {root}; name a folder outside")


def _resolved(out: Path) -> Path:
    """Resolves a path."""
    try:
        return out.expanduser().resolve()
    except (OSError, RuntimeError) as error:  # a loop of symbolic links
        raise StoreError(f"--out: cannot write {out}: its symbolic links form a loop") from error


def _check_free(out: Path) -> None:
    """Checks that the path does not exist, or is an empty folder that can be replaced."""
    try:
        if not out.exists():
            return
        if out.is_dir() and not any(out.iterdir()):
            out.rmdir()  # fails now if the final rename would fail, for example at a mount point
            out.mkdir()
            return
    except OSError as error:
        raise StoreError(f"--out: cannot write {out}: {error.strerror}") from error
    what = "exists" if out.is_dir() else "is a file"
    raise StoreError(f"--out: {out} {what}; name another folder, or delete it")


def _check_left_over(folder: Path) -> None:
    """Checks that a non-empty temporary folder is left over from an interrupted process, i.e. has a lock."""
    if folder.is_symlink() or (folder.is_dir() and any(folder.iterdir()) and not (folder / LOCK).exists()):
        what = "was not left by an interrupted run of sim2coco; rename or delete it, or name another --out"
        raise StoreError(f"--out: {folder} {what}")


def _clear(folder: Path) -> None:
    """Empties the temporary folder of an interrupted process, except for the lock."""
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path.name != LOCK:
            path.unlink()
