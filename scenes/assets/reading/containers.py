"""Checks mesh files before their geometry is read, and reads units and axes of COLLADA files."""

from xml.etree import ElementTree

from scenes.assets.reading.refusal import Refused

UNITS_M = {"m": 1.0, "cm": 0.01, "mm": 0.001, "in": 0.0254, "ft": 0.3048, "um": 1e-6}
EXPORT_AGAIN = "export it again from the program that made it"


def unreadable(what: str) -> Refused:
    """Creates the exception for a file that is invalid in the format of its suffix."""
    return Refused("unreadable", what, EXPORT_AGAIN)


def check_xml(content: bytes) -> ElementTree.Element:
    """Parses an XML document and returns its root element.

    Raises:
        Refused: The content is not valid XML, has a document type or defines entities.
    """
    check_entities(content)
    try:
        return ElementTree.fromstring(content)
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise unreadable(f"is not valid XML: {error}") from error


def check_entities(content: bytes) -> None:
    """Checks that an XML document defines no entities.

    Raises:
        Refused: It has a document type or defines entities, which can expand 200 bytes to gigabytes.
    """
    if b"<!ENTITY" in content or b"<!DOCTYPE" in content or "<!ENTITY".encode("utf-16-le") in content:
        raise Refused("over a limit", "defines XML entities", "remove <!DOCTYPE ...>")


def dae_frame(content: bytes) -> tuple[float, str]:
    """Returns the unit in metres and the up axis of a COLLADA document.

    Missing or invalid values default to the standard's values: one metre, and y up.

    Raises:
        Refused: The content is not valid XML, has a document type or defines entities.
    """
    root = check_xml(content)
    unit = root.find("{*}asset/{*}unit")
    up = root.find("{*}asset/{*}up_axis")
    try:
        meter = float(unit.get("meter", "1")) if unit is not None else 1.0
    except ValueError:
        meter = 1.0
    axis = (up.text or "").strip().lower()[:1] if up is not None else "y"
    return meter if meter > 0 else 1.0, axis if axis in ("x", "y", "z") else "y"
