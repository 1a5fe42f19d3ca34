"""The flag `--plugin FILE.py`: loads the file, and makes its kinds available as config options.

For example, if the file defines a scene class of the kind NAME, then `scene=NAME` selects this class, as if
there were a file conf/scene/NAME.yaml.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module

from hydra.core.config_store import ConfigStore
from pydantic import ValidationError

from sim2coco.messages import ConfigError
from sim2coco.plugins import PluginError, load_plugin, loaded_plugins, plugin_kinds, unload_plugin

FLAG = "--plugin"


@contextmanager
def plugins_taken(arguments: Sequence[str]) -> Iterator[list[str]]:
    """Loads the plug-ins named on a command line, and unloads them at the end of the `with` block.

    Yields:
        The remaining arguments.

    Raises:
        ConfigError: The flag lacks a file, or a plug-in cannot be loaded or conflicts with another kind.
    """
    before = loaded_plugins()
    offered: list[tuple[str, str]] = []
    try:
        yield _take(arguments, offered)
    finally:
        for group, name in offered:
            del ConfigStore.instance().repo[group][f"{name}.yaml"]
        for plugin in loaded_plugins():
            if plugin not in before:
                unload_plugin(plugin)


def _take(arguments: Sequence[str], offered: list[tuple[str, str]]) -> list[str]:
    """Loads the plug-ins that are named on a command line, and returns the remaining arguments.

    Args:
        arguments: The command line.
        offered: (group, name) of each config option that the plug-ins add is appended to this list.

    Raises:
        ConfigError: The flag lacks a file, or a file is missing, cannot be loaded, or defines a kind whose
            name is taken.
    """
    # Import the built-in kinds first, so that a plug-in that repeats one of their names is refused.
    import_module("sim2coco.cli.config")
    rest: list[str] = []
    words = iter(arguments)
    found = False
    for word in words:
        flag, equals, value = word.partition("=")
        if flag != FLAG:
            rest.append(word)
            continue
        path = value if equals else next(words, "")
        if not path:
            raise ConfigError(f"{FLAG}: name a Python file, for example {FLAG} my_scene.py")
        try:
            load_plugin(path)
        except PluginError as error:
            raise ConfigError(str(error)) from error
        found = True
    if found:
        _offer_choices(offered)
    return rest


def _offer_choices(offered: list[tuple[str, str]]) -> None:
    """Registers the kinds of all loaded plug-ins with Hydra as config options.

    For example, `scene=NAME` then selects the kind NAME of scene, with its default settings.

    Args:
        offered: (group, name) of each registered option is appended to this list.

    Raises:
        ConfigError: The name of a kind is taken, or the default settings of a kind cannot be computed.
    """
    from sim2coco.cli.config import FAMILIES, choice_files

    for group, family in FAMILIES.items():
        for name, kind in plugin_kinds(family).items():
            if name in choice_files(group):
                raise ConfigError(
                    f"{FLAG}: the option {group}={name} already exists; give your kind another name"
                )
            try:
                node = kind.parse({"kind": name}).model_dump(mode="json")
            except ValidationError:  # the kind has required settings, which the user must add
                node = {"kind": name}
            except Exception as error:  # any error in the user's code is reported in one line
                raise ConfigError(f"{FLAG}: kind {name!r}: {type(error).__name__}: {error}") from error
            ConfigStore.instance().store(name, node, group)
            offered.append((group, name))
