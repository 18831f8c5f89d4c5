"""What staff do in Telegram: bind themselves, take, reply, ask, release, resolve, look."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime

from bot.channels.telegram import staff_words as words
from bot.channels.telegram.api import Api
from bot.channels.telegram.note import Note
from bot.channels.telegram.parents import Parents
from bot.channels.telegram.text import Span
from bot.channels.telegram.update import Incoming, Kind
from bot.engine import Desk
from bot.errors import ChannelError
from bot.model import Act
from bot.outbox import Outbox
from bot.storage.audit import Look
from bot.storage.staff_chats import Person, StaffChats
from bot.storage.updates import Updates

_ACTS = {
    "take": Act.TAKE,
    "reply": Act.REPLY,
    "ask": Act.ASK_PARENT,
    "release": Act.RELEASE,
    "transfer": Act.TRANSFER,
    "resolve": Act.RESOLVE,
}
_TAPS = {"t": Act.TAKE, "r": Act.RELEASE, "z": Act.RESOLVE}
_BINDING = frozenset({"bind", "bind_group", "unbind", "unbind_group"})
_WRONG_CODES = 5
_FORGET_S = 3600.0


class Staff:
    """The staff's side; every act is the desk's own, with its own refusals."""

    def __init__(
        self,
        desk: Desk,
        api: Api,
        memory: Updates,
        chats: StaffChats,
        outbox: Outbox,
        parents: Parents,
        clock: Callable[[], datetime],
    ) -> None:
        self._desk, self._api, self._memory, self._clock = desk, api, memory, clock
        self._chats, self._outbox, self._parents = chats, outbox, parents
        self._wrong: defaultdict[int, list[float]] = defaultdict(list)

    async def take(self, incoming: Incoming, at: datetime) -> bool:
        """Do what the update asks for, if it is the staff's; return whether it was."""
        if incoming.kind is Kind.TAP:
            return await self._tap(incoming)
        command = incoming.command
        if command and command[0] in _BINDING:
            await self._binding(incoming, at, command[0], command[2].strip())
            return True
        person = await self._chats.person(incoming.user_key)
        in_staff_group = incoming.chat_key in await self._chats.groups()
        if person is None:
            return in_staff_group
        number = None
        if incoming.reply_to:
            number = await self._memory.carried(incoming.chat_key, incoming.reply_to)
        if incoming.kind is Kind.EDIT and (command or number is not None):
            # Done once already; what the parent has read is not changed behind their back.
            await self._say(incoming, Note(words.EDITED))
        elif command and command[0] == "queue":
            waiting = await self._chats.to_be_taken()
            await self._say(incoming, words.queue(waiting, self.titles()))
        elif command and command[0] in _ACTS:
            await self._command(incoming, person, command[0], command[2], number)
        elif command and command[0] == "help":
            await self._say(incoming, Note(words.HOW))
        elif number is not None:
            await self._reply(incoming, person, number)
        else:
            return in_staff_group
        return True

    def titles(self) -> dict[str, str]:
        """Return what the topics are called."""
        return {topic.topic: topic.title for topic in self._desk.mind.faq.topics}

    # ------------------------------------------------------------------ acts

    async def _command(
        self, incoming: Incoming, person: Person, name: str, rest: str, carried: str | None
    ) -> None:
        first, _, text = rest.strip().partition(" ")
        first, newline, more = first.partition("\n")
        number = first.removesuffix("号")
        if number.isascii() and number.isdecimal():
            text = f"{more}{newline}{text}" if newline else text
        elif carried is not None:
            number, text = carried, rest
        else:
            await self._say(incoming, Note(words.NO_NUMBER.format(command=name)))
            return
        act, text = _ACTS[name], text.strip()
        if act is Act.TRANSFER and text not in await self._chats.names():
            refusal = words.NO_COLLEAGUE.format(name=text) if text else words.WHOM
            await self._say(incoming, Note(refusal, reply_to=incoming.message_id))
            return
        await self._act(incoming, person, number, act, text)

    async def _reply(self, incoming: Incoming, person: Person, number: str) -> None:
        """Send the parent what was written in reply to a message about their inquiry."""
        if incoming.media is not None and not incoming.text:
            await self._say(incoming, Note(words.NO_MEDIA))
        else:
            await self._act(incoming, person, number, Act.REPLY, incoming.text)

    async def _act(
        self, incoming: Incoming, person: Person, number: str, act: Act, text: str
    ) -> str | None:
        """Do it and say what became of it; return why it was refused."""
        once = self._memory.name(incoming.update_id)
        before = await self._desk.inquiry(number)
        written, to_whom = ("", text) if act is Act.TRANSFER else (text, "")
        result = await self._desk.act(person.name, number, act, written, to_whom=to_whom, once=once)
        done = result.error or words.DONE[act].format(number=number)
        await self._say(incoming, Note(done, reply_to=incoming.message_id), number)
        taken = act is Act.TAKE or (act is not Act.RESOLVE and before and not before.owner)
        if taken and result.error is None and result.inquiry is not None:
            said = await self._desk.transcript(number)
            note = words.transcript(result.inquiry, said, self.titles())
            look = person.look(number, self._clock())
            await self._queue(person.home, note, f"{once}.transcript", number, look)
        return result.error

    async def _tap(self, incoming: Incoming) -> bool:
        act, number = _TAPS.get(incoming.data[:1]), incoming.data[1:]
        if act is None or not number.isdecimal():
            return False
        person = await self._chats.person(incoming.user_key)
        if person is None:
            await self._parents.acknowledge(incoming, words.NOT_STAFF, alert=True)
            return True
        refused = await self._act(incoming, person, number, act, "")
        await self._parents.acknowledge(incoming, refused or "", alert=bool(refused))
        if refused is None and act is Act.TAKE:
            await self._mark_taken(incoming, person.name)
        return True

    async def _mark_taken(self, incoming: Incoming, name: str) -> None:
        """Show on the notice who took it; a notice that stays as it was does no harm."""
        inquiry = await self._desk.inquiry(incoming.data[1:])
        if inquiry is None:
            return
        spans = [Span(f"{words.line(inquiry, self.titles())}\n"), Span(f"已由{name}接手", "b")]
        try:
            await self._api.edit(incoming.chat, incoming.message_id, spans, ())
        except ChannelError:
            return

    # ------------------------------------------------------------------ binding

    async def _binding(self, incoming: Incoming, at: datetime, name: str, code: str) -> None:
        if name == "unbind":
            await self._chats.unbind(incoming.user_key, at)
            await self._say(incoming, Note(words.UNBOUND))
            return
        if name in ("bind_group", "unbind_group") and incoming.private:
            await self._say(incoming, Note(words.GROUP_ONLY))
            return
        person = await self._chats.person(incoming.user_key)
        if code and name != "unbind_group":
            if self._tries_too_much(incoming.user):
                await self._say(incoming, Note(words.TOO_MANY))
                return
            bound = await self._chats.bind(code, incoming.user_key, incoming.chat_key, at)
            if bound is None:
                self._wrong[incoming.user].append(time.monotonic())
                await self._say(incoming, Note(words.BAD_CODE))
                return
            person = Person(incoming.user_key, bound, incoming.chat_key)
        if person is None or (name == "bind" and not code):
            await self._say(incoming, Note(words.NEEDS_CODE))
        elif name == "bind":
            await self._say(incoming, Note(words.BOUND.format(name=person.name)))
        elif name == "bind_group":
            await self._chats.bind_group(incoming.chat_key, person.name, at)
            await self._say(incoming, Note(words.GROUP_BOUND))
        else:
            await self._chats.unbind_group(incoming.chat_key, person.name, at)
            await self._say(incoming, Note(words.GROUP_UNBOUND))
        self._desk.inbox_changed()

    def _tries_too_much(self, user: int) -> bool:
        since = time.monotonic() - _FORGET_S
        self._wrong[user] = [at for at in self._wrong[user] if at > since]
        return len(self._wrong[user]) >= _WRONG_CODES

    async def lose_group(self, chat_key: str, once: str, at: datetime) -> None:
        """Forget a group that we were put out of; notices go to everybody bound from then on."""
        if not await self._chats.forget_group(chat_key, at):
            return
        for home in sorted({person.home for person in await self._chats.people()}):
            await self._queue(home, Note(words.GROUP_LOST), f"telegram:lost.{once}@{home}", None)
        self._desk.inbox_changed()

    # ------------------------------------------------------------------ saying

    async def _say(self, incoming: Incoming, note: Note, number: str | None = None) -> None:
        await self._queue(incoming.chat_key, note, self._memory.name(incoming.update_id), number)

    async def _queue(
        self, chat_key: str, note: Note, key: str, number: str | None, look: Look | None = None
    ) -> None:
        await self._memory.queue_note(chat_key, note.dump(), key=key, number=number, look=look)
        self._outbox.wake()
