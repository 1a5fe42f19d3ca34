"""Connects to object stores through fsspec; errors are reported in one line."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

from sim2coco.objects.urls import EXTRAS
from sim2coco.storage import StoreError

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

READS = 32
"""Number of files that are read or written concurrently."""
OPTIONS: dict[str, dict[str, Any]] = {
    "s3": {
        "config_kwargs": {
            "connect_timeout": 10,
            "read_timeout": 60,
            "max_pool_connections": READS,
            "retries": {"mode": "standard", "total_max_attempts": 5},
        }
    }
}
"""fsspec options, by URL scheme."""
OF_CREDENTIALS = ("Credential", "Profile", "Token", "SSO")
"""Parts of the names of exceptions about credentials."""


def require(url: str) -> None:
    """Imports the package that a URL needs, without starting a thread, so that forking stays safe.

    Raises:
        StoreError: The package is not installed.
    """
    scheme = url.partition("://")[0]
    package = EXTRAS[scheme]
    try:
        import_module(package)
    except ImportError as error:
        wanted = "'sim2coco[s3]'" if scheme == "s3" else package
        raise StoreError(f"out: {scheme}:// needs {package}: pip install {wanted}") from error


def connected(url: str) -> "tuple[AbstractFileSystem, str]":
    """Returns the file system of a URL, without listings cache, and the URL's path in that file system."""
    from fsspec import url_to_fs

    options = OPTIONS.get(url.partition("://")[0], {})
    return url_to_fs(url, use_listings_cache=False, skip_instance_cache=True, **options)


@contextmanager
def told(url: str) -> Iterator[None]:
    """Converts exceptions in a `with` block to `StoreError`, but not FileNotFoundError and FileExistsError.

    Raises:
        StoreError: The server cannot be reached or refuses the operation; the message is one line.
    """
    try:
        yield
    except (FileNotFoundError, FileExistsError, StoreError):
        raise
    except Exception as error:  # the packages have no common exception class
        what = " ".join(str(error).split()) or type(error).__name__
        raise StoreError(f"out: {url}: {what}; {_advice(error)}") from error


def _advice(error: Exception) -> str:
    kind = type(error).__name__
    if isinstance(error, PermissionError) or any(word in kind for word in OF_CREDENTIALS):
        return (
            "set the credentials as for the cloud's own tools: environment variables or configuration files"
        )
    if isinstance(error, ValueError) or "Config" in kind or "Region" in kind:
        return "correct it as for the cloud's own tools: environment variables or configuration files"
    return "run the same command again when the server can be reached"
