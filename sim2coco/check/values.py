"""Validation rules for values, each with a text for the error message.

Huge integers are compared exactly, and NaN violates every rule.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

MAX_SIDE_PX = 20_000
MAX_VALUE = 2**53

Entry = dict[str, Any]
Rule = tuple[Callable[[Any], bool], str]
"""A predicate, and a text that completes the message "must be ..."."""
Rules = Mapping[str, Rule]


def integer(low: int, high: int) -> Callable[[Any], bool]:
    """Returns a predicate that is true for integers from `low` to `high`, both inclusive."""
    return lambda value: type(value) is int and low <= value <= high


def number(value: Any, low: float = -MAX_VALUE, high: float = MAX_VALUE) -> bool:
    """Returns whether a value is a finite number from `low` to `high`, both inclusive."""
    return type(value) in (int, float) and low <= value <= high


def _text(pattern: str) -> Callable[[Any], bool]:
    return lambda value: type(value) is str and bool(re.fullmatch(pattern, value))


def _bare(value: Any) -> bool:
    return value not in (".", "..") and _text(r"[^/\\\0]{1,100}")(value)


def _below(value: Any) -> bool:
    """Whether a value is a relative path without `..`; backslashes also count as separators."""
    return _text(r"(?![/\\]|[A-Za-z]:)[^\0]{1,1000}")(value) and ".." not in re.split(r"[/\\]", value)


ID: Rule = (integer(1, MAX_VALUE), "a positive integer")
INDEX: Rule = (integer(0, MAX_VALUE), "a non-negative integer")
SIDE: Rule = (integer(1, MAX_SIDE_PX), f"an integer from 1 to {MAX_SIDE_PX}")
CROWD: Rule = (integer(0, 1), "0 or 1")
NO_CROWD: Rule = (integer(0, 0), "0: sim2coco writes no crowds")
FORMAT: Rule = (integer(1, 1), "1")
AMOUNT: Rule = (lambda value: number(value, 0), "a finite non-negative number")
FRACTION: Rule = (lambda value: number(value, 0, 1), "a number from 0 to 1")
BOX: Rule = (
    lambda value: type(value) is list and len(value) == 4 and all(map(number, value)),
    "a list of 4 finite numbers",
)
TEXT: Rule = (lambda value: type(value) is str and value != "", "a non-empty string")
SHA256: Rule = (_text("[0-9a-f]{64}"), "64 hex digits")
FILE: Rule = (_bare, "a bare file name, without / or \\, of at most 100 characters")
PATH: Rule = (_below, "a relative path, without .., of at most 1000 characters")
STATUS: Rule = (lambda value: value in ("done", "rejected", "failed"), "done, rejected or failed")
LIST: Rule = (lambda value: type(value) is list, "a list")
OBJECT: Rule = (lambda value: type(value) is dict, "an object")


def follows(entry: Any, rules: Rules) -> bool:
    """Returns whether an entry is a dict that follows the rules."""
    if type(entry) is not dict:
        return False
    for key, (is_valid, _) in rules.items():  # noqa: SIM110 - `all` takes twice as long, for millions of entries
        if key not in entry or not is_valid(entry[key]):
            return False
    return True


def violations(entry: Any, rules: Rules) -> Iterator[str]:
    """Yields a message for each value that violates its rule, and one message for all missing keys."""
    return (message for _, message in violated(entry, rules))


def violated(entry: Any, rules: Rules) -> Iterator[tuple[str, str]]:
    """Yields (key, message) for each value that violates its rule; all missing keys share one message."""
    if type(entry) is not dict:
        yield "", f"is {show(entry)}, must be an object"
        return
    missing = [key for key in rules if key not in entry]
    if missing:
        yield "", f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing"
    for key, (is_valid, description) in rules.items():
        if key in entry and not is_valid(entry[key]):
            yield key, f"{key} is {show(entry[key])}, must be {description}"


def show(value: Any) -> str:
    """Formats a value as a short text for a message; nested values are summarised."""
    if type(value) is dict:
        return f"an object with {len(value)} keys"
    if type(value) is list:
        short = len(value) <= 4 and not any(isinstance(item, list | dict) for item in value)
        return f"[{', '.join(map(show, value))}]" if short else f"a list of {len(value)} items"
    if type(value) is int and abs(value) > MAX_VALUE:
        return "a huge integer"
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
