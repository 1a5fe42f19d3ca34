"""Converts the arguments of `generate` and `preview` to the form that Hydra expects.

Hydra converts every scalar that looks like a number, such as `1_000`. Here, a scalar becomes a number only if
formatting this number gives the same text; otherwise, it stays text (see `sim2coco.cli.scalars`). Keys,
and the names of the options that are chosen for config groups, always stay text.
"""

import re
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from hydra._internal.utils import get_args_parser
from hydra.core.override_parser import overrides_parser
from hydra.core.override_parser.overrides_visitor import HydraOverrideVisitor
from hydra.core.override_parser.types import Key, Override, Quote, QuotedString
from hydra.errors import HydraException
from hydra.grammar.gen import OverrideLexer
from hydra.grammar.gen.OverrideParser import OverrideParser

from scenes.settings import Settings
from sim2coco.cli import trust
from sim2coco.cli.groups import GROUPS
from sim2coco.cli.scalars import scalar
from sim2coco.cli.sources import use_folder
from sim2coco.keys import takes_text, walk
from sim2coco.messages import ConfigError

LIBRARY_CHOICE = "assets=library"
"""Override that is added if the command line sets assets.path=FOLDER but has no override `assets=OPTION`."""
SPACES_HINT = "write a name with spaces in braces: '+assets.categories={Gear parts: {weight: 2}}'"
USAGE_HINT = (
    "write KEY=VALUE or GROUP=OPTION; put a string with special characters in quotes: 'KEY=\"a [b]\"'"
)
IN_QUOTES = "write KEY=VALUE in quotes as a whole: 'scene.num_objects=[5, 12]'"
SPLIT_BY = "split.by="
"""Start of the override that must be applied last, since the default `split: null` has no key `by`."""


class Words(HydraOverrideVisitor):
    """Hydra's override parser, except that a value such as `1_000` is not converted.

    A value becomes a number, `true` or `false` only if formatting the converted value gives the same text.
    """

    _choice = False
    _depth = 0

    def visitOverride(self, ctx: OverrideParser.OverrideContext) -> Override:  # noqa: N802 (Hydra's name)
        """Reads an override; its value is text if its key is a config group."""
        key = next(child for child in ctx.getChildren() if isinstance(child, OverrideParser.KeyContext))
        self._choice = key.getText() in GROUPS
        return super().visitOverride(ctx)

    def visitKey(self, ctx: OverrideParser.KeyContext) -> Key:  # noqa: N802
        """Reads the key of an override."""
        key = super().visitKey(ctx)
        return Key(_decoded(key.key_or_group), key.package and _decoded(key.package))

    def visitDictKey(self, ctx: OverrideParser.DictKeyContext) -> Any:  # noqa: N802
        """Reads a key of a mapping, which is text."""
        key = super().visitDictKey(ctx)
        return key if isinstance(key, str) else ctx.getText().strip()

    def visitFunction(self, ctx: OverrideParser.FunctionContext) -> Any:  # noqa: N802
        """Evaluates a function such as `range(1,1e3)`. Numbers in its arguments are read as in Hydra."""
        self._depth += 1
        try:
            return super().visitFunction(ctx)
        finally:
            self._depth -= 1

    def _createPrimitive(self, ctx: Any) -> Any:  # noqa: N802
        value = super()._createPrimitive(ctx)
        if isinstance(value, QuotedString):
            return QuotedString(_decoded(value.text), value.quote)
        if isinstance(value, str):
            return _decoded(value)
        if isinstance(value, bool | int | float) and not self._depth:
            text = ctx.getText().strip()
            if self._choice or scalar(text) != value or isinstance(scalar(text), str):
                return QuotedString(text, Quote.double)
        return value


def _encoded(text: str) -> str:
    """Replaces non-ASCII characters, which Hydra's grammar does not allow, with codes."""
    return re.sub(r"[^\x00-\x7f]", lambda letter: f"_0u{ord(letter[0]):06x}_", text)


