"""What Telegram delivered, reduced to what the desk needs: no names, no numbers. Pure."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from bot.doors import clean
from bot.errors import BadPayload
from bot.model import Media
from bot.privacy import mask

ALLOWED_UPDATES = ["message", "edited_message", "callback_query", "my_chat_member"]
"""What we ask Telegram for."""

_MEDIA = {
    Media.PHOTO: ("photo", "sticker", "animation"),
    Media.VOICE: ("voice", "audio", "video_note"),
    Media.LOCATION: ("location", "venue"),
    Media.FILE: ("document", "video", "contact", "poll", "dice", "story", "game", "invoice"),
}
_COMMAND = re.compile(r"/([A-Za-z0-9_]{1,32})(?:@(\w+))?(?:\s+(.*))?\s*", re.DOTALL)
_MENTION = re.compile(r"@(\w{3,32})")


class Kind(StrEnum):
    """What happened."""

    MESSAGE = "message"
    EDIT = "edit"
    TAP = "tap"
    """A button was pressed."""
    SHUT = "shut"
    """The parent blocked us, or we were put out of a group."""
    BACK = "back"
    """The parent unblocked us, or we were let into a group."""
    MOVED = "moved"
    """The group got another id."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """One update, as it is written down; personal numbers are masked already."""

    update_id: int
    kind: Kind
    chat: int
    user: int
    private: bool
    message_id: int = 0
    text: str = ""
    """What was written, or a picture's caption."""
    media: Media | None = None
    album: str = ""
    """Pictures sent together carry the same one."""
    edited_at: int = 0
    reply_to: int = 0
    """The message this one answers."""
    reply_to_user: int = 0
    """Who had written that one."""
    data: str = ""
    """The pressed button's key."""
    tap_id: str = ""
    """How the press is acknowledged."""
    moved_to: int = 0

    @property
    def chat_key(self) -> str:
        return f"telegram:{self.chat}"

    @property
    def user_key(self) -> str:
        return f"telegram:{self.user}"

    @property
    def command(self) -> tuple[str, str, str] | None:
        """(name in small letters, bot it is for, the rest) if the text is a command."""
        found = _COMMAND.fullmatch(self.text)
        return (found[1].lower(), (found[2] or "").lower(), found[3] or "") if found else None

    def mentions(self, username: str) -> bool:
        """Return whether the text names that user."""
        return username.lower() in {name.lower() for name in _MENTION.findall(self.text)}

    def dump(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def load(cls, text: str) -> Incoming:
        values = json.loads(text)
        values["kind"] = Kind(values["kind"])
        values["media"] = Media(values["media"]) if values["media"] else None
        return cls(**values)


def read(update: Any) -> Incoming | None:
    """Return the update; None when it is nothing for us. Raises BadPayload on what is none.

    https://core.telegram.org/bots/api#update
    """
    if not isinstance(update, dict) or not isinstance(update.get("update_id"), int):
        raise BadPayload("no update")
    try:
        return _read(update["update_id"], update)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError):
        # Telegram would send an update that we refuse again and again.
        return None


def _read(update_id: int, update: dict[str, Any]) -> Incoming | None:
    match update:
        case {"message": dict(message)}:
            return _message(update_id, Kind.MESSAGE, message)
        case {"edited_message": dict(message)}:
            return _message(update_id, Kind.EDIT, message)
        case {"callback_query": {"message": dict(message), "from": {"id": int(user)}} as tap}:
            chat = message["chat"]
            return Incoming(
                update_id,
                Kind.TAP,
                int(chat["id"]),
                user,
                _private(chat, user),
                message_id=int(message["message_id"]),
                data=str(tap.get("data") or ""),
                tap_id=str(tap["id"]),
            )
        case {"my_chat_member": {"chat": chat, "from": {"id": int(user)}} as change}:
            gone = change["new_chat_member"]["status"] in ("kicked", "left")
            kind = Kind.SHUT if gone else Kind.BACK
            return Incoming(update_id, kind, int(chat["id"]), user, _private(chat, user))
    return None


def _message(update_id: int, kind: Kind, message: dict[str, Any]) -> Incoming | None:
    chat = message["chat"]
    if "migrate_to_chat_id" in message:
        return Incoming(
            update_id, Kind.MOVED, int(chat["id"]), 0, False,
            moved_to=int(message["migrate_to_chat_id"]),
        )  # fmt: skip
    sender = message.get("from")
    if not sender or sender.get("is_bot"):
        return None
    text = clean(str(message.get("text") or message.get("caption") or ""))
    media = next((m for m, names in _MEDIA.items() if any(n in message for n in names)), None)
    if not text and media is None:
        return None
    if kind is Kind.EDIT and not text:
        return None  # a live location moves on every few seconds
    replied = message.get("reply_to_message") or {}
    user = int(sender["id"])
    return Incoming(
        update_id,
        kind,
        int(chat["id"]),
        user,
        _private(chat, user),
        message_id=int(message["message_id"]),
        text=mask(text),
        media=media,
        album=str(message.get("media_group_id") or ""),
        edited_at=int(message.get("edit_date") or 0),
        reply_to=int(replied.get("message_id") or 0),
        reply_to_user=int((replied.get("from") or {}).get("id") or 0),
    )


def _private(chat: dict[str, Any], user: int) -> bool:
    return chat.get("type", "private") == "private" and int(chat["id"]) == user
