"""What WeChat delivered, reduced to what the desk needs. Pure.

https://developers.weixin.qq.com/doc/service/guide/product/message/Receiving_standard_messages.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from bot.channels.wechat.wire import sayable
from bot.errors import BadPayload
from bot.model import Media
from bot.privacy import mask
from bot.storage.windows import Window

_OPENID = re.compile(r"[\w-]{1,64}", re.ASCII)
_NUMBER = re.compile(r"\d{1,20}", re.ASCII)
_LONGEST_KEY = 128
"""Bytes of a menu button's key, the longest an event carries."""
_UNSHOWN = "【收到不支持的消息类型，暂无法显示】"
"""What WeChat writes in place of a sticker it cannot pass on."""
_SCENE = "qrscene_"

_MEDIA = {
    "image": Media.PHOTO,
    "voice": Media.VOICE,
    "location": Media.LOCATION,
}
"""Everything else that is not text is a file to us: video, link, what may come."""

FOLLOWED = "f"
SPOKEN = "v"
"""How the ids of such messages begin: the reply to them begins in its own way."""

AFTER_WORDS = Window("words", timedelta(hours=48), 5)
AFTER_EVENT = Window("event", timedelta(minutes=1), 3)
"""How long, and how often, an account may write by itself after the parent did something.

https://developers.weixin.qq.com/doc/service/guide/product/kf/intro.html
"""


class Kind(StrEnum):
    """What happened."""

    MESSAGE = "message"
    LINK = "link"
    """A choice under a reply of ours was tapped."""
    CLICK = "click"
    """A button of the account's menu was tapped."""
    FOLLOW = "follow"
    SCAN = "scan"
    LEAVE = "leave"


@dataclass(frozen=True, slots=True)
class Incoming:
    """One message or event; personal numbers are masked already."""

    kind: Kind
    user: str
    """The parent's openid: who they are to this account alone."""
    account: str
    key: str
    """The same for every try of the platform to deliver it."""
    created_at: int
    text: str = ""
    media: Media | None = None
    choice: int = 0
    """The number that the tapped choice carried."""
    event_key: str = ""
    """The menu button's key, or what the scanned code says."""

    @property
    def window(self) -> Window | None:
        """What it allows us to send by ourselves."""
        match self.kind:
            case Kind.MESSAGE | Kind.LINK:
                return AFTER_WORDS
            case Kind.CLICK | Kind.FOLLOW | Kind.SCAN:
                return AFTER_EVENT
        return None


def read(fields: Mapping[str, str]) -> Incoming | None:
    """Return the message or event; None when it is nothing for us. Raises BadPayload."""
    user, account = fields.get("FromUserName", ""), fields.get("ToUserName", "")
    created = fields.get("CreateTime", "").strip()
    if not _OPENID.fullmatch(user) or not _OPENID.fullmatch(account):
        raise BadPayload("nobody sent it, or to nobody")
    if not _NUMBER.fullmatch(created):
        raise BadPayload("no time")
    kind = fields.get("MsgType", "")
    if kind == "event":
        return _event(fields, user, account, int(created))
    number = fields.get("MsgId", "").strip()
    if not kind or not _NUMBER.fullmatch(number):
        raise BadPayload("no message")
    return _message(fields, user, account, int(created), int(number))


def _message(
    fields: Mapping[str, str], user: str, account: str, created: int, number: int
) -> Incoming | None:
    key = f"m{created}.{number}"
    kind = fields["MsgType"]
    text = _clean(_words(fields))
    if kind == "text" and text == _UNSHOWN:
        return Incoming(Kind.MESSAGE, user, account, key, created, media=Media.PHOTO)
    if kind == "text":
        choice = fields.get("bizmsgmenuid", "").strip()
        if _NUMBER.fullmatch(choice):
            return Incoming(Kind.LINK, user, account, key, created, text, choice=int(choice))
        return Incoming(Kind.MESSAGE, user, account, key, created, text)
    if kind == "voice" and text:
        return Incoming(Kind.MESSAGE, user, account, f"{SPOKEN}{created}.{number}", created, text)
    media = _MEDIA.get(kind, Media.FILE)
    return Incoming(Kind.MESSAGE, user, account, key, created, text, media)


def _words(fields: Mapping[str, str]) -> str:
    """Return the words in it: written, heard, or what a place or a link is called."""
    match fields["MsgType"]:
        case "text":
            return fields.get("Content", "")
        case "voice":
            return fields.get("Recognition", "")
        case "location":
            return fields.get("Label", "")
        case "link":
            return f"{fields.get('Title', '')}\n{fields.get('Url', '')}"
    return ""


def _event(fields: Mapping[str, str], user: str, account: str, created: int) -> Incoming | None:
    name, event_key = fields.get("Event", "").lower(), fields.get("EventKey", "").strip()
    if len(event_key.encode("utf-8", "replace")) > _LONGEST_KEY:
        return None
    event_key = sayable(event_key)
    key = f"e{created}.{name}.{event_key}"
    match name:
        case "subscribe":
            scene = event_key.removeprefix(_SCENE) if event_key.startswith(_SCENE) else ""
            return Incoming(
                Kind.FOLLOW, user, account, f"{FOLLOWED}{created}", created, event_key=scene
            )
        case "scan":
            return Incoming(Kind.SCAN, user, account, key, created, event_key=event_key)
        case "click":
            return Incoming(Kind.CLICK, user, account, key, created, event_key=event_key)
        case "unsubscribe":
            return Incoming(Kind.LEAVE, user, account, key, created)
    return None


def _clean(text: str) -> str:
    return mask(sayable(text)).strip()
