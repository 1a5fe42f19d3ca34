"""Serves the page of a review on the loopback interface."""

import asyncio
import errno
import secrets
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import uvicorn
from pydantic import ValidationError
from pydantic_core import to_json
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from sim2coco.datasets.errors import DataSetError
from sim2coco.datasets.verdicts import Verdict
from sim2coco.reviewing import pictures
from sim2coco.reviewing.gallery import Gallery
from sim2coco.reviewing.guard import Guard
from sim2coco.reviewing.journal import Journal
from sim2coco.reviewing.page import INDEX, SCRIPTS, STYLE, page_file
from sim2coco.reviewing.shapes import shapes
from sim2coco.reviewing.statements import Said, about, agreed, encodable, of_all, plain, said

HOST = "127.0.0.1"
TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}
MAX_BODY = 16 * 1024
"""Maximum size of a request in bytes."""
AT_ONCE = 2000
"""Maximum number of images in a response."""
CACHED = 4096
"""Number of thumbnails that are kept in memory, of about 8 kB each."""


@dataclass(frozen=True, slots=True)
class Pages:
    """The responses to the requests of the page.

    Attributes:
        name: Name of the data set.
        start: Random id of this start of the server.
        gallery: The data set's images.
        journal: The verdicts.
        thumbnail: Function that returns the JPEG thumbnail of the image at an index of the gallery.
        _written: The verdict written for each request id, so that a repeated request writes nothing.
        _turn: Lock that is held while a verdict is written.
    """

    name: str
    start: str
    gallery: Gallery
    journal: Journal
    thumbnail: Callable[[int], bytes]
    _written: dict[str, Verdict | None] = field(default_factory=dict)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def asset(self, request: Request) -> Response:
        """Responds with a file of the page."""
        name = request.path_params.get("name", INDEX)
        if name not in (INDEX, STYLE, *SCRIPTS):
            raise HTTPException(404, "no such file")
        return Response(page_file(name).encode(), media_type=f"{TYPES[Path(name).suffix]}; charset=utf-8")

    def about(self, request: Request) -> Response:
        """Responds with information about the data set as a whole, and the reviewer's name."""
        told = about(self.name, self.gallery.dataset.info, self.journal.reviewer)
        return _json(told | {"start": self.start})

    def images(self, request: Request) -> Response:
        """Responds with summaries of the images read so far, starting at the index in the request."""
        start, complete = _number(request.query_params.get("from", "0")), self.gallery.complete
        entries = self.gallery.entries[start : start + AT_ONCE]
        more = start + len(entries) < len(self.gallery.entries)
        listed = [plain(entry) for entry in entries]
        told = {"images": listed, "more": more, "complete": complete and not more}
        return _json(told | {"error": encodable(self.gallery.error)})

    def verdicts(self, request: Request) -> Response:
        """Responds with all verdicts that this reviewer may see."""
        self.journal.refresh()
        return _json(of_all(self.journal))

    def labels(self, request: Request) -> Response:
        """Responds with the labels of an image, as shapes that the page draws."""
        image = self.gallery.labelled(self._rank(request))
        return _json(shapes(image, self.gallery.dataset.info.categories))

    def small(self, request: Request) -> Response:
        """Responds with the thumbnail of an image."""
        return _image(self.thumbnail(self._rank(request)))

    def large(self, request: Request) -> Response:
        """Responds with an image as JPEG."""
        image = self.gallery.entries[self._rank(request)].image
        return _image(pictures.jpeg(image, self.gallery.root, pictures.LONGER_PX, pictures.QUALITY))

    async def judge(self, request: Request) -> Response:
        """Writes a verdict."""
        try:
            stated = Said.model_validate_json(await _body(request))
        except ValidationError as error:
            raise HTTPException(400, "not a verdict") from error
        if stated.image not in self.gallery.ranks:
            raise HTTPException(404, "no such image")
        verdict = Verdict(stated.image, stated.verdict, "", stated.comment, stated.reason)
        return await self._once(request, lambda: self.journal.add(verdict))

    async def undo(self, request: Request) -> Response:
        """Takes the last verdict back."""
        await _body(request)
        return await self._once(request, self.journal.undo)

    async def _once(self, request: Request, write: Callable[[], Verdict | None]) -> Response:
        """Writes the verdict of a request once; a repetition of the request gets the same response."""
        key = request.query_params.get("request", "")
        if not key:
            raise HTTPException(400, "the request has no id")
        if request.query_params.get("start") != self.start:
            raise HTTPException(409, "the review has been restarted")
        async with self._turn:
            if key not in self._written:
                self._written[key] = await run_in_threadpool(write)
        return _json(await run_in_threadpool(self._told, self._written[key]))

    def _told(self, own: Verdict | None) -> dict[str, Any]:
        """The response after the verdict `own` was written.

        It contains all verdicts on the image that the reviewer may see, and the agreement of reviewers. If
        `own` is None, because nothing was written, it contains no verdicts.
        """
        if own is None:
            return {"image": None}
        others = [
            said(verdict)
            for verdict in self.journal.verdicts()
            if verdict.image == own.image and verdict.reviewer != own.reviewer and own.verdict is not None
        ]
        return {"image": own.image, "own": said(own), "others": others, "agreement": agreed(self.journal)}

    def _rank(self, request: Request) -> int:
        rank = int(request.path_params["rank"])
        if rank >= len(self.gallery.entries):
            raise HTTPException(404, "no such image")
        return rank


