"""Wrong settings: which key is refused, and why. Another key or another reason is another refusal."""

import pytest
from pydantic import ValidationError

from scenes.settings import Settings


def assert_refused(settings: type[Settings], tree: object, where: str, why: str) -> None:
    """Asserts that settings are refused at one key (`a.b`, "" for the whole) and nowhere else.

    Args:
        settings: Class that reads them.
        tree: As they are written.
        where: The key; an end of a range or a member of a union counts as its key.
        why: Part of a message.
    """
    with pytest.raises(ValidationError) as caught:
        settings.parse(tree)
    errors = caught.value.errors()
    keys = {".".join(map(str, error["loc"])) for error in errors}
    assert all(key == where or (where and key.startswith(f"{where}.")) for key in keys), errors
    assert any(why in error["msg"] for error in errors), errors
