"""What parents do in Telegram: write, press buttons, open links; alone or in a group."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

from bot.channels.telegram.api import Api, Me
from bot.channels.telegram.keyboard import Button, Rows, read_key
from bot.channels.telegram.note import Note
from bot.channels.telegram.pace import Pace
from bot.channels.telegram.update import Incoming, Kind
from bot.engine import Desk
from bot.errors import ChannelError
from bot.faq.value import Faq
from bot.model import Decision, Message, Turn
from bot.outbox import Outbox
from bot.poster import read_poster
from bot.storage.updates import STALE, Updates

log = logging.getLogger(__name__)

COMMANDS = {"menu": "menu", "mine": "my_inquiries", "person": "handoff", "delete": "delete_data"}
"""Command in Telegram → command of the desk, whose first wording is what the parent said."""

_SAYABLE_IN_GROUPS = (Decision.ANSWER, Decision.ELSEWHERE, Decision.SMALL_TALK)
_TYPING_AFTER_S = 0.6
_TYPING_AGAIN_S = 4.5
_TYPING_IN = 5
"""Chats that it is shown in at once: in a rush it would cost the replies their share of calls."""
_FROM_GROUP = "g_"
"""What the link out of a group says: no topic and no poster."""


class Parents:
    """Turns updates into messages to the desk; holds no state of a conversation."""

    def __init__(self, desk: Desk, api: Api, memory: Updates, outbox: Outbox) -> None:
        self._desk, self._api, self._memory, self._outbox = desk, api, memory, outbox
        self._pace = Pace(time.monotonic)
        self._typing_in = 0

    @property
    def _faq(self) -> Faq:
        return self._desk.mind.faq

    # ------------------------------------------------------------------ alone with us

    async def hear(self, incoming: Incoming, at: datetime) -> None:
        """Handle what a parent wrote in their own chat."""
        await self._in_turn(incoming)
        if incoming.kind is Kind.EDIT:
            ids = self._id(incoming, "m"), f"{self._id(incoming, 'e')}."
            before = await self._memory.words_of(incoming.chat_key, *ids)
            if before == incoming.text:
                return  # Telegram also reports edits in which the words did not change
        command = incoming.command
        if command is None:
            await self._handle(self._message(incoming, at, incoming.text))
            return
        name, _, rest = command
        if name == "start":
            await self._start(incoming, at, rest.strip())
        elif name == "help":
            await self._say(incoming, self._faq.say("tg_help"))
        else:
            wording = self._wording(COMMANDS[name]) if name in COMMANDS else incoming.text
            await self._handle(self._message(incoming, at, wording))

    async def _in_turn(self, incoming: Incoming) -> None:
        """Wait when a parent writes faster than anybody types; tell them once."""
        wait_s = self._pace.wait_s(incoming.user)
        if wait_s:
            if self._pace.tell(incoming.user):
                await self._say(incoming, self._faq.say("tg_too_fast"), about="pace")
            await asyncio.sleep(wait_s)

    def is_danger(self, incoming: Incoming) -> bool:
        """Return whether somebody is in danger: that goes before what else that chat said."""
        return incoming.kind is not Kind.TAP and bool(self._desk.mind.sense(incoming.text))

    async def _start(self, incoming: Incoming, at: datetime, link: str) -> None:
        """Welcome a parent: with the five topics, or with what a link or a poster is about."""
        titles: dict[str, str] = {each.topic: each.title for each in self._faq.topics}
        source, topic = read_poster(link, titles)
        if source is not None:
            await self._memory.set_source(incoming.chat_key, source, at)
        await self._say(incoming, self._faq.say("welcome"))
        said = titles[topic] if topic else self._wording("menu")
        await self._handle(self._message(incoming, at, said))

    async def tap(self, incoming: Incoming, at: datetime) -> None:
        """Handle a pressed button; a second press of the same one does nothing."""
        key = read_key(incoming.data)
        message_id = f"k{incoming.data}"
        if key is None or not incoming.private:
            await self.acknowledge(incoming, self._faq.say("tg_stale"))
            return
        if await self._memory.heard(incoming.chat_key, message_id):
            await self.acknowledge(incoming, self._faq.say("tg_pressed"))
            return
        place, pressed = key
        pick = await self._memory.pick(incoming.chat_key, place, pressed)
        message = Message("telegram", str(incoming.user), message_id, "", at, pick=pick)
        # Side by side: nobody's answer waits for a slow network to stop a button's waiting sign.
        await asyncio.gather(
            self.acknowledge(incoming, self._faq.say("tg_stale") if pick == STALE else ""),
            self._handle(message),
        )

    async def acknowledge(self, incoming: Incoming, text: str = "", *, alert: bool = False) -> None:
        """Stop the button's waiting sign; too late or unreachable, it stops by itself."""
        try:
            await self._api.answer(incoming.tap_id, text, alert=alert)
        except ChannelError as error:
            log.info("a press could not be acknowledged: %s", error)

    def _message(self, incoming: Incoming, at: datetime, text: str) -> Message:
        message_id = self._id(incoming, "m")
        if incoming.kind is Kind.EDIT:
            message_id = f"{self._id(incoming, 'e')}.{incoming.edited_at}"
        elif incoming.album and not text:
            message_id = f"a{incoming.album}"
        # A caption says what the picture is about: it is what is answered.
        media = None if text else incoming.media
        return Message("telegram", str(incoming.user), message_id, text, at, media=media)

    def _id(self, incoming: Incoming, kind: str) -> str:
        """Return a message's id, also when the desk had another bot before, with ids of its own."""
        return f"{kind}{self._api.account}.{incoming.message_id}"

    async def _handle(self, message: Message) -> Turn:
        async with self._typing(int(message.user_id)):
            return await self._desk.handle(message)

    def _wording(self, command: str) -> str:
        return self._faq.lexicon.commands[command][0]

    @asynccontextmanager
    async def _typing(self, chat: int) -> AsyncIterator[None]:
        """Show that we are writing, when it takes long enough to be noticed."""

        async def show() -> None:
            await asyncio.sleep(_TYPING_AFTER_S)
            if self._typing_in >= _TYPING_IN:
                return
            self._typing_in += 1
            try:
                while True:
                    await self._api.typing(chat)
                    await asyncio.sleep(_TYPING_AGAIN_S)
            except ChannelError:
                return
            finally:
                self._typing_in -= 1

        showing = asyncio.create_task(show())
        try:
            yield
        finally:
            showing.cancel()
            await asyncio.gather(showing, return_exceptions=True)

    # ------------------------------------------------------------------ in a group

    def is_addressed(self, incoming: Incoming, me: Me) -> bool:
        """Return whether a message in a group is for us: @, a reply, a command."""
        if incoming.kind is not Kind.MESSAGE:
            return False
        if command := incoming.command:
            return command[1] in ("", me.username.lower())
        return incoming.reply_to_user == me.id or incoming.mentions(me.username)

    async def hear_in_group(self, incoming: Incoming, at: datetime, me: Me) -> None:
        """Say what anybody may read; everything personal goes to the parent's own chat."""
        await self._in_turn(incoming)
        text = re.sub(rf"@{re.escape(me.username)}\b", "", incoming.text, flags=re.IGNORECASE)
        text = text.strip()
        link = f"https://t.me/{me.username}?start={_FROM_GROUP}"
        aside: Rows = ((Button(self._faq.say("tg_group_button"), url=link),),)
        message_id = f"g{incoming.chat}.{incoming.message_id}"
        message = Message("telegram", str(incoming.user), message_id, text, at)
        if danger := self._desk.mind.sense(text):
            await self._say(incoming, danger.reply, aside)
            # Staff have to see it: it counts as said in the parent's own chat.
            await self._desk.handle(message)
            return
        answer = ""
        if text and incoming.command is None:
            turn = self._desk.preview(message)
            if turn.decision in _SAYABLE_IN_GROUPS:
                answer = "\n\n".join(reply.text for reply in turn.replies)
        await self._say(incoming, answer or self._faq.say("tg_group_private"), aside)

    async def _say(
        self, incoming: Incoming, text: str, buttons: Rows = (), *, about: str = ""
    ) -> None:
        """Put our own words in the outbox, once for each update and what they are about."""
        note = Note(text, buttons=buttons, reply_to=0 if incoming.private else incoming.message_id)
        key = f"{self._memory.name(incoming.update_id)}{about}"
        await self._memory.queue_note(incoming.chat_key, note.dump(), key=key)
        self._outbox.wake()
