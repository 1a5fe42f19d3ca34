"""Where Hydra looks for configuration files, and how it reads them.

User files take precedence over built-in files of the same name. The defaults list of a user file can still
refer to the built-in file that it replaces. Scalars are read as described in `sim2coco.cli.scalars`.
"""

from collections.abc import Hashable
from pathlib import Path
from typing import Any, ClassVar

import yaml
from hydra._internal.core_plugins.file_config_source import FileConfigSource
from hydra._internal.core_plugins.importlib_resources_config_source import ImportlibResourcesConfigSource
from hydra._internal.sources_registry import SourcesRegistry
from hydra.core.config_search_path import ConfigSearchPath, SearchPathQuery
from hydra.core.plugins import Plugins
from hydra.plugins.config_source import ConfigResult, ConfigSource
from hydra.plugins.search_path_plugin import SearchPathPlugin
from omegaconf import OmegaConf
from omegaconf._utils import get_yaml_loader

from sim2coco.cli.scalars import scalar
from sim2coco.cli.trust import check_file, check_size
from sim2coco.messages import ConfigError

MAX_NODES = 10_000
"""Maximum number of values in a YAML file with aliases expanded; 200 bytes can expand to billions.

Hydra takes a second for 10,000 values.
"""
MAX_DEPTH = 50
"""Maximum nesting depth of the values in a YAML file."""
BUILT_IN = " (built-in)"
"""In the defaults list of a user file, this suffix denotes the built-in file that the user file replaces."""


class _Loader(yaml.SafeLoader):
    """A YAML loader that keeps keys as text, and reads unquoted values with `scalar`.

    It raises an error if a file has too many or too deeply nested values.
    """

    _nodes = 0
    _depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Reads a node and the nodes in it; raises a MarkedYAMLError if nodes are too many or too deep."""
        self._nodes += 1
        self._depth += 1
        for number, most, what in ((self._nodes, MAX_NODES, "values"), (self._depth, MAX_DEPTH, "levels")):
            if number > most:
                raise yaml.MarkedYAMLError(problem=f"more than {most:,} {what}", problem_mark=self.get_mark())
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """Returns a dict; each key is the text in the file, such as "on", and not a parsed value."""
        self._check_keys(node)
        self.flatten_mapping(node)
        return {key.value: self.construct_object(value, deep=True) for key, value in node.value}

    def _check_keys(self, node: yaml.MappingNode) -> None:
        known: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.MarkedYAMLError(problem="a key must be a string", problem_mark=key.start_mark)
            if key.value in known:
                problem = f"found duplicate key {key.value}"
                raise yaml.MarkedYAMLError(problem=problem, problem_mark=key.start_mark)
            known.add(key.value)

    def construct_text(self, node: yaml.ScalarNode) -> object:
        """Returns quoted text unchanged, and unquoted text as parsed by `scalar`."""
        return node.value if node.style else scalar(node.value)


_Loader.yaml_implicit_resolvers = {"<": yaml.SafeLoader.yaml_implicit_resolvers["<"]}
_Loader.add_constructor("tag:yaml.org,2002:str", _Loader.construct_text)


def read_yaml(path: Path) -> Any:
    """Reads a YAML file of the user.

    Raises:
        ConfigError: The file cannot be read, or is not a mapping or list of reasonable size.
    """
    try:
        check_size(path)
        with path.open(encoding="utf-8-sig") as file:
            root = yaml.compose(file, _Loader)
        if root is not None and _count_values(root, {}) > MAX_NODES:
            raise ConfigError(f"{path}: has more than {MAX_NODES:,} values, with its aliases (*) expanded")
        with path.open(encoding="utf-8-sig") as file:
            tree = yaml.load(file, _Loader)  # noqa: S506 (a subclass of SafeLoader)
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: is not UTF-8 text; save it as UTF-8") from error
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except RecursionError as error:
        raise ConfigError(f"{path}: too deeply nested") from error
    if not isinstance(tree, dict | list | None):
        raise ConfigError(f"{path}: must be a mapping, such as KEY: VALUE, not a single string")
    return tree


def _count_values(node: yaml.Node, known: dict[int, int]) -> int:
    """Number of values in a node, with aliases expanded.

    Args:
        node: The node.
        known: Number of values of each node counted so far, by `id` of the node; modified in place.
    """
    if id(node) not in known:
        known[id(node)] = MAX_NODES + 1  # used if the node contains an alias of itself
        inner = [part for item in node.value for part in (item if isinstance(item, tuple) else (item,))]
        known[id(node)] = (
            1 if isinstance(node, yaml.ScalarNode) else 1 + sum(_count_values(n, known) for n in inner)
        )
    return known[id(node)]


class _BuiltInLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # a class chosen here
    """OmegaConf's loader with libyaml's parser, for files that need no limits."""


_BuiltInLoader.yaml_implicit_resolvers = get_yaml_loader().yaml_implicit_resolvers


class BuiltInFiles(ImportlibResourcesConfigSource):
    """The YAML files of packages (ours, Hydra and its plug-ins); replaces Hydra's class for such files.

    Hydra reads about twenty of these files for each configuration. Here they are parsed by libyaml, which is
    ten times as fast.
    """

    def _read_config(self, res: Any) -> ConfigResult:
        text = res.read_text(encoding="utf-8")
        tree = yaml.load(text, _BuiltInLoader)  # noqa: S506 (a subclass of SafeLoader)
        header = self._get_header_dict(text[:512])
        return ConfigResult(self.provider, f"pkg://{self.path}", OmegaConf.create(tree or {}), header)


class UserFiles(FileConfigSource):
    """The YAML files in a folder of the user; replaces Hydra's class for such folders."""

    def is_config(self, config_path: str) -> bool:
        """Whether the user file exists.

        If the path has the suffix `BUILT_IN`, also checks that there is a built-in file of the same name.
        """
        path = config_path.removesuffix(BUILT_IN)
        return super().is_config(path) and (path == config_path or _built_in(path) is not None)

    def load_config(self, config_path: str) -> ConfigResult:
        """Reads a user file. If the path has the suffix `BUILT_IN`, reads the built-in file instead.

        Raises:
            ConfigError: The file cannot be read.
        """
        if config_path.endswith(BUILT_IN):
            path = config_path.removesuffix(BUILT_IN)
            source = _built_in(path)
            assert source is not None
            return source.load_config(path)
        file = Path(self.path) / self._normalize_file_name(config_path)
        tree = read_yaml(file)
        if isinstance(tree, dict):
            _name_built_in(tree.get("defaults"), config_path)
        header = self._get_header_dict(file.read_text(encoding="utf-8-sig")[:512])
        check_file(file, config_path, header, tree)
        return ConfigResult(self.provider, f"file://{self.path}", OmegaConf.create(tree or {}), header)


