"""The server answers only the page: host, origin, token, paths, links and sizes."""

import json
from collections.abc import Iterator
from http.client import HTTPConnection
from itertools import count
from pathlib import Path
from urllib.parse import urlencode

import pytest

from sim2coco.reviewing.statements import MAX_COMMENT
from tests.cocosets import small
from tests.reviewing.conftest import Review, review

VERDICT = {"image": "train/img0.png", "verdict": "accept", "comment": "", "reason": None}
JSON = {"Content-Type": "application/json"}
REQUESTS = count()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Review]:
    root = tmp_path_factory.mktemp("server") / "set"
    small(images=3).write(root / "annotations/instances_train.json", root / "images/train")
    secret = root.with_name("secret.png")
    (root / "images/train/img2.png").rename(secret)
    (root / "images/train/img2.png").symlink_to(secret)
    with review(root, "Ann") as server:
        for _ in range(100):
            if json.loads(ask(server, "GET", "/images")[1])["complete"]:
                break
        yield server


def ask(
    server: Review, method: str, path: str, content: str = "", headers: dict[str, str | None] | None = None
) -> tuple[int, bytes, dict[str, str]]:
    """Status, content and headers of an answer to a request with everything that the page sends.

    Args:
        server: The server.
        method: The method.
        path: Path of the address, sent as it is.
        content: Content of the request.
        headers: Headers that differ from those of the page; None leaves one out.
    """
    host, token = f"127.0.0.1:{server.port}", server.address.partition("token=")[2]
    own: dict[str, str | None] = {"Host": host, "Cookie": f"sim2coco-review-{server.port}={token}"}
    if method == "POST":
        own |= {"Origin": f"http://{host}", **JSON}
    connection = HTTPConnection("127.0.0.1", server.port, timeout=20)
    connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    for name, value in (own | (headers or {})).items():
        if value is not None:
            connection.putheader(name, value.replace("PORT", str(server.port)))
    connection.putheader("Content-Length", str(len(content.encode())))
    connection.endheaders(content.encode())
    answer = connection.getresponse()
    found = answer.status, answer.read(), {key.lower(): value for key, value in answer.getheaders()}
    connection.close()
    return found


def post(server: Review, path: str, content: str, **query: str) -> tuple[int, bytes]:
    """Status and content of the answer to a request that changes verdicts."""
    start = json.loads(ask(server, "GET", "/about")[1])["start"]
    stated = {"start": start, "request": f"r{next(REQUESTS)}"} | query
    return ask(server, "POST", f"{path}?{urlencode(stated)}", content)[:2]


def test_the_page_is_answered(server: Review) -> None:
    for path in (
        "/",
        "/about",
        "/images",
        "/verdicts",
        "/labels/0",
        "/thumbnail/0",
        "/image/0",
        "/page/review.js",
    ):
        status, _, headers = ask(server, "GET", path)
        assert status == 200, path
        assert "default-src 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
    assert ask(server, "GET", "/about", headers={"Host": "localhost:PORT"})[0] == 200
    status, told = post(server, "/verdict", json.dumps(VERDICT))
    assert (status, json.loads(told)["own"]["verdict"]) == (200, "accept")
    assert json.loads(post(server, "/undo", "{}")[1])["own"]["verdict"] is None
    assert json.loads(post(server, "/undo", "{}")[1]) == {"image": None}


def test_a_page_of_another_start_writes_nothing(server: Review) -> None:
    for path in ("/verdict", "/undo"):
        assert post(server, path, json.dumps(VERDICT), start="another")[0] == 409
        assert ask(server, "POST", path, json.dumps(VERDICT))[0] == 400
    assert json.loads(post(server, "/undo", "{}")[1]) == {"image": None}


def test_a_request_that_is_sent_again_is_written_once(server: Review) -> None:
    assert post(server, "/verdict", json.dumps(VERDICT))[0] == 200
    other = json.dumps(VERDICT | {"image": "train/img1.png"})
    answers = [post(server, "/verdict", other, request="one") for _ in range(2)]
    answers += [post(server, "/undo", "{}", request="two") for _ in range(2)]
    assert [json.loads(told)["own"]["verdict"] for _, told in answers] == ["accept", "accept", None, None]
    own = json.loads(ask(server, "GET", "/verdicts")[1])["own"]
    assert {image: told["verdict"] for image, told in own.items()}["train/img0.png"] == "accept"
    assert json.loads(post(server, "/undo", "{}")[1])["image"] == "train/img0.png"


