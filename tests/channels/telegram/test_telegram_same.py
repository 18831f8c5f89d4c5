"""What is said in Telegram is decided as it is in `chat`: whole conversations played through both.

The lines come from ../shared/conversations-dev.jsonl where it is, else from tests/conversations.
"""

from __future__ import annotations

import asyncio
import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from telegram_desk import ROOT, BotApi, Clock, Running, bot_api, open_talk, running, until

from bot.jsonl import DEFAULT_TIME
from bot.model import Act
from bot.storage.records import load_message
from bot.wire import turn_json

SHARED = ROOT.parent / "shared" / "conversations-dev.jsonl"
OWN = ROOT / "tests" / "conversations"
COMPARED = ("decision", "entries", "confidence", "candidates", "replies")


def scripts() -> list[tuple[str, list[dict[str, Any]]]]:
    """Return (name, lines as `chat --jsonl` reads them) of every conversation."""
    if SHARED.exists():
        lines = SHARED.read_text("utf-8").splitlines()
        found = [json.loads(line) for line in lines if line.strip()]
        return [(s["name"], [turn["in"] for turn in s["turns"]]) for s in found]
    return [
        (script["conversation"], lines)
        for file in sorted(OWN.glob("*.yaml"))
        for script in yaml.safe_load(file.read_text("utf-8"))
        if (lines := _own(script["turns"]))
    ]


