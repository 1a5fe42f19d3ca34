"""A run on an S3-compatible server makes the bytes of a folder, and resumes; what goes wrong is one line."""

import json
import os
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from sim2coco import Recipe
from sim2coco import generate as generate_whole
from sim2coco.committing import commit
from sim2coco.engines.local import Local
from sim2coco.objects import connection
from sim2coco.objects.store import ObjectStore
from sim2coco.records import from_bytes, record_name
from sim2coco.review.status import status_in
from sim2coco.storage import LOCK, StoreError
from sim2coco.tally import Tally
from tests.commandline import run_apart, tree
from tests.s3 import make_bucket, objects, only_known_keys, serving

pytest.importorskip("s3fs")
pytest.importorskip("moto")
RECIPE = Recipe.parse(
    {
        "views": 1,
        "image": {"width": 64, "height": 48, "extra": ["depth"]},
        "assets": {"categories": {"box": {"shape": "box", "size_m": 0.08}}},
        "scene": {"kind": "drop", "num_objects": 2, "empty_share": 0.0},
    }
)
WANTED = 5
generate = partial(generate_whole, card=False, report=False)


@pytest.fixture(scope="module")
def server() -> Iterator["subprocess.Popen[str]"]:
    with serving() as server:
        make_bucket("data")
        yield server


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    out = tmp_path_factory.mktemp("whole") / "data"
    generate(RECIPE, out, WANTED)
    return tree(out)


class Stopped(Exception):
    """Ends a run."""


def stop_at(images: int) -> object:
    def progress(tally: Tally) -> None:
        if tally.made >= images:
            raise Stopped

    return progress


@pytest.mark.usefixtures("server")
def test_a_run_that_was_stopped_ends_with_the_bytes_of_a_folder(whole: dict[str, bytes]) -> None:
    url = "s3://data/set/parts"
    store = ObjectStore(url)
    with pytest.raises(Stopped):
        generate(RECIPE, url, WANTED, progress=stop_at(2))  # type: ignore[arg-type]
    assert not any(name.startswith("annotations/") for name in store.list("."))
    found = status_in(store)
    assert (found.state, found.asked_for, found.unreadable) == ("stopped", WANTED, [])
    damaged = next(name for name in store.list("images"))
    store.put(damaged, b"other")
    generate(RECIPE, url, WANTED, workers=2, engine=Local())
    assert objects(url) == whole
    assert status_in(store).state == "finished"


@pytest.mark.usefixtures("server")
def test_a_run_that_was_killed_leaves_a_lock_that_is_void(whole: dict[str, bytes]) -> None:
    url = "s3://data/killed"
    if not (child := os.fork()):
        generate(RECIPE, url, WANTED, progress=lambda tally: os._exit(9) if tally.made >= 2 else None)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    assert ObjectStore(url).exists(LOCK)
    generate(RECIPE, url, WANTED)
    assert objects(url) == whole


@pytest.mark.usefixtures("server")
def test_the_first_of_two_writers_of_a_scene_wins(whole: dict[str, bytes]) -> None:
    store = ObjectStore("s3://data/two")
    first = from_bytes(whole[record_name(0)])
    assert commit(store, first, []) == first
    assert commit(ObjectStore(store.url), first, []) == first
    store.put_new(record_name(1), b"other")
    with pytest.raises(StoreError, match="made twice, with different content"):
        commit(store, from_bytes(whole[record_name(1)]), [])
    assert list(store.list(".")) == [record_name(0)]


@pytest.mark.usefixtures("server")
def test_another_recipe_and_strangers_are_refused(whole: dict[str, bytes]) -> None:
    store = ObjectStore("s3://data/other")
    store.put("notes.txt", b"")
    with pytest.raises(StoreError, match=r"s3://data/other contains other files \(notes\.txt\)"):
        generate(RECIPE, store.url, 1)
    store.delete("notes.txt")
    run = json.loads(whole["run.json"])
    store.put("run.json", json.dumps({**run, "recipe": {**run["recipe"], "seed": 9}}).encode())
    with pytest.raises(StoreError, match=r"s3://data/other contains another run's data \(seed: 9 there"):
        generate(RECIPE, store.url, 1)


@pytest.mark.usefixtures("server")
def test_a_missing_bucket_and_missing_credentials_are_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(StoreError, match="bucket nowhere does not exist; create it, or name another"):
        generate(RECIPE, "s3://nowhere/parts", 1)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(StoreError, match=r"out: s3://data/parts: .*; set the credentials as for the cloud"):
        generate(RECIPE, "s3://data/parts", 1)


@pytest.mark.usefixtures("server")
def test_wrong_credentials_and_settings_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        only_known_keys(),
        pytest.raises(StoreError, match=r"Access Key Id .*; set the credentials as for the cloud"),
    ):
        generate(RECIPE, "s3://data/parts", 1)
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(
        StoreError, match=r"\(nobody\) could not be found; set the credentials as for the cloud"
    ):
        generate(RECIPE, "s3://data/parts", 1)
    monkeypatch.delenv("AWS_PROFILE")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "nowhere")
    with pytest.raises(StoreError, match=r"Invalid endpoint: nowhere; correct it as for the cloud"):
        generate(RECIPE, "s3://data/parts", 1)


def test_a_server_that_goes_away_is_told_and_nothing_is_lost(
    whole: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    once = {"config_kwargs": {"connect_timeout": 1, "retries": {"total_max_attempts": 1}}}
    monkeypatch.setitem(connection.OPTIONS, "s3", once)
    with serving() as server:
        make_bucket("data")

        def gone(tally: Tally) -> None:
            if tally.made >= 2:
                server.kill()
                server.wait()

        with pytest.raises(StoreError, match=r"out: s3://data/parts: .*; run the same command again when"):
            generate(RECIPE, "s3://data/parts", WANTED, progress=gone)


@pytest.mark.slow
@pytest.mark.usefixtures("server")
def test_the_program_writes_all_files_of_a_folder(tmp_path: Path) -> None:
    words: tuple[str, ...] = ("assets=shapes", "image.width=64", "image.height=64", "num_images=8", "views=2")
    words += ("export.formats=[coco,yolo,webdataset]", "export.rejected=2", "image.extra=[depth]")
    for out, workers in ((str(tmp_path / "data"), 1), ("s3://data/program", 2)):
        done = run_apart(tmp_path, "generate", *words, f"out={out}", f"workers={workers}")
        assert done.code == 0, done.err
        assert done.out.splitlines()[-1].startswith(f"{out}: 8 images of ")
    assert objects("s3://data/program") == tree(tmp_path / "data")
    again = run_apart(tmp_path, "generate", *words, "out=s3://data/program", "num_images=10")
    assert again.code == 0, again.err
    assert run_apart(tmp_path, "status", "s3://data/program").out.startswith(
        "s3://data/program: finished: 10 of 10 images"
    )
    refused = run_apart(tmp_path, "generate", *words, "out=s3://nowhere/parts")
    assert (refused.code, refused.err) == (
        2,
        "sim2coco: out: s3://nowhere/parts: bucket nowhere does not exist; create it, or name another\n",
    )
