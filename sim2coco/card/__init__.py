"""The card of a data set: what is in it, how it was made, and how to load it.

It consists of `README.md` in Hugging Face's format, `croissant.json` and a contact sheet.
"""

from sim2coco.card.card import write_card
from sim2coco.card.contents import Contents
from sim2coco.card.origin import Origin

__all__ = ["Contents", "Origin", "write_card"]
