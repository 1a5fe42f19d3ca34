"""Scenes that crash, hang or take all memory, among good ones: these are as if nothing had happened."""

import json
import re
import time
from pathlib import Path
from threading import Thread

import pytest

from sim2coco.cli import main as cli
from sim2coco.records import from_bytes
from tests.commandline import tree
from tests.processes import alive

PLUGIN = Path(__file__).parents[1] / "poison.py"
WORDS = (
    *("--plugin", str(PLUGIN), "scene=poisoned", "assets=shapes", "image.width=64", "image.height=48"),
    *("views=1", "quality=none", "augment=none", "scene.num_objects=2", "num_images=20", "export.card=false"),
)
CRASHES = (
    *("obj_index", "stl_truncated", "stl_empty", "stl_ascii", "stl_miscounted", "mtl_name"),
    *("texture_folder", "texture_path", "negative_size", "aborted"),
)
CAUSES = {
    **dict.fromkeys(CRASHES, r"its process died \(SIG(SEGV|ABRT|BUS)\)"),
    "exited": r"its process died \(exit code 7\)",
    "raised": r"ZeroDivisionError: of a plug-in; in poison.py, line \d+, raised",
    "hog": "took more than 1.2 GiB of memory",
    "huge_size": r"(its process died \(SIG\w+\)|took more than 1.2 GiB of memory)",
    **dict.fromkeys(("loop", "c_sleep", "in_c"), "took too long"),
}


def generate(*arguments: str) -> int:
    with pytest.MonkeyPatch.context() as patch, pytest.raises(SystemExit) as ended:
        patch.setattr("sys.argv", ["sim2coco", "generate", *WORDS, *arguments])
        cli.main()
    assert isinstance(ended.value.code, int)
    return ended.value.code


@pytest.mark.usefixtures("_forgotten_plugins")
@pytest.mark.parametrize("good", [24, pytest.param(100, marks=pytest.mark.slow)])
def test_good_scenes_are_the_same_and_each_poison_is_named(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, good: int
) -> None:
    monkeypatch.chdir(tmp_path)
    harm = [name for poison in CAUSES for name in (poison, "none")]
    assert generate(f"out={tmp_path}/clean", f"num_images={2 * good}", "engine=inline") == 0
    limits = ("engine.timeout_s=10", "engine.retries=0", "engine.max_memory_gib=1.2")
    poisoned = (f"out={tmp_path}/data", f"scene.harm=[{','.join(harm)}]", "engine=local", "workers=2")
    capfd.readouterr()
    assert generate(*poisoned, *limits, f"num_images={good}") == 3
    said = [line for line in capfd.readouterr().err.splitlines() if line.startswith("scene ")]
    log = (tmp_path / "data" / "run.log").read_text(errors="replace")
    assert len(said) == len(CAUSES)
    for line, (scene, poison) in zip(said, enumerate(harm[::2]), strict=True):
        assert re.fullmatch(f"scene {2 * scene} failed: {CAUSES[poison]}; retry_failed=true retries it", line)
        assert re.search(f"^scene {2 * scene}: {CAUSES[poison]}$", log, re.MULTILINE)
    data, clean = tree(tmp_path / "data"), tree(tmp_path / "clean")
    images = [name for name in data if name.startswith("images/")]
    assert len(images) == good
    finished = [
        name for name in data if name.startswith("records/") and from_bytes(data[name]).status == "done"
    ]
    assert {name: data[name] for name in (*images, *finished)} == {
        name: clean[name] for name in (*images, *finished)
    }
    assert len(json.loads(data["annotations/instances_train.json"])["images"]) <= good


TIMEOUT_S, LATE_S = 2, 2


class Watch(Thread):
    """Notes for how long each process lives that has told that it is stuck, by the file that it made."""

    def __init__(self, folder: Path) -> None:
        super().__init__(daemon=True)
        self.folder, self.seconds, self.over = folder, dict[str, float](), False

    def run(self) -> None:
        while not self.over:
            for file in set(self.folder.glob("began_*")):
                if file.name not in self.seconds and not alive(int(file.name.partition("_")[2])):
                    self.seconds[file.name] = time.time() - file.stat().st_mtime
            time.sleep(0.02)


@pytest.mark.usefixtures("_forgotten_plugins")
def test_stuck_scenes_are_gone_soon_after_their_deadline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One in Python, one in native code that computes, one that sleeps in C with the interpreter's lock."""
    monkeypatch.chdir(tmp_path)
    watch = Watch(tmp_path)
    watch.start()
    words = ("out=data", "scene.harm=[loop,in_c,c_sleep]", "engine=local", "workers=1", "num_images=4")
    assert generate(*words, f"engine.timeout_s={TIMEOUT_S}", "engine.retries=0") == 3
    watch.over = True
    watch.join()
    assert len(watch.seconds) == 3
    assert all(TIMEOUT_S - 0.5 < seconds < TIMEOUT_S + LATE_S for seconds in watch.seconds.values())
    assert len(list((tmp_path / "data" / "images").rglob("*.jpg"))) == 4
