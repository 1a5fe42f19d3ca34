"""Messages on the terminal: results on standard output, errors in one line on standard error."""

import errno
import re
import shutil
import signal
import tempfile
import traceback
from collections.abc import Callable
from typing import Any

from rich.console import Console

RESUME = "run the same command again to resume"
FULL = (errno.ENOSPC, errno.EDQUOT)
"""Error numbers of a full disk and of an exhausted quota."""

RESUMABLE = ("generate", "assets", "export")
"""Commands that resume an interrupted task when they are run again."""

HARMFUL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u2028-\u202e\u2066-\u2069]")
"""Control characters except tab and newline, lone surrogates, line separators, and bidirectional marks."""

LONGEST = 2000
"""Maximum length of an error message in characters; the middle of a longer message is left out."""
OF_PATHS = {
    "Could not determine home directory": "cannot find the home directory for ~ in a path; write it in full",
    "embedded null": "a path contains a NUL character, which is not allowed in file names",
}
"""Python's messages about impossible paths, and the messages that replace them."""

commands_run: list[str] = []
"""The commands that this process has run; the last one is running."""


class Plain(Console):
    """A console that safely prints text from files and names of any origin."""

    def print(self, *objects: Any, **options: Any) -> None:
        """Prints; control characters, and letters that cannot be encoded, are written as escapes."""
        super().print(*(plain(each) if isinstance(each, str) else each for each in objects), **options)


class Output(Plain):
    """A console that raises BrokenPipeError if its output is closed, where Rich would end the process."""

    def on_broken_pipe(self) -> None:
        """Raises BrokenPipeError again. Rich calls this method while it handles the error."""
        self.quiet = True
        raise BrokenPipeError


out = Output(highlight=False, soft_wrap=True)
err = Plain(stderr=True, highlight=False, soft_wrap=True)


def plain(text: str) -> str:
    """Escapes characters that control a terminal or cannot be encoded."""
    return HARMFUL.sub(lambda found: ascii(found[0])[1:-1], text)


def fail(message: str, code: int = 2) -> int:
    """Prints an error in one line, and returns the exit code."""
    told = " ".join(message.split())
    if len(told) > LONGEST:  # it may contain a name of any length
        told = f"{told[: LONGEST // 2]}...{told[-LONGEST // 2 :]}"
    err.print(f"sim2coco: {told}", markup=False)
    return code


def guarded(work: Callable[[], int]) -> int:
    """Calls `work` and returns its exit code.

    If it raises an error, prints one line that describes the error and returns 1 or 2. For an internal error
    of sim2coco, the traceback is printed too.
    """
    from scenes.assets.catalogue import CatalogueError
    from sim2coco.messages import ConfigError
    from sim2coco.storage import StoreError
    from sim2coco.tally import GenerationError

    try:
        return work()
    except (ConfigError, StoreError) as error:
        return fail(str(error))
    except CatalogueError as error:
        return max(fail(line) for line in error.lines)
    except GenerationError as error:
        return fail(str(error), 1)
    except BrokenPipeError:
        raise
    except OSError as error:
        return fail(of_the_system(error), 1)
    except MemoryError:
        return fail("not enough memory", 1)
    except Exception as error:
        if said := next((said for words, said in OF_PATHS.items() if words in str(error)), ""):
            return fail(said)
        if isinstance(error, ValueError) and type(error).__module__.split(".")[0] in (
            "scenes",
            "sim",
            "sim2coco",
        ):
            return fail(str(error))
        traceback.print_exc()
        return fail("internal error in sim2coco; please report it with the lines above", 1)


def of_the_system(error: OSError) -> str:
    """The message for an error of the operating system: the error, the file, and what to do."""
    place = f" ({error.filename})" if error.filename else ""
    told = f"{error.strerror or error}{place}"
    folder = tempfile.gettempdir()
    if error.errno in FULL and shutil.disk_usage(folder).free < 16 * 2**20:
        told += f"; the folder for temporary files, {folder}, is full: set TMPDIR to a folder with more space"
    elif error.errno in FULL:
        told += "; free some space"
    return _with_resume(told)


def stopped_by(number: int) -> str:
    """The message after signal `number` has stopped the program."""
    return _with_resume(f"stopped by {signal.Signals(number).name}")


def _with_resume(message: str) -> str:
    return f"{message}; {RESUME}" if commands_run[-1:] and commands_run[-1] in RESUMABLE else message
