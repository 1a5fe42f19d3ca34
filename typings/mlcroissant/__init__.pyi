from collections.abc import Iterable
from pathlib import Path
from typing import Any

class Issues:
    errors: list[str]

class Context:
    issues: Issues

class FileSet:
    uuid: str

class Metadata:
    name: str
    ctx: Context
    file_sets: list[FileSet]

class Dataset:
    metadata: Metadata
    def __init__(self, jsonld: str | Path) -> None: ...
    def records(self, record_set: str) -> Iterable[dict[str, Any]]: ...
