"""Fixtures that more than one folder of tests uses."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from scenes.assets.catalogue import Catalogue
from sim.bullet import Client
from sim.render.raster.egl.client import EglUnavailable
from sim.render.raster.egl.probe import egl_device
from sim.render.settings import Render, Tiny
from sim2coco import plugins
from tests import extrasdata
from tests.rig import Rig

collect_ignore = ["poison.py", "raycluster.py", "s3server.py"]
"""A plug-in, and programs that need Ray and moto; searched for doctests, the kind of scene of the first
would be registered for all tests."""


@pytest.fixture(scope="session")
def client() -> Iterator[Client]:
    """One client for all tests: each test runs after the leftovers of others, as scenes do."""
    client = Client()
    yield client
    client.close()


@pytest.fixture
def rig(client: Client, tmp_path: Path) -> Callable[..., Rig]:
    """Factory of rigs: `rig(catalogue, Relit(), background="folder")`."""

    def build(catalogue: Catalogue, render: Render | None = None, **images: str | None) -> Rig:
        folder = tmp_path / "meshes"
        folder.mkdir(exist_ok=True)
        none = dict.fromkeys(("floor", "walls", "background", "objects", "distractors"))
        return Rig(client, catalogue, folder, {**none, **images}, render or Tiny())

    return build


@pytest.fixture(scope="session")
def egl() -> str:
    """Name of the OpenGL device; tests that need one are skipped on machines without."""
    try:
        return egl_device()
    except EglUnavailable as error:
        pytest.skip(str(error))


@pytest.fixture(autouse=True)
def _where_egl_draws(request: pytest.FixtureRequest) -> None:
    """Skips what is called with `render="egl"` where that cannot be."""
    if "callspec" in dir(request.node) and request.node.callspec.params.get("render") == "egl":
        request.getfixturevalue("egl")


@pytest.fixture(scope="session")
def with_extras(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set with further files, boxes in space and keypoints; tests must not change it."""
    return extrasdata.make(tmp_path_factory.mktemp("extras") / "data")


@pytest.fixture
def rng() -> np.random.Generator:
    """A generator, the same for each test."""
    return np.random.Generator(np.random.PCG64(5))


@pytest.fixture
def _forgotten_plugins() -> Iterator[None]:
    """Forgets the plug-ins that a test loads in this process."""
    yield
    plugins._loaded.clear()
    for name in [name for name in sys.modules if name.startswith(plugins.PREFIX)]:
        plugins._forget(name)
