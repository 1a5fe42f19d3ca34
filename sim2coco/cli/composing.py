"""Composes the settings of a command with Hydra, in this process or in a fork of it."""

import os
import re
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

from sim2coco.forked import Forked
from sim2coco.preloaded import MESHES
from sim2coco.process import can_be_forked, mark_as_own

if TYPE_CHECKING:
    from omegaconf import DictConfig

SETTINGS = "sim2coco.cli.config"
"""The module that reads composed settings, and imports most others."""


def compose(
    command: str, arguments: Sequence[str], folder: str, job: Callable[["DictConfig"], object]
) -> None:
    """Composes the configuration with Hydra and calls a job once, or for each point of a sweep.

    Args:
        command: The command, for messages of Hydra.
        arguments: Flags and overrides, as Hydra expects them.
        folder: A temporary folder.
        job: Called with each composed configuration.
    """
    import hydra
    from hydra._internal.hydra import Hydra

    os.environ["HYDRA_FULL_ERROR"] = "1"
    # These overrides come last, so that they replace those of the user. With them, Hydra leaves no files
    # behind, and relative paths are relative to the user's working directory.
    last = [f"hydra.run.dir={folder}", f"hydra.sweep.dir={folder}", "hydra.job.chdir=false"]
    sys.argv = [f"sim2coco {command}", *arguments, *([] if "-sc" in arguments else last)]
    with warnings.catch_warnings():
        warnings.filterwarnings("error", module=r"hydra\.")
        # A file of the user with the name of a kind of a plug-in is merged over the settings of that kind.
        warnings.filterwarnings("ignore", message=r"\s*'.*' is validated against ConfigStore schema")
        # Hydra composes everything once more only to read hydra.mode, which -m alone decides here.
        with replaced(Hydra, "get_mode", lambda *_, **__: None):
            hydra.main(version_base="1.3", config_path="pkg://conf", config_name="config")(job)()


@contextmanager
def replaced(owner: type, name: str, value: object) -> Iterator[None]:
    """Replaces a class attribute in a `with` block; importing `unittest.mock` for this would take 0.1 s."""
    former = vars(owner)[name]
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, former)


def resolved(composed: "DictConfig") -> dict[str, Any]:
    """The configuration as plain values, with interpolations such as `${hydra.job.num}` resolved.

    Raises:
        ConfigError: An override changes nothing, or an interpolation cannot be resolved.
    """
    from hydra.core.hydra_config import HydraConfig
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    from sim2coco.cli.trust import check_references
    from sim2coco.messages import ConfigError

    hydra = HydraConfig.get()
    for override in OmegaConf.to_container(hydra.overrides.task) or ():
        key, _, value = str(override).partition("=")
        if re.fullmatch(r"\{\s*\}", value) and OmegaConf.select(composed, key):
            raise ConfigError(
                f"{key}: {{}} has no effect, because entries are merged; ~{key}.NAME removes one"
            )
    written = OmegaConf.to_container(composed)
    assert isinstance(written, dict)
    check_references({key: value for key, value in written.items() if key != "hydra"})
    # Hydra sets the job number in sweeps only.
    known = {"num": 0 if OmegaConf.is_missing(hydra.job, "num") else hydra.job.num}
    try:
        whole = OmegaConf.merge({"hydra": {"job": known}}, composed)
        tree = OmegaConf.to_container(whole, resolve=True, throw_on_missing=True)
    except OmegaConfBaseException as error:
        raise ConfigError(f"{error.full_key or 'configuration'}: {str(error).splitlines()[0]}") from error
    assert isinstance(tree, dict)
    return {str(key): value for key, value in tree.items() if key != "hydra"}


def composed_in_fork(command: str, arguments: Sequence[str], folder: str) -> dict[str, Any] | None:
    """Composes the settings of one job in a fork, while this process imports the modules that read them.

    Returns:
        The resolved settings; None if this process must compose them itself. It must do so without a fork
        if the arguments contain flags or settings of Hydra, or if this process cannot be forked, has
        imported the modules already, or has only one core. It must also do so after the fork has failed or
        warned, because the message is shown only when this process composes the settings again.
    """
    alone = len(os.sched_getaffinity(0)) == 1
    if alone or SETTINGS in sys.modules or any(map(_concerns_hydra, arguments)):
        return None
    mark_as_own()
    import_module("sim2coco.messages")  # both processes need it; NumPy may start threads
    if not can_be_forked():
        return None
    try:
        fork = Forked(lambda: _composed(command, arguments, folder))
    except OSError:
        return None
    for module in (SETTINGS, *MESHES):
        import_module(module)
    settings: dict[str, Any] | None = fork.result()
    return settings


def _concerns_hydra(word: str) -> bool:
    return word.lstrip("+~").startswith(("-", "hydra")) and not word.startswith("--config-dir")


def _composed(command: str, arguments: Sequence[str], folder: str) -> dict[str, Any]:
    from sim2coco.cli.overrides import hydra_arguments

    found: list[dict[str, Any]] = []
    compose(command, hydra_arguments(arguments), folder, lambda tree: found.append(resolved(tree)))
    return found[0]
