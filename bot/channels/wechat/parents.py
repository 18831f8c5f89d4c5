"""What parents do in WeChat as messages to the desk; holds no state of a conversation."""

from __future__ import annotations

from datetime import datetime

from bot.channels.wechat.incoming import Incoming, Kind
from bot.channels.wechat.rendering import read_choice
from bot.engine import Desk
from bot.faq.value import Faq
from bot.model import Message, Turn
from bot.poster import read_poster
from bot.storage.updates import Updates
from bot.text import squeeze

CHANNEL = "wechat"


def session_key(incoming: Incoming) -> str:
    """Return the conversation that it belongs to."""
    return f"{CHANNEL}:{incoming.user}"


def asks_for_more(incoming: Incoming, faq: Faq) -> bool:
    """Return whether it only asks for the rest of what we were saying."""
    if incoming.kind is not Kind.MESSAGE or incoming.media is not None:
        return False
    said = squeeze(incoming.text)
    return len(said) <= 1 or said.isdecimal() or said == squeeze(faq.say("wx_go_on"))


class Parents:
    """Hands each message or event to the desk as what it means."""

    def __init__(self, desk: Desk, memory: Updates) -> None:
        self._desk, self._memory = desk, memory

    @property
    def _faq(self) -> Faq:
        return self._desk.mind.faq

    async def hear(self, incoming: Incoming, at: datetime) -> Turn:
        """Return the turn it led to; raises StorageError."""
        return await self._desk.handle(await self._message(incoming, at))

    async def _message(self, incoming: Incoming, at: datetime) -> Message:
        match incoming.kind:
            case Kind.LINK:
                place, tapped = read_choice(incoming.choice)
                pick = await self._memory.pick(session_key(incoming), place, tapped)
                return Message(CHANNEL, incoming.user, incoming.key, "", at, pick=pick)
            case Kind.CLICK:
                text = self._button(incoming.event_key)
            case Kind.FOLLOW | Kind.SCAN:
                text = await self._scanned(incoming, at)
            case _:
                text = incoming.text
        return Message(CHANNEL, incoming.user, incoming.key, text, at, media=incoming.media)

    async def _scanned(self, incoming: Incoming, at: datetime) -> str:
        """Return what a newcomer, or a code on a poster, asks for; note where they come from."""
        source, topic = read_poster(incoming.event_key, [t.topic for t in self._faq.topics])
        if source is not None:
            await self._memory.set_source(session_key(incoming), source, at)
        return self._topic(topic)

    def _button(self, key: str) -> str:
        """Return what tapping the menu's button says; an old menu's leads to the five topics."""
        kind, _, name = key.partition(".")
        match kind:
            case "entry" if name in self._faq.entries:
                return self._faq.entries[name].question
            case "command" if name in self._faq.lexicon.commands:
                return self._faq.lexicon.commands[name][0]
        return self._topic(name if kind == "topic" else None)

    def _topic(self, name: str | None) -> str:
        title = next((t.title for t in self._faq.topics if t.topic == name), None)
        return title or self._faq.lexicon.commands["menu"][0]
