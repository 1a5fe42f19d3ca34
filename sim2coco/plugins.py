"""Plug-ins: Python files that add scenes, cameras, lights, checks and formats to the built-in kinds.

A plug-in is code. It is loaded only when the user names its file on the command line (`--plugin FILE.py`) or
calls `load_plugin`, never because a configuration or a data set asks for it.
"""

import importlib.util
import logging
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from importlib.abc import SourceLoader
from pathlib import Path

from scenes.settings import Kind, Settings

log = logging.getLogger("sim2coco")
PREFIX = "sim2coco_plugin_"
"""Prefix of the module name of each plug-in; the file name and the hash of the content follow."""


class PluginError(ValueError):
    """A plug-in cannot be loaded; the message is one line."""


@dataclass(frozen=True, slots=True)
class Plugin:
    """A loaded plug-in.

    Attributes:
        path: Absolute path of its file.
        sha256: SHA-256 of the file's content, in hex.
        module: Name of the module that was made from it.
    """

    path: Path
    sha256: str
    module: str

    @property
    def key(self) -> str:
        """How `run.json` names this plug-in: `name@hash`, with 16 hex digits of the hash of its content."""
        return f"{self.path.name}@{self.sha256[:16]}"


_loaded: dict[str, Plugin] = {}


def loaded_plugins() -> tuple[Plugin, ...]:
    """The plug-ins of this process, in the order in which they were loaded."""
    return tuple(_loaded.values())


def load_plugin(path: str | Path, expected_sha256: str | None = None) -> Plugin:
    """Loads a plug-in from a Python file, and returns it.

    The file is run, which registers the kinds that its classes define. A file that is already loaded is not
    run again.

    Args:
        path: The file.
        expected_sha256: SHA-256 that the content must have, in hex; None accepts any content.

    Raises:
        PluginError: There is no such file, its content has changed, or it raises an exception.
    """
    path = Path(path).expanduser().resolve()
    try:
        content = path.read_bytes()
    except OSError as error:
        raise PluginError(f"--plugin {path}: cannot be read: {error.strerror}") from error
    digest = sha256(content).hexdigest()
    if expected_sha256 is not None and digest != expected_sha256:
        raise PluginError(f"--plugin {path}: the file was changed during the run; start the run again")
    name = f"{PREFIX}{re.sub(r'[^0-9A-Za-z]', '_', path.stem)}_{digest[:16]}"
    if name not in _loaded:
        _run(path, content, name)
        _loaded[name] = Plugin(path, digest, name)
        _tell_classes_without_kind(path, name)
    return _loaded[name]


def _tell_classes_without_kind(path: Path, module: str) -> None:
    """Logs a warning for each plug-in class that cannot be selected, because it has no `kind`.

    A class from which another plug-in class derives needs no `kind`.
    """
    own = [value for value in _settings_of(module) if issubclass(value, Kind)]
    for value in own:
        built_on = any(other is not value and issubclass(other, value) for other in own)
        if not built_on and Kind not in value.__bases__ and value not in value.family.values():
            hint = f'kind: Literal["{value.__name__.lower()}"] = "{value.__name__.lower()}"'
            log.warning("--plugin %s: class %s cannot be selected; add %s", path.name, value.__name__, hint)


def _settings_of(module: str) -> list[type[Settings]]:
    """The settings classes that a module defines."""
    found = [value for value in vars(sys.modules[module]).values() if isinstance(value, type)]
    return [value for value in found if issubclass(value, Settings) and value.__module__ == module]


def unload_plugin(plugin: Plugin) -> None:
    """Removes a plug-in and its kinds from this process."""
    del _loaded[plugin.module]
    _forget(plugin.module)


class _Source(SourceLoader):
    """Loads a module from the bytes that were hashed, without reading or writing compiled code (`.pyc`)."""

    def __init__(self, path: Path, content: bytes) -> None:
        self._path, self._content = path, content

    def get_filename(self, fullname: str) -> str:
        return str(self._path)

    def get_data(self, path: bytes | str) -> bytes:
        if str(path) != str(self._path):
            raise FileNotFoundError(path)
        return self._content


def _run(path: Path, content: bytes, name: str) -> None:
    """Runs a file as the module `name`; if it raises an exception, its module and kinds are removed again."""
    if path.suffix != ".py":
        raise PluginError(f"--plugin {path}: is not a Python file; its name must end in .py")
    loader = _Source(path, content)
    spec = importlib.util.spec_from_loader(name, loader)
    assert spec is not None
    importlib.import_module("sim.bullet")  # else PyBullet prints a banner when a plug-in imports it
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    try:
        loader.exec_module(module)
        for value in _settings_of(name):
            value.model_rebuild()  # reports fields of unknown types now, not on first use
    except Exception as error:  # whatever the user's code raises is reported in one line
        _forget(name)
        raise PluginError(f"--plugin {path}: {_place(error, path)}{type(error).__name__}: {error}") from error


def _forget(name: str) -> None:
    """Removes a plug-in's module, and the kinds that the module defines."""
    del sys.modules[name]
    for family in Kind.__subclasses__():
        for kind in [kind for kind, member in family.family.items() if member.__module__ == name]:
            del family.family[kind]


def _place(error: Exception, path: Path) -> str:
    """The message prefix `line N: ` with the line that raised an exception; "" if the line is unknown."""
    line = error.lineno if isinstance(error, SyntaxError) else None
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(path):
            line = trace.tb_lineno
        trace = trace.tb_next
    return f"line {line}: " if line else ""


def plugins_of(*settings: Settings) -> tuple[Plugin, ...]:
    """The loaded plug-ins that define a kind which these settings use."""
    modules = {type(found).__module__ for each in settings for found in _nested(each)}
    return tuple(plugin for plugin in _loaded.values() if plugin.module in modules)


def _nested(value: object) -> Iterator[Settings]:
    """Yields all Settings objects in a value, including the value itself if it is a Settings object."""
    if isinstance(value, Settings):
        yield value
        inner: Iterable[object] = (entry for _, entry in value)
    elif isinstance(value, dict):
        inner = value.values()
    else:
        inner = value if isinstance(value, tuple | list) else ()
    for entry in inner:
        yield from _nested(entry)


def plugin_kinds(family: type[Kind]) -> dict[str, type[Kind]]:
    """The kinds that plug-ins have added to a base class, keyed by name."""
    modules = {plugin.module for plugin in _loaded.values()}
    return {name: kind for name, kind in family.family.items() if kind.__module__ in modules}
