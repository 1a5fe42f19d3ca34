"""A new folder that has its name only when everything in it is written."""

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
    for the same `out` removes it. Whether the folder can be renamed in the end is found out at the start.

    Args:
        out: The folder, or a link to it; it may exist if it is empty.

    Raises:
        StoreError: It exists and is not empty, cannot be written or replaced, or another process writes it.
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
    """Checks that `new_folder` can make a folder; returns the folder that the path leads to.

    Raises:
        StoreError: It exists and is not empty, or cannot be written or replaced.
    """
    out = _resolved(out)
    _check_free(out)
    _check_left_over(_partial(out))
    return out


def _partial(out: Path) -> Path:
    """The temporary folder beside a folder."""
    return out.with_name(f".{out.name}.partial")


def refuse_inside(out: Path, roots: Iterable[Path]) -> None:
    """Refuses a folder that lies in one of the data sets that are read.

    Raises:
        StoreError: It lies in one of them, or is one.
    """
    for root in roots:
        if _resolved(out).is_relative_to(root.resolve()):
            raise StoreError(f"--out: {out} lies in the data set {root}; name a folder outside")


def _resolved(out: Path) -> Path:
    """The folder that a path leads to."""
    try:
        return out.expanduser().resolve()
    except (OSError, RuntimeError) as error:  # links that lead to each other
        raise StoreError(f"--out: cannot write {out}: its links lead nowhere") from error


def _check_free(out: Path) -> None:
    """Checks that there is nothing of this name but perhaps an empty folder that can be replaced."""
    try:
        if not out.exists():
            return
        if out.is_dir() and not any(out.iterdir()):
            out.rmdir()  # fails at once where the last step would: at a mount point, for example
            out.mkdir()
            return
    except OSError as error:
        raise StoreError(f"--out: cannot write {out}: {error.strerror}") from error
    what = "exists" if out.is_dir() else "is a file"
    raise StoreError(f"--out: {out} {what}; name another folder, or delete it")


def _check_left_over(folder: Path) -> None:
    """Checks that the temporary folder, if there is one, is of an interrupted process: it has a lock."""
    if folder.is_symlink() or (folder.is_dir() and any(folder.iterdir()) and not (folder / LOCK).exists()):
        what = "is not of an interrupted run of sim2coco; rename or delete it, or name another --out"
        raise StoreError(f"--out: {folder} {what}")


def _clear(folder: Path) -> None:
    """Removes what an interrupted process has left in the temporary folder."""
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path.name != LOCK:
            path.unlink()
