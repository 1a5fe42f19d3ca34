"""The command `download`: copies a data set from an object store to a folder."""

import argparse
from pathlib import Path

from rich.console import Console

from sim2coco.cli.progress import ProgressBar
from sim2coco.messages import counted
from sim2coco.objects.downloading import planned
from sim2coco.objects.store import ObjectStore
from sim2coco.objects.urls import is_url
from sim2coco.places import open_store
from sim2coco.storage import StoreError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of download to a parser."""
    parser.add_argument("url", metavar="URL", help="where the data set is, such as s3://bucket/parts")
    to = "the folder to write to: new, empty, or an incomplete or outdated copy"
    parser.add_argument("--out", required=True, metavar="FOLDER", help=to)


def run(options: argparse.Namespace, out: Console) -> int:
    """Copies a data set; returns 0."""
    objects = open_store(options.url) if is_url(options.url) else None
    if not isinstance(objects, ObjectStore):
        raise StoreError(f"{options.url}: is not a URL such as s3://bucket/parts")
    if is_url(options.out):
        raise StoreError(f"--out: {options.out}: must be a local folder")
    copy = planned(objects, Path(options.out))
    with ProgressBar(out, len(copy.sizes), "files") as bar:
        copy.run(bar.show)
    size_mb = sum(copy.sizes.values()) / 1e6
    new = f", {len(copy.missing)} of them new" if len(copy.missing) < len(copy.sizes) else ""
    out.print(f"{options.out}: {counted(len(copy.sizes), 'file')}, {size_mb:.1f} MB{new}", markup=False)
    return 0
