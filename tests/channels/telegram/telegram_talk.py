"""A conversation through the Telegram channel, spoken to line by line as `chat --jsonl` is."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from datetime import datetime
from typing import Any

from telegram_desk import BotApi, Running, keys, until

from bot.channels.telegram import staff_words
from bot.engine import Desk
from bot.jsonl import DEFAULT_TIME
from bot.model import Act
from bot.storage.records import load_message
from bot.wire import inquiry_json, turn_json

MEDIA: dict[str, dict[str, Any]] = {
    "photo": {"photo": [{"file_id": "x"}]},
    "voice": {"voice": {"file_id": "x"}},
    "location": {"location": {"latitude": 29.5, "longitude": 106.5}},
    "file": {"document": {"file_id": "x"}},
}
_COMMANDS = {"ask_parent": "ask"}
_NOTHING: dict[str, Any] = {
    **{"decision": None, "entry": None, "entries": [], "confidence": 0.0, "candidates": []},
    **{"replies": [], "inquiry": None, "deliveries": [], "error": None},
}


class TelegramTalk:
    """Parents write and press buttons, staff use commands; what comes of it is a chat line."""

    def __init__(self, api: BotApi, running: Running) -> None:
        self._api, self._running = api, running
        self._users: dict[str, int] = {}
        self._staff: dict[str, int] = {}
        self._given: dict[tuple[str, str], tuple[dict[str, Any], int]] = {}
        self._times: dict[str, datetime] = {}
        self._ticked: datetime | None = None

    @property
    def desk(self) -> Desk:
        return self._running.desk

    async def line(self, **given: Any) -> dict[str, Any]:
        """Return the output line."""
        if "tick" in given:
            return {**given, **_NOTHING, "session": None, "deliveries": await self._tick(given)}
        if "staff" in given:
            return {**given, **_NOTHING, **await self._act(given)}
        return {**given, **_NOTHING, **await self._say(given)}

    async def _tick(self, given: dict[str, Any]) -> list[dict[str, str]]:
        """Let time pass; return what parents were told."""
        self._ticked = self._running.clock.fixed = datetime.fromisoformat(given["tick"])
        sessions = {user: name for name, user in self._users.items()}
        before = len(self._api.sent)
        await self.desk.tick(self._ticked)
        await self._sent()
        return [
            {"session": sessions[message["chat"]["id"]], "text": message["text"]}
            for message in self._api.sent[before:]
            if message["chat"]["id"] in sessions
        ]

    # ------------------------------------------------------------------ parents

    async def _say(self, given: dict[str, Any]) -> dict[str, Any]:
        session = given["session"]
        user = self._users.setdefault(session, 1000 + len(self._users))
        self._set_time(session, given)
        before = await self._last_place(user)
        known = self._given.get((session, str(given.get("message_id"))))
        update = known[0] if known else self._update(given, user)
        self._api.give(update)
        await self._settled(update)
        after = await self._last_place(user)
        if known:
            assert after == before, "a repeated update made a turn"
            after = known[1]
        else:
            assert after > before, f"no turn came of {given}"
        if "message_id" in given:
            self._given[session, str(given["message_id"])] = (update, after)
        return {"session": session, **await self._turn(after)}

    def _update(self, given: dict[str, Any], user: int) -> dict[str, Any]:
        api = self._api
        if "pick" in given:
            pick, shown = given["pick"], api.to(user)
            offering = next((m for m in reversed(shown) if keys(m)), None)
            if offering and 1 <= pick <= len(keys(offering)):
                return api.pressed(user, offering, keys(offering)[pick - 1])
            if offering is shown[-1] and pick > 0:
                return api.update(message=api.message(user, str(pick)))
            # Nothing that they see says so: a button we never made.
            return api.pressed(user, shown[-1], f"c{10**9 + len(api.calls)}.1")
        if "media" in given:
            return api.update(message=api.message(user, **MEDIA[given["media"]]))
        return api.update(message=api.message(user, given["text"]))

    async def _last_place(self, user: int) -> int:
        [(place,)] = await self._running.rows(
            f"SELECT coalesce(max(id), 0) FROM inbox WHERE user_id = '{user}' AND handled = 1"  # noqa: S608
        )
        return int(place)

    async def _turn(self, inbox_id: int) -> dict[str, Any]:
        store = self.desk.store
        [row] = await store.database.rows("SELECT * FROM inbox WHERE id = :id", id=inbox_id)
        turn = await store.write_down(load_message(row))
        assert turn is not None
        return turn_json(turn)

    # ------------------------------------------------------------------ staff

    async def _act(self, given: dict[str, Any]) -> dict[str, Any]:
        who, target = given["staff"], given["inquiry"]
        user = self._users.get(target)
        inquiry = await self.desk.store.latest_inquiry(f"telegram:{user}")
        inquiry = inquiry or await self.desk.inquiry(target)
        name, number = (
            _COMMANDS.get(given["do"], given["do"]),
            inquiry.number if inquiry else target,
        )
        command = f"/{name} {number} {given.get('to') or given.get('text') or ''}"
        if "to" in given:
            await self._member(given["to"])
        if inquiry is None:
            return {"session": None, "error": await self._command(await self._member(who), command)}
        parent = int(inquiry.session_key.partition(":")[2])
        [session] = [name for name, user in self._users.items() if user == parent]
        self._set_time(session, given)
        told = len(self._api.to(parent))
        result = await self._command(await self._member(who), command)
        done = result == staff_words.DONE[Act(given["do"])].format(number=inquiry.number)
        pushed = self._api.to(parent)[told:]
        return {
            "session": session,
            "inquiry": inquiry_json(await self.desk.inquiry(inquiry.number)),
            "deliveries": [{"session": session, "text": message["text"]} for message in pushed],
            "error": None if done else result,
        }

    async def _member(self, name: str) -> int:
        """Return the user of a member of staff, bound at their first act."""
        if name not in self._staff:
            self._staff[name] = 9000 + len(self._staff)
            code = await self._running.code(name)
            bound = await self._command(self._staff[name], f"/bind {code}")
            assert bound == staff_words.BOUND.format(name=name)
        return self._staff[name]

    async def _command(self, user: int, text: str) -> str:
        """Return what the command was answered with."""
        before = len(self._api.to(user))
        update = self._api.say(user, text)
        await self._settled(update)
        asked = update["message"]["message_id"]
        said = self._api.to(user)[before:]
        answers = [m["text"] for m in said if m.get("reply_to") == asked] or [said[0]["text"]]
        return str(answers[0])

    # ------------------------------------------------------------------ waiting

    def _set_time(self, session: str, given: dict[str, Any]) -> None:
        """Let the desk's clock show what a chat line's would."""
        if given.get("at") is not None:
            self._times[session] = datetime.fromisoformat(given["at"])
            self._running.clock.fixed = self._times[session]
            return
        known = [t for t in (self._times.get(session), self._ticked) if t is not None]
        self._running.clock.fixed = max(known, default=DEFAULT_TIME)

    async def _settled(self, update: dict[str, Any]) -> None:
        """Return when the update is handled and all that came of it is sent."""
        await until(lambda: update["update_id"] not in self._api.unconfirmed(), timeout_s=30)
        await until(lambda: not self._running.channel.busy, timeout_s=30)
        await self._sent()

    async def _sent(self) -> None:
        """Return when the outbox is empty."""
        with suppress(TimeoutError):
            async with asyncio.timeout(30):
                while await self._running.rows("SELECT place FROM outbox WHERE sent_at IS NULL"):
                    await asyncio.sleep(0.005)
                return
        raise AssertionError("the outbox does not empty")


class SameTalk:
    """The same lines through Telegram and through `chat`; what comes of them must be the same."""

    def __init__(self, telegram: TelegramTalk, chat: Any) -> None:
        self._telegram, self._chat = telegram, chat

    @property
    def desk(self) -> Desk:
        return self._telegram.desk

    async def line(self, **given: Any) -> dict[str, Any]:
        """Return the line that came through Telegram."""
        expected = await self._chat.line(**given)
        got = await self._telegram.line(**given)
        assert _shown(got) == _shown(expected), json.dumps(given, ensure_ascii=False)
        return got


def _shown(line: dict[str, Any]) -> dict[str, Any]:
    """Return what is compared: all of it, but for how `chat` calls a number it does not know."""
    unknown = line["error"] and line["inquiry"] is None
    return {**line, "error": "unknown"} if unknown else line
