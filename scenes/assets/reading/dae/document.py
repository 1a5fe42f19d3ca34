"""COLLADA documents: XML whose elements refer to each other by ids."""

from xml.etree.ElementTree import Element

from scenes.assets.reading.containers import check_xml


class Document:
    """A COLLADA document; namespaces are removed from its element names.

    Args:
        content: The bytes of the file.

    Attributes:
        root: The root element.

    Raises:
        Refused: The content is not valid XML or defines entities.
    """

    def __init__(self, content: bytes) -> None:
        """Parses the document."""
        self.root = check_xml(content)
        self._ids: dict[str, Element] = {}
        for element in self.root.iter():
            element.tag = element.tag.rpartition("}")[2]
            self._ids.setdefault(element.get("id", ""), element)

    def target(self, url: str | None, *tags: str) -> Element | None:
        """Resolves a reference such as `#id`; None unless it refers to an element with one of the tags."""
        found = self._ids.get((url or "").strip().removeprefix("#")) if url else None
        return found if found is not None and found.tag in tags else None


def text_of(element: Element | None) -> str:
    """Returns the text of an element, or ""."""
    return "" if element is None or element.text is None else element.text
