"""Accepts only requests from the page: checks the host, origin, token and method of each request."""

from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from hmac import compare_digest
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import HTMLResponse, PlainTextResponse, Response

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

POLICY = (
    "default-src 'none'; img-src 'self' data:; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
NO_TOKEN = "open the address that `sim2coco review` has printed; it changes with each start\n"


@dataclass(frozen=True, slots=True)
class Guard:
    """ASGI middleware that lets only the application's own page send requests to the application.

    The user opens a URL that contains a secret token. The response sets a cookie, and all further requests
    must have this cookie.

    Attributes:
        app: The application.
        port: The port on which the application is served.
        token: The secret, generated at each start of the server.
    """

    app: App
    port: int
    token: str

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request."""
        if scope["type"] != "http":
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        refused = self._refused(scope)
        await (refused or self.app)(scope, receive, send_with_headers)

    @property
    def hosts(self) -> tuple[str, str]:
        """The hosts that requests may name: `127.0.0.1` and `localhost`, each with the port."""
        return f"127.0.0.1:{self.port}", f"localhost:{self.port}"

    @property
    def cookie(self) -> str:
        """The cookie's name. It contains the port, because browsers send cookies to all ports of a host."""
        return f"sim2coco-review-{self.port}"

    def _refused(self, scope: Scope) -> Response | None:
        """Returns the response that refuses a request or sets the cookie; None to pass the request on."""
        headers, method = Headers(scope=scope), scope["method"]
        if headers.getlist("host") not in [[host] for host in self.hosts]:
            return PlainTextResponse("wrong host\n", 403)
        origin = headers.get("origin")
        if (origin is not None or method == "POST") and origin not in [f"http://{h}" for h in self.hosts]:
            return PlainTextResponse("wrong origin\n", 403)
        # A link on another site may lead to the first page, if it contains the token.
        linked = scope["path"] == "/" and headers.get("sec-fetch-mode") == "navigate"
        if headers.get("sec-fetch-site", "none") not in ("same-origin", "none") and not linked:
            return PlainTextResponse("wrong origin\n", 403)
        if method not in ("GET", "POST"):
            return PlainTextResponse("wrong method\n", 405)
        if self._is_token(_token_of(headers, self.cookie)):
            return None
        return self._entered(scope)

    def _entered(self, scope: Scope) -> Response:
        """Answers a request without the cookie: sets it if the URL contains the token, otherwise refuses."""
        stated = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])
        if scope["method"] != "GET" or scope["path"] != "/" or not self._is_token(stated[0]):
            return PlainTextResponse(NO_TOKEN, 403)
        # After a redirect, a browser would not send the cookie if a file or another site had linked here.
        answer = HTMLResponse('<meta http-equiv="refresh" content="0; url=/">')
        answer.set_cookie(self.cookie, self.token, path="/", httponly=True, samesite="strict")
        return answer

    def _is_token(self, stated: str) -> bool:
        return compare_digest(stated.encode("utf-8", "replace"), self.token.encode())


def _token_of(headers: Headers, name: str) -> str:
    try:
        cookie = SimpleCookie(headers.get("cookie", "")).get(name)
    except CookieError:
        return ""
    return cookie.value if cookie else ""
