"""An S3-compatible server for tests, and what is in its buckets."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import Request, urlopen

import fsspec
import pytest

from sim2coco.objects.store import ObjectStore

SERVER = Path(__file__).parent / "s3server.py"


@contextmanager
def serving() -> Iterator[subprocess.Popen[str]]:
    """Runs a server whose address and credentials are in the environment; it may be killed."""
    pipe = subprocess.PIPE
    with (
        subprocess.Popen([sys.executable, SERVER], stdin=pipe, stdout=pipe, text=True) as server,
        pytest.MonkeyPatch.context() as patch,
    ):
        assert server.stdin and server.stdout
        patch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{int(server.stdout.readline())}")
        patch.setenv("AWS_ACCESS_KEY_ID", "key")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        yield server
        server.stdin.close()


@contextmanager
def only_known_keys() -> Iterator[None]:
    """The server of the environment refuses every access key, as it has created none."""
    address = f"{os.environ['AWS_ENDPOINT_URL']}/moto-api/reset-auth"

    def allow(requests: str) -> None:
        urlopen(Request(address, requests.encode(), {"Content-Type": "text/plain"})).close()

    allow("0")
    try:
        yield
    finally:
        allow("inf")


def objects(url: str) -> dict[str, bytes]:
    """Every object of a data set, logs aside."""
    store = ObjectStore(url)
    return {name: store.get(name) for name in store.list(".") if not name.endswith(".log")}


def make_bucket(name: str) -> None:
    """Creates a bucket on the server of the environment."""
    files, _ = fsspec.url_to_fs(f"s3://{name}", skip_instance_cache=True)
    files.mkdir(name)
