"""Plot axes: positions of values, ticks and labels."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

from markupsafe import Markup

WIDTH, HEIGHT = 440.0, 250.0
"""Size of a plot, in the units of its coordinates."""
LEFT, RIGHT, TOP, BOTTOM = 72.0, 24.0, 10.0, 48.0
"""Margins of a plot."""


@dataclass(frozen=True, slots=True)
class Tick:
    """A tick of an axis: its position, 0..1 along the axis, and its label."""

    place: float
    text: str


def round_steps(low: float, high: float, about: int = 5) -> list[float]:
    """Returns round values between two limits: integer multiples of 1, 2 or 5 times a power of ten.

    Example:
        >>> round_steps(0, 7), round_steps(0.0, 0.31, 4)
        ([0.0, 2.0, 4.0, 6.0], [0.0, 0.1, 0.2, 0.3])
    """
    if not high > low:
        return [low]
    raw = (high - low) / about
    power = 10.0 ** floor(log10(raw))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= 0.999 * raw)
    first, last = ceil(low / step - 1e-9), floor(high / step + 1e-9)
    return [round(index * step, 10) for index in range(first, last + 1)]


def frame(
    across: Sequence[Tick], up: Sequence[Tick], label_across: str, label_up: str, grid: bool = True
) -> Markup:
    """Draws the axes of a plot.

    Args:
        across: Ticks of the horizontal axis.
        up: Ticks of the vertical axis.
        label_across: Label of the horizontal axis.
        label_up: Label of the vertical axis.
        grid: Whether to draw a horizontal line through the plot at each tick in `up`.
    """
    parts = []
    for tick in up:
        y = y_of(tick.place)
        if grid:
            parts.append(_line("grid", LEFT, y, WIDTH - RIGHT, y))
        parts.append(text(LEFT - 6, y + 4, tick.text, "end"))
    bottom = y_of(0.0)
    parts.append(_line("axis", LEFT, bottom, WIDTH - RIGHT, bottom))
    for tick in across:
        x = x_of(tick.place)
        parts += [_line("axis", x, bottom, x, bottom + 4), text(x, bottom + 17, tick.text, "middle")]
    parts.append(text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6, label_across, "middle", "label"))
    turned = Markup(
        '<text class="label" text-anchor="middle" transform="translate(14 {}) rotate(-90)">{}</text>'
    )
    parts.append(turned.format(short((TOP + bottom) / 2), label_up))
    return Markup("").join(parts)


def x_of(share: float) -> float:
    """The x coordinate of a position 0..1 on the horizontal axis."""
    return LEFT + share * (WIDTH - LEFT - RIGHT)


def y_of(share: float) -> float:
    """The y coordinate of a position 0..1 on the vertical axis."""
    return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)


def short(value: float) -> str:
    """Formats a coordinate with at most one decimal.

    Example:
        >>> short(12.04), short(3.94), short(-0.01)
        ('12', '3.9', '0')
    """
    written = f"{value:.1f}".removesuffix(".0")
    return "0" if written == "-0" else written


def text(x: float, y: float, words: str, anchor: str = "start", kind: str = "tick") -> Markup:
    """Returns a text element of a plot."""
    return Markup('<text class="{}" x="{}" y="{}" text-anchor="{}">{}</text>').format(
        kind, short(x), short(y), anchor, words
    )


def _line(kind: str, x: float, y: float, to_x: float, to_y: float) -> Markup:
    return Markup('<path class="{}" d="M{} {}L{} {}"/>').format(
        kind, *(short(value) for value in (x, y, to_x, to_y))
    )


def svg(content: Markup, label: str, width: float = WIDTH, height: float = HEIGHT) -> Markup:
    """An SVG element of a given size, with a label for screen readers."""
    return Markup('<svg viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        short(width), short(height), label, content
    )


def ticks(
    values: Sequence[float], place: Callable[[float], float], write: Callable[[float], str]
) -> list[Tick]:
    """Returns a tick for each value that lies on the axis.

    Args:
        values: The values.
        place: Returns the position of a value, from 0 to 1 along the axis.
        write: Returns the label of a value.
    """
    found = [Tick(place(value), write(value)) for value in values]
    return [tick for tick in found if -1e-6 <= tick.place <= 1 + 1e-6]