def _decoded(text: str) -> str:
    return re.sub(r"_0u([0-9a-f]{6})_", lambda code: chr(int(code[1], 16)), text)


def hydra_arguments(arguments: Sequence[str]) -> list[str]:
    """Puts command line arguments into the order and form that Hydra expects: flags first, then overrides.

    Raises:
        ConfigError: A flag is unknown or lacks its value, or the folder of --config-dir cannot be used.
    """
    # Hydra has no option to replace its override parser.
    stream = vars(OverrideLexer)["InputStream"]
    vars(overrides_parser)["HydraOverrideVisitor"] = Words
    vars(overrides_parser)["InputStream"] = lambda text: stream(_encoded(text))
    parser = get_args_parser()
    parser.error = _refuse  # type: ignore[method-assign]
    arguments = trust.take_flag(arguments)
    read, unknown = parser.parse_known_intermixed_args(arguments)
    if unknown:
        raise ConfigError(f"no flag {unknown[0]!r}; {_without_dashes(unknown[0])}")
    trust.check_flags(vars(read))
    trust.limit_environment()
    _use_config_dir(read.config_dir, read.config_name)
    for argument in arguments:
        trust.check_length(argument)
    overrides = [argument for argument in arguments if argument in read.overrides]
    begun = [word.partition("=")[0] for word in overrides]
    flags = [argument for argument in arguments if argument not in read.overrides]
    if "assets.path" in begun and "assets" not in begun:
        overrides = [*map(_as_null_entry, overrides), LIBRARY_CHOICE]
    parsed = [readable(argument) for argument in overrides]
    _check([override for _, override in parsed], sweeps=read.multirun)
    overrides = [text for text, _ in parsed]
    # `split.by` has no default to override, so it is added with ++, after any `split=` that would replace it.
    split_by = [f"++{argument}" for argument in overrides if argument.startswith(SPLIT_BY)]
    return flags + [argument for argument in overrides if not argument.startswith(SPLIT_BY)] + split_by


def _check(overrides: Sequence[Override], sweeps: bool) -> None:
    """Raises an exception for overrides that can run code and, if `sweeps` is True, for too many jobs."""
    for override in overrides:
        trust.check_override(override)
    if sweeps:
        trust.check_jobs(overrides)


def readable(override: str) -> tuple[str, Override]:
    """Converts an override to a form that Hydra can read; puts quotes around its value where necessary.

    Example:
        >>> readable("seed=1")[0], readable("out=my [run]")[0]
        ('seed=1', 'out="my [run]"')

    Returns:
        The converted override as a string, and as parsed by Hydra.

    Raises:
        ConfigError: Hydra cannot read it.
    """
    key, equals, value = override.partition("=")
    name, own = key.lstrip("+"), f"{key}={quoted(value)}"
    if (read := _read(override)) is not None:
        if _is_structure(read.value()) and takes_text(name, *_all_settings()):
            raise ConfigError(
                f"{name}: must be a string, not a list or mapping; as a string: {shlex.quote(own)}"
            )
        return override, read
    # A group that contains the setting `path` also accepts its value.
    is_text = equals and takes_text(name, *_all_settings())
    is_path = not value.startswith("{") and takes_text(f"{name}.path", *_all_settings())
    if (is_text or is_path) and (read := _read(own)):
        return own, read
    raise ConfigError(f"cannot read {override!r}: {_advice(key, override)}")


def _is_structure(value: object) -> bool:
    """Whether a value is a mapping, or a list with entries that are not numbers."""
    of_numbers = isinstance(value, list) and all(isinstance(entry, int | float) for entry in value)
    return isinstance(value, list | dict) and not of_numbers


def _all_settings() -> tuple[type[Settings], ...]:
    """Returns the classes that contain all settings; imports them only when called, because this is slow."""
    from sim2coco.cli.config import RunOptions
    from sim2coco.recipe import Recipe

    return Recipe, RunOptions


