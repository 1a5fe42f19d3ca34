"""What is installed: the right Python, the right packages, and nothing that takes their names."""

import re
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, distributions, requires
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from sim2coco.doctor.finding import REINSTALL, Finding, judged

if TYPE_CHECKING:
    from packaging.requirements import Requirement

PYTHON = (3, 11)
OPENCVS = (
    "opencv-python",
    "opencv-python-headless",
    "opencv-contrib-python",
    "opencv-contrib-python-headless",
)
OWN_ENVIRONMENT = "install sim2coco in an environment of its own (python3.11 -m venv, pipx, uv tool)"


def installed() -> dict[str, str]:
    """Versions of all installed distributions, by normalised name."""
    found: dict[str, str] = {}
    for distribution in distributions():
        if name := distribution.metadata["Name"]:  # none where an uninstall was cut off
            found.setdefault(_normal(name), distribution.version or "of no version")
    return found


def python(version: Sequence[int]) -> Finding:
    """The Python that runs this; pybullet has wheels for one only."""
    wanted = ".".join(map(str, PYTHON))
    detail = f"{version[0]}.{version[1]} ({wanted} is needed: pybullet has wheels for it)"
    repair = f"python{wanted} -m venv .venv, and install there"
    return judged("Python", tuple(version[:2]) == PYTHON, detail, repair)


def packages(needed: Iterable[str] | None, found: Mapping[str, str]) -> list[Finding]:
    """Each needed package, and whether its version is one that will do.

    Args:
        needed: Requirements as sim2coco's metadata has them; None where it is not installed.
        found: Installed versions by normalised name.
    """
    if needed is None:
        repair = "pip install sim2coco, or make setup in a checkout"
        return [Finding("sim2coco", False, "not installed", repair)]
    try:
        from packaging.requirements import Requirement
    except ImportError:
        return [Finding("packaging", False, "not installed", "pip install packaging")]
    ours = Finding("sim2coco", True, found.get("sim2coco", "from source"))
    requirements = [Requirement(text) for text in needed]
    wanted = [one for one in requirements if not one.marker or one.marker.evaluate({"extra": ""})]
    return [ours, *(_package(one, found) for one in wanted)]


def _package(requirement: "Requirement", found: Mapping[str, str]) -> Finding:
    """Whether a package is there, in a version that will do."""
    name, wanted = _normal(requirement.name), requirement.specifier
    version = found.get(name)
    ok = version is not None and wanted.contains(version, prereleases=True)
    # albumentations asks for a second OpenCV, which would destroy the first.
    alone = "--no-deps " if name in ("albumentations", "opencv-python") else ""
    repair = f"pip install {alone}'{requirement.name}{wanted}'"
    return judged(requirement.name, ok, f"{version or 'not installed'} ({wanted or 'any'})", repair)


def opencv(found: Mapping[str, str]) -> Finding:
    """Exactly one distribution may own the folder `cv2/`."""
    there = [name for name in OPENCVS if name in found]
    detail = " and ".join(f"{name} {found[name]}" for name in there) or "none installed"
    if there == ["opencv-python"]:
        return Finding("one OpenCV", True, detail)
    others = " ".join(name for name in there if name != "opencv-python")
    remove = f"pip uninstall -y {others} && " if others else ""
    what = "; each overwrites the other's cv2/" if len(there) > 1 else ""
    return Finding("one OpenCV", False, detail + what, remove + reinstall_opencv(found))


def albumentations(found: Mapping[str, str]) -> Finding:
    """Nothing but albumentations may own its import name; the successor is AGPL."""
    if "albumentationsx" not in found:
        return Finding("one albumentations", True, "no albumentationsx beside it")
    detail = f"albumentationsx {found['albumentationsx']} (AGPL) has the same import name"
    repair = f"pip uninstall -y albumentationsx && {REINSTALL} albumentations==2.0.8"
    return Finding("one albumentations", False, detail, repair)


def names(owners: Mapping[str, Sequence[str]], places: Mapping[str, Path | None], home: Path) -> Finding:
    """Each of our plain top-level names (`conf`, `sim`, ...) belongs to us alone and is found beside us.

    Args:
        owners: Distributions by the top-level names that they install.
        places: The folder that each of our names is imported from.
        home: The folder that holds all of them.
    """
    for name, place in places.items():
        strangers = sorted({_normal(owner) for owner in owners.get(name) or ()} - {"sim2coco"})
        if strangers:
            repair = f"pip uninstall -y {' '.join(strangers)}, or {OWN_ENVIRONMENT}"
            return Finding("package names", False, f"{name} also belongs to {', '.join(strangers)}", repair)
        if place is None or place.resolve() != home / name:
            detail = f"{name} comes from {place or 'nowhere'}, not from {home}"
            return Finding("package names", False, detail, OWN_ENVIRONMENT)
    return Finding("package names", True, f"{', '.join(places)}: one owner each, in {home}")


def configuration(place: Path | None) -> Finding:
    """Whether the configuration files came along."""
    if place is not None and (place / "config.yaml").is_file():
        return Finding("configuration", True, f"{len(list(place.glob('*/*.yaml')))} choices in {place}")
    detail = f"no conf/config.yaml ({place or 'no package conf'})"
    return Finding("configuration", False, detail, f"{REINSTALL} sim2coco")


def our_requirements() -> list[str] | None:
    """The requirements of sim2coco as its metadata has them; None where it is not installed."""
    try:
        return requires("sim2coco") or []
    except PackageNotFoundError:
        return None


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def reinstall_opencv(found: Mapping[str, str]) -> str:
    """The command that puts back the OpenCV that was there."""
    version = found.get("opencv-python", "")
    wanted = f"opencv-python=={version}" if version.startswith("4.") else "'opencv-python>=4.9,<5'"
    return f"{REINSTALL} {wanted}"


def folder_of(name: str) -> Path | None:
    """The folder that a package would be imported from, without importing it."""
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations)))
