"""Reads the files of a data set defensively, and collects the faults found in them."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from sim2coco.check.paths import paths_in_tree, paths_in_yaml
from sim2coco.check.values import Entry, Rules, show, violations

TEMPORARY = ".tmp-"
OF_DESKTOPS = (".DS_Store", "Thumbs.db", "desktop.ini")
"""Files that file managers leave in folders, besides those that begin with `._`; they are ignored."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: the file (relative to the data set), the location in it, and what is wrong."""

    file: str
    where: str
    what: str

    def __str__(self) -> str:
        """The fault as one line; unprintable characters are escaped."""
        text = ": ".join(part for part in (self.file, self.where, self.what) if part)
        return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text)


@dataclass(frozen=True, slots=True)
class Place:
    """A location in a data set, and the list to which its faults are added."""

    file: str
    where: str
    faults: list[Fault]

    def fault(self, what: str) -> None:
        """Reports a fault at this location."""
        self.faults.append(Fault(self.file, self.where, what))

    def conforms(self, entry: Any, rules: Rules) -> bool:
        """Returns whether an entry follows the rules, and reports each violation."""
        found = list(violations(entry, rules))
        for what in found:
            self.fault(what)
        return not found


@dataclass(frozen=True, slots=True)
class Folder:
    """A data set on disk.

    Attributes:
        root: Its folder; all names are relative to it.
        ours: Whether sim2coco wrote it; then more is checked than the COCO format.
        faults: The faults found so far, in order.
        notes: What is worth knowing and no fault, so far.
        parsed: Names of the JSON files read so far.
    """

    root: Path
    ours: bool
    faults: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    parsed: set[str] = field(default_factory=set)

    def at(self, file: str, where: str = "") -> Place:
        """Returns a location in one of the files, at which faults can be reported."""
        return Place(file, where, self.faults)

    def names(self, below: str = "") -> Iterator[str]:
        """Yields the names of all files in a folder and its subfolders, except those of file managers."""
        for parent, folders, files in os.walk(self.root / below):
            folders.sort()
            for file in sorted(files):
                if file not in OF_DESKTOPS and not file.startswith("._"):
                    yield (Path(parent) / file).relative_to(self.root).as_posix()

    def whole_names(self, below: str) -> Iterator[str]:
        """Yields the names of all files in a folder and its subfolders, except temporary files."""
        return (name for name in self.names(below) if not Path(name).name.startswith(TEMPORARY))

    def has(self, name: str) -> bool:
        """Returns whether there is something under this name; names that no file can have are absent."""
        try:
            return (self.root / name).exists()
        except (OSError, ValueError):  # for example, if the name is too long
            return False

    def read(self, name: str) -> bytes | None:
        """Returns the content of a regular file; reports a fault and returns None if it cannot be read."""
        try:
            if (self.root / name).is_file():
                return (self.root / name).read_bytes()
            self.at(name).fault("missing")
        except OSError as error:
            self.at(name).fault(f"cannot be read: {error.strerror}")
        return None

    def read_object(self, name: str, rules: Rules | None) -> Entry | None:
        """Reads the JSON object in a file, and reports faults and, in data sets of sim2coco, absolute paths.

        Returns:
            The object; None if it cannot be read, if it violates the rules, or if `rules` is None.
        """
        self.parsed.add(name)
        content = self.read(name)
        if content is None:
            return None
        constants: dict[str, float] = {}
        try:
            tree = json.loads(content, parse_constant=lambda text: constants.setdefault(text, float(text)))
        except (ValueError, RecursionError) as error:
            self.at(name).fault(f"invalid JSON: {_first_line(error)}")
            return None
        for text in sorted(constants):
            self.at(name).fault(f"invalid JSON: it contains {text}")
        if self.ours:
            self._report_paths(name, paths_in_tree(tree))
        return tree if rules is not None and self.at(name).conforms(tree, rules) else None

    def scan(self, name: str) -> None:
        """Reports absolute paths in a JSON or YAML file that has not been read yet."""
        suffix = Path(name).suffix
        if suffix == ".json" and name not in self.parsed:
            self.read_object(name, None)
        elif suffix in (".yaml", ".yml"):
            try:
                self._report_paths(name, paths_in_yaml(self.read(name) or b""))
            except (ValueError, yaml.YAMLError) as error:
                self.at(name).fault(f"invalid YAML: {_first_line(error)}")

    def _report_paths(self, name: str, found: Iterator[tuple[str, str]]) -> None:
        for where, text in found:
            self.at(name, where).fault(f"{show(text)} is an absolute path")


def _first_line(error: Exception) -> str:
    return str(error).split("\n")[0]