def _all_keys() -> list[str]:
    return [setting.key for settings in _all_settings() for setting in walk(settings)]


def quoted(text: str) -> str:
    """Quotes a text for use as a value on the command line."""
    return (
        '"' + re.sub(r'(\\*)("|$)', lambda found: 2 * found[1] + (found[2] and "\\" + found[2]), text) + '"'
    )


def _advice(key: str, override: str) -> str:
    if " " in key and "assets." in key:
        return SPACES_HINT
    name = re.split("[:= ]", key.lstrip("+~"))[0]
    not_joined = "=" not in override or key.endswith(" ")
    if not_joined and name in _all_keys():
        return f"write {name}=VALUE, without spaces around ="
    value = override.partition("=")[2]
    if any(value.count(start) > value.count(end) for start, end in ("[]", "{}", "()")):
        return f"a bracket is not closed; {IN_QUOTES}"
    if re.fullmatch(r"\([-\d., ]+\)", value):
        return f"a range has square brackets: {shlex.quote(f'{key}=[{value[1:-1]}]')}"
    inside = re.sub(r"([{,]\s*\w+:\s*)([^\s\"'{\[][^,}]*?)(?=\s*[,}])", _with_quotes, override)
    if inside != override and _read(inside):
        return f"put strings in quotes: {shlex.quote(inside)}"
    return USAGE_HINT


def _without_dashes(flag: str) -> str:
    """Explains what to write instead of an unknown flag."""
    name = flag.lstrip("-").partition("=")[0].replace("-", "_")
    if name in _all_keys():
        return f"settings have no dashes: write {name}=VALUE"
    return "flags are --config-dir, --plugin, --cfg, -m and --help; settings are written KEY=VALUE"


def _with_quotes(found: re.Match[str]) -> str:
    return found[0] if re.fullmatch(r"[\w./+*-]*", found[2], re.ASCII) else found[1] + quoted(found[2])


def _read(override: str) -> Override | None:
    """Parses an override with Hydra; None if Hydra cannot read it."""
    try:
        return overrides_parser.OverridesParser.create().parse_override(override)
    except HydraException:
        return None
    except RecursionError:
        raise ConfigError(f"{override.partition('=')[0]}: too deeply nested") from None
    except ValueError as error:  # a number with more digits than Python reads
        raise ConfigError(f"{override.partition('=')[0]}: {str(error).partition(';')[0]}") from None


def _as_null_entry(override: str) -> str:
    """Rewrites `~assets.categories.NAME` as an override that sets the category to null.

    Hydra can only remove keys that the configuration has, and a library's categories are not among them.
    Other overrides are returned unchanged.
    """
    found = re.fullmatch(r"~assets\.categories\.([^.=]+)", override)
    return f"+assets.categories={{{found[1]}: null}}" if found else override


def _refuse(message: str) -> NoReturn:
    raise ConfigError(message)


def _use_config_dir(folder: str | None, config_name: str | None) -> None:
    """Makes Hydra search the folder of --config-dir before the built-in files.

    Raises:
        ConfigError: There is no such folder, or it contains a config.yaml and `config_name` is None.
    """
    if folder is not None and not Path(folder).is_dir():
        hint = "name the folder that contains, for example, assets/mine.yaml"
        raise ConfigError(f"--config-dir: folder {folder!r} not found; {hint}")
    use_folder(Path(folder) if folder else None)
    primary = Path(folder or "") / "config.yaml"
    if folder and config_name is None and primary.is_file():
        name = f"{primary}: config is the name of the built-in configuration, so this file is not read"
        raise ConfigError(
            f"{name}; move its settings to {Path(folder) / 'experiment'}/NAME.yaml and add experiment=NAME, "
            f"or add --config-name config to use the file in place of the whole built-in configuration"
        )
