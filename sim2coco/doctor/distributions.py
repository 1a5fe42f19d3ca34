"""Checks what is installed: the Python version, the package versions, and conflicting packages."""

import re
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, distributions, requires
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from sim2coco.doctor.finding import REINSTALL, Finding, finding_of

if TYPE_CHECKING:
    from packaging.requirements import Requirement

PYTHON = (3, 11)
OPENCVS = (
    "opencv-python",
    "opencv-python-headless",
    "opencv-contrib-python",
    "opencv-contrib-python-headless",
)
OWN_ENVIRONMENT = "install sim2coco in its own environment (python3.11 -m venv, pipx, uv tool)"


def installed() -> dict[str, str]:
    """The versions of all installed distributions, by normalised name."""
    found: dict[str, str] = {}
    for distribution in distributions():
        if name := distribution.metadata["Name"]:  # None after an interrupted uninstall
            found.setdefault(_normal(name), distribution.version or "of unknown version")
    return found


def python(version: Sequence[int]) -> Finding:
    """Checks the version of the running Python; only for Python 3.11 do all needed packages have wheels."""
    wanted = ".".join(map(str, PYTHON))
    detail = f"{version[0]}.{version[1]} (only {wanted} is supported)"
    repair = f"python{wanted} -m venv .venv, and install there"
    return finding_of("Python", tuple(version[:2]) == PYTHON, detail, repair)


def packages(needed: Iterable[str] | None, found: Mapping[str, str]) -> list[Finding]:
    """Checks that each needed package is installed, in a compatible version.

    Args:
        needed: Requirements from the metadata of sim2coco; None if it is not installed.
        found: Installed versions by normalised name.
    """
    if needed is None:
        repair = "make setup in a checkout, or pip install --no-deps . there"
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
    """Checks that a package is installed, in a compatible version."""
    name, wanted = _normal(requirement.name), requirement.specifier
    version = found.get(name)
    ok = version is not None and wanted.contains(version, prereleases=True)
    # albumentations depends on another OpenCV package, which would overwrite the installed one.
    alone = "--no-deps " if name in ("albumentations", "opencv-python") else ""
    repair = f"pip install {alone}'{requirement.name}{wanted}'"
    return finding_of(requirement.name, ok, f"{version or 'not installed'} ({wanted or 'any'})", repair)


def opencv(found: Mapping[str, str]) -> Finding:
    """Checks that opencv-python is installed, and no other distribution that contains the package `cv2`."""
    there = [name for name in OPENCVS if name in found]
    detail = " and ".join(f"{name} {found[name]}" for name in there) or "none installed"
    if there == ["opencv-python"]:
        return Finding("one OpenCV", True, detail)
    others = " ".join(name for name in there if name != "opencv-python")
    remove = f"pip uninstall -y {others} && " if others else ""
    what = "; each overwrites the other's cv2/" if len(there) > 1 else ""
    return Finding("one OpenCV", False, detail + what, remove + reinstall_opencv(found))


def albumentations(found: Mapping[str, str]) -> Finding:
    """Checks that albumentationsx is not installed.

    It has the same import name as albumentations, but an AGPL licence.
    """
    if "albumentationsx" not in found:
        return Finding("one albumentations", True, "albumentationsx is not installed")
    detail = f"albumentationsx {found['albumentationsx']} (AGPL) has the same import name"
    repair = f"pip uninstall -y albumentationsx && {REINSTALL} albumentations==2.0.8"
    return Finding("one albumentations", False, detail, repair)


def names(owners: Mapping[str, Sequence[str]], places: Mapping[str, Path | None], home: Path) -> Finding:
    """Checks that no other distribution overwrites or shadows the packages of sim2coco, such as `conf`.

    Args:
        owners: A dict from top-level package name to the distributions that install it.
        places: A dict from the name of each package of sim2coco to the folder from which it is imported.
        home: The folder that should contain all of them.
    """
    for name, place in places.items():
        others = sorted({_normal(owner) for owner in owners.get(name) or ()} - {"sim2coco"})
        if others:
            repair = f"pip uninstall -y {' '.join(others)}, or {OWN_ENVIRONMENT}"
            return Finding("package names", False, f"{name} also belongs to {', '.join(others)}", repair)
        if place is None or place.resolve() != home / name:
            detail = f"{name} comes from {place or 'nowhere'}, not from {home}"
            return Finding("package names", False, detail, OWN_ENVIRONMENT)
    return Finding("package names", True, f"{', '.join(places)}: no conflicts, in {home}")


def configuration(place: Path | None) -> Finding:
    """Checks that the configuration files are installed."""
    if place is not None and (place / "config.yaml").is_file():
        return Finding("configuration", True, f"{len(list(place.glob('*/*.yaml')))} options in {place}")
    detail = f"no conf/config.yaml ({place or 'no package conf'})"
    return Finding("configuration", False, detail, f"{REINSTALL} sim2coco")


def our_requirements() -> list[str] | None:
    """The requirements from the metadata of sim2coco; None if it is not installed."""
    try:
        return requires("sim2coco") or []
    except PackageNotFoundError:
        return None


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def reinstall_opencv(found: Mapping[str, str]) -> str:
    """The command that reinstalls opencv-python: the installed version if it is a 4.x, otherwise any 4.x."""
    version = found.get("opencv-python", "")
    wanted = f"opencv-python=={version}" if version.startswith("4.") else "'opencv-python>=4.9,<5'"
    return f"{REINSTALL} {wanted}"


def folder_of(name: str) -> Path | None:
    """The folder from which a package would be imported, determined without importing it."""
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations)))
