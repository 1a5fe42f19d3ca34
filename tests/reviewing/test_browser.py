"""Reviews in a real browser: keys, clicks, undo, reloads, and a server that is killed."""

import json
import os
import re
import signal
import time
from pathlib import Path

from playwright.sync_api import Page, Route, expect

from sim2coco.cli import reviewing
from sim2coco.datasets.reading import open_dataset
from sim2coco.datasets.verdicts import Verdict, read_verdicts, to_line
from sim2coco.reviewing.agreement import cohens_kappa
from sim2coco.reviewing.statements import MAX_COMMENT, REASONS
from sim2coco.reviewing.static_page import static_page
from tests.reviewing.conftest import HOSTILE, review

KEYS = {"a": ("accept", None), "r": ("reject", None)} | {
    str(rank): ("reject", reason) for rank, reason in enumerate(REASONS, 1)
}


def key_of(image: int) -> str:
    """The key that is pressed for an image: a pattern without a short period."""
    return "ara1a5r8a3aa"[image * image % 12]


def lines(path: Path, number: int) -> None:
    """Waits until a file of verdicts has a number of lines."""
    for _ in range(200):
        if path.exists() and path.read_bytes().count(b"\n") >= number:
            return
        time.sleep(0.05)
    raise AssertionError(f"{path}: no {number} lines")


def judge(page: Page, images: range) -> None:
    for image in images:
        expect(page.locator("#caption")).to_contain_text(f"train/img{image}.png")
        page.keyboard.press(key_of(image))


def test_fifty_images_by_keyboard_with_undo_reload_and_kill(dataset: Path, page: Page) -> None:
    path = dataset.with_name("set.verdicts.jsonl")
    with review(dataset, "Ann") as first:
        page.goto(first.address)
        judge(page, range(20))
        page.keyboard.press("u")
        expect(page.locator("#caption")).to_contain_text("train/img19.png")
        page.keyboard.press("Control+z")
        expect(page.locator("#caption")).to_contain_text("train/img18.png · 40 × 30 · not judged")
        judge(page, range(18, 30))
        lines(path, 34)
        page.reload()
        judge(page, range(30, 40))
        lines(path, 44)
        os.kill(first.process.pid, signal.SIGKILL)
        first.process.wait()
        page.keyboard.press("r")
        # The verdict before may be on disk and not yet answered.
        waiting = re.compile(r"Not saved: the server does not respond\. [12] waiting")
        expect(page.locator("#problem")).to_contain_text(waiting)
    path.write_bytes(path.read_bytes() + b'{"image":"train/img40.png","verd')
    with review(dataset, "Ann") as second:
        page.goto(second.address)
        expect(page.locator("#progress")).to_have_text(
            f"40 of 50 judged: {accepted(range(40))} accepted, {40 - accepted(range(40))} rejected"
        )
        page.keyboard.press("u")  # takes back what was said before the server was killed
        judge(page, range(39, 49))
        expect(page.locator("#caption")).to_contain_text("train/img49.png")
        expect(page.locator("#labels")).to_contain_text("cannot be shown")
        page.keyboard.press(key_of(49))
        lines(path, 56)
    found = read_verdicts(path)
    said = {image: (verdict.verdict, verdict.reason) for (image, _), verdict in found.items()}
    assert said == {f"train/img{image}.png": KEYS[key_of(image)] for image in range(50)}
    assert {reviewer for _, reviewer in found} == {"Ann"}


def accepted(images: range) -> int:
    return sum(key_of(image) == "a" for image in images)


