"""Dialogues as data: each file in conversations/ is played through the in-memory channel.

A turn is `parent` (words), `pick`, `media`, `staff` or `tick`; `as` names another parent than p1,
`at` the time, `id` the message id. What must come of it stands in `bot` for parents, beside
`staff` and `tick` themselves. `{first}` in a parent's words is the number of the inquiry that an
earlier `inquiry: first` named; `{option 2}` is what the last choices called their second.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.model import CHONGQING
from tests.desk import LEGAL_MOVES, Talk, audit, check_turn, open_talk, options, said

FOLDER = Path(__file__).parent / "conversations"
EXPECTATIONS = {
    "answer",  # the entry or entries answered, the first one leading; `offered 2`
    "answers",  # entries that are all among those answered
    "suggest",  # the entries offered, in that order; or any
    "suggest_any",  # at least one of these is offered
    "crisis",  # the entry that fits, or any
    "decision",
    "status",
    "owner",
    "urgent",
    "topic",
    "about",  # the inquiry's entry
    "inquiry",  # same, new, none, or a name that stands for one number from then on
    "inquiries",  # {name: status} as stored
    "linked_to",  # the inquiry goes on from the one of that name
    "says",
    "never_says",
    "options",  # labels that are all offered
    "never_options",
    "delivered",  # words pushed to the parent; none
    "refused",  # words of the refusal
    "same_as",  # 0-based turn with the same decision, replies and entries
}
_TURN = {"parent", "pick", "media", "staff", "tick", "as", "at", "id", "bot"}
_played: dict[str, set[tuple[str, str]]] = {}


def scripts() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Give the name and the turns of every conversation."""
    for file in sorted(FOLDER.glob("*.yaml")):
        for script in yaml.safe_load(file.read_text("utf-8")):
            assert set(script) == {"conversation", "turns"}, script
            yield f"{file.stem}: {script['conversation']}", script["turns"]


SCRIPTS = dict(scripts())


