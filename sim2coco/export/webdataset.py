"""WebDataset: tar files for sequential reading, with an image and a JSON file per sample."""

import re
import tarfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from sim2coco.datasets.labelled import DatasetInfo, LabelledImage
from sim2coco.export.format import Add, Format
from sim2coco.export.names import Names, suffix
from sim2coco.export.objects import compact, labelled_object
from sim2coco.export.spool import Spool, open_spool
from sim2coco.storage import Store

FOLDER = "webdataset"


class WebDataset(Format):
    """WebDataset: `webdataset/<split>-000000.tar` and so on; each image has a JSON file beside it."""

    kind: Literal["webdataset"] = "webdataset"
    shard_images: int = Field(1000, ge=1)
    """Images in each tar file; the last one of a split may have fewer."""

    @contextmanager
    def write(self, target: Store, info: DatasetInfo) -> Iterator[Add]:
        """Writes the tar files after the last image, and deletes left-over tar files of a larger export."""
        names, images = Names(), Counter[str]()
        with open_spool() as spool:

            def add(image: LabelledImage) -> None:
                images[image.split] += 1
                spool.add(f"{image.split}/{names.flat(image)}{suffix(image)}", compact(sample(info, image)))
                spool.add(str(image.file), b"")

            yield add
            written = set()
            for split in images:
                entries = _entries(spool, split)
                for shard in range(-(-images[split] // self.shard_images)):
                    name = f"{FOLDER}/{split}-{shard:06d}.tar"
                    target.put(name, tar(islice(entries, 2 * self.shard_images)))
                    written.add(name)
        for name in list(target.list(FOLDER)):
            if name not in written and any(_is_shard(name, split) for split in info.splits):
                target.delete(name)


def _is_shard(name: str, split: str) -> bool:
    """Whether a file name is the name of a shard of a split."""
    return re.fullmatch(rf"{FOLDER}/{re.escape(split)}-\d{{6,}}\.tar", name) is not None


def sample(info: DatasetInfo, image: LabelledImage) -> dict[str, Any]:
    """Returns the JSON content of an image: COCO file name, split, size, other metadata, and labels."""
    about = {"file_name": image.name, "split": image.split, "width": image.width, "height": image.height}
    scene = {} if image.scene is None else {"scene": image.scene}
    labels = [labelled_object(info, image, label) for label in image.labels]
    return dict(image.facts) | about | scene | {"annotations": labels}


def _entries(spool: Spool, split: str) -> Iterator[tuple[str, bytes | Path]]:
    """Yields (name, content or path) for each file in a split's tar files."""
    pairs = iter(spool)
    for (name, content), (file, _) in zip(pairs, pairs, strict=True):
        if name.rpartition("/")[0] == split:
            image = name.rpartition("/")[2]
            yield image, Path(file)
            yield f"{image.rpartition('.')[0]}.json", content


def tar(entries: Iterator[tuple[str, bytes | Path]]) -> Iterator[bytes]:
    """Yields the chunks of a deterministic tar file, which depends only on names and contents."""
    for name, source in entries:
        content = source.read_bytes() if isinstance(source, Path) else source
        header = tarfile.TarInfo(name)
        header.size = len(content)
        yield header.tobuf(tarfile.PAX_FORMAT)
        yield content
        yield bytes(-len(content) % tarfile.BLOCKSIZE)
    yield bytes(2 * tarfile.BLOCKSIZE)
