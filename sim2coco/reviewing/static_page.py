"""Writes a review as one file that can be sent by mail; verdicts come back as a JSON Lines file."""

from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from typing import Any

from pydantic_core import to_json

from sim2coco.datasets.reading import Dataset
from sim2coco.reviewing import pictures
from sim2coco.reviewing.audits import Audited
from sim2coco.reviewing.gallery import entry_of
from sim2coco.reviewing.page import INDEX, SCRIPTS, STYLE, page_file
from sim2coco.reviewing.shapes import shapes
from sim2coco.reviewing.statements import about, plain

LONGER_PX, QUALITY = 640, 75
"""The longer side of the images in the page, in pixels, and their JPEG quality."""
HEAD = '<link rel="stylesheet" href="page/review.css">'


def static_page(
    dataset: Dataset, name: str, audits: Mapping[str, Audited], show: Callable[[int], None]
) -> Iterator[bytes]:
    """Yields the content of the page in parts.

    Args:
        dataset: The data set.
        name: Name of the data set.
        audits: The audit's findings for images, by file name.
        show: Called with the number of images that are done.

    Raises:
        DataSetError: An image cannot be read.
    """
    start, end = page_file(INDEX).split(HEAD)
    style, script = page_file(STYLE), "".join(map(page_file, SCRIPTS))
    for tag in (f'<script src="page/{each}" defer></script>\n' for each in SCRIPTS):
        end = end.replace(tag, "")
    policy = (
        f"default-src 'none'; img-src data:; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    yield f'{start}<meta http-equiv="Content-Security-Policy" content="{policy}">\n'.encode()
    body, rest = end.split("</body>")
    yield f"<style>{style}</style>{body}".encode()
    stated = about(name, dataset.info, "") | {"identity": dataset.identity}
    yield b'<script type="application/json" id="embedded">{"about":' + _json(stated) + b',"images":['
    for number, image in enumerate(_images(dataset, audits), 1):
        yield (b"," if number > 1 else b"") + _json(image)
        show(number)
    yield f"]}}</script><script>{script}</script></body>{rest}".encode()


def _images(dataset: Dataset, audits: Mapping[str, Audited]) -> Iterator[dict[str, Any]]:
    """Yields the images with their labels and pixels."""
    for image in dataset.images():
        content = pictures.jpeg(image, dataset.root, LONGER_PX, QUALITY)
        scale = min(1.0, LONGER_PX / max(image.width, image.height))
        yield {
            **plain(entry_of(image, audits)),
            "drawn": shapes(image, dataset.info.categories, scale),
            "jpeg": b64encode(content).decode(),
        }


def _json(tree: Any) -> bytes:
    """Encodes JSON so that no text in it can close the surrounding HTML element."""
    return to_json(tree).replace(b"<", b"\\u003c").replace(b">", b"\\u003e").replace(b"&", b"\\u0026")


def _hash(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"
