"""Reads the files of an untrusted data set and collects the faults found in them."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import yaml

from sim2coco.check.faults import Faults, Place
from sim2coco.check.files import content_of, opened
from sim2coco.check.jsontext import Decoder, NotJson
from sim2coco.check.paths import paths_in_tree, paths_in_yaml
from sim2coco.check.progress import Progress
from sim2coco.check.values import Entry, Rules, show

TEMPORARY = ".tmp-"
MAX_BYTES = 2**24
"""Maximum size of files that are read into memory; annotation files are streamed and may have any size."""
MAX_YAML_BYTES = 2**20
OF_DESKTOPS = (".DS_Store", "Thumbs.db", "desktop.ini")
"""Files that file managers create. They are ignored, as are files whose names begin with `._`."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A data set on disk.

    Attributes:
        root: The data set folder; all file names are relative to it.
        ours: Whether sim2coco wrote the data set; if so, more than the COCO format is checked.
        faults: The faults found so far.
        notes: The observations so far that are not faults.
        parsed: Names of the JSON and YAML files parsed so far.
        files: Exit stack that closes the open files.
        progress: Counts the steps of the check.
    """

    root: Path
    ours: bool
    faults: Faults = field(default_factory=Faults)
    notes: list[str] = field(default_factory=list)
    parsed: set[str] = field(default_factory=set)
    files: ExitStack = field(default_factory=ExitStack)
    progress: Progress = field(default_factory=Progress)

    def at(self, file: str, where: str = "") -> Place:
        """Returns a `Place`, through which faults at a location in a file are reported.

        Args:
            file: Name of the file.
            where: Location in the file; "" for the whole file.
        """
        return Place(file, where, self.faults)

    def names(self, below: str = "") -> Iterator[str]:
        """Yields the names, relative to the data set, of all files in a folder and its subfolders.

        Files that desktop programs create, such as `.DS_Store`, are left out. The folder may be a symbolic
        link, but not to a folder that contains the data set.
        """
        start, here = (os.path.realpath(path) for path in (self.root / below, self.root))
        if Path(start) in Path(here).parents:
            self.at(below).fault("unreadable", "a link to a folder that contains this data set")
            return
        for parent, folders, files in os.walk(self.root / below):
            folders.sort()
            for file in sorted(files):
                if file not in OF_DESKTOPS and not file.startswith("._"):
                    yield (Path(parent) / file).relative_to(self.root).as_posix()

    def whole_names(self, below: str) -> Iterator[str]:
        """Like `names`, but also leaves out temporary files."""
        return (name for name in self.names(below) if not Path(name).name.startswith(TEMPORARY))

    def has(self, name: str) -> bool:
        """Returns whether a file or folder of this name exists; False for invalid file names."""
        try:
            return os.path.exists(f"{self.root}/{name}")  # noqa: PTH110 - called for each image of large sets
        except (OSError, ValueError):  # for example, if the name is too long
            return False

    def open(self, name: str) -> BinaryIO | None:
        """Opens a regular file, which stays open until the check ends.

        If this fails, a fault is reported, and None is returned.
        """
        try:
            return self.files.enter_context(opened(self.root / name))
        except FileNotFoundError:
            self.at(name).fault("missing", "missing")
        except (OSError, ValueError) as error:
            self.at(name).fault("unreadable", f"cannot be read: {getattr(error, 'strerror', error)}")
        return None

    def read(self, name: str, limit: int = MAX_BYTES) -> bytes | None:
        """Returns the content of a regular file; on failure, reports a fault and returns None."""
        try:
            return content_of(self.root / name, limit)
        except FileNotFoundError:
            self.at(name).fault("missing", "missing")
        except (OSError, ValueError) as error:
            self.at(name).fault("unreadable", f"cannot be read: {getattr(error, 'strerror', error)}")
        return None

    def read_yaml(self, name: str) -> bytes | None:
        """Returns the content of a YAML file, like `read`; also reports invalid YAML and absolute paths."""
        self.parsed.add(name)
        content = self.read(name, MAX_YAML_BYTES)
        try:
            for where, text in paths_in_yaml(content or b""):
                self._report_path(name, where, text)
        except (ValueError, RecursionError, yaml.YAMLError) as error:
            self.at(name).fault("yaml", f"invalid YAML: {_first_line(error)}")
            return None
        return content

    def read_object(self, name: str, rules: Rules | None) -> Entry | None:
        """Reads a JSON object from a file, and reports its faults.

        In data sets that sim2coco wrote, absolute paths are faults too.

        Returns:
            The object. None if the file cannot be read, if the object violates `rules`, or if `rules` is
            None.
        """
        self.parsed.add(name)
        content = self.read(name)
        if content is None:
            return None
        decoder = Decoder()
        try:
            tree = decoder.decode_all(content)
        except NotJson as error:
            self.at(name).fault("json", f"invalid JSON: {error}")
            return None
        for kind, message in decoder.oddities.items():
            self.at(name).fault(kind, message)
        if self.ours:
            self.report_paths(name, "", tree)
        return tree if rules is not None and self.at(name).conforms(tree, rules) else None

    def scan(self, name: str) -> None:
        """Reports absolute paths in a JSON or YAML file that has not been read yet."""
        suffix = Path(name).suffix
        if name in self.parsed:
            return
        if suffix == ".json":
            self.read_object(name, None)
        elif suffix in (".yaml", ".yml"):
            self.read_yaml(name)

    def report_paths(self, name: str, where: str, tree: Any) -> None:
        """Reports each absolute path in a JSON value.

        Args:
            name: Name of the file that contains the value.
            where: Location of the value in the file; "" for the whole content.
            tree: The value.
        """
        for inside, text in paths_in_tree(tree):
            self._report_path(name, f"{where}{inside}".removeprefix("."), text)

    def _report_path(self, name: str, where: str, text: str) -> None:
        self.at(name, where).fault("path", f"{show(text)} is an absolute path")


def _first_line(error: Exception) -> str:
    return str(error).split("\n")[0]
