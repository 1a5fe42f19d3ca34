"""URLs of places in object stores, such as `s3://bucket/folder`."""

import re

from sim2coco.storage import StoreError

EXTRAS = {"s3": "s3fs", "gs": "gcsfs", "az": "adlfs"}
"""The schemes that are allowed, and the package that each needs.

Others that fsspec knows read files of this machine, run commands, or talk to any server.
"""
SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.:-]*)://(.*)", re.DOTALL)
BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
PART = re.compile(r"[^\x00-\x1f:\\*?#\[\]{}\"<>|^~%`]+")


def is_url(text: str) -> bool:
    """Whether a text is a URL and not the path of a file.

    Example:
        >>> is_url("s3://bucket/parts"), is_url("data/parts")
        (True, False)
    """
    return SCHEME.fullmatch(text) is not None


def is_place(text: str) -> bool:
    """Whether a text is a URL of an object store that data sets are written to."""
    found = SCHEME.fullmatch(text)
    return found is not None and found[1] in EXTRAS


def checked_url(url: str) -> str:
    """A URL without `/` at its end.

    Raises:
        StoreError: It has another scheme, credentials, options, or no folder.
    """
    found = SCHEME.fullmatch(url)
    assert found
    scheme, (bucket, _, folder) = found[1], found[2].partition("/")
    if scheme not in EXTRAS:
        known = ", ".join(f"{scheme}://" for scheme in EXTRAS)
        raise StoreError(f"out: {scheme}:// is not written to; allowed are folders, {known}")
    folder = folder.rstrip("/")
    if not BUCKET.fullmatch(bucket) or any(
        part in (".", "..") or not PART.fullmatch(part) for part in folder.split("/")
    ):  # it is not repeated, as it may have a password
        rest = "credentials and addresses come from where the cloud's own tools look"
        raise StoreError(f"out: write {scheme}://BUCKET/FOLDER and nothing more; {rest}")
    return f"{scheme}://{bucket}/{folder}"
