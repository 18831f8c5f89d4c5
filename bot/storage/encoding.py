"""Single values as text: times, numbers, choices, replies. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from bot.model import CHONGQING, Choice, ChoiceKind, Reply


def stamp(at: datetime) -> str:
    """Return the instant as UTC text whose order is time order.

    >>> stamp(datetime.fromisoformat("2026-05-20T09:00:00+08:00"))
    '2026-05-20T01:00:00.000000+00:00'
    """
    if at.tzinfo is None:
        raise ValueError("a time without its zone")
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def instant(text: str) -> datetime:
    """Return what `stamp` was given, in local time.

    >>> instant("2026-05-20T01:00:00.000000+00:00").isoformat()
    '2026-05-20T09:00:00+08:00'
    """
    return datetime.fromisoformat(text).astimezone(CHONGQING)


def number_key(number: str | None) -> int | None:
    """Return the inquiry number as its key; None for what no inquiry can be called.

    >>> number_key("1001"), number_key("01001"), number_key("１００１"), number_key("")
    (1001, None, None, None)
    """
    if not number or len(number) > 15 or not (number.isascii() and number.isdigit()):
        return None
    return None if number.startswith("0") else int(number)


def number_of(key: int | None) -> str | None:
    """Return the inquiry number of a key."""
    return None if key is None else str(key)


def dump(value: object) -> str:
    """Return compact JSON, Chinese as it is."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def dump_choices(choices: Iterable[Choice]) -> str:
    """Return the choices as JSON: [[label, kind, value], …]."""
    return dump([[c.label, c.kind.value, c.value] for c in choices])


def load_choices(text: str) -> tuple[Choice, ...]:
    """Return the choices that `dump_choices` wrote."""
    return _choices(json.loads(text))


def _choices(parts: Iterable[Any]) -> tuple[Choice, ...]:
    return tuple(Choice(label, ChoiceKind(kind), value) for label, kind, value in parts)


def dump_replies(replies: Iterable[Reply]) -> str:
    """Return the replies as JSON: [{"text": …, "choices": […]}, …]."""
    return dump(
        [
            {"text": r.text, "choices": [[c.label, c.kind.value, c.value] for c in r.choices]}
            for r in replies
        ]
    )


def load_replies(text: str | None) -> tuple[Reply, ...]:
    """Return the replies that `dump_replies` wrote; removed ones are none."""
    return tuple(Reply(r["text"], _choices(r["choices"])) for r in json.loads(text or "[]"))
