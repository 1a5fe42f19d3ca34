"""Gives categories the same ids in all annotation files."""

from collections.abc import Sequence

from sim2coco.check.values import Entry, show
from sim2coco.repair.plan import Plan, is_id


def number_categories(plans: Sequence[Plan]) -> None:
    """Renumbers the categories, one id per name, if an id is not an integer or belongs to two names."""
    names: dict[object, str] = {}
    for found in plans:
        for entry in found.categories.values():
            same = names.setdefault(entry["id"], entry["name"]) == entry["name"]
            if not same or not is_id(entry["id"]):
                _number(plans)
                return


def _number(plans: Sequence[Plan]) -> None:
    numbers: dict[str, int] = {}
    for found in plans:
        for key, entry in found.categories.items():
            number = numbers.setdefault(entry["name"], len(numbers) + 1)
            found.categories[key] = _numbered(found, entry, number)


def _numbered(found: Plan, entry: Entry, number: int) -> Entry:
    if entry["id"] != number or type(entry["id"]) is not int:
        place = found.changes.at(found.name, f"category {show(entry['name'])}")
        place.fault("ids", f"id {show(entry['id'])} changed to {number}")
    return {**entry, "id": number}