def application(name: str, gallery: Gallery, journal: Journal) -> Starlette:
    """Returns the web application of a review; it does not check where requests come from."""

    @lru_cache(CACHED)
    def thumbnail(rank: int) -> bytes:
        image, quality = gallery.entries[rank].image, pictures.THUMBNAIL_QUALITY
        return pictures.jpeg(image, gallery.root, pictures.THUMBNAIL_PX, quality)

    pages = Pages(name, secrets.token_hex(8), gallery, journal, thumbnail)
    return Starlette(
        routes=[
            Route("/", pages.asset),
            Route("/page/{name}", pages.asset),
            Route("/about", pages.about),
            Route("/images", pages.images),
            Route("/verdicts", pages.verdicts),
            Route("/labels/{rank:int}", pages.labels),
            Route("/thumbnail/{rank:int}", pages.small),
            Route("/image/{rank:int}", pages.large),
            Route("/verdict", pages.judge, methods=["POST"]),
            Route("/undo", pages.undo, methods=["POST"]),
        ],
        exception_handlers={DataSetError: _unreadable, OSError: _unwritten},
    )


def listening(port: int) -> socket.socket:
    """Opens a socket on the loopback interface.

    Args:
        port: The port; 0 for any free port.

    Raises:
        DataSetError: The port is in use, or this process is not permitted to open it.
    """
    try:
        return socket.create_server((HOST, port))
    except OSError as error:
        told = "is used by another program" if error.errno == errno.EADDRINUSE else str(error.strerror)
        raise DataSetError(f"--port: {port} {told}; without --port, a free one is chosen") from error


def serve(app: Starlette, listener: socket.socket, started: Callable[[str], None]) -> None:
    """Serves a review until a signal stops it.

    Args:
        app: The web application of the review.
        listener: The socket.
        started: Called with the URL of the page before the first request is answered.
    """
    port, token = listener.getsockname()[1], secrets.token_urlsafe(32)
    config = uvicorn.Config(
        Guard(app, port, token),
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        timeout_graceful_shutdown=1,
    )
    started(f"http://{HOST}:{port}/?token={token}")
    uvicorn.Server(config).run(sockets=[listener])


def _json(tree: Any) -> Response:
    return Response(to_json(tree), media_type="application/json")


def _image(content: bytes) -> Response:
    # URLs contain the id of the server start, so that another data set is never shown from the cache.
    return Response(content, media_type="image/jpeg", headers={"Cache-Control": "private, max-age=3600"})


def _number(text: str) -> int:
    if not text.isdecimal() or len(text) > 9:
        raise HTTPException(400, "not a number")
    return int(text)


async def _body(request: Request) -> bytes:
    """The body of a JSON request."""
    if request.headers.get("content-type") != "application/json":
        raise HTTPException(415, "not JSON")
    content = b""
    async for part in request.stream():
        content += part
        if len(content) > MAX_BODY:
            raise HTTPException(413, "too long")
    return content


def _unreadable(request: Request, error: Exception) -> Response:
    if request.method == "POST":
        return _unwritten(request, error)
    return PlainTextResponse(encodable(str(error)), 404)


def _unwritten(request: Request, error: Exception) -> Response:
    told = getattr(error, "strerror", None) or str(error)
    return PlainTextResponse(f"the verdict is not saved: {encodable(told)}", 507)
