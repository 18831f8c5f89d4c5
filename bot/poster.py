"""What a link or a code on a poster says: a school, a topic, or both. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection

_POSTER = re.compile(r"(?:s_)?([A-Za-z0-9]{1,24})(?:-([a-z_]{1,32}))?")


def read_poster(text: str, topics: Collection[str]) -> tuple[str | None, str | None]:
    """Return (source, topic), each None when it names none.

    >>> read_poster("aid", ["aid"]), read_poster("s_xjw-aid", ["aid"]), read_poster("12", ["aid"])
    ((None, 'aid'), ('xjw', 'aid'), ('12', None))
    """
    if text in topics:
        return None, text
    found = _POSTER.fullmatch(text)
    if found is None:
        return None, None
    return found[1], found[2] if found[2] in topics else None