def _own(turns: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the project's own conversation as lines, up to what cannot be put in one."""
    lines: list[dict[str, Any]] = []
    for turn in turns:
        at = {"at": _time(turn["at"])} if "at" in turn else {}
        session = {"session": turn.get("as", "p1")}
        match turn:
            case {"parent": text} if "{" not in str(text):
                lines.append({**session, "text": str(text), **at})
            case {"pick": int(pick)}:
                lines.append({**session, "pick": pick, **at})
            case {"media": media}:
                lines.append({**session, "media": media, **at})
            case {"tick": when}:
                lines.append({"tick": _time(when)})
            case {"staff": {"who": who, **does}} if "inquiry" not in does and len(does) == 1:
                [(do, text)] = does.items()
                lines.append(
                    {
                        "staff": who,
                        "inquiry": session["session"],
                        "do": do,
                        "text": text or "",
                        **at,
                    }
                )
            case _:
                break
    return lines


def _time(value: Any) -> str:
    at = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return (at if at.tzinfo else at.replace(tzinfo=DEFAULT_TIME.tzinfo)).isoformat()


class Play:
    """A conversation through the Telegram channel, line by line."""

    def __init__(self, api: BotApi, desk: Running) -> None:
        self._api, self._desk = api, desk
        self._users: dict[str, int] = {}
        self._seen: dict[tuple[str, str | None], tuple[dict[str, Any], dict[str, Any]]] = {}
        self._times: dict[str, datetime] = {}
        self._ticked: datetime | None = None

    async def line(self, given: dict[str, Any]) -> dict[str, Any]:
        """Return the compared keys of the turn; for other lines what is to be compared there."""
        if "tick" in given:
            self._ticked = datetime.fromisoformat(given["tick"])
            await self._desk.desk.tick(self._ticked)
            return {}
        session = given.get("session") or given["inquiry"]
        at = given.get("at")
        if at is not None:
            self._times[session] = datetime.fromisoformat(at)
        known = [t for t in (self._times.get(session), self._ticked) if t is not None]
        now = self._times[session] if at is not None else max(known, default=DEFAULT_TIME)
        self._desk.clock.fixed = now
        user = self._users.setdefault(session, 1000 + len(self._users))
        if "staff" in given:
            return await self._staff(given, user, now)
        count = await self._count(user)
        update, again = self._update(given, session, user)
        self._api.give(update)
        await until(lambda: update["update_id"] not in self._api.unconfirmed(), 30)
        await self._settled()
        if again:
            assert await self._count(user) == count, "a repeated update made a turn"
            return self._seen[session, given["message_id"]][1]
        assert await self._count(user) == count + 1, given
        turn = await self._last_turn(user)
        if "message_id" in given:
            self._seen[session, given["message_id"]] = (update, turn)
        return turn

    def _update(
        self, given: dict[str, Any], session: str, user: int
    ) -> tuple[dict[str, Any], bool]:
        """Return the update of a line, and whether it is one that came before."""
        api = self._api
        if (known := self._seen.get((session, given.get("message_id")))) is not None:
            return known[0], True
        if "pick" in given:
            offering = [m for m in api.to(user) if "reply_markup" in m]
            label = self._label(offering, given["pick"])
            if label is not None:
                return api.pressed(user, offering[-1], label), False
            return api.update(message=api.message(user, str(given["pick"]))), False
        if "media" in given:
            what = {
                "photo": {"photo": [{"file_id": "x"}]},
                "voice": {"voice": {"file_id": "x"}},
                "location": {"location": {"latitude": 29.5, "longitude": 106.5}},
                "file": {"document": {"file_id": "x"}},
            }[given["media"]]
            return api.update(message=api.message(user, **what)), False
        return api.update(message=api.message(user, given["text"])), False

    def _label(self, offering: list[dict[str, Any]], pick: int) -> str | None:
        if not offering:
            return None
        rows = offering[-1]["reply_markup"]["inline_keyboard"]
        found = [b["callback_data"] for row in rows for b in row]
        return found[pick - 1] if 1 <= pick <= len(found) else None

    async def _staff(self, given: dict[str, Any], user: int, now: datetime) -> dict[str, Any]:
        inquiry = await self._desk.desk.store.latest_inquiry(f"telegram:{user}")
        if inquiry is None:
            return {}
        done = await self._desk.desk.act(
            given["staff"], inquiry.number, Act(given["do"]), given.get("text") or "", now=now
        )
        await self._settled()
        texts = [d.text for d in done.deliveries]
        if texts:
            assert [m["text"] for m in self._api.to(user)][-len(texts) :] == texts
        return {"deliveries": len(texts), "refused": bool(done.error)}

    async def _settled(self) -> None:
        await until(lambda: not self._desk.channel._workers, 30)
        waiting = "SELECT place FROM outbox WHERE sent_at IS NULL"
        for _ in range(1000):
            if not await self._desk.rows(waiting):
                return
            await asyncio.sleep(0.01)
        raise AssertionError("the outbox does not empty")

    async def _count(self, user: int) -> int:
        rows = await self._desk.rows(
            f"SELECT count(*) FROM inbox WHERE user_id = '{user}' AND handled = 1"  # noqa: S608
        )
        return int(rows[0][0])

    async def _last_turn(self, user: int) -> dict[str, Any]:
        [last] = await self._desk.desk.store.database.rows(
            f"SELECT * FROM inbox WHERE user_id = '{user}' ORDER BY id DESC LIMIT 1"  # noqa: S608
        )
        turn = await self._desk.desk.store.write_down(load_message(last))
        assert turn is not None
        return turn_json(turn)


def _numbers(value: Any) -> str:
    """Return the value as text with inquiry numbers blotted out: others count on in one store."""
    return re.sub(r"\b\d{4}(?=号|。|，)|编号是?\d{4}", "N", json.dumps(value, ensure_ascii=False))


SCRIPTS = dict(scripts())


@pytest.mark.parametrize("name", SCRIPTS)
async def test_the_same_decisions(name: str, tmp_path: Path) -> None:
    lines = SCRIPTS[name]
    async with (
        bot_api() as api,
        running(api.url, tmp_path / "d.sqlite3", clock=Clock()) as desk,
        open_talk(tmp_path / "chat.sqlite3") as talk,
    ):
        await until(lambda: desk.channel.state == "polling")
        play = Play(api, desk)
        for place, given in enumerate(lines):
            expected = await talk.line(**given)
            got = await play.line(given)
            if expected["decision"] is None:
                if "staff" in given and got:
                    assert got["deliveries"] == len(expected["deliveries"]), (place, given)
                    assert got["refused"] == bool(expected["error"]), (place, given)
                continue
            for key in COMPARED:
                assert _numbers(got[key]) == _numbers(expected[key]), (place, given, key)
            for key in ("status", "topic", "entry", "owner", "urgent"):
                one, two = got["inquiry"] or {}, expected["inquiry"] or {}
                assert one.get(key) == two.get(key), (place, given, key)
