"""Plots of the report, each with a table of its numbers, and formatting of numbers."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

Row = Sequence[str | int]


@dataclass(frozen=True, slots=True)
class Table:
    """A table; its first column names the rows.

    Attributes:
        head: Titles of the columns.
        rows: The cells of each row.
    """

    head: Row
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Figure:
    """A plot.

    Attributes:
        key: Name of the plot in the page, of letters, digits and `-`.
        title: Title of the plot.
        text: A sentence that says what the plot shows, also for screen readers.
        plot: The SVG.
        table: The numbers in the plot as a table.
        wide: Whether the plot takes the full width of the page.
    """

    key: str
    title: str
    text: str
    plot: Markup
    table: Table
    wide: bool = False


def number(value: float) -> str:
    """Formats a number with three significant digits and thousands separators.

    Example:
        >>> number(12345.6), number(0.123456), number(2.0), number(float("nan"))
        ('12,346', '0.123', '2', '–')
    """
    if value != value:  # NaN
        return "–"
    if abs(value) >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.3g}"


def percent(share: float) -> str:
    """Formats a fraction in percent; percentages below 10 have a decimal.

    Example:
        >>> percent(0.5), percent(0.0123), percent(0.99999)
        ('50 %', '1.2 %', '100 %')
    """
    value = 100 * share
    written = f"{value:.1f}".removesuffix(".0") if 0 < value < 9.95 else f"{value:.0f}"
    return f"{written} %"
