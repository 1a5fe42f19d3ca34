"""The table of a sweep as CSV and Markdown: one row for each job."""

import csv
import math
import re
from collections.abc import Sequence
from io import StringIO

from sim2coco.sweeps.row import Row, Spread

Cell = str | int | float


def columns(rows: Sequence[Row]) -> dict[str, list[Cell]]:
    """Returns a dict from the title of each column to its cells, one cell per job.

    The columns are the job, the settings that differ, and the results. A cell without a value is "".

    Args:
        rows: The results of the jobs, one row per job.
    """
    found: dict[str, list[Cell]] = {"job": [row.job.number for row in rows]}
    found |= swept(rows)
    found["out"] = [row.job.out.name for row in rows]
    found["state"] = [row.state for row in rows]
    found["images"] = [row.accepted for row in rows]
    found["failed scenes"] = [row.failed for row in rows]
    for reason in sorted({reason for row in rows for reason in row.reasons}):
        found[f"rejected: {reason}"] = [row.reasons[reason] for row in rows]
    found["accepted share"] = [_cell(row.accepted_share) for row in rows]
    for name, spreads in measured(rows).items():
        for quantile, attribute in (("10 %", "low"), ("median", "median"), ("90 %", "high")):
            found[f"{name}, {quantile}"] = [_cell(getattr(spread, attribute)) for spread in spreads]
    found["images/s"] = [_cell(row.per_s) for row in rows]
    found["score"] = [_cell(row.score) for row in rows]
    return found


def measured(rows: Sequence[Row]) -> dict[str, list[Spread]]:
    """Returns a dict from the name of each measured quantity to its quantiles, one `Spread` per job."""
    return {
        "objects per image": [row.objects for row in rows],
        "visible fraction": [row.visible_fraction for row in rows],
        "object size in px": [row.side_px for row in rows],
    }


def swept(rows: Sequence[Row]) -> dict[str, list[Cell]]:
    """Returns a dict from each setting that differs between jobs to its values, one value per job.

    A job that does not state the setting has the value "". The setting `out` is left out.
    """
    settings = [dict(override.partition("=")[::2] for override in row.job.overrides) for row in rows]
    keys = list(dict.fromkeys(key for setting in settings for key in setting))
    values: dict[str, list[Cell]] = {key: [setting.get(key, "") for setting in settings] for key in keys}
    return {key: found for key, found in values.items() if len(set(found)) > 1 and key != "out"}


def titles(rows: Sequence[Row], longest: int) -> list[str]:
    """Returns one title per job: its swept settings, such as `light=day, views=3`.

    Args:
        rows: The results of the jobs, one row per job.
        longest: If any title has more characters than this, all titles contain only the last part of each
            key, unless that part is the same for two keys.
    """
    found = swept(rows)
    whole = _titles(rows, found)
    last = {key.rpartition(".")[2]: values for key, values in found.items()}
    return whole if max(map(len, whole)) <= longest or len(last) < len(found) else _titles(rows, last)


def _titles(rows: Sequence[Row], found: dict[str, list[Cell]]) -> list[str]:
    return [
        ", ".join(f"{key}={_rounded(values[index])}" for key, values in found.items()) or row.job.out.name
        for index, row in enumerate(rows)
    ]


def as_csv(rows: Sequence[Row]) -> str:
    """The table as comma-separated values with a header."""
    table = columns(rows)
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table)
    writer.writerows(zip(*table.values(), strict=True))
    return text.getvalue()


def as_markdown(rows: Sequence[Row]) -> str:
    """The table in Markdown; columns in which every cell is empty or 0 are left out."""
    table = {name: cells for name, cells in columns(rows).items() if any(cells) or name in ("job", "images")}
    lines = [list(table), ["---"] * len(table)]
    lines += [list(map(_short, cells)) for cells in zip(*table.values(), strict=True)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _short(cell: Cell) -> str:
    text = f"{cell:.3g}" if isinstance(cell, float) and abs(cell) < 1000 else _rounded(cell)
    return text.replace("|", r"\|").replace("\n", " ")


def _rounded(value: Cell) -> str:
    """Formats a setting; numbers with four or more decimal places are rounded to four significant digits."""
    text = str(value)
    return f"{float(text):.4g}" if re.fullmatch(r"-?\d*\.\d{4,}(e-?\d+)?", text) else text


def _cell(number: float) -> Cell:
    """The number, rounded; "" for NaN."""
    return "" if math.isnan(number) else round(number, 4)