class Play:
    """One conversation under way."""

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self._names: dict[str, str] = {}
        self._lines: list[dict[str, Any]] = []
        self._last: dict[str, str | None] = {}
        self._offered: dict[str, tuple[list[str], list[str]]] = {}

    async def turn(self, turn: dict[str, Any]) -> None:
        """Play one turn and check what came of it."""
        session = turn.get("as", "p1")
        line = await self._talk.line(**self._given(turn, session))
        self._lines.append(line)
        check_turn(line)
        expected = turn.get("bot") or {}
        if "staff" in turn or "tick" in turn:
            expected = {key: turn[key] for key in turn.keys() - _TURN}
        assert set(expected) <= EXPECTATIONS, expected
        if "refused" not in expected:
            assert line["error"] is None, line["error"]
        for name, value in expected.items():
            await self._check(name, value, line, session)
        if line["inquiry"]:
            self._last[session] = line["inquiry"]["number"]
        if line["decision"] is not None:
            entries = [each["entry"] for each in line["candidates"]]
            self._offered[session] = (options(line), entries)

    def _given(self, turn: dict[str, Any], session: str) -> dict[str, Any]:
        at = {"at": _time(turn["at"])} if "at" in turn else {}
        match turn:
            case {"tick": when}:
                return {"tick": _time(when)}
            case {"staff": {"who": who, **does}}:
                target = str(does.pop("inquiry", session))
                to = {"to": does.pop("to")} if "to" in does else {}
                [(do, text)] = does.items()
                number = self._names.get(target, target)
                return {"staff": who, "inquiry": number, "do": do, "text": text or "", **to, **at}
        known = {"message_id": turn["id"]} if "id" in turn else {}
        given: dict[str, Any] = {"session": session, **known, **at}
        for key, name in (("parent", "text"), ("pick", "pick"), ("media", "media")):
            if key in turn:
                given[name] = turn[key]
        if "text" in given:
            given["text"] = self._filled(str(given["text"]), session)
        return given

    def _filled(self, text: str, session: str) -> str:
        def fill(match: re.Match[str]) -> str:
            if match[1]:
                return self._offered[session][0][int(match[1]) - 1]
            return self._names[match[2]]

        return re.sub(r"\{(?:option (\d+)|([a-z]+))\}", fill, text)

    async def _check(self, name: str, value: Any, line: dict[str, Any], session: str) -> None:
        inquiry = line["inquiry"] or {}
        match name:
            case "answer":
                assert line["decision"] == "answer", line
                assert line["entries"] == [
                    self._offered[session][1][int(each.split()[1]) - 1]
                    if each.startswith("offered ")
                    else each
                    for each in _list(value)
                ]
            case "answers":
                assert set(_list(value)) <= set(line["entries"]), line
            case "suggest" | "suggest_any":
                offered = [each["entry"] for each in line["candidates"]]
                assert line["decision"] == "suggest", line
                assert 2 <= len(offered) <= 3, line
                assert len(options(line)) == len(offered) + 1, line
                assert options(line)[-1] == "都不是", line
                assert line["entries"] == [], line
                if name == "suggest_any":
                    assert set(_list(value)) & set(offered), line
                elif value != "any":
                    assert offered == value
            case "crisis":
                assert line["decision"] == "crisis", line
                assert value == "any" or line["entry"] == value, line
            case "decision":
                assert line["decision"] == value, line
            case "status" | "owner" | "urgent" | "topic":
                assert inquiry.get(name, "no inquiry") == value, line
            case "about":
                assert inquiry["entry"] == value, line
            case "inquiry":
                self._check_number(value, inquiry.get("number"), session)
            case "inquiries":
                for known, status in value.items():
                    stored = await self._talk.desk.inquiry(self._names[known])
                    assert stored is not None
                    assert (known, stored.status) == (known, status)
            case "linked_to":
                stored = await self._talk.desk.inquiry(inquiry["number"])
                assert stored is not None
                assert stored.previous == self._names[value], "not linked to the earlier one"
            case "says":
                assert [each for each in _list(value) if self._named(each) not in said(line)] == []
            case "never_says":
                assert [each for each in _list(value) if self._named(each) in said(line)] == []
            case "options":
                wanted = {self._filled(each, session) for each in _list(value)}
                assert wanted <= set(options(line)), line
            case "never_options":
                assert not set(_list(value)) & set(options(line)), line
            case "delivered":
                pushed = "\n".join(each["text"] for each in line["deliveries"])
                assert (value == "none") == (not pushed), line
                assert value == "none" or not [w for w in _list(value) if w not in pushed], pushed
            case "refused":
                assert line["error"], line
                assert [each for each in _list(value) if each not in line["error"]] == []
                assert line["deliveries"] == [], line
            case "same_as":
                earlier = self._lines[value]
                for key in ("decision", "replies", "entries", "confidence", "candidates"):
                    assert line[key] == earlier[key], key

    def _check_number(self, value: str, number: str | None, session: str) -> None:
        match value:
            case "none":
                assert number is None
            case "same":
                assert number is not None
                assert number == self._last[session]
            case "new":
                assert number is not None
                assert number not in {line["inquiry"]["number"] for line in self._earlier()}
            case name:
                assert number is not None
                taken = {n for known, n in self._names.items() if known != name}
                assert number not in taken, f"{number} is {taken}, not {name}"
                assert number == self._names.setdefault(name, number)

    def _earlier(self) -> list[dict[str, Any]]:
        return [line for line in self._lines[:-1] if line["inquiry"]]

    def _named(self, text: str) -> str:
        return re.sub(r"\{([a-z]+)\}", lambda m: self._names[m[1]], text)


def _list(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def _time(value: datetime | str) -> str:
    at = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return (at if at.tzinfo else at.replace(tzinfo=CHONGQING)).isoformat()


@pytest.mark.parametrize("name", SCRIPTS)
async def test_conversation(name: str, tmp_path: Path) -> None:
    async with open_talk(tmp_path / "desk.sqlite3") as talk:
        play = Play(talk)
        for place, turn in enumerate(SCRIPTS[name]):
            assert turn.keys() & {"parent", "pick", "media", "staff", "tick"}, turn
            try:
                await play.turn(turn)
            except AssertionError as error:
                error.add_note(f"in turn {place}: {turn}")
                raise
        _played[name] = await audit(talk.desk)


def test_every_decision_has_a_conversation() -> None:
    expected = [turn["bot"] for turns in SCRIPTS.values() for turn in turns if turn.get("bot")]
    shown = {key for each in expected for key in each} & {"answer", "suggest", "crisis"}
    shown |= {each["decision"] for each in expected if "decision" in each}
    flows_come_later = {"flow"}
    assert shown | flows_come_later == {
        *("answer", "suggest", "elsewhere", "small_talk", "fallback"),
        *("crisis", "command", "handoff", "staff", "flow"),
    }


def test_the_conversations_make_every_legal_move() -> None:
    if len(_played) < len(SCRIPTS):
        pytest.skip("needs all conversations played, and well, in this run")
    every = {(before, after) for before, after_all in LEGAL_MOVES.items() for after in after_all}
    assert set().union(*_played.values()) == every
