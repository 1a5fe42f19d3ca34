"""Limits on configurations, which must not run code or read secrets, and must have a reasonable size.

Settings below the key `hydra` configure Hydra itself; some of them run code or write files. They are refused
unless the command line has the flag --trust-config.
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from math import ceil, isfinite, prod
from pathlib import Path
from stat import S_ISREG
from typing import TYPE_CHECKING, Any

from sim2coco.messages import ConfigError

if TYPE_CHECKING:
    from hydra.core.override_parser.types import Override

FLAG = "--trust-config"
ALLOWED = re.compile(r"hydra[./](launcher|sweeper)([./].+)?|hydra\.(mode|verbose)")
"""Settings of Hydra that the command line may set: they choose how the jobs of a sweep are started."""
OF_HYDRA = re.compile(r"(^|[./])hydra($|[./])")
"""Matches the groups, packages and keys that configure Hydra itself."""
CODE = ("_target_", "()")
"""Keys that name a function to call, for `instantiate` and for `logging.config`."""
REFUSED_FLAGS = ("config_path", "experimental_rerun")
ENVIRONMENT = re.compile(
    r"HOME|HOSTNAME|LOGNAME|PWD|SCRATCH|TMPDIR|USER|WORK|(SIM2COCO|SLURM|PBS|LSB|SGE)_\w+"
)
"""Environment variables that a configuration may read. Others can be secrets, and settings are written to
the files of the data set."""
RESOLVERS = ("oc.env", "oc.select", "now", "hydra")
MAX_REFERENCES = 16
"""Maximum number of references between settings; longer chains of references can expand to gigabytes."""
MAX_JOBS = 10_000
"""Maximum number of jobs of a sweep."""
MAX_OVERRIDE = 10_000
"""Maximum length of an argument in characters; Hydra takes a second to parse an argument of this length."""
MAX_BYTES = 256 * 1024
"""Maximum size of a YAML file."""
TRUSTED = f"if you trust the author, add {FLAG}"

_trusted = False


def take_flag(arguments: Iterable[str]) -> list[str]:
    """Removes --trust-config from the arguments; if it is among them, lifts the limits of this module."""
    global _trusted
    listed = list(arguments)
    _trusted = FLAG in listed
    return [argument for argument in listed if argument != FLAG]


def check_flags(flags: Mapping[str, Any]) -> None:
    """Refuses Hydra's command line flags that can run code.

    Args:
        flags: The values of all flags by name; None for a flag that is not set.

    Raises:
        ConfigError: Such a flag is set.
    """
    for name in REFUSED_FLAGS:
        if flags.get(name) is not None and not _trusted:
            raise ConfigError(f"--{name.replace('_', '-')}: can run code; {TRUSTED}")


def check_length(argument: str) -> None:
    """Refuses arguments that Hydra would read for many seconds.

    Raises:
        ConfigError: The argument is too long.
    """
    if len(argument) > MAX_OVERRIDE:
        told = f"{argument[:40]}...: has {len(argument):,} characters; the maximum is {MAX_OVERRIDE:,}"
        raise ConfigError(f"{told}; write it to a YAML file for --config-dir")


def check_override(override: "Override") -> None:
    """Refuses overrides of Hydra's own settings, except harmless settings of launchers and sweepers.

    Raises:
        ConfigError: The override can run code or write files, or selects Hydra's sweep mode.
    """
    key, package = override.key_or_group, override.package or ""
    own = re.match(r"/?hydra\b", key) or OF_HYDRA.search(package)
    is_code = _names_code(override.value()) or any(word in CODE for word in re.split("[./]", key))
    if own and not _trusted and (is_code or package or not ALLOWED.fullmatch(key)):
        raise ConfigError(f"{key}: settings of Hydra can run code and write files; {TRUSTED}")
    if own and key == "hydra.mode" and str(override.value()) != "RUN":
        raise ConfigError(f"{key}: use -m for a sweep")


def check_jobs(overrides: Iterable["Override"]) -> None:
    """Refuses a sweep with too many jobs.

    The jobs are only counted, because a list of them may not fit into memory.

    Raises:
        ConfigError: There are too many jobs, or a range has step 0 or an infinite end.
    """
    jobs = prod(_values(override) for override in overrides)
    if jobs > MAX_JOBS:
        raise ConfigError(f"-m: the lists give {jobs:,} jobs; the maximum is {MAX_JOBS:,}")


def _values(override: "Override") -> int:
    """Returns the number of values that an override gives to a setting in a sweep; 1 without a list."""
    from hydra.core.override_parser.types import ChoiceSweep, RangeSweep

    swept = override.value()
    if isinstance(swept, RangeSweep):
        start, stop, step = (float(number or 0) for number in (swept.start, swept.stop, swept.step))
        if not (step and isfinite(start) and isfinite(stop)):
            raise ConfigError(f"{override.key_or_group}: a range needs finite ends, and a step that is not 0")
        return max(0, ceil((stop - start) / step))
    return len(swept.list) if isinstance(swept, ChoiceSweep) else 1


def check_file(path: Path, config_path: str, header: Mapping[str, Any], tree: object) -> None:
    """Refuses a YAML file of the user that configures Hydra itself.

    Args:
        path: The file.
        config_path: The name by which Hydra loads the file, for example `experiment/mine`.
        header: What Hydra read from comments such as `# @package NAME` at the top of the file.
        tree: The file's content.

    Raises:
        ConfigError: The file configures Hydra.
    """
    if _trusted:
        return
    keys = dict(tree) if isinstance(tree, dict) else {}
    places = (config_path, str(header.get("package")), *map(str, keys), *_entries(keys.get("defaults")))
    if any(map(OF_HYDRA.search, places)):
        raise ConfigError(
            f"{path}: contains settings of Hydra, which can run code and write files; {TRUSTED}"
        )


def _entries(defaults: object) -> Iterator[str]:
    """Yields the parts of the entries of a Hydra defaults list: groups, options and packages.

    For example, an entry `db@host: mysql` gives `db`, `host` and `mysql`.
    """
    for entry in defaults if isinstance(defaults, list) else ():
        for word in map(str, (*entry, *entry.values()) if isinstance(entry, dict) else (entry,)):
            yield from re.sub(r"^\s*(override|optional)\s+", "", word).split("@")


def check_references(tree: object) -> None:
    """Refuses interpolations that could read secrets, or that expand to very large values.

    Args:
        tree: The configuration as YAML values, with interpolations such as `${oc.env:HOME}` as text.

    Raises:
        ConfigError: An interpolation is refused.
    """
    references = 0
    for key, text in _texts(tree, ""):
        for resolver, name in re.findall(r"\$\{\s*(?:([\w.]+)\s*:)?\s*([^,}:]*)", text):
            if resolver and resolver not in RESOLVERS:
                raise ConfigError(f"{key}: no ${{{resolver}:...}}; allowed: {', '.join(RESOLVERS)}")
            if resolver == "oc.env":
                _check_variable(name.strip(), key)
            references += resolver in ("", "oc.select") and not name.startswith("hydra.")
    if references > MAX_REFERENCES:
        raise ConfigError(
            f"{references} references ${{...}} to other settings; the maximum is {MAX_REFERENCES}"
        )


def _texts(node: object, key: str) -> Iterator[tuple[str, str]]:
    """Yields (path, text) for each text with an interpolation `${...}`: keys and values, at any depth.

    Args:
        node: Nested mappings, lists and scalars.
        key: Path of `node`, such as `scene.table`, to which the keys below it are appended.
    """
    if isinstance(node, dict):
        for name, value in node.items():
            place = f"{key}.{name}" if key else str(name)
            yield from _texts(str(name), place)
            yield from _texts(value, place)
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from _texts(value, f"{key}[{index}]")
    elif isinstance(node, str) and "${" in node:
        yield key, node


def _names_code(node: object) -> bool:
    """Whether a tree has a key that names a function to call."""
    if isinstance(node, dict):
        return any(key in CODE or _names_code(value) for key, value in node.items())
    return isinstance(node, list) and any(map(_names_code, node))


def _check_variable(name: str, key: str) -> None:
    if not ENVIRONMENT.fullmatch(name) and not _trusted:
        known = "HOME, SCRATCH, TMPDIR, USER, WORK, SLURM_... and SIM2COCO_..."
        why = f"may not read {name!r}, as settings are written to the data set"
        raise ConfigError(f"{key}: a configuration {why}; it may read {known}; {FLAG} allows all")


def environment(name: str, default: str | None = None) -> str | None:
    """Returns the value of an environment variable; replaces the function that OmegaConf calls for `oc.env`.

    Raises:
        ConfigError: A configuration may not read the variable, or it is not set and there is no default.
    """
    _check_variable(name, "oc.env")
    if name in os.environ or default is not None:
        return os.environ.get(name, default)
    raise ConfigError(f"oc.env: environment variable {name!r} not found")


def limit_environment() -> None:
    """Replaces OmegaConf's resolver `oc.env` with `environment`, which refuses some variables."""
    from omegaconf import OmegaConf

    OmegaConf.register_new_resolver("oc.env", environment, replace=True)


def check_size(path: Path) -> None:
    """Refuses large files, and files that are not regular files.

    Raises:
        ConfigError: The file is refused.
        OSError: The file cannot be read.
    """
    status = path.stat()
    if not S_ISREG(status.st_mode):
        raise ConfigError(f"{path}: is not a regular file")
    if status.st_size > MAX_BYTES:
        size, most = status.st_size // 1024, MAX_BYTES // 1024
        raise ConfigError(f"{path}: has {size:,} KiB; the maximum is {most} KiB")
