"""Where data sets are written: folders, and places in object stores."""

from pathlib import Path

from sim2coco.objects.connection import require
from sim2coco.objects.store import ObjectStore
from sim2coco.objects.urls import EXTRAS, checked_url, is_url
from sim2coco.storage import Storage, StoreError
from sim2coco.store import LocalStore


def open_store(out: str | Path, absolute: bool = True) -> Storage:
    """The storage of a folder, or of a URL such as `s3://bucket/folder`; nothing is written yet.

    Args:
        out: The folder or the URL.
        absolute: Whether messages name the folder by its absolute path.

    Raises:
        StoreError: The URL cannot be used, or needs a package that is not installed.
    """
    if isinstance(out, str) and is_url(out):
        url = checked_url(out)
        require(url)
        return ObjectStore(url)
    path = Path(out)
    if path.parts[:1] and path.parts[0] in [f"{scheme}:" for scheme in EXTRAS]:
        why = "pass a URL as a string: a Path has no //" if isinstance(out, Path) else "a URL has two slashes"
        raise StoreError(f"out: {path}: {why}: {path.parts[0]}//BUCKET/FOLDER")
    return LocalStore(path.expanduser().absolute() if absolute else path)
