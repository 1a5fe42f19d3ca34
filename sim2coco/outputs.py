"""Writes the output files that users name, and checks the folders of new data sets."""

import os
import uuid
from pathlib import Path

from sim2coco.storage import TEMPORARY, Storage, StoreError
from sim2coco.store import NO_LINKS


def write_file(target: Path, content: bytes, flag: str, replace: bool) -> None:
    """Writes a temporary file beside the target, and renames it to the target.

    Other hard links to the target, such as those of images in several data sets, keep their content.

    Args:
        target: The file. A special file such as `/dev/stdout` is written to directly.
        content: The new content of the file.
        flag: The flag or setting with which the user names the file, for messages.
        replace: Whether to replace an existing file.

    Raises:
        StoreError: The file exists and must not be replaced, or cannot be written.
    """
    try:
        if target.is_dir():
            raise StoreError(f"{flag}: cannot write {target}: is a folder")
        if not replace and os.path.lexists(target):
            raise StoreError(f"{flag}: {target} exists; add --force to replace it")
        if target.exists() and not target.is_file():
            target.write_bytes(content)
        else:
            _put(target, content, replace)
    except FileExistsError as error:
        raise StoreError(f"{flag}: {target} exists; add --force to replace it") from error
    except OSError as error:
        raise StoreError(f"{flag}: cannot write {target}: {error.strerror}") from error


def _put(target: Path, content: bytes, replace: bool) -> None:
    temporary = target.with_name(f"{TEMPORARY}{uuid.uuid4().hex}")
    try:
        with temporary.open("xb") as file:
            file.write(content)
        if replace:
            temporary.replace(target)
        else:
            _move_new(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


def _move_new(file: Path, target: Path) -> None:
    """Renames `file` to `target`, which must not exist yet.

    Raises:
        FileExistsError: The target exists.
    """
    try:
        os.link(file, target)
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        target.open("xb").close()
        file.replace(target)


def refuse_strangers(store: Storage, setting: str) -> None:
    """Refuses a folder for a new data set if it holds foreign files.

    Args:
        store: The folder.
        setting: The setting that names the folder, for the message.

    Raises:
        StoreError: The folder holds files that this program did not write.
    """
    if strangers := [name for name in store.list(".") if not store.is_own(name)]:
        held = f"{store} contains other files ({strangers[0]})"
        raise StoreError(f"{setting}: {held}; name an empty folder") from None