def test_the_address_gives_a_cookie_that_scripts_cannot_read(server: Review) -> None:
    path = server.address.partition(f":{server.port}")[2]
    status, content, headers = ask(server, "GET", path, headers={"Cookie": None})
    assert (status, content) == (200, b'<meta http-equiv="refresh" content="0; url=/">')
    assert "HttpOnly" in headers["set-cookie"]
    assert "SameSite=strict" in headers["set-cookie"]


NAMED = "http://evil.example"
WRONG = {
    "wrong host": {"Host": "evil.example:PORT"},
    "host without a port": {"Host": "127.0.0.1"},
    "other port": {"Host": "127.0.0.1:1"},
    "no host": {"Host": None},
    "other origin": {"Origin": NAMED},
    "other port as origin": {"Origin": "http://127.0.0.1:1"},
    "null origin": {"Origin": "null"},
    "other site": {"Sec-Fetch-Site": "cross-site"},
    "other port of this host": {"Sec-Fetch-Site": "same-site"},
    "no token": {"Cookie": None},
    "wrong token": {"Cookie": "sim2coco-review-PORT=wrong"},
    "token of another port": {"Cookie": "sim2coco-review-1=wrong"},
    "broken cookie": {"Cookie": 'a="; \x7f=;;'},
}


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("headers", WRONG.values(), ids=WRONG.keys())
def test_requests_of_others_are_refused(server: Review, method: str, headers: dict[str, str | None]) -> None:
    paths = ("/verdict", "/undo") if method == "POST" else ("/", "/images", "/image/0", "/page/review.js")
    # The library hangs up on a request without a host; an unread body would reset the connection.
    body = "" if headers == {"Host": None} else json.dumps(VERDICT)
    for path in paths:
        status, content, _ = ask(server, method, path, body, headers)
        assert status in (400, 403), path  # 400 is what the library says to a request without a host
        assert b"img0" not in content


@pytest.mark.parametrize("origin", [None, NAMED])
def test_verdicts_need_an_origin(server: Review, origin: str | None) -> None:
    assert ask(server, "POST", "/verdict", json.dumps(VERDICT), {"Origin": origin})[0] == 403


@pytest.mark.parametrize(
    "path",
    [
        "/..%2f..%2fsecret.png",
        "/page/..%2f__init__.py",
        "/page/../server.py",
        "/page/%2e%2e/server.py",
        "/page/__init__.py",
        "/image/..%2fsecret.png",
        "/image/%2e%2e%2fsecret.png",
        "/image/../../secret.png",
        "/image//etc/passwd",
        "/image/train/img0.png",
        "/image/-1",
        "/image/3",
        "/image/99999999999999999999",
        "/image/2",  # a link that leads out of the data set
        "/thumbnail/2",
        "//etc/passwd",
    ],
)
def test_paths_lead_nowhere_else(server: Review, path: str) -> None:
    status, content, headers = ask(server, "GET", path)
    assert status == 404
    assert headers["content-type"].startswith("text/plain")
    assert b"import" not in content


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"])
def test_other_methods_are_refused(server: Review, method: str) -> None:
    assert ask(server, method, "/verdict", json.dumps(VERDICT))[0] == 405


def test_a_verdict_is_posted(server: Review) -> None:
    assert ask(server, "GET", "/verdict")[0] == 405
    assert ask(server, "GET", "/undo")[0] == 405


INVALID = {
    "nothing": ("", 400),
    "no object": ("[]", 400),
    "unknown key": (json.dumps(VERDICT | {"path": "x"}), 400),
    "own reviewer": (json.dumps(VERDICT | {"reviewer": "Bob"}), 400),
    "unknown verdict": (json.dumps(VERDICT | {"verdict": "maybe"}), 400),
    "unknown image": (json.dumps(VERDICT | {"image": "../secret.png"}), 404),
    "long comment": (json.dumps(VERDICT | {"comment": "a" * (MAX_COMMENT + 1)}), 400),
    "too long": (json.dumps(VERDICT | {"comment": "a" * 20_000}), 413),
}


@pytest.mark.parametrize(("content", "status"), INVALID.values(), ids=INVALID.keys())
def test_invalid_verdicts_are_refused(server: Review, content: str, status: int) -> None:
    assert post(server, "/verdict", content)[0] == status


def test_forms_of_other_pages_are_refused(server: Review) -> None:
    assert ask(server, "POST", "/verdict", json.dumps(VERDICT), {"Content-Type": "text/plain"})[0] == 415


def test_it_listens_on_this_machine_only(server: Review) -> None:
    number = f"{server.port:04X}"
    places = [
        line.split()[1] for line in Path("/proc/net/tcp").read_text().splitlines()[1:] if " 0A " in line
    ]
    assert [place for place in places if place.endswith(f":{number}")] == [f"0100007F:{number}"]