def test_mouse_filters_overlays_and_a_second_reviewer(dataset: Path, page: Page, tmp_path: Path) -> None:
    path = dataset.with_name("set.verdicts.jsonl")
    bob = [
        Verdict(f"train/img{i}.png", "reject" if i in (1, 4) else "accept", "Bob", "dark") for i in range(6)
    ]
    path.write_bytes(b"".join(map(to_line, bob)))
    audit = tmp_path / "audit.json"
    finding = {"file": "images/train/img30.png", "instance": 2, "rule": "mask edge", "what": "5 px differ"}
    audit.write_text(json.dumps({"instances": [], "findings": [finding]}))
    with review(dataset, "Ann", "--audit", str(audit)) as server:
        page.goto(server.address)
        expect(page.locator("#progress")).to_have_text("0 of 50 judged: 0 accepted, 0 rejected")
        expect(page.locator("#overlay .label")).to_have_count(3)
        expect(page.locator("#labels")).to_contain_text(HOSTILE)
        expect(page.locator("#others")).to_be_empty()  # what Bob says would sway her
        page.get_by_role("button", name="Accept").click()
        page.get_by_role("button", name="blurred").click()
        page.get_by_role("option", name="train/img4.png").click()
        page.get_by_role("textbox", name="Comment").fill("too <b>near</b>")
        page.keyboard.press("Control+Enter")
        page.get_by_role("button", name="Accept").click()
        lines(path, 6 + 4)
        page.keyboard.press("k")
        expect(page.locator("#others")).to_have_text("Bob: reject (dark)")
        kappa = cohens_kappa([("accept", "accept"), ("reject", "reject"), ("accept", "reject")])
        assert kappa is not None
        expect(page.locator("#agreement")).to_have_text(f"agreement with Bob: 2 of 3, Cohen’s κ {kappa:.2f}")
        page.locator("#state").select_option("judged differently by others")
        expect(page.locator("#caption")).to_contain_text("1 of 1 · train/img4.png")
        expect(page.get_by_role("textbox", name="Comment")).to_have_value("too <b>near</b>")
        page.locator("#state").select_option("all images")
        page.locator("#reason").select_option("blurred")
        expect(page.locator("#caption")).to_contain_text("1 of 1 · train/img1.png")
        page.locator("#reason").select_option("visible")
        expect(page.locator("#caption")).to_contain_text("of 8 · train/img")
        expect(page.locator("#overlay .ignored")).to_be_visible()
        page.locator("#reason").select_option("any")
        page.locator("#order").select_option("worst audit first")
        page.keyboard.press("Home")
        expect(page.locator("#caption")).to_contain_text("1 of 50 · train/img30.png")
        expect(page.locator("#failures")).to_have_text("instance 2: mask edge: 5 px differ")
        for key, kind in (("m", "path.mask"), ("b", ".label rect.box")):
            expect(page.locator(f"#overlay {kind}").first).to_be_visible()
            page.locator("#list").press(key)
            expect(page.locator(f"#overlay {kind}").first).to_be_hidden()
        page.get_by_role("checkbox", name="masks").click()
        expect(page.locator("#overlay path.mask").first).to_be_visible()
        page.set_viewport_size({"width": 390, "height": 844})
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        page.keyboard.press("End")
        page.set_viewport_size({"width": 1280, "height": 800})
        expect(page.locator("#list [aria-selected=true]")).to_be_in_viewport()
    assert read_verdicts(path)["train/img4.png", "Ann"].comment == "too <b>near</b>"


def test_a_page_that_is_sent(dataset: Path, page: Page, tmp_path: Path) -> None:
    (dataset / "images/train/img49.png").unlink()
    (tmp_path / "secret.png").rename(dataset / "images/train/img49.png")
    file = tmp_path / "page.html"
    file.write_bytes(b"".join(static_page(open_dataset(dataset), "set", {}, lambda _: None)))
    page.goto(file.as_uri())
    expect(page.locator("#labels")).to_contain_text(HOSTILE)
    for key in "a1r":
        page.keyboard.press(key)
    page.reload()
    page.keyboard.press("u")
    expect(page.locator("#progress")).to_have_text("2 of 50 judged: 1 accepted, 1 rejected")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save verdicts").click()
    assert download.value.suggested_filename == "set.verdicts.jsonl"
    found = read_verdicts(download.value.path())
    assert [*found.values()] == [
        Verdict("train/img0.png", "accept", "Cleo"),
        Verdict("train/img1.png", "reject", "Cleo", reason=REASONS[0]),
    ]
    assert reviewing.verdicts_beside(dataset).name == download.value.suggested_filename


def test_verdicts_that_the_server_refuses_do_not_hold_up_others(dataset: Path, page: Page) -> None:
    path = dataset.with_name("set.verdicts.jsonl")
    path.write_bytes(to_line(Verdict("train/img2.png", None, "Ann", "a" * 3000)))
    answers = iter([404, 403, 200, 200, 409])

    def answer(route: Route) -> None:
        status = next(answers)
        route.fulfill(status=status, body="no such image") if status != 200 else route.continue_()

    with review(dataset, "Ann") as server:
        page.route(re.compile(r"/verdict\?"), answer)
        page.goto(reviewing.entry_page(path.parent, server.address))
        expect(page.locator("#caption")).to_contain_text("train/img0.png")
        for key in "arr":
            page.keyboard.press(key)
        expect(page.locator("#problem")).to_have_text("Not saved: train/img0.png (no such image).")
        for key in "aa":
            page.keyboard.press(key)
        expect(page.locator("#problem")).to_contain_text("Reload this page")
    found = {image: (said.verdict, len(said.comment)) for (image, _), said in read_verdicts(path).items()}
    assert found == {"train/img1.png": ("reject", 0), "train/img2.png": ("reject", MAX_COMMENT)}
