"""The line protocols: what goes in, what comes back, and when."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.build import throw_away_desk
from bot.jsonl import DEFAULT_TIME, ask_lines, chat_lines
from handlers import HANDLERS
from tests.desk import Talk, open_talk, said, understanding, unsent

UNIFORM = "校服必须买吗，质量和价格谁管？"
LEAVE = "休学和复学怎么办理？"
CHAT_KEYS = {
    *("session", "decision", "entry", "entries", "confidence", "candidates"),
    *("replies", "inquiry", "deliveries", "error"),
}


class Watched(io.StringIO):
    """An output that remembers how much of it was flushed."""

    flushed = 0

    def flush(self) -> None:
        self.flushed = len(self.getvalue())
        super().flush()


def answers(out: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


async def ask(*lines: Any) -> list[dict[str, Any]]:
    """Return what `ask --jsonl` writes for these lines."""
    out = io.StringIO()
    given = "".join((x if isinstance(x, str) else json.dumps(x)) + "\n" for x in lines)
    async with throw_away_desk(understanding(), HANDLERS) as desk:
        await ask_lines(desk, io.StringIO(given), out, lambda: 0.0)
    return answers(out)


# ------------------------------------------------------------------------------------------ ask


async def test_ask_gives_every_key_and_gives_unknown_ones_back() -> None:
    [line] = await ask({"n": 7, "text": UNIFORM, "persona": ["x", {"y": None}]})
    assert (line["n"], line["persona"]) == (7, ["x", {"y": None}])
    assert line["decision"] == "answer"
    assert line["entry"] == "general.uniform"
    assert line["entries"] == ["general.uniform"]
    assert line["candidates"][0]["entry"] == "general.uniform"
    assert 1 <= len(line["candidates"]) <= 5
    scores = [candidate["score"] for candidate in line["candidates"]]
    assert all(0 <= score <= 1 for score in [line["confidence"], *scores])
    assert "校服" in line["reply"]
    assert isinstance(line["took_ms"], float)


async def test_ask_lines_are_fresh_conversations() -> None:
    first, _, third = await ask({"text": UNIFORM}, {"text": "转人工"}, {"text": UNIFORM})
    assert {**first, "took_ms": 0} == {**third, "took_ms": 0}


@pytest.mark.parametrize(
    ("text", "decision", "ranked"),
    [
        (UNIFORM, "answer", True),
        ("补助", "suggest", True),
        ("社保断缴了怎么补", "elsewhere", True),
        ("你好", "small_talk", False),
        ("我不想活了", "crisis", False),
        ("我的咨询", "command", False),
        ("转人工", "handoff", False),
    ],
)
async def test_ask_shows_a_ranking_only_where_one_was_made(
    text: str, decision: str, ranked: bool
) -> None:
    [line] = await ask({"text": text})
    assert line["decision"] == decision
    assert bool(line["candidates"]) == ranked
    scores = [candidate["score"] for candidate in line["candidates"]]
    assert scores == sorted(scores, reverse=True)
    if decision not in ("answer", "crisis"):
        assert (line["entry"], line["entries"]) == (None, [])
    if decision == "suggest":
        assert 2 <= len(line["candidates"]) <= 3


@pytest.mark.parametrize("bad", ["nonsense", "[1]", "{}", '{"text": 5}', '{"text": null}', "{"])
async def test_ask_answers_a_bad_line_and_goes_on(bad: str) -> None:
    broken, line = await ask(bad, {"text": UNIFORM})
    assert broken["error"]
    assert broken["decision"] is None
    assert line["decision"] == "answer"


# ----------------------------------------------------------------------------------------- chat


async def test_chat_gives_every_key_and_gives_unknown_ones_back() -> None:
    async with open_talk() as talk:
        for given in (
            {"session": "p1", "text": UNIFORM},
            {"staff": "王老师", "inquiry": "p1", "do": "take"},
            {"tick": "2026-05-20T12:00:00+08:00"},
            {"session": "p1", "text": 3},
        ):
            line = await talk.line(**given, i=4, extra={"a": [1]})
            assert set(line) >= CHAT_KEYS, given
            assert (line["i"], line["extra"]) == (4, {"a": [1]})


@pytest.mark.parametrize("play", [chat_lines, "ask"])
async def test_each_answer_is_flushed_before_the_next_line_is_read(play: Any) -> None:
    out, seen = Watched(), []

    def lines() -> Iterator[str]:
        for place in range(3):
            seen.append((out.getvalue().count("\n"), out.flushed == len(out.getvalue())))
            yield json.dumps({"session": f"p{place}", "text": UNIFORM}) + "\n"

    async with throw_away_desk(understanding(), HANDLERS) as desk:
        if play == "ask":
            await ask_lines(desk, lines(), out, lambda: 0.0)  # type: ignore[arg-type]
        else:
            await play(desk, lines(), out)
    assert seen == [(0, True), (1, True), (2, True)]
    assert len(answers(out)) == 3


async def test_blank_lines_are_skipped() -> None:
    out = io.StringIO()
    async with throw_away_desk(understanding(), HANDLERS) as desk:
        await chat_lines(desk, io.StringIO('\n  \n{"session": "p1", "text": "谢谢"}\n\n'), out)
    assert [line["decision"] for line in answers(out)] == ["small_talk"]


@pytest.mark.parametrize(
    "given",
    [
        {"text": UNIFORM},
        {"session": "", "text": UNIFORM},
        {"session": 5, "text": UNIFORM},
        {"session": "p1"},
        {"session": "p1", "text": ["x"]},
        {"session": "p1", "pick": "2"},
        {"session": "p1", "pick": True},
        {"session": "p1", "pick": 1.5},
        {"session": "p1", "media": "hologram"},
        {"session": "p1", "text": UNIFORM, "at": "gestern"},
        {"staff": "王老师", "inquiry": "p1", "do": "dance"},
        {"staff": "王老师", "do": "take"},
        {"staff": 5, "inquiry": "p1", "do": "take"},
        {"staff": "王老师", "inquiry": "nobody", "do": "take"},
        {"tick": None},
        {"tick": "übermorgen"},
    ],
)
async def test_a_bad_line_says_so_in_chinese_and_changes_nothing(given: dict[str, Any]) -> None:
    async with open_talk() as talk:
        await talk.say("补助")
        before = await talk.desk.history("memory:p1")
        line = await talk.line(**given)
        assert line["decision"] is None
        assert any("\u4e00" <= char <= "\u9fff" for char in line["error"]), line["error"]
        assert await talk.desk.history("memory:p1") == before
        assert (await talk.pick(1))["decision"] == "answer"


async def test_a_line_that_is_no_json_does_not_end_the_conversation() -> None:
    out = io.StringIO()
    given = 'not json\n[]\n{"session": "p1", "text": "谢谢"}\n'
    async with throw_away_desk(understanding(), HANDLERS) as desk:
        await chat_lines(desk, io.StringIO(given), out)
    first, second, third = answers(out)
    assert first["error"]
    assert second["error"]
    assert third["decision"] == "small_talk"


async def test_half_a_surrogate_pair_is_survived() -> None:
    async with open_talk() as talk:
        line = await talk.say("校服必须买吗\ud83d")
        assert line["decision"] == "answer"
        json.dumps(line["replies"], ensure_ascii=False).encode()


# ----------------------------------------------------------------------------- whose, and which


async def test_staff_name_an_inquiry_by_number_or_by_session() -> None:
    async with open_talk() as talk:
        first = await talk.say(UNIFORM)
        second = await talk.say(LEAVE)
        by_session = await talk.act("王老师", "take")
        assert by_session["inquiry"]["number"] == second["inquiry"]["number"]
        assert by_session["session"] == "p1"
        by_number = await talk.act("李老师", "take", inquiry=first["inquiry"]["number"])
        assert by_number["inquiry"]["number"] == first["inquiry"]["number"]
        assert by_number["session"] == "p1"


async def test_a_session_stands_for_its_newest_unresolved_inquiry_else_its_newest() -> None:
    async with open_talk() as talk:
        first, second = await talk.say(UNIFORM), await talk.say(LEAVE)
        resolved = await talk.act("王老师", "resolve")
        assert resolved["inquiry"]["number"] == second["inquiry"]["number"]
        resolved = await talk.act("王老师", "resolve")
        assert resolved["inquiry"]["number"] == first["inquiry"]["number"]
        refused = await talk.act("王老师", "take")
        assert refused["error"]
        assert refused["inquiry"]["number"] == second["inquiry"]["number"]


async def test_a_staff_line_comes_back_with_the_act_done_and_what_was_pushed() -> None:
    async with open_talk() as talk:
        await talk.say("转人工", session="家长甲")
        line = await talk.act("王老师", "reply", "您好", inquiry="家长甲")
        assert (line["session"], line["decision"], line["replies"]) == ("家长甲", None, [])
        assert line["inquiry"]["owner"] == "王老师"
        assert {each["session"] for each in line["deliveries"]} == {"家长甲"}
        assert "您好" in line["deliveries"][-1]["text"]
        assert await unsent(talk.desk.store) == [], "pushed, yet still to be sent"


async def test_the_inquiry_shown_is_the_lines_own_else_the_newest_unresolved() -> None:
    async with open_talk() as talk:
        assert (await talk.say("谢谢"))["inquiry"] is None
        first, second = await talk.say(UNIFORM), await talk.say(LEAVE)
        assert (await talk.say("谢谢"))["inquiry"] == second["inquiry"]
        assert (await talk.say(UNIFORM))["inquiry"]["number"] == first["inquiry"]["number"]
        assert (await talk.say("谢谢"))["inquiry"] == second["inquiry"]


# ----------------------------------------------------------------------------------------- time


async def opened(talk: Talk, session: str) -> str:
    inquiry = await talk.desk.store.latest_inquiry(f"memory:{session}")
    assert inquiry is not None
    return inquiry.touched_at.isoformat()


async def test_each_line_runs_at_its_own_time_else_at_the_latest_known() -> None:
    async with open_talk() as talk:
        await talk.say(UNIFORM)
        assert await opened(talk, "p1") == DEFAULT_TIME.isoformat() == "2026-05-20T10:00:00+08:00"
        await talk.say(UNIFORM, at="2026-05-21T08:00:00+08:00")
        await talk.say(LEAVE)
        assert await opened(talk, "p1") == "2026-05-21T08:00:00+08:00"
        await talk.say(UNIFORM, session="p2")
        assert await opened(talk, "p2") == "2026-05-20T10:00:00+08:00"
        await talk.tick("2026-05-22T08:00:00+08:00")
        await talk.say(UNIFORM, session="p2")
        assert await opened(talk, "p2") == "2026-05-22T08:00:00+08:00"
        await talk.act("王老师", "take", inquiry="p2")
        assert await opened(talk, "p2") == "2026-05-22T08:00:00+08:00"


async def test_a_parent_is_never_earlier_than_what_staff_just_did() -> None:
    async with open_talk() as talk:
        await talk.say("转人工", at="2026-05-20T10:00:00+08:00")
        await talk.act("王老师", "ask_parent", "几年级？", at="2026-05-25T10:00:00+08:00")
        await talk.say("三年级")
        assert await opened(talk, "p1") == "2026-05-25T10:00:00+08:00"


async def test_a_time_without_zone_is_chongqings() -> None:
    async with open_talk() as talk:
        await talk.say(UNIFORM, at="2026-05-21T08:00:00")
        assert await opened(talk, "p1") == "2026-05-21T08:00:00+08:00"


async def test_a_tick_runs_everything_due_in_all_sessions() -> None:
    async with open_talk() as talk:
        for session in ("p1", "p2", "p3"):
            await talk.say(UNIFORM, session=session)
        line = await talk.tick("2026-05-23T10:00:00+08:00")
        assert (line["session"], line["decision"], line["inquiry"]) == (None, None, None)
        left = [item.inquiry.status for item in await talk.desk.store.queue()]
        assert left == ["resolved"] * 3


# ------------------------------------------------------------------------------------ message ids


async def test_a_repeat_is_known_by_its_id_in_its_session_alone() -> None:
    async with open_talk() as talk:
        first = await talk.say(UNIFORM, message_id=7)
        assert said(await talk.say(LEAVE, message_id=7)) == said(first)
        assert said(await talk.say(LEAVE, message_id="7")) == said(first)
        assert said(await talk.say(LEAVE, message_id=7, session="p2")) != said(first)


async def test_a_repeat_after_a_restart_is_known(tmp_path: Path) -> None:
    async with open_talk(tmp_path / "desk.sqlite3") as talk:
        first = await talk.say(UNIFORM, message_id="m-1")
    async with open_talk(tmp_path / "desk.sqlite3") as talk:
        again = await talk.say(UNIFORM, message_id="m-1")
        assert again["replies"] == first["replies"]
        assert len(await talk.desk.history("memory:p1")) == 2


async def test_messages_without_an_id_are_new_ones_after_a_restart_too(tmp_path: Path) -> None:
    async with open_talk(tmp_path / "desk.sqlite3") as talk:
        await talk.say(UNIFORM)
    async with open_talk(tmp_path / "desk.sqlite3") as talk:
        assert (await talk.say(LEAVE))["entry"] == "enrollment.suspend_resume"