# With launchers such as joblib's, Hydra registers its own classes again in the process of a job. This fails
# unless the classes registered there have the same names.
UserFiles.__name__ = FileConfigSource.__name__
BuiltInFiles.__name__ = ImportlibResourcesConfigSource.__name__


def _built_in(path: str) -> ConfigSource | None:
    """Searches the built-in files and the configurations of plug-ins for `path`.

    Returns the Hydra source that contains it; None if there is none.
    """
    registry = SourcesRegistry.instance()
    for provider, place in (("main", "pkg://conf"), ("schema", "structured://")):
        source = registry.resolve(place.partition(":")[0])(provider, place)
        if source.is_config(path):
            return source
    return None


def _name_built_in(defaults: object, config_path: str) -> None:
    """Changes the defaults list of a user file that replaces a built-in file.

    An entry with the file's own name means the built-in file, so `BUILT_IN` is appended to the entry.
    """
    if not isinstance(defaults, list) or _built_in(config_path) is None:
        return
    own = Path(config_path).name
    for index, entry in enumerate(defaults):
        if isinstance(entry, str) and entry.removesuffix(".yaml") == own:
            defaults[index] = entry.removesuffix(".yaml") + BUILT_IN


class UserFolderFirst(SearchPathPlugin):
    """Puts the folder of --config-dir before the built-in files in Hydra's search path."""

    folder: ClassVar[Path | None] = None

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        """Puts the folder of --config-dir, if the option is given, first in the search path."""
        if self.folder is not None:
            place = f"file://{self.folder}"
            search_path.prepend("user", place, SearchPathQuery(provider="main"))


def use_folder(folder: Path | None) -> None:
    """Sets the folder of user files for the following calls of Hydra; None for no folder."""
    plugins = Plugins.instance()
    if UserFolderFirst not in plugins.discover(SearchPathPlugin):
        plugins.register(UserFolderFirst)
        SourcesRegistry.instance().types |= {"file": UserFiles, "pkg": BuiltInFiles}
    UserFolderFirst.folder = folder and folder.absolute()
