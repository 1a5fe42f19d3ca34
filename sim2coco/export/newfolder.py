"""A new folder that has its name only when everything in it is written."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sim2coco.store import LOCK, LocalStore, StoreError


@contextmanager
def new_folder(out: Path) -> Iterator[LocalStore]:
    """Provides a store in a temporary folder beside `out`, which is renamed to `out` when the block ends.

    If the block raises an exception, the temporary folder is removed. If the process is killed, the next call
    for the same `out` removes it.

    Args:
        out: The folder; it may exist if it is empty.

    Raises:
        StoreError: It exists and is not empty, cannot be written, or another process writes it.
    """
    out = out.expanduser().absolute()
    _check_free(out)
    store = LocalStore(out.with_name(f".{out.name}.partial"))
    with store.claim():
        try:
            _clear(store.root)
            yield store
        except BaseException:
            shutil.rmtree(store.root, ignore_errors=True)
            raise
    try:
        store.root.rename(out)
    except OSError as error:
        raise StoreError(f"--out: cannot write {out}: {error.strerror}") from error


def _check_free(out: Path) -> None:
    try:
        if not out.exists() or (out.is_dir() and not any(out.iterdir())):
            return
    except OSError as error:
        raise StoreError(f"--out: cannot write {out}: {error.strerror}") from error
    what = "exists" if out.is_dir() else "is a file"
    raise StoreError(f"--out: {out} {what}; name another folder, or delete it")


def _clear(folder: Path) -> None:
    """Removes what an interrupted process has left in the temporary folder."""
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path.name != LOCK:
            path.unlink()
