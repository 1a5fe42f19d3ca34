"""What commands say of URLs that they do not write to, or do not read."""

from pathlib import Path

import pytest

from tests.commandline import run_here


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("check", "s3://bucket/parts"),
            "s3://bucket/parts: cannot be read in place; first run sim2coco download s3://",
        ),
        (
            ("report", "--against", "gs://bucket/a b", "data"),
            "gs://bucket/a b: cannot be read in place; first run sim2coco download",
        ),
        (("generate", "assets.path=s3://bucket/parts"), "s3://bucket/parts: cannot be read in place"),
        (("download", "data", "--out", "copy"), "data: is not a URL such as s3://bucket/parts"),
        (("generate", "out=s3:/bucket/parts"), "out: s3:/bucket/parts: a URL has two slashes"),
        (("generate", "out=file:///tmp/parts"), "out: file:// is not supported; allowed: folders, s3://"),
        (
            ("generate", "-m", "seed=1", "out=s3://bucket/${seed}"),
            "out: s3://bucket/1: a sweep",
        ),
    ],
    ids=["check", "report", "assets", "download", "slash", "generate", "sweep"],
)
def test_one_line_says_what_to_do(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    done = run_here(tmp_path, *words)
    assert done.code == 2
    (line,) = done.err.splitlines()
    assert line.startswith(f"sim2coco: {said}")
    assert not list(tmp_path.iterdir())
