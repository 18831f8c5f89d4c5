"""What a browser posts, read and checked."""

from __future__ import annotations

import json
from dataclasses import dataclass

from starlette.requests import Request

from bot.doors import body_within, clean
from bot.errors import BadPayload
from bot.model import Media

MAX_BYTES = 64 * 1024
MAX_ID = 64


class TooLarge(BadPayload):
    """The body is over `MAX_BYTES`."""


@dataclass(frozen=True, slots=True)
class Payload:
    """One posted message: words, a pick, or media."""

    id: str
    text: str = ""
    pick: int | None = None
    media: Media | None = None


async def read_body(request: Request) -> bytes:
    """Return the body; raises TooLarge before more than `MAX_BYTES` are kept."""
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > MAX_BYTES:
        raise TooLarge
    body = await body_within(request, MAX_BYTES)
    if body is None:
        raise TooLarge
    return body


def parse(body: bytes) -> Payload:
    """Return the message in the body; raises BadPayload."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadPayload("not JSON") from error
    match data:
        case {"id": bool()}:
            raise BadPayload("id")
        case {"id": str() | int() as given}:
            message_id = clean(str(given)).strip()
        case _:
            raise BadPayload("id")
    if not 0 < len(message_id) <= MAX_ID:
        raise BadPayload("id")
    if sum(key in data for key in ("text", "pick", "media")) != 1:
        raise BadPayload("one of text, pick, media")
    match data:
        case {"text": str(text)}:
            return Payload(message_id, text=clean(text))
        case {"pick": int(pick)} if not isinstance(pick, bool):
            return Payload(message_id, pick=pick)
        case {"media": str(media)} if media in set(Media):
            return Payload(message_id, media=Media(media))
    raise BadPayload("text, pick or media")
