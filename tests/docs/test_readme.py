"""Every command and configuration in the README works as printed."""

import importlib.util
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trimesh

from scenes.assets.shapes import SHAPES
from sim2coco.engines import local
from sim2coco.library import workers
from sim2coco.preloaded import PRELOADED
from tests.commandline import run_here
from tests.forkservers import one_fork_server

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
GUIDE = (ROOT / "docs" / "guide.md").read_text()
PYTHON = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
SMALL = ["num_images=1", "image.width=64", "image.height=48", "quality=none", "export.report=false"]


def commands(word: str) -> list[str]:
    """Command lines of the README and guide that begin with a word, with continuation lines joined."""
    joined = (README + GUIDE).replace("\\\n", " ")
    return [line.split("   #")[0].strip() for line in joined.splitlines() if line.startswith(f"    {word}")]


def python(arguments: list[str], folder: Path) -> str:
    program = [sys.executable, *arguments]
    done = subprocess.run(program, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def sim2coco(arguments: list[str], folder: Path) -> None:
    """Runs a command in this process: starting one costs more than two small images."""
    done = run_here(folder, *arguments)
    assert done.code == 0, (arguments, done.err)


@pytest.fixture(scope="module", autouse=True)
def _one_fork_server() -> Iterator[None]:
    """What workers need is imported once, not once a command."""
    with (
        one_fork_server(local, [*PRELOADED, "albumentations"]),
        one_fork_server(workers, workers.PRELOADED),
    ):
        yield


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working directory with the demo, meshes and YAML files that the README refers to."""
    root = tmp_path_factory.mktemp("reader")
    sim2coco(["generate", "experiment=demo", "out=data/demo", "views=1", *SMALL, "augment=none"], root)
    meshes = root / "meshes"
    (meshes / "housings").mkdir(parents=True)
    for name, shape in (("gear", "nut"), ("housings/first", "bracket"), ("housings/second", "box")):
        mesh = SHAPES[shape](1.0)
        trimesh.Trimesh(mesh.vertices_m, mesh.faces).export(meshes / f"{name}.obj")
    lines = README[README.index("    # The parts of our gearbox.") :].split("\n\n")[0]
    (root / "my" / "assets").mkdir(parents=True)
    yaml = "\n".join(line[4:] for line in lines.splitlines()).replace("/data/meshes", str(meshes))
    (root / "my" / "assets" / "parts.yaml").write_text(yaml)
    sim2coco(["assets", "import", "meshes", "--out", "parts"], root)
    return root


def test_there_is_something_to_test() -> None:
    assert len(commands("sim2coco generate")) >= 3
    assert len(PYTHON) >= 3


def _marked(line: str) -> Any:
    """The command, among the long tests if it makes several data sets."""
    return pytest.param(line, marks=pytest.mark.slow) if " -m " in line else line


@pytest.mark.parametrize("line", [_marked(line) for line in commands("sim2coco generate")])
def test_generate_examples_run(line: str, folder: Path) -> None:
    arguments = shlex.split(line)[1:]
    out = next(word.removeprefix("out=") for word in arguments if word.startswith("out="))
    sim2coco([*arguments, *SMALL, "views=1", "workers=1"], folder)
    made = sorted((folder / out.split("$")[0]).rglob("instances_train.json"))
    assert len(made) == (4 if "-m" in arguments else 1)


@pytest.mark.parametrize("code", [code for code in PYTHON if "torchvision" not in code])
def test_python_examples_run(code: str, folder: Path) -> None:
    assert python(["-c", code], folder).strip()


def test_the_page_of_settings_is_up_to_date() -> None:
    spec = importlib.util.spec_from_file_location("build", ROOT / "docs" / "build.py")
    assert spec is not None
    assert spec.loader is not None
    build = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build)
    assert (ROOT / "docs" / "settings.md").read_text() == build.settings(), "run make docs"


def test_links_lead_somewhere() -> None:
    for page in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md")):
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_anchors_lead_to_headings() -> None:
    for page in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md")):
        for target, anchor in re.findall(r"\]\((?!https?:)([^)#]*)#([^)]+)\)", page.read_text()):
            text = ((page.parent / target) if target else page).read_text()
            headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
            slugs = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
            assert anchor in slugs, f"{page.name}: {target}#{anchor}"
