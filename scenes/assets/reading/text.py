"""Text of files that people made, in whatever encoding: as UTF-8 without a mark at its beginning."""

import codecs

UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def plain_text(content: bytes) -> bytes:
    """The text of a file as UTF-8.

    What is no UTF-8 is taken as Latin-1, where every byte is a letter: names of files keep their sense.
    """
    if content[:2] in UTF_16:
        content = content.decode("utf-16", "replace").encode()
    content = content.removeprefix(codecs.BOM_UTF8)
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("latin-1").encode()
    return content


def plain_head(content: bytes, end: bytes) -> bytes:
    """A file that begins with text, with that as UTF-8; as it is where `end` does not end that."""
    cut = content.find(end)
    return content if cut < 0 else plain_text(content[:cut]) + content[cut:]
