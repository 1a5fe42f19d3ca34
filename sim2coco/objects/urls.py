"""URLs of folders in object stores, such as `s3://bucket/folder`."""

import re

from sim2coco.storage import StoreError

EXTRAS = {"s3": "s3fs", "gs": "gcsfs", "az": "adlfs"}
"""The allowed URL schemes, and the package that each one needs.

Other fsspec schemes are refused: they read local files, run commands, or connect to arbitrary servers.
"""
SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.:-]*)://(.*)", re.DOTALL)
BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
PART = re.compile(r"[^\x00-\x1f:\\*?#\[\]{}\"<>|^~%`]+")


def is_url(text: str) -> bool:
    """Returns whether a text is a URL rather than a file path.

    Example:
        >>> is_url("s3://bucket/parts"), is_url("data/parts")
        (True, False)
    """
    return SCHEME.fullmatch(text) is not None


def is_place(text: str) -> bool:
    """Returns whether a text is a URL of a supported object store."""
    found = SCHEME.fullmatch(text)
    return found is not None and found[1] in EXTRAS


def checked_url(url: str) -> str:
    """Validates a URL and strips trailing slashes.

    Raises:
        StoreError: The scheme is not supported, the folder is missing or invalid, or the URL contains
            credentials or options.
    """
    found = SCHEME.fullmatch(url)
    assert found
    scheme, (bucket, _, folder) = found[1], found[2].partition("/")
    if scheme not in EXTRAS:
        known = ", ".join(f"{scheme}://" for scheme in EXTRAS)
        raise StoreError(f"out: {scheme}:// is not supported; allowed: folders, {known}")
    folder = folder.rstrip("/")
    if not BUCKET.fullmatch(bucket) or any(
        part in (".", "..") or not PART.fullmatch(part) for part in folder.split("/")
    ):  # the message omits the URL, which may contain a password
        rest = "set credentials and endpoints as for the cloud's own tools"
        raise StoreError(f"out: write {scheme}://BUCKET/FOLDER without anything else; {rest}")
    return f"{scheme}://{bucket}/{folder}"
