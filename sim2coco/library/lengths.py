"""Formats and parses lengths: in millimetres below one metre, otherwise in metres."""

from collections.abc import Sequence

from scenes.assets.reading.containers import UNITS_M


def length(length_m: float) -> str:
    """Formats a length with its unit.

    Example:
        >>> length(0.085), length(1.234)
        ('85 mm', '1.23 m')
    """
    return sides([length_m])


def sides(lengths_m: Sequence[float]) -> str:
    """Formats lengths with a common unit, chosen by the longest.

    Example:
        >>> sides([0.085, 0.04, 0.0021]), sides([1.2, 0.4, 0.3])
        ('85 x 40 x 2.1 mm', '1.2 x 0.4 x 0.3 m')
    """
    factor, unit = (1.0, "m") if max(lengths_m) >= 0.9995 else (1000.0, "mm")
    return f"{' x '.join(plain(factor * side) for side in lengths_m)} {unit}"


def plain(number: float) -> str:
    """Formats a number with three significant digits, and an exponent below 0.0001 and from 1,000,000 on."""
    return f"{float(f'{number:.3g}'):g}"


def metres(text: str) -> float:
    """Parses a length: a number with a unit, or a number of metres.

    Example:
        >>> metres("0.3"), metres("85 mm"), metres("12cm")
        (0.3, 0.085, 0.12)

    Raises:
        ValueError: The text is not a length.
    """
    number = text.strip().lower()
    unit = next((unit for unit in sorted(UNITS_M, key=len, reverse=True) if number.endswith(unit)), "")
    try:
        return float(number.removesuffix(unit)) * UNITS_M.get(unit, 1.0)
    except ValueError:
        raise ValueError(
            f"must be a number of metres, or a number with a unit ({', '.join(UNITS_M)})"
        ) from None
