"""The folder of a data set: its files, read with nothing trusted, and the faults found in them."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from sim2coco.check.paths import paths_in_tree, paths_in_yaml
from sim2coco.check.values import Entry, Rules, broken, show

TEMPORARY = ".tmp-"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: in which file (relative to the data set), where in it, and what."""

    file: str
    where: str
    what: str

    def __str__(self) -> str:
        """One line, whatever characters are in it."""
        text = ": ".join(part for part in (self.file, self.where, self.what) if part)
        return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text)


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a data set that is looked at, and the list that its faults go to."""

    file: str
    where: str
    faults: list[Fault]

    def fault(self, what: str) -> None:
        """Names something that is wrong here."""
        self.faults.append(Fault(self.file, self.where, what))

    def right(self, entry: Any, rules: Rules) -> bool:
        """Whether the entry here holds what it must; names what it does not."""
        wrong = list(broken(entry, rules))
        for what in wrong:
            self.fault(what)
        return not wrong


@dataclass(frozen=True, slots=True)
class Folder:
    """A data set on disk.

    Attributes:
        root: Its folder; all names are relative to it.
        ours: Whether it is one of ours, held to more than what COCO asks.
        faults: What was found wrong, in the order in which it was.
        parsed: The JSON files looked at.
    """

    root: Path
    ours: bool
    faults: list[Fault] = field(default_factory=list)
    parsed: set[str] = field(default_factory=set)

    def at(self, file: str, where: str = "") -> Place:
        """A place in one of the files."""
        return Place(file, where, self.faults)

    def splits(self, kind: str) -> list[str]:
        """The splits that have an annotation file of a kind (`instances` or `amodal`)."""
        names = sorted(path.name for path in (self.root / "annotations").glob(f"{kind}_*.json"))
        return [name.removeprefix(f"{kind}_").removesuffix(".json") for name in names]

    def names(self, below: str = "") -> Iterator[str]:
        """The names of all files below a folder."""
        for parent, folders, files in os.walk(self.root / below):
            folders.sort()
            for file in sorted(files):
                yield (Path(parent) / file).relative_to(self.root).as_posix()

    def whole_names(self, below: str) -> Iterator[str]:
        """The same, without what a writer has not finished."""
        return (name for name in self.names(below) if not Path(name).name.startswith(TEMPORARY))

    def read(self, name: str) -> bytes | None:
        """The content of a file; pipes and devices are none."""
        try:
            if (self.root / name).is_file():
                return (self.root / name).read_bytes()
            self.at(name).fault("missing")
        except OSError as error:
            self.at(name).fault(f"cannot be read: {error.strerror}")
        return None

    def read_object(self, name: str, rules: Rules | None) -> Entry | None:
        """The JSON object in a file, if it holds what it must; without rules anything may be in it."""
        self.parsed.add(name)
        content = self.read(name)
        if content is None:
            return None
        constants: dict[str, float] = {}
        try:
            tree = json.loads(content, parse_constant=lambda text: constants.setdefault(text, float(text)))
        except (ValueError, RecursionError) as error:
            self.at(name).fault(f"no JSON: {_first_line(error)}")
            return None
        for text in sorted(constants):
            self.at(name).fault(f"no JSON: {text} is in it")
        if self.ours:
            self._machine_paths(name, paths_in_tree(tree))
        return tree if rules is not None and self.at(name).right(tree, rules) else None

    def scan(self, name: str) -> None:
        """Names paths of a machine in a JSON or YAML file that nothing else looks at."""
        suffix = Path(name).suffix
        if suffix == ".json" and name not in self.parsed:
            self.read_object(name, None)
        elif suffix in (".yaml", ".yml"):
            try:
                self._machine_paths(name, paths_in_yaml(self.read(name) or b""))
            except (ValueError, yaml.YAMLError) as error:
                self.at(name).fault(f"no YAML: {_first_line(error)}")

    def _machine_paths(self, name: str, found: Iterator[tuple[str, str]]) -> None:
        for where, text in found:
            self.at(name, where).fault(f"{show(text)} is an absolute path of a machine")


def _first_line(error: Exception) -> str:
    return str(error).split("\n")[0]
